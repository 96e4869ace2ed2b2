//! What an administrator says to a whole room, or to every room, beside its messages.

use chat_types::code::{ApiError, Code};
use chat_types::element::{BodyError, check_rest_body};
use chat_types::gateway::{Message, ServerFrame};
use chat_types::group::GroupType;
use chat_types::{Element, UserId};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::messages::check_cloud_data;
use super::{Service, internal};
use crate::application::{Application, Edition};

/// A repeat of a broadcast is recognised this long (`send_broadcast_msg`, product/1047/49440).
const REPEAT_WINDOW_MS: u64 = 300_000;
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

/// Broadcasts of the last minutes by application. The lock of an application is held while one is
/// sent, so that all connections get them in the order of their numbers.
#[derive(Default)]
pub(crate) struct Broadcasts(Mutex<HashMap<u32, Arc<OfApplication>>>);

type OfApplication = tokio::sync::Mutex<VecDeque<Sent>>;

impl Broadcasts {
    fn of(&self, sdk_app_id: u32) -> Arc<OfApplication> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(sdk_app_id).or_default())
    }
}

struct Sent {
    time_ms: u64,
    random: u32,
    content: [u8; 32],
    seq: u32,
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
        let content = digest(&elements, &cloud_custom_data);

        let broadcasts = self.broadcasts.of(app.sdk_app_id);
        let mut sent = broadcasts.lock().await;
        let now_ms = self.clock.now_ms();
        sent.retain(|sent| now_ms.abs_diff(sent.time_ms) < REPEAT_WINDOW_MS);
        if let Some(sent) =
            sent.iter().find(|sent| sent.random == random && sent.content == content)
        {
            return Ok(sent.seq);
        }
        let seq = self.storage.next_broadcast_seq(app.sdk_app_id).await.map_err(internal)?;
        if sent.len() == REPEATS {
            sent.pop_front();
        }
        sent.push_back(Sent { time_ms: now_ms, random, content, seq });
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

/// What makes two broadcasts with the same number the same one.
fn digest(elements: &[Element], cloud_custom_data: &str) -> [u8; 32] {
    // Elements are plain data with text keys, which always encode.
    let json = serde_json::to_vec(&(elements, cloud_custom_data)).unwrap_or_default();
    Sha256::digest(json).into()
}
