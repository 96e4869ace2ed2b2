//! One function per REST command: take the body, call the service, wrap the answer. The rows of the
//! catalogue name them.

pub(super) mod accounts;
mod body;
pub(super) mod c2c;
pub(super) mod data;
pub(super) mod groups;
pub(super) mod membership;
pub(super) mod messages;
pub(super) mod profiles;
pub(super) mod rooms;
pub(super) mod rules;

pub(super) use body::{Body, Said};

use chat_types::code::ApiError;
use chat_types::rest::{Envelope, Nothing};
use serde::Serialize;

use super::{Caller, to_json};

fn done() -> Result<String, ApiError> {
    answer(Nothing {})
}

fn answer(body: impl Serialize) -> Result<String, ApiError> {
    Ok(to_json(&Envelope::ok(body)))
}
