//! What happened in a room, minute by minute, for each stream.
//!
//! Comments, comings and goings are counted as their events are processed, each in the transaction that
//! notes that; how many watch is asked of the chat service once a minute, and when a stream begins and
//! ends. Likes are counted where they are added up ([`add_likes`]), or by their events when nobody adds
//! them up, and only while a stream runs. Gifts, income and sales are not counted here: they are read
//! from the orders, which know refunds.

mod csv_page;
pub(crate) mod http;
mod presence;
mod sampling;
mod store;

pub(crate) use sampling::{Statistics, sample};

use chat_types::Code;
use chat_types::business::BusinessMessage;
use chat_types::element::readable_text;
use chat_types::webhook::{GroupMsg, Webhook};

use crate::Business;
use crate::events::Event;
use crate::storage::{Error, Tx};
use store::{At, Counts};

const MINUTE_MS: u64 = 60_000;

/// Counts an event for its room, its stream and its minute.
pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), Error> {
    let at_ms = event.at_ms;
    match event.webhook {
        Webhook::GroupAfterSendMsg(sent) => {
            let Some(counts) = of_message(business, &sent.message) else { return Ok(()) };
            let group_id = sent.message.group_id.as_str();
            if counts.comments > 0 {
                return count_comment(tx, group_id, at_ms, &sent.message.from_account).await;
            }
            count_at(tx, group_id, at_ms, counts).await
        }
        Webhook::GroupSendMsgException(failed) => {
            // One code for a room in which more is said than it delivers, and for one account that
            // sends too often.
            let counts = if failed.error_code == Code::MESSAGE_RATE {
                Counts { left_out: 1, ..Counts::default() }
            } else {
                Counts { refused: 1, ..Counts::default() }
            };
            count_at(tx, &failed.message.group_id, at_ms, counts).await
        }
        _ => presence::on_event(tx, event).await,
    }
}

async fn count_comment(
    tx: &mut Tx,
    group_id: &str,
    at_ms: u64,
    user_id: &str,
) -> Result<(), Error> {
    let Some(at) = store::stream_at(tx, group_id, at_ms / 1_000).await? else { return Ok(()) };
    let (stream, minute) = (at.stream(), at_ms / MINUTE_MS);
    let is_first = store::note_chatter(tx, group_id, stream, user_id, minute).await?;
    let counts = Counts { comments: 1, new_chatters: is_first.into(), ..Counts::default() };
    store::add(tx, group_id, stream, minute, &counts).await
}

async fn count_at(tx: &mut Tx, group_id: &str, at_ms: u64, counts: Counts) -> Result<(), Error> {
    let Some(at) = store::stream_at(tx, group_id, at_ms / 1_000).await? else { return Ok(()) };
    if counts.likes > 0 && matches!(at, At::Before(_)) {
        return Ok(());
    }
    store::add(tx, group_id, at.stream(), at_ms / MINUTE_MS, &counts).await
}

/// Counts likes that have been added to the total of a stream, in the transaction that adds them.
pub(crate) async fn add_likes(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
    likes: u64,
    at_s: u64,
) -> Result<(), Error> {
    store::add(tx, group_id, stream, at_s / 60, &Counts { likes, ..Counts::default() }).await
}

/// What a message counts as; `None` for what the service itself says, and for data of applications.
fn of_message(business: &Business, message: &GroupMsg) -> Option<Counts> {
    if business.config.chat.is_own(&message.from_account) {
        return None;
    }
    match BusinessMessage::read(&message.msg_body) {
        Some(BusinessMessage::Like(like)) if !business.config.count_likes => {
            Some(Counts { likes: u64::from(like.count), ..Counts::default() })
        }
        Some(_) => None,
        None if readable_text(&message.msg_body).is_empty() => None,
        None => Some(Counts { comments: 1, ..Counts::default() }),
    }
}
