//! After-webhooks on their way into the database.

use chat_types::webhook::Webhook;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::happened::happened_ms;
use super::redelivery::note_arrival;
use super::store;
use crate::Business;
use crate::figures::add;
use crate::queue::Job;
use crate::storage::Error;

/// Events in one commit.
const BATCH: usize = 256;

/// An event that has come and is understood.
#[derive(Debug)]
pub(super) struct Arrived {
    /// See [`key`].
    pub(super) key: Option<String>,
    pub(super) body: String,
    /// When it happened by the chat service's clock; when it came, for one that does not say.
    pub(super) at_ms: u64,
    /// When it came, in Unix milliseconds.
    pub(super) came_ms: u64,
}

impl Arrived {
    /// An event that has just come. From its time the chat service's clock is read; one that does not
    /// say it happened now, so that it counts for no moment before.
    pub(super) fn now(business: &Business, webhook: &Webhook, body: String) -> Self {
        let at_ms = happened_ms(webhook);
        if let Some(at_ms) = at_ms {
            business.chat_clock.event(at_ms, business.clock.monotonic_ms());
        }
        Self {
            key: key(webhook, body.as_bytes()),
            body,
            at_ms: at_ms.unwrap_or_else(|| business.chat_now_ms()),
            came_ms: business.clock.now_ms(),
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Kept,
    /// It had come before.
    Duplicate,
    /// Too many wait to be processed.
    Full,
}

/// What tells an event from all others, so that it is processed once, however often it is delivered. A
/// message is named by its group, number and time (a group that is made again numbers its messages
/// anew), everything else by all that it says. `None` for the one event that says no time: it tells
/// what a state is, and processing that twice changes nothing, while a member may well go offline
/// twice.
pub(crate) fn key(webhook: &Webhook, body: &[u8]) -> Option<String> {
    match webhook {
        Webhook::OnMemberStateChange(_) => None,
        Webhook::GroupAfterSendMsg(sent) => {
            let group_id = &sent.message.group_id;
            Some(format!("message:{group_id}:{}:{}", sent.msg_seq, sent.msg_time))
        }
        _ => Some(format!("{}:{}", webhook.command().name, hex::encode(Sha256::digest(body)))),
    }
}

/// Stores events as they come, all that came while the last commit ran in one, until `stop` and the
/// last one.
pub(super) async fn store_all(business: &Business, stop: &CancellationToken) {
    let webhooks = &business.webhooks;
    loop {
        let jobs = webhooks.inbox.take(BATCH, stop).await;
        if jobs.is_empty() {
            return;
        }
        match store_batch(business, &jobs).await {
            Ok(outcomes) => {
                let kept = outcomes.iter().filter(|outcome| **outcome == Stored::Kept).count();
                let twice =
                    outcomes.iter().filter(|outcome| **outcome == Stored::Duplicate).count();
                let full = outcomes.len() - kept - twice;
                add(&webhooks.figures.after_stored, kept);
                add(&webhooks.figures.after_duplicate, twice);
                add(&webhooks.figures.refused_unheard, full);
                webhooks.stored.notify_one();
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    job.answer(outcome);
                }
            }
            // Dropped without an answer, so that each is answered 503 and comes again.
            Err(error) => {
                tracing::error!(%error, "webhooks not stored");
                add(&webhooks.figures.refused_storage, jobs.len());
            }
        }
    }
}

async fn store_batch(
    business: &Business,
    jobs: &[Job<Arrived, Stored>],
) -> Result<Vec<Stored>, Error> {
    let webhooks = &business.webhooks;
    let mut tx = business.database.write().await?;
    // Counted where they are: another node may process what this one has stored.
    let waiting = store::count_waiting(&mut tx).await?;
    let mut places = webhooks.limits.unprocessed.saturating_sub(waiting);
    let mut next_id = store::claim_ids(&mut tx, jobs.len()).await?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        note_arrival(business, &mut tx, job.work.at_ms);
        if places == 0 {
            outcomes.push(Stored::Full);
        } else if store::insert(&mut tx, next_id, &job.work).await? {
            next_id += 1;
            places -= 1;
            outcomes.push(Stored::Kept);
        } else {
            outcomes.push(Stored::Duplicate);
        }
    }
    tx.commit().await?;
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::webhook::{EventTime, GroupAfterMsg, GroupMsg};
    use serde_json::json;

    fn sent(group_id: &str, msg_seq: u32, msg_time: u32) -> Webhook {
        let message = GroupMsg { group_id: group_id.into(), ..GroupMsg::default() };
        Webhook::GroupAfterSendMsg(GroupAfterMsg { message, msg_seq, msg_time })
    }

    #[test]
    fn a_message_is_named_by_its_place_and_not_by_its_bytes() {
        let named = |webhook: &Webhook, body: &[u8]| key(webhook, body).unwrap();
        let first = named(&sent("r", 1, 10), b"a");
        assert_eq!(first, named(&sent("r", 1, 10), b"b"));
        for other in [sent("r", 2, 10), sent("s", 1, 10), sent("r", 1, 11)] {
            assert_ne!(first, named(&other, b"a"));
        }
    }

    #[test]
    fn everything_else_is_named_by_what_it_says_unless_it_says_no_time() {
        let read = |form: serde_json::Value| -> (Webhook, Vec<u8>) {
            (serde_json::from_value(form.clone()).unwrap(), form.to_string().into_bytes())
        };
        let exit = |at: u64| {
            read(json!({"CallbackCommand": "Group.CallbackAfterMemberExit", "GroupId": "r",
                "EventTime": EventTime(at)}))
        };
        let named = |(webhook, body): &(Webhook, Vec<u8>)| key(webhook, body);
        assert_eq!(named(&exit(1)), named(&exit(1)));
        assert_ne!(named(&exit(1)), named(&exit(2)));
        let state = read(json!({"CallbackCommand": "Group.CallbackOnMemberStateChange",
            "GroupId": "r", "EventType": "Offline", "MemberList": []}));
        assert_eq!(named(&state), None);
    }
}
