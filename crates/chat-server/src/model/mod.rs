//! What an application is and how it is set, as plain values. Everything else may know them, and they
//! know nothing of it.

mod application;
mod settings;

pub use application::{
    Application, Callbacks, DEFAULT_ADMIN, Edition, FieldDefinition, OnFailure, Right, Secret,
};
pub use settings::{SETTINGS, SettingHelp, SettingKind, Settings};
