//! Applications and what they are configured to do. The command line, the console and the desktop
//! program call these functions; they need the data folder, not a running service. A service that
//! runs on it takes a change over within a second.

mod directory;
mod turns;

pub use crate::model::{
    Application, Callbacks, DEFAULT_ADMIN, Edition, FieldDefinition, OnFailure, Right, SETTINGS,
    Secret, SettingHelp, SettingKind, Settings,
};
pub(crate) use directory::Directory;

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::group::{GroupType, MAX_FIELDS_PER_APP, check_field_name};
use rand::RngExt;
use std::collections::BTreeSet;

use crate::clock::Clock;
use crate::storage::{ApplicationChange, Storage, internal};
use crate::webhook::address::{check_token, check_url};
use chat_types::webhook::WEBHOOK_COMMANDS;

/// Administrators of one application.
pub const MAX_ADMINS: usize = 5;
/// Custom fields of group members of one application (product/269/1502).
pub const MAX_MEMBER_FIELDS: usize = 5;
/// Stands for every webhook command on the command line.
pub const ALL_CALLBACKS: &str = "all";
/// Length of a new key in hexadecimal digits.
const KEY_DIGITS: usize = 64;
const MAX_APP_NAME_BYTES: usize = 100;

/// A custom group field to be added.
#[derive(Debug, Clone)]
pub struct NewField {
    pub name: String,
    /// At least one; it cannot be chosen again.
    pub group_types: BTreeSet<GroupType>,
    pub read: Right,
    pub write: Right,
}

impl NewField {
    /// A field of AVChatRoom groups that everybody reads and administrators of the application
    /// write: what a product slot needs.
    pub fn of_rooms(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            group_types: BTreeSet::from([GroupType::AVChatRoom]),
            read: Right::Anyone,
            write: Right::AppAdmin,
        }
    }
}

/// Makes an application with a fresh key and the administrator [`DEFAULT_ADMIN`].
pub async fn create(
    storage: &dyn Storage,
    clock: &dyn Clock,
    name: &str,
    edition: Edition,
) -> Result<Application, ApiError> {
    if name.trim().is_empty() || name.len() > MAX_APP_NAME_BYTES {
        return Err(ApiError::bad_parameter(format!(
            "the name of an application has 1 to {MAX_APP_NAME_BYTES} bytes"
        )));
    }
    let (key, now_s) = (new_key(), clock.now_s());
    let inserted = storage.insert_application(name, &key, edition, DEFAULT_ADMIN, now_s).await;
    find(storage, inserted.map_err(internal)?).await
}

/// All applications, oldest first.
pub async fn list(storage: &dyn Storage) -> Result<Vec<Application>, ApiError> {
    storage.applications().await.map_err(internal)
}

/// The application with this id, or 70020.
pub async fn find(storage: &dyn Storage, sdk_app_id: u32) -> Result<Application, ApiError> {
    storage.application(sdk_app_id).await.map_err(internal)?.ok_or_else(|| absent(sdk_app_id))
}

/// Makes an account an administrator of the application, and the account if it is absent.
pub async fn add_admin(
    storage: &dyn Storage,
    clock: &dyn Clock,
    sdk_app_id: u32,
    user: &str,
) -> Result<(), ApiError> {
    let user = UserId::new(user)?;
    let now_s = clock.now_s();
    change(storage, sdk_app_id, |app| {
        if app.is_admin(user.as_str()) {
            return Err(ApiError::bad_parameter(format!("{user} is an administrator already")));
        }
        if app.admins.len() >= MAX_ADMINS {
            return Err(ApiError::bad_parameter(format!(
                "application {sdk_app_id} has {MAX_ADMINS} administrators, which is the most: \
                 remove one first"
            )));
        }
        Ok(vec![ApplicationChange::AddAdmin { user_id: user.to_string(), now_s }])
    })
    .await
}

/// Takes the right of an administrator away; the account stays.
pub async fn remove_admin(
    storage: &dyn Storage,
    sdk_app_id: u32,
    user: &str,
) -> Result<(), ApiError> {
    change(storage, sdk_app_id, |app| {
        if !app.is_admin(user) {
            return Err(ApiError::bad_parameter("no administrator of the application has this id"));
        }
        if app.admins.len() == 1 {
            return Err(ApiError::bad_parameter(
                "this is the last administrator: add another one first",
            ));
        }
        Ok(vec![ApplicationChange::RemoveAdmin(user.to_owned())])
    })
    .await
}

/// Adds a custom group field. It cannot be removed again, and its group types stay.
pub async fn add_field(
    storage: &dyn Storage,
    clock: &dyn Clock,
    sdk_app_id: u32,
    field: NewField,
) -> Result<(), ApiError> {
    check_field_name(&field.name)?;
    if field.group_types.is_empty() {
        return Err(ApiError::bad_parameter("name at least one group type for the field"));
    }
    let NewField { name, group_types, read, write } = field;
    let create_time = clock.now_s();
    let field = FieldDefinition { name, group_types, read, write, create_time };
    change(storage, sdk_app_id, |app| {
        let name = &field.name;
        if app.field(name).is_some() {
            return Err(ApiError::bad_parameter(format!(
                "application {sdk_app_id} has the custom group field {name} already"
            )));
        }
        if app.member_fields.contains(name) {
            return Err(ApiError::bad_parameter(format!(
                "{name} is a custom field of group members: a group field needs another name"
            )));
        }
        if app.fields.len() >= MAX_FIELDS_PER_APP {
            return Err(ApiError::bad_parameter(format!(
                "application {sdk_app_id} has {MAX_FIELDS_PER_APP} custom group fields, which is \
                 the most"
            )));
        }
        Ok(vec![ApplicationChange::AddField(field.clone())])
    })
    .await
}

/// Changes who may read and write a custom group field; `None` leaves a right as it is.
pub async fn set_field_rights(
    storage: &dyn Storage,
    sdk_app_id: u32,
    name: &str,
    read: Option<Right>,
    write: Option<Right>,
) -> Result<(), ApiError> {
    change(storage, sdk_app_id, |app| {
        let Some(field) = app.field(name) else {
            return Err(ApiError::bad_parameter(
                "no custom group field has this name: add it first",
            ));
        };
        let (read, write) = (read.unwrap_or(field.read), write.unwrap_or(field.write));
        Ok(vec![ApplicationChange::FieldRights { name: name.to_owned(), read, write }])
    })
    .await
}

/// Adds a custom field of group members, whose name no group field may have.
pub async fn add_member_field(
    storage: &dyn Storage,
    sdk_app_id: u32,
    name: &str,
) -> Result<(), ApiError> {
    check_field_name(name)?;
    change(storage, sdk_app_id, |app| {
        if app.member_fields.contains(name) || app.field(name).is_some() {
            return Err(ApiError::bad_parameter(format!("{name} names a custom field already")));
        }
        if app.member_fields.len() >= MAX_MEMBER_FIELDS {
            return Err(ApiError::bad_parameter(format!(
                "application {sdk_app_id} has {MAX_MEMBER_FIELDS} custom fields of members, which \
                 is the most"
            )));
        }
        Ok(vec![ApplicationChange::AddMemberField(name.to_owned())])
    })
    .await
}

/// Sets where webhooks go; an empty URL switches all off. `token` signs them from now on; an empty
/// one ends the signing, and `None` leaves it as it is.
pub async fn set_callback_url(
    storage: &dyn Storage,
    sdk_app_id: u32,
    url: &str,
    token: Option<&str>,
) -> Result<(), ApiError> {
    let url = if url.is_empty() {
        None
    } else {
        check_url(url)?;
        Some(url.to_owned())
    };
    change(storage, sdk_app_id, |app| {
        let token = match token {
            None => app.callbacks.token.clone(),
            Some("") => None,
            Some(token) => {
                check_token(token)?;
                Some(Secret::new(token))
            }
        };
        Ok(vec![ApplicationChange::CallbackUrl { url: url.clone(), token }])
    })
    .await
}

/// Switches one webhook command on or off, or all of them with [`ALL_CALLBACKS`].
pub async fn switch_callback(
    storage: &dyn Storage,
    sdk_app_id: u32,
    command: &str,
    on: bool,
) -> Result<(), ApiError> {
    let names: Vec<&str> = WEBHOOK_COMMANDS.iter().map(|command| command.name).collect();
    if command != ALL_CALLBACKS && !names.contains(&command) {
        return Err(ApiError::bad_parameter(format!(
            "no webhook has this name; use {ALL_CALLBACKS}, or one of {}",
            names.join(", ")
        )));
    }
    let changes: Vec<ApplicationChange> = names
        .into_iter()
        .filter(|name| command == ALL_CALLBACKS || command == *name)
        .map(|name| ApplicationChange::SwitchCallback { command: name.to_owned(), on })
        .collect();
    set(storage, sdk_app_id, changes).await
}

/// Chooses what happens to a message whose before-webhook fails.
pub async fn set_callback_policy(
    storage: &dyn Storage,
    sdk_app_id: u32,
    on_failure: OnFailure,
) -> Result<(), ApiError> {
    set(storage, sdk_app_id, vec![ApplicationChange::CallbackPolicy(on_failure)]).await
}

pub async fn set_edition(
    storage: &dyn Storage,
    sdk_app_id: u32,
    edition: Edition,
) -> Result<(), ApiError> {
    set(storage, sdk_app_id, vec![ApplicationChange::Edition(edition)]).await
}

/// Changes one of [`SETTINGS`].
pub async fn set_setting(
    storage: &dyn Storage,
    sdk_app_id: u32,
    name: &str,
    value: &str,
) -> Result<(), ApiError> {
    Settings::default().set(name, value)?;
    let setting = ApplicationChange::Setting { name: name.to_owned(), value: value.to_owned() };
    set(storage, sdk_app_id, vec![setting]).await
}

/// Stores changes that no rule about the present configuration forbids.
async fn set(
    storage: &dyn Storage,
    sdk_app_id: u32,
    changes: Vec<ApplicationChange>,
) -> Result<(), ApiError> {
    change(storage, sdk_app_id, |_| Ok(changes.clone())).await
}

/// Stores the changes that `decide` chooses for the application as it is at this moment.
async fn change(
    storage: &dyn Storage,
    sdk_app_id: u32,
    decide: impl Fn(&Application) -> Result<Vec<ApplicationChange>, ApiError> + Send + Sync,
) -> Result<(), ApiError> {
    let decide = |app: Option<&Application>| decide(app.ok_or_else(|| absent(sdk_app_id))?);
    storage.change_application(sdk_app_id, &decide).await.map_err(internal)?
}

fn absent(sdk_app_id: u32) -> ApiError {
    ApiError::new(
        Code::APP_ABSENT,
        format!("there is no application {sdk_app_id} here: create one or check the number"),
    )
}

fn new_key() -> String {
    let mut rng = rand::rng();
    (0..KEY_DIGITS).map(|_| char::from_digit(rng.random_range(0..16), 16).unwrap_or('0')).collect()
}
