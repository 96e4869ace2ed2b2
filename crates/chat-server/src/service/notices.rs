//! What an administrator says to a whole room, or to every room, beside its messages.

use chat_types::code::{ApiError, Code};
use chat_types::element::{BodyError, check_rest_body};
use chat_types::gateway::{Message, ServerFrame};
use chat_types::group::GroupType;
use chat_types::{Element, UserId};
use std::collections::HashSet;
use std::sync::Arc;

use super::locks::Locks;
use super::messages::check_cloud_data;
use super::seen::{Entered, Lane, Mark, Seen};
use super::{REPEAT_WINDOW_MS, Service, internal};
use crate::application::{Application, Edition};
use crate::clock::Clock;
use crate::counters::Counters;

/// Broadcasts that are remembered of one application; at the documented one per second no more come
/// within the window.
const REPEATS: usize = 300;

/// A message to every AVChatRoom.
#[derive(Debug, Clone)]
pub(crate) struct Broadcast {
    pub(crate) from: UserId,
    pub(crate) random: u32,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
}

/// What broadcasting remembers.
pub(crate) struct Broadcasts {
    /// Numbers of the last broadcasts by application.
    sent: Seen<u32, u32>,
    /// The lock of an application is held while one is sent, so that all connections get them in the
    /// order of their numbers.
    sending: Locks,
}

impl Broadcasts {
    pub(super) fn new(clock: Arc<dyn Clock>, counters: &Counters) -> Self {
        let forgotten = counters.repeats_forgotten.clone();
        let lane = Lane { window_ms: REPEAT_WINDOW_MS, most: REPEATS, forgotten };
        Self { sent: Seen::new(clock, [lane]), sending: Locks::default() }
    }

    pub(super) fn forget_old(&self) {
        self.sent.forget_old();
    }
}

impl Service {
    /// Gives the connections that are in the room a text that is no chat message. `only` names the
    /// members who get it; empty for all.
    pub(crate) async fn notify(
        &self,
        app: &Application,
        group_id: &str,
        text: String,
        only: &[String],
    ) -> Result<(), ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let group_type = room.with(|group| group.group_type);
        if group_type == GroupType::AVChatRoom && !only.is_empty() {
            return Err(ApiError::bad_parameter(
                "an AVChatRoom takes no ToMembers_Account: the notification goes to the whole room",
            ));
        }
        room.notify(text, only);
        Ok(())
    }

    /// Sends a message once to every connection that is in an AVChatRoom of the application, and
    /// gives its number. A repeat within five minutes gets the number of the first.
    pub(crate) async fn broadcast(
        &self,
        app: &Application,
        broadcast: Broadcast,
    ) -> Result<u32, ApiError> {
        if app.edition < Edition::Ultimate || !app.settings.broadcast {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "broadcasts need the Ultimate edition and the setting broadcast",
            ));
        }
        let Broadcast { from, random, elements, cloud_custom_data } = broadcast;
        check_rest_body(&elements, app.settings.message_bytes as usize)
            .map_err(BodyError::for_group)?;
        check_cloud_data(&cloud_custom_data)?;
        let nick = self.nick_of(app.sdk_app_id, &from).await?;
        let mark = mark(random, &elements, &cloud_custom_data);

        let claim = match self.broadcasts.sent.enter(app.sdk_app_id, mark).await {
            Entered::Before(seq) => return Ok(seq),
            Entered::First(claim) => claim,
        };
        let _in_order = self.broadcasts.sending.lock(&app.sdk_app_id).await;
        let seq = self.storage.next_broadcast_seq(app.sdk_app_id).await.map_err(internal)?;
        claim.remember(seq, 0);
        let message = Message {
            seq,
            time_s: self.now_s(),
            from: from.to_string(),
            nick,
            elements,
            cloud_custom_data,
            ..Message::default()
        };
        let frame = ServerFrame::Broadcast { message };
        let mut told = HashSet::new();
        for (sdk_app_id, _, room) in self.rooms.all() {
            if sdk_app_id == app.sdk_app_id {
                room.broadcast(&frame, &mut told);
            }
        }
        Ok(seq)
    }
}

/// What makes two broadcasts the same: the number that their sender gave them, and what they say.
fn mark(random: u32, elements: &[Element], cloud_custom_data: &str) -> Mark {
    // Elements are plain data with text keys, which always encode.
    let elements = serde_json::to_vec(elements).unwrap_or_default();
    Mark::of(&[&random.to_be_bytes(), &elements, cloud_custom_data.as_bytes()])
}
