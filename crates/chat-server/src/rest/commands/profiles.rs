//! Profiles and the mute of an account in all groups and conversations.

use chat_types::code::ApiError;
use chat_types::rest::{ErrorDisplay, GetNoSpeaking, PortraitGet, PortraitSet, SetNoSpeaking};

use super::{Caller, answer, done};
use crate::service::Service;

pub(in crate::rest) async fn set_portrait(
    service: &Service,
    caller: &Caller,
    body: PortraitSet,
) -> Result<String, ApiError> {
    service.set_portrait(&caller.app, &caller.user_id, caller.origin, body).await?;
    answer(ErrorDisplay::default())
}

pub(in crate::rest) async fn get_portraits(
    service: &Service,
    caller: &Caller,
    body: PortraitGet,
) -> Result<String, ApiError> {
    answer(service.portraits(&caller.app, &body.to_account, &body.tag_list).await?)
}

pub(in crate::rest) async fn set_global_mute(
    service: &Service,
    caller: &Caller,
    body: SetNoSpeaking,
) -> Result<String, ApiError> {
    service.set_global_mute(&caller.app, body).await?;
    done()
}

pub(in crate::rest) async fn get_global_mute(
    service: &Service,
    caller: &Caller,
    body: GetNoSpeaking,
) -> Result<String, ApiError> {
    answer(service.global_mute(&caller.app, &body.get_account).await?)
}
