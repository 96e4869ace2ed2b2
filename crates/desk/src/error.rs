//! Why a command was refused.

use chat_types::ApiError;
use serde::Serialize;
use specta::Type;

/// Why a command was refused. `code` is stable; `info` says in English what to do.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CommandError {
    pub code: i32,
    pub info: String,
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        Self { code: error.code.0, info: error.info }
    }
}
