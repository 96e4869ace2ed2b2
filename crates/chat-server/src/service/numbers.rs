//! Numbers of messages, which are reserved in storage before they are used.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::Message;

use super::messages::not_a_member;
use super::{Service, internal, no_such_group};
use crate::application::Application;
use crate::room::{Posted, Room, Stamp};

impl Service {
    /// Posts into a room, and again whenever the room has no number left, after more are reserved.
    /// Without the message when it is a repeat.
    pub(super) async fn post_numbered(
        &self,
        app: &Application,
        room: &Room,
        mut post: impl FnMut() -> Posted,
    ) -> Result<(Stamp, Option<Message>), ApiError> {
        let group_id = room.with(|group| GroupId::new(&*group.group_id))?;
        loop {
            match post() {
                Posted::Stamped(stamp, message) => return Ok((stamp, Some(message))),
                Posted::Repeated(stamp) => return Ok((stamp, None)),
                Posted::NeedsNumbers(seq) => {
                    let reserved =
                        self.storage.reserve_seq(app.sdk_app_id, group_id.as_str(), seq).await;
                    reserved.map_err(internal)?;
                    room.numbers_reserved(seq);
                }
                Posted::NotAMember => return Err(not_a_member(&group_id)),
                Posted::Dismissed => return Err(no_such_group(&group_id)),
                Posted::Exhausted => {
                    return Err(ApiError::new(
                        Code::INTERNAL,
                        format!("{group_id} has used all its message numbers: open a new group"),
                    ));
                }
            }
        }
    }
}
