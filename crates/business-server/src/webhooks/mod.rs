//! Webhooks of the chat service ("Webhook Overview", product/1047/34354).
//!
//! `POST /webhooks` takes them. Who calls is checked by signature, time and application before a
//! body is read. A before-webhook is answered within a budget of its own, well inside the two
//! seconds of the chat service. What is forged is refused without looking anything up; when the
//! budget runs out, likes are refused, and of comments and joins the room's rules say what becomes of
//! them. It is counted.
//!
//! An after-webhook is stored and then answered, many in one commit; when it cannot be stored the
//! answer is 503, and the chat service delivers it again.
//!
//! Stored events are processed in their order, each once: what the subjects write and the note that it
//! was processed are one transaction. An event that fails three times, or at which a subject panics, is
//! set aside, so that the others go on.

mod figures;
mod happened;
mod inbox;
mod receive;
mod redelivery;
mod signature;
mod store;
mod worker;

pub(crate) use figures::ReceiverFigures;
pub(crate) use inbox::key;
pub(crate) use receive::{allow, parse, router};
pub(crate) use redelivery::is_complete_until;
#[cfg(test)]
pub(crate) use worker::testing::{process_all, store_event};

use chat_types::webhook::{Webhook, WebhookAnswer};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::Business;
use crate::chat_clock::ChatClock;
use crate::clock::Clock;
use crate::config::WebhookLimits;
use crate::events::Event;
use crate::figures::Listed;
use crate::queue::Queue;
use crate::storage::{Error, Tx};
use figures::Figures;
use inbox::{Arrived, Stored};
use redelivery::Redelivery;

/// Events of an earlier process from which the chat service's clock is guessed at the start.
const LAST_TIMES: u32 = 256;

/// Before-webhooks in hand for each place.
const WAITING: usize = 16;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a before-webhook comes to.
pub(crate) enum Asked<'a> {
    /// It says enough by itself: nothing is looked up, and nobody is waited for.
    Answered(WebhookAnswer),
    Open(Box<dyn Question + 'a>),
}

/// Something that has to be looked up before it is answered.
pub(crate) trait Question: Send + Sync {
    fn decide<'a>(&'a self, business: &'a Business) -> Boxed<'a, WebhookAnswer>;

    /// The answer when there was no time to decide.
    fn undecided(&self, business: &Business) -> WebhookAnswer;
}

/// What the subjects make of webhooks. Who they are is said where the service is put together, so
/// that the receiver knows none of them.
pub(crate) struct Subjects {
    /// The commands that are taken; others are answered and left alone.
    pub(crate) wanted: &'static [&'static str],
    /// Whether what is going to happen may.
    pub(crate) ask: for<'a> fn(&Business, &'a Webhook) -> Asked<'a>,
    pub(crate) consumers: &'static [Consumer],
}

type OnEvent = for<'a> fn(&'a Business, &'a mut Tx, Event<'a>) -> Boxed<'a, Result<(), Error>>;

/// A subject that handles events.
pub(crate) struct Consumer {
    name: &'static str,
    /// Called with every event, in the transaction in which it is noted as processed.
    on_event: OnEvent,
}

impl Consumer {
    pub(crate) const fn new(name: &'static str, on_event: OnEvent) -> Self {
        Self { name, on_event }
    }
}

/// What the receiver has in hand.
pub(crate) struct Webhooks {
    limits: WebhookLimits,
    subjects: Subjects,
    figures: Figures,
    /// Events at which each consumer has panicked.
    panics: Vec<AtomicU64>,
    before_places: Semaphore,
    /// With those that have a place.
    before_waiting: Semaphore,
    inbox: Queue<Arrived, Stored>,
    redelivery: Redelivery,
    /// Something was stored.
    stored: Notify,
}

impl Webhooks {
    /// Takes up what an earlier process has left.
    pub(crate) async fn open(
        tx: &mut Tx,
        limits: WebhookLimits,
        subjects: Subjects,
        clock: &dyn Clock,
    ) -> Result<Self, Error> {
        let last = store::last_times(tx, 1).await?;
        let now_ms = clock.now_ms();
        // A clock that was set back since says nothing about how long the service was away.
        let away_ms = last.first().map(|last| now_ms.checked_sub(last.came_ms).unwrap_or(u64::MAX));
        let before_waiting = limits.before_places.saturating_mul(WAITING);
        let panics = subjects.consumers.iter().map(|_| AtomicU64::default()).collect();
        Ok(Self {
            subjects,
            panics,
            figures: Figures::default(),
            before_places: Semaphore::new(limits.before_places.min(Semaphore::MAX_PERMITS)),
            before_waiting: Semaphore::new(before_waiting.min(Semaphore::MAX_PERMITS)),
            inbox: Queue::new(limits.arriving),
            redelivery: Redelivery::after_start(away_ms, clock.monotonic_ms()),
            stored: Notify::new(),
            limits,
        })
    }

    /// Each counter with its name.
    pub(crate) fn listed(&self) -> Vec<Listed> {
        self.figures.listed()
    }

    /// Each consumer with the events at which it has panicked since the start.
    pub(crate) fn panics(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = self.subjects.consumers.iter().map(|consumer| consumer.name);
        names.zip(self.panics.iter().map(|panics| panics.load(Ordering::Relaxed)))
    }

    pub(crate) fn figures(&self) -> ReceiverFigures {
        self.figures.read()
    }
}

/// Events that are stored and not processed yet, by whichever node.
pub(crate) async fn unprocessed(tx: &mut Tx) -> Result<u64, Error> {
    Ok(u64::try_from(store::count_waiting(tx).await?).unwrap_or(u64::MAX))
}

/// The clock of the chat service as a process that has just started guesses it: the own one, corrected
/// by what the last events have shown an earlier process.
pub(crate) async fn guess_chat_clock(tx: &mut Tx, clock: &dyn Clock) -> Result<ChatClock, Error> {
    let last = store::last_times(tx, LAST_TIMES).await?;
    let timed = last.iter().filter(|times| times.at_ms > 0);
    let ahead_ms = timed.map(|times| times.at_ms.cast_signed() - times.came_ms.cast_signed()).max();
    let chat_ms = clock.now_ms().saturating_add_signed(ahead_ms.unwrap_or_default());
    Ok(ChatClock::guessed(chat_ms, clock.monotonic_ms()))
}

/// Stores what arrives, until `stop` and the last of it.
pub(crate) async fn store_events(business: Arc<Business>, stop: CancellationToken) {
    inbox::store_all(&business, &stop).await;
}

/// Has the subjects handle what has happened, until `stop`; what was not processed by then is processed
/// after the next start.
pub(crate) async fn process_events(business: Arc<Business>, stop: CancellationToken) {
    worker::process_stored(&business, &stop).await;
}
