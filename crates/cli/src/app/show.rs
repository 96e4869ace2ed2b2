//! How parts of an application are printed.

use chat_server::application::{Application, Callbacks, FieldDefinition, SETTINGS};
use serde_json::{Map, Value, json};

/// What stands for a token that is set.
const MASKED: &str = "set";

pub(super) fn application(app: &Application) -> Value {
    let settings: Map<String, Value> = SETTINGS
        .iter()
        .map(|setting| (setting.name.to_owned(), app.settings.get(setting.name).into()))
        .collect();
    let changed: Vec<&str> = SETTINGS
        .iter()
        .filter(|setting| app.settings.get(setting.name).as_deref() != Some(setting.default))
        .map(|setting| setting.name)
        .collect();
    json!({
        "sdk_app_id": app.sdk_app_id,
        "name": app.name,
        "key": app.key.reveal(),
        "create_time": app.create_time,
        "edition": app.edition,
        "admins": app.admins,
        "fields": app.fields.iter().map(field).collect::<Vec<_>>(),
        "member_fields": app.member_fields,
        "callbacks": callbacks(&app.callbacks),
        "settings": settings,
        "changed_settings": changed,
    })
}

pub(super) fn field(field: &FieldDefinition) -> Value {
    json!({
        "name": field.name,
        "group_types": field.group_types,
        "read": field.read,
        "write": field.write,
        "create_time": field.create_time,
    })
}

pub(super) fn callbacks(callbacks: &Callbacks) -> Value {
    json!({
        "url": callbacks.url,
        "token": callbacks.token.as_ref().map(|_| MASKED),
        "on_failure": callbacks.on_failure,
        "commands": callbacks.commands,
    })
}
