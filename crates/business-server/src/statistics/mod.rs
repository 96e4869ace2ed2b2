//! What happened in a room, minute by minute, for each stream.
//!
//! Comments, comings and goings are counted as they are heard, each in the transaction that notes
//! that it was heard; how many watch is asked of the chat service once a minute, and when a stream begins
//! and ends. Likes are counted
//! where they are added up ([`add_likes`]), or as they are heard when nobody adds them up, and only
//! while a stream runs. Gifts, income and sales are not counted here: they are read from the orders, which know refunds.

mod csv_page;
pub(crate) mod http;
mod sampling;
mod store;

pub(crate) use sampling::{Statistics, sample};

use chat_types::Code;
use chat_types::business::BusinessMessage;
use chat_types::element::readable_text;
use chat_types::webhook::{GroupMsg, Webhook};

use crate::Business;
use crate::storage::{Error, Tx};
use crate::webhooks::Heard;
use store::{At, Counts};

const MINUTE_MS: u64 = 60_000;

/// Counts an event for its room, its stream and its minute.
pub(crate) async fn hear(business: &Business, tx: &mut Tx, heard: Heard<'_>) -> Result<(), Error> {
    let none = Counts::default();
    let (group_id, counts, chatter) = match heard.webhook {
        Webhook::AfterNewMemberJoin(join) => {
            let joins = number(join.new_member_list.len());
            (&join.group_id, Counts { joins, ..none }, None)
        }
        Webhook::AfterMemberExit(exit) => {
            let leaves = number(exit.exit_member_list.len());
            (&exit.group_id, Counts { leaves, ..none }, None)
        }
        Webhook::GroupAfterSendMsg(sent) => {
            let Some(counts) = of_message(business, &sent.message) else { return Ok(()) };
            let chatter = (counts.comments > 0).then_some(sent.message.from_account.as_str());
            (&sent.message.group_id, counts, chatter)
        }
        Webhook::GroupSendMsgException(failed) => {
            // One code for a room in which more is said than it delivers, and for one account that
            // sends too often.
            let counts = if failed.error_code == Code::MESSAGE_RATE {
                Counts { left_out: 1, ..none }
            } else {
                Counts { refused: 1, ..none }
            };
            (&failed.message.group_id, counts, None)
        }
        _ => return Ok(()),
    };
    let at_s = heard.at_ms / 1_000;
    let Some(at) = store::stream_at(tx, group_id, at_s).await? else { return Ok(()) };
    if counts.likes > 0 && matches!(at, At::Before(_)) {
        return Ok(());
    }
    let stream = at.stream();
    let minute = heard.at_ms / MINUTE_MS;
    let mut counts = counts;
    if let Some(user_id) = chatter
        && store::note_chatter(tx, group_id, stream, user_id, minute).await?
    {
        counts.new_chatters = 1;
    }
    store::add(tx, group_id, stream, minute, &counts).await
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
    let chat = &business.config.chat;
    if [chat.admin.as_str(), chat.assistant.as_str()].contains(&message.from_account.as_str()) {
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

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
