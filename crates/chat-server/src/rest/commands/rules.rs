//! Rules and figures of a room.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{GroupIdOnly, ModifyRoomRules, RoomFiguresInfo};
use serde_json::Value;

use super::{Caller, answer, done, read};
use crate::service::Service;

pub(super) async fn modify_room_rules(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: ModifyRoomRules = read(body, Code::BAD_PARAMETER)?;
    let (_, room) = service.room_named(&caller.app, &body.group_id).await?;
    service.modify_rules(&caller.app, &caller.user_id, &room, body.rules).await?;
    done()
}

pub(super) async fn get_room_rules(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    answer(service.room_rules(&caller.app, &body.group_id).await?)
}

pub(super) async fn get_room_figures(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    let (_, room) = service.room_named(&caller.app, &body.group_id).await?;
    answer(RoomFiguresInfo { figures: service.room_figures(&caller.app, &room) })
}
