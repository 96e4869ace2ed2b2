//! What a room has to be told, from the decision to the chat service's answer.
//!
//! A posting is written in the transaction that decides it, so it exists exactly if the decision
//! does. One routine delivers: postings of one lane in their order, lanes beside each other, each
//! posting again and again until the chat service has accepted it or refused it for good. Where its
//! sender may not speak it waits as well, as long as it is worth telling (`stale.rs`). A posting may
//! reach the chat service twice (the process may end between the answer and the note of it); it has
//! the same `Random` both times, which the chat service drops within five minutes, and the same id
//! inside the message, by which clients drop it later.
//!
//! The outbox is in the database and bounded: who would write on behalf of viewers asks
//! [`Outbox::admit`] first. What hosts and the service itself decide is little and is always taken.
//! Waits between attempts are measured by the monotonic clock and begin anew with the process, so
//! that no step of the wall clock holds a posting up.

mod deliver;
pub(crate) mod http;
mod lanes;
mod stale;
pub(crate) mod store;

pub(crate) use deliver::deliver;

use chat_rest::Randoms;
use chat_types::Priority;
use chat_types::business::BusinessMessage;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

use crate::problem::Problem;
use crate::storage::{Error, Tx};

/// Who is refused because too much waits may ask again after this.
const FULL_RETRY_MS: u64 = 2_000;
/// Name of the secret that the `Random` of messages is made from.
const SEED: &str = "outbox_seed";

/// What a room is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    /// A message, in the name of `from`, or of the administrator.
    Message { message: &'a BusinessMessage, priority: Priority, from: Option<&'a str> },
    /// A custom group field gets a value; an empty one clears it.
    Field { name: &'a str, value: &'a str },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting<'a> {
    /// Postings of one lane are delivered in the order in which they were written.
    pub(crate) lane: &'a str,
    /// Names the posting, whatever happens: a second one of the same key is not written, until a day
    /// after the first was delivered.
    pub(crate) key: &'a str,
    pub(crate) group_id: &'a str,
    pub(crate) what: What<'a>,
}

/// Wakes the routine that delivers, and knows the limit and the figures.
pub(crate) struct Outbox {
    written: Notify,
    /// Makes each call once.
    chat: chat_rest::Client,
    /// Postings that may wait, over all lanes.
    limit: u64,
    /// Numbers of this outbox, the same after a restart.
    randoms: Randoms,
    counters: Counters,
}

/// Since the start.
#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    failed: AtomicU64,
    out_of_date: AtomicU64,
    refused_full: AtomicU64,
}

impl Outbox {
    pub(crate) async fn open(
        tx: &mut Tx,
        limit: u64,
        chat: chat_rest::Client,
    ) -> Result<Self, Error> {
        let fresh: u64 = rand::random();
        let seed = crate::secrets::secret(tx, SEED, &fresh.to_string()).await?;
        let seed = seed.parse().map_err(|_| Error::Unreadable(format!("the secret {SEED}")))?;
        Ok(Self {
            written: Notify::new(),
            chat,
            limit,
            randoms: Randoms::with_seed(seed),
            counters: Counters::default(),
        })
    }

    /// Something has been written and committed.
    pub(crate) fn wake(&self) {
        self.written.notify_one();
    }

    /// 503 when so many postings wait that no more is taken from viewers. `coming` are those that are
    /// going to be written: now, or because of what was promised before.
    pub(crate) async fn admit(&self, tx: &mut Tx, coming: u64) -> Result<(), Problem> {
        if store::waiting(tx).await?.saturating_add(coming) <= self.limit {
            return Ok(());
        }
        self.counters.refused_full.fetch_add(1, Ordering::Relaxed);
        Err(Problem {
            retry_after_ms: Some(FULL_RETRY_MS),
            ..Problem::new(
                503,
                "outbox_full",
                "too much waits to be told to the rooms: nothing was done, try again later",
            )
        })
    }
}

/// Writes a posting. False when one of the same key was written before; nothing is changed then.
/// Call [`Outbox::wake`] after the commit.
pub(crate) async fn enqueue(tx: &mut Tx, posting: Posting<'_>, now_ms: u64) -> Result<bool, Error> {
    store::insert(tx, posting, now_ms).await
}

/// Whether something of this lane has not been delivered yet.
pub(crate) async fn is_waiting(tx: &mut Tx, lane: &str) -> Result<bool, Error> {
    Ok(store::first_of(tx, lane).await?.is_some())
}
