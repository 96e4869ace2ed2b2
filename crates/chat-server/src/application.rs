//! Applications: creating one, its key, its custom group fields. The command line and the desktop
//! program call these functions; they need the data folder, not a running server.

use chat_types::code::{ApiError, Code};
use chat_types::group::{MAX_FIELDS_PER_APP, check_field_name};
use rand::RngExt;

use crate::clock::Clock;
use crate::service::internal;
use crate::storage::{Storage, StoredApplication};

/// The administrator that every application has from the start ("Live Room Setup Guide",
/// product/1047/49589).
pub const DEFAULT_ADMIN: &str = "administrator";
/// Length of a new key in hexadecimal digits.
const KEY_DIGITS: usize = 64;
const MAX_APP_NAME_BYTES: usize = 100;

/// Makes an application with a fresh key and the administrator [`DEFAULT_ADMIN`].
pub async fn create(
    storage: &Storage,
    clock: &dyn Clock,
    name: &str,
) -> Result<StoredApplication, ApiError> {
    if name.trim().is_empty() || name.len() > MAX_APP_NAME_BYTES {
        return Err(ApiError::bad_parameter(format!(
            "the name of an application has 1 to {MAX_APP_NAME_BYTES} bytes"
        )));
    }
    let key = new_key();
    let sdk_app_id = storage
        .insert_application(name, &key, DEFAULT_ADMIN, clock.now_s())
        .await
        .map_err(internal)?;
    Ok(StoredApplication { sdk_app_id, name: name.to_owned(), key })
}

/// The application with this id, or 70020.
pub async fn find(storage: &Storage, sdk_app_id: u32) -> Result<StoredApplication, ApiError> {
    storage.application(sdk_app_id).await.map_err(internal)?.ok_or_else(|| {
        ApiError::new(
            Code::APP_ABSENT,
            format!("there is no application {sdk_app_id} here: create one or check the number"),
        )
    })
}

/// Adds a custom group field. It can be written at once (the cloud takes ten minutes), and it
/// cannot be removed again.
pub async fn add_field(storage: &Storage, sdk_app_id: u32, name: &str) -> Result<(), ApiError> {
    check_field_name(name)?;
    find(storage, sdk_app_id).await?;
    let fields = storage.fields(sdk_app_id).await.map_err(internal)?;
    if fields.iter().any(|field| field == name) {
        return Err(ApiError::bad_parameter(format!(
            "application {sdk_app_id} has the custom group field {name} already"
        )));
    }
    if fields.len() >= MAX_FIELDS_PER_APP {
        return Err(ApiError::bad_parameter(format!(
            "application {sdk_app_id} has {MAX_FIELDS_PER_APP} custom group fields, which is the most"
        )));
    }
    storage.insert_field(sdk_app_id, name).await.map_err(internal)?;
    Ok(())
}

fn new_key() -> String {
    let mut rng = rand::rng();
    (0..KEY_DIGITS).map(|_| char::from_digit(rng.random_range(0..16), 16).unwrap_or('0')).collect()
}
