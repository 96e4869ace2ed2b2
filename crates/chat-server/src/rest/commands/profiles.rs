//! Profiles and the mute of an account in all groups and conversations.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{ErrorDisplay, GetNoSpeaking, PortraitGet, PortraitSet, SetNoSpeaking};
use serde_json::Value;

use super::{Caller, answer, done, read};
use crate::service::Service;

pub(super) async fn set_portrait(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: PortraitSet = read(body, Code::PROFILE_PARAMETER)?;
    service.set_portrait(&caller.app, &caller.user_id, caller.origin, body).await?;
    answer(ErrorDisplay::default())
}

pub(super) async fn get_portraits(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: PortraitGet = read(body, Code::PROFILE_PARAMETER)?;
    answer(service.portraits(&caller.app, &body.to_account, &body.tag_list).await?)
}

pub(super) async fn set_global_mute(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: SetNoSpeaking = read(body, Code::ACCOUNT_PARAMETER)?;
    service.set_global_mute(&caller.app, body).await?;
    done()
}

pub(super) async fn get_global_mute(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GetNoSpeaking = read(body, Code::ACCOUNT_PARAMETER)?;
    answer(service.global_mute(&caller.app, &body.get_account).await?)
}
