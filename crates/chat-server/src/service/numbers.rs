//! Numbers of messages, which are claimed in storage before they are used.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::Message;

use super::{Service, internal, no_such_group};
use crate::application::Application;
use crate::room::{Draft, Posted, Room, Stamp};

impl Service {
    /// Stamps a draft that nobody gets, and again whenever the room has no number left, after more
    /// are claimed.
    pub(super) async fn post_silently(
        &self,
        app: &Application,
        room: &Room,
        draft: &Draft,
        time_s: u32,
    ) -> Result<(Stamp, Message), ApiError> {
        let group_id = room.with(|group| GroupId::new(&*group.group_id))?;
        loop {
            match room.post_silently(draft, time_s) {
                Posted::Stamped(stamp, message) => return Ok((stamp, message)),
                Posted::NeedsNumbers(count) => {
                    let claimed =
                        self.storage.claim_numbers(app.sdk_app_id, group_id.as_str(), count).await;
                    let claimed = claimed.map_err(internal)?;
                    room.numbers_claimed(claimed.ok_or_else(|| no_such_group(&group_id))?);
                }
                Posted::Dismissed => return Err(no_such_group(&group_id)),
                Posted::Exhausted => return Err(exhausted(&group_id)),
            }
        }
    }
}

pub(super) fn exhausted(group_id: &GroupId) -> ApiError {
    ApiError::new(
        Code::INTERNAL,
        format!("{group_id} has used all its message numbers: open a new group"),
    )
}
