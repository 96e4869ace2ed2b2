//! The virtual assistant: greets who came in, answers keywords, and posts notices at set times.
//!
//! A host sets it up for each room; until then it is silent there. What it says comes from the
//! assistant's account as an announcement. Answers and notices have the priority `Normal`, greetings
//! `Low`: they are the first thing that a full room can do without, and each kind has a lane of its
//! own, so that a greeting that waits holds up nothing.
//!
//! It answers none of the accounts in whose name this service speaks.

mod answers;
mod greeting;
pub(crate) mod http;
mod notices;
mod routine;
mod settings;
mod store;

pub(crate) use routine::keep_speaking;

use chat_types::Priority;
use chat_types::business::{Announcement, AnnouncementKind, BusinessMessage};
use chat_types::webhook::Webhook;

use crate::Business;
use crate::events::Event;
use crate::outbox::{self, Posting, What};
use crate::storage::{self, Tx};

/// Who came in or spoke longer ago than this is neither greeted nor answered: after an outage the
/// room would only wonder whom the assistant means.
const STALE_MS: u64 = 60_000;

pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), storage::Error> {
    if event.at_ms.saturating_add(STALE_MS) < business.clock.now_ms() {
        return Ok(());
    }
    match event.webhook {
        Webhook::AfterNewMemberJoin(join) => greeting::on_join(business, tx, join).await,
        Webhook::GroupAfterSendMsg(said) => answers::on_comment(business, tx, &said.message).await,
        _ => Ok(()),
    }
}

/// Says something in a room, in the assistant's name.
async fn say(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    kind: AnnouncementKind,
    text: String,
) -> Result<(), storage::Error> {
    let priority = match kind {
        AnnouncementKind::Greeting => Priority::Low,
        AnnouncementKind::Answer | AnnouncementKind::Notice | AnnouncementKind::Broadcast => {
            Priority::Normal
        }
    };
    let id = format!("{}-{}", name(kind), store::next_saying(tx).await?);
    let message = BusinessMessage::Announcement(Announcement { id: id.clone(), kind, text });
    let from = Some(business.config.chat.assistant.as_str());
    let posting = Posting {
        lane: &lane(kind, group_id),
        key: &format!("assistant:{id}"),
        group_id,
        what: What::Message { message: &message, priority, from },
    };
    outbox::enqueue(tx, posting, business.clock.now_ms()).await?;
    Ok(())
}

/// Whether something of this kind is still on its way into the room.
async fn is_waiting(
    tx: &mut Tx,
    group_id: &str,
    kind: AnnouncementKind,
) -> Result<bool, storage::Error> {
    outbox::is_waiting(tx, &lane(kind, group_id)).await
}

fn lane(kind: AnnouncementKind, group_id: &str) -> String {
    format!("assistant:{}:{group_id}", name(kind))
}

fn name(kind: AnnouncementKind) -> &'static str {
    match kind {
        AnnouncementKind::Broadcast => "broadcast",
        AnnouncementKind::Notice => "notice",
        AnnouncementKind::Greeting => "greeting",
        AnnouncementKind::Answer => "answer",
    }
}
