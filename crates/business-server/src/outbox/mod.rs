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
//! Before an attempt begins it is written that it does, so that at every moment, also after a crash,
//! it is known of each posting whether it may have been told ([`Told`]). One that was not may be taken
//! back or changed by who wrote it ([`cancel`], [`rewrite`]). One whose attempt was not answered is
//! known to be told when the next attempt is accepted, or when the chat service tells of the message
//! (`sent.rs`); a refusal says nothing of the attempts before it, because the chat service may look
//! at a mute before it looks for a repeat. Where neither comes, nobody will ever know, and
//! [`UNCLEAR_MS`] is all that is waited.
//!
//! The outbox is in the database and bounded, for each room and in all: who would write on behalf of
//! viewers asks [`Outbox::admit`] first. What hosts and the service itself decide is little and is
//! always taken. A room in which the sender may not speak fills its own places only.
//! Waits between attempts are measured by the monotonic clock and begin anew with the process, so
//! that no step of the wall clock holds a posting up.

mod deliver;
pub(crate) mod http;
mod lanes;
mod sent;
mod stale;
mod store;

pub(crate) use deliver::deliver;
pub(crate) use sent::on_event;
pub(crate) use store::{delivered_ms, enqueue, is_waiting, rewrite, waiting};

use chat_rest::Randoms;
use chat_types::business::BusinessMessage;
use chat_types::{Element, Priority};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, broadcast};

use crate::figures::Listed;
use crate::problem::Problem;
use crate::storage::{Error, Tx, from_db};

/// Who is refused because too much waits may ask again after this.
const FULL_RETRY_MS: u64 = 2_000;
/// So long after an attempt without an answer it is waited for a word about it. The chat service knows
/// a repeat for five minutes, and tells of a message within seconds.
const UNCLEAR_MS: u64 = 10 * 60_000;
/// No attempt takes longer.
const ATTEMPT_MS: u64 = 60_000;
/// Ends of attempts that who waits for one of them may be behind.
const NOTED: usize = 256;
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
    /// Postings that may wait for one room.
    room_limit: u64,
    /// Postings that may wait in all, without those whose sender may not speak.
    total_limit: u64,
    /// Numbers of this outbox, the same after a restart.
    randoms: Randoms,
    given_up: GivenUp,
    /// Numbers of postings of which an attempt has ended and is noted.
    noted: broadcast::Sender<u64>,
    counters: Counters,
}

/// Since the start.
#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    failed: AtomicU64,
    out_of_date: AtomicU64,
    made_good: AtomicU64,
    refused_full: AtomicU64,
}

/// A message that the chat service has refused for good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal<'a> {
    pub(crate) group_id: &'a str,
    pub(crate) body: &'a [Element],
    pub(crate) now_ms: u64,
}

/// What is done about a message that nobody will be told, in the transaction that notes it. True when
/// something was.
pub(crate) type GivenUp =
    for<'a> fn(
        &'a mut Tx,
        Refusal<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Error>> + Send + 'a>>;

/// A message that waits.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    /// `None` for what this version does not know.
    pub(crate) message: Option<BusinessMessage>,
    pub(crate) told: Told,
}

/// Whether a room has got a message that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    No,
    /// It is on its way, or was without an answer a short time ago.
    KnownLater,
    /// It was on its way without an answer so long ago that nobody is going to know.
    Unclear,
}

impl Told {
    fn of(posting: &store::Waiting, now_ms: u64) -> Self {
        let is_recent = |at_ms: i64, within_ms| now_ms.abs_diff(from_db(at_ms)) < within_ms;
        let Some(first_ms) = posting.unclear_ms.or(posting.begun_ms) else { return Self::No };
        let is_on_its_way = posting.begun_ms.is_some_and(|at_ms| is_recent(at_ms, ATTEMPT_MS));
        if is_on_its_way || is_recent(first_ms, UNCLEAR_MS) {
            Self::KnownLater
        } else {
            Self::Unclear
        }
    }
}

impl Outbox {
    pub(crate) async fn open(
        tx: &mut Tx,
        (room_limit, total_limit): (u64, u64),
        chat: chat_rest::Client,
        given_up: GivenUp,
    ) -> Result<Self, Error> {
        let fresh: u64 = rand::random();
        let seed = crate::secrets::secret(tx, SEED, &fresh.to_string()).await?;
        let seed = seed.parse().map_err(|_| Error::Unreadable(format!("the secret {SEED}")))?;
        Ok(Self {
            written: Notify::new(),
            chat,
            room_limit,
            total_limit,
            randoms: Randoms::with_seed(seed),
            given_up,
            noted: broadcast::Sender::new(NOTED),
            counters: Counters::default(),
        })
    }

    /// Something has been written and committed.
    pub(crate) fn wake(&self) {
        self.written.notify_one();
    }

    /// What is noted from now on.
    pub(crate) fn noted(&self) -> Noted {
        Noted(self.noted.subscribe())
    }

    /// What was counted since the start.
    pub(crate) fn listed(&self) -> Vec<Listed> {
        let counters = &self.counters;
        let read = |(name, help, value): (_, _, &AtomicU64)| {
            let value = value.load(Ordering::Relaxed);
            Listed { name, help, value }
        };
        [
            (
                "outbox_delivered",
                "Postings that the chat service has accepted",
                &counters.delivered,
            ),
            ("outbox_failed", "Postings that it has refused for good", &counters.failed),
            ("outbox_out_of_date", "Postings that were given up", &counters.out_of_date),
            (
                "outbox_made_good",
                "Refused postings about which something was done: gifts given back",
                &counters.made_good,
            ),
            ("outbox_refused_full", "Gifts that were not taken", &counters.refused_full),
        ]
        .map(read)
        .into()
    }

    /// 503 when so many postings wait that no more is taken from viewers.
    pub(crate) async fn admit(&self, tx: &mut Tx, coming: Coming<'_>) -> Result<(), Problem> {
        let of_room = store::waiting_for(tx, coming.group_id).await?;
        let (waiting, held) = store::waiting(tx).await?;
        let problem = if of_room.saturating_add(coming.for_room) > self.room_limit {
            Problem::new(
                503,
                "outbox_full",
                "too much waits to be told to this room: nothing was done, try again later",
            )
        } else if (waiting - held.min(waiting)).saturating_add(coming.in_all) > self.total_limit {
            Problem::new(
                503,
                "outbox_full_everywhere",
                "too much waits to be told to the rooms: nothing was done, try again later",
            )
        } else {
            return Ok(());
        };
        self.counters.refused_full.fetch_add(1, Ordering::Relaxed);
        Err(Problem { retry_after_ms: Some(FULL_RETRY_MS), ..problem })
    }
}

/// Ends of attempts, as they are noted.
pub(crate) struct Noted(broadcast::Receiver<u64>);

impl Noted {
    /// Waits until an attempt of this posting has ended. It may return before, where many end at once.
    pub(crate) async fn of(&mut self, number: u64) {
        while self.0.recv().await.is_ok_and(|noted| noted != number) {}
    }
}

/// Postings that are going to be written: now, or because of what was promised before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coming<'a> {
    pub(crate) group_id: &'a str,
    pub(crate) for_room: u64,
    /// For all rooms, this one included.
    pub(crate) in_all: u64,
}

/// What waits in a lane for this room, in its order.
pub(crate) async fn waiting_in(
    tx: &mut Tx,
    lane: &str,
    group_id: &str,
    now_ms: u64,
) -> Result<Vec<Waiting>, Error> {
    let waiting = store::waiting_in(tx, lane, group_id).await?;
    let waiting = waiting.into_iter().map(|posting| {
        let message = match posting.what() {
            Ok(store::Kept::Message { body, .. }) => BusinessMessage::read(&body),
            _ => None,
        };
        Waiting { number: posting.number, message, told: Told::of(&posting, now_ms) }
    });
    Ok(waiting.collect())
}

/// Takes back a posting that waits.
pub(crate) async fn cancel(
    tx: &mut Tx,
    number: u64,
    reason: &str,
    now_ms: u64,
) -> Result<(), Error> {
    store::settle(tx, number, store::Done::Cancelled(reason), now_ms).await?;
    Ok(())
}
