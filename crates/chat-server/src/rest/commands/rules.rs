//! Rules and figures of a room.

use chat_types::code::ApiError;
use chat_types::rest::{GroupIdOnly, ModifyRoomRules, RoomFiguresInfo};

use super::{Caller, answer, done};
use crate::service::Service;

pub(in crate::rest) async fn modify_room_rules(
    service: &Service,
    caller: &Caller,
    body: ModifyRoomRules,
) -> Result<String, ApiError> {
    let (_, room) = service.room_named(&caller.app, &body.group_id).await?;
    service.modify_rules(&caller.app, &caller.user_id, &room, body.rules).await?;
    done()
}

pub(in crate::rest) async fn get_room_rules(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    answer(service.room_rules(&caller.app, &body.group_id).await?)
}

pub(in crate::rest) async fn get_room_figures(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    let (_, room) = service.room_named(&caller.app, &body.group_id).await?;
    answer(RoomFiguresInfo { figures: service.room_figures(&caller.app, &room) })
}
