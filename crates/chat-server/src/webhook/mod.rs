//! Webhooks: what happens is told to the application's own server, and what is going to happen is
//! put to it first ("Webhook Overview", product/1047/34354).
//!
//! * `Webhooks::before` asks and waits, at most for the budget. A receiver that is slow, gone or
//!   talks nonsense makes a call *failed*, and the policy of the application decides; a receiver
//!   that fails again and again is left alone for a while (`breaker`), so that a room never stalls.
//! * `Webhooks::exception` tells of what did not happen. It has a lane of its own (`exceptions`), so
//!   that however much is refused, nothing that happened loses its place.
//! * `Webhooks::after` puts the event into a durable queue and returns (`recorder`). `Courier`
//!   delivers it, **at least once**: an event whose delivery was under way when the service died
//!   comes again. Events of a group arrive in the order in which they were handed over (`schedule`);
//!   one that fails again and again is passed by. That keeps the order of what one call or connection
//!   did; messages of different senders are ordered by their `MsgSeq`.
//! * A panic ends the step of the delivery in which it happens, and is counted. The step is taken
//!   again; an event may come twice by that, but is not lost.
//!
//! A change of the configuration counts from the next call on.

pub(crate) mod address;
mod answer;
mod breaker;
mod client;
mod courier;
mod decision;
mod delivery;
mod exceptions;
mod figures;
mod kind;
mod log;
mod probe;
mod receiver;
mod recorder;
mod retry;
mod schedule;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Error as AnswerError, MAX_ANSWER_BYTES, parse_answer};
pub use probe::{Exchange, probe};

pub(crate) use courier::Courier;
pub(crate) use decision::{Decision, Family, Replacement, decide};
pub(crate) use figures::{ExceptionFigures, Figures};
pub(crate) use kind::{Kind, kind};

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tls_transport::Trust;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::model::{Callbacks, OnFailure};
use crate::panics::Supervision;
use crate::storage::AfterQueue;
use client::{Call, Client};
use courier::Start;
use figures::count;
use log::OncePerSecond;
use receiver::Receiver;
use recorder::{Memory, Record};

/// Where the webhooks read what an application has configured. Asked for every call, so it has to
/// be cheap.
pub(crate) trait CallbackSource: Send + Sync + 'static {
    /// None if there is no such application.
    fn callbacks(&self, sdk_app_id: u32) -> Option<Arc<Callbacks>>;
}

/// The longest sleep of a delivering task, so that a clock that was set does not put deliveries off
/// for long.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// A number from 0 to 1, which spreads repeated deliveries and chooses exceptions.
pub(crate) type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The limits of the webhooks of one application.
#[derive(Debug, Clone)]
pub(crate) struct WebhookRules {
    /// How long a call may take. For a before-webhook this includes the wait for a place.
    pub(crate) budget: Duration,
    /// Before-webhooks at once. Others wait for a place, at most for half of the budget.
    pub(crate) before_places: usize,
    /// After-webhooks at once.
    pub(crate) after_places: usize,
    /// After-events in the queue at most. The newest is dropped when there are as many.
    pub(crate) after_waiting: usize,
    /// Bytes of after-events that are not stored yet, of all applications and of one. The newest is
    /// dropped when there are as many.
    pub(crate) memory_bytes: usize,
    pub(crate) memory_of_application_bytes: usize,
    /// How long whoever makes an after-event waits for it to be stored.
    pub(crate) record_patience: Duration,
    /// Deliveries that are tried at most.
    pub(crate) after_attempts: u32,
    /// Older events are dropped.
    pub(crate) after_age: Duration,
}

impl Default for WebhookRules {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(2),
            before_places: 64,
            after_places: 8,
            // An hour, in which they become too old, of nearly three hundred a second; about a
            // gigabyte on disk, and 50 MB of memory for what is known of each.
            after_waiting: 1_000_000,
            memory_bytes: 64 << 20,
            // Nearly a minute of three hundred events a second: longer than a backup locks the
            // database. Four applications may need that at once.
            memory_of_application_bytes: 16 << 20,
            record_patience: Duration::from_secs(2),
            // With pauses of a minute this is more than an hour, which decides before.
            after_attempts: 80,
            after_age: Duration::from_secs(60 * 60),
        }
    }
}

/// What the receivers of all applications have before them at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// After-events in the queue.
    pub(crate) after_waiting: usize,
    /// After-events in memory, on their way into the queue.
    pub(crate) after_in_memory: usize,
    /// Receivers that are left alone, by kind of webhook.
    pub(crate) before_open: usize,
    pub(crate) after_open: usize,
    pub(crate) exceptions_open: usize,
    /// Exceptions in memory.
    pub(crate) exceptions_waiting: usize,
}

/// Something that is asked or told.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The documented name, such as `Group.CallbackBeforeSendMsg`.
    pub(crate) command: &'static str,
    /// The JSON object, `CallbackCommand` included.
    pub(crate) body: String,
    /// None where there is no user behind the event.
    pub(crate) client_ip: Option<IpAddr>,
    /// `OptPlatform`: `RESTAPI`, `Web`, `Android`, `iOS`, `Windows`, `Mac`, `iPad` or `Unknown`.
    pub(crate) platform: &'static str,
}

/// What came of a before-webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The application has no receiver, or has not switched the command on.
    NotAsked,
    Answered(Answer),
    /// There is no usable answer: the policy of the application decides.
    Failed,
}

/// The webhooks of all applications.
pub(crate) struct Webhooks {
    source: Arc<dyn CallbackSource>,
    queue: Arc<dyn AfterQueue>,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    rules: WebhookRules,
    client: Client,
    figures: Figures,
    exception_figures: ExceptionFigures,
    receivers: Mutex<HashMap<u32, Arc<Receiver>>>,
    /// Bounded by `memory`.
    records: mpsc::UnboundedSender<Record>,
    memory: Memory,
    /// The last write of events has failed.
    unwritable: AtomicBool,
    /// Two for each application at most.
    starts: mpsc::UnboundedSender<Start>,
    supervision: Supervision,
    dropping: OncePerSecond,
    failing: OncePerSecond,
}

impl Webhooks {
    /// The courier has to run for [`Webhooks::after`] to return.
    pub(crate) fn new(
        source: Arc<dyn CallbackSource>,
        queue: Arc<dyn AfterQueue>,
        clock: Arc<dyn Clock>,
        jitter: Jitter,
        rules: WebhookRules,
        trust: Trust,
        supervision: Supervision,
    ) -> (Arc<Self>, Courier) {
        let (records, recorded) = mpsc::unbounded_channel();
        let (starts, started) = mpsc::unbounded_channel();
        let webhooks = Arc::new(Self {
            source,
            queue,
            clock,
            jitter,
            rules,
            client: Client::new(trust),
            figures: Figures::default(),
            exception_figures: ExceptionFigures::default(),
            receivers: Mutex::default(),
            records,
            memory: Memory::default(),
            unwritable: AtomicBool::new(false),
            starts,
            supervision,
            dropping: OncePerSecond::default(),
            failing: OncePerSecond::default(),
        });
        let courier = Courier::new(Arc::clone(&webhooks), recorded, started);
        (webhooks, courier)
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    pub(crate) fn exception_figures(&self) -> &ExceptionFigures {
        &self.exception_figures
    }

    /// Read from memory alone. What an earlier service has left is known as soon as the courier has
    /// found it.
    pub(crate) fn backlog(&self) -> Backlog {
        let now_ms = self.clock.now_ms();
        let receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = Backlog { after_in_memory: self.memory.events(), ..Backlog::default() };
        receivers.values().fold(nothing, |sum, receiver| Backlog {
            after_waiting: sum.after_waiting + receiver.schedule().len(),
            after_in_memory: sum.after_in_memory,
            before_open: sum.before_open + usize::from(receiver.before.is_open(now_ms)),
            after_open: sum.after_open + usize::from(receiver.after.is_open(now_ms)),
            exceptions_open: sum.exceptions_open
                + usize::from(receiver.exceptions_gate.is_open(now_ms)),
            exceptions_waiting: sum.exceptions_waiting + receiver.exceptions.len(),
        })
    }

    /// Whether the application wants to hear of `command`; if not, no body need be made for it.
    pub(crate) fn wants(&self, sdk_app_id: u32, command: &str) -> bool {
        self.wanted(sdk_app_id, command).is_some()
    }

    /// Asks and applies the policy of the application, all by the same configuration. Takes at most
    /// the budget.
    pub(crate) async fn ask(&self, sdk_app_id: u32, family: Family, event: Event) -> Decision {
        let wanted = self.wanted(sdk_app_id, event.command);
        let policy = wanted.as_ref().map_or_else(OnFailure::default, |(to, _)| to.on_failure);
        decide(self.verdict(sdk_app_id, wanted, event).await, family, policy)
    }

    async fn verdict(
        &self,
        sdk_app_id: u32,
        wanted: Option<(Arc<Callbacks>, String)>,
        event: Event,
    ) -> Verdict {
        match wanted {
            None => Verdict::NotAsked,
            Some((callbacks, url)) => self.call_before(sdk_app_id, &callbacks, &url, event).await,
        }
    }

    /// For an answer whose replacement cannot be delivered: that webhook has failed.
    pub(crate) fn replacement_failed(&self, sdk_app_id: u32) -> Decision {
        count(&self.figures.before_bad_replacement);
        let callbacks = self.source.callbacks(sdk_app_id);
        Decision::of_failure(
            callbacks.map_or(OnFailure::default(), |callbacks| callbacks.on_failure),
        )
    }

    async fn call_before(
        &self,
        sdk_app_id: u32,
        callbacks: &Callbacks,
        url: &str,
        event: Event,
    ) -> Verdict {
        let started = Instant::now();
        let receiver = self.receiver(sdk_app_id);
        if receiver.before.refuses(url, self.clock.now_ms()) {
            count(&self.figures.before_breaker);
            return Verdict::Failed;
        }
        // With less than half of the budget left the receiver could hardly answer, and it would
        // seem to be its fault.
        let wait_until = started + self.rules.budget / 2;
        let Ok(Ok(_place)) = timeout_at(wait_until, receiver.before_places.acquire()).await else {
            count(&self.figures.before_crowded);
            return Verdict::Failed;
        };
        // Asked again: while this call waited, others may have found the receiver dead.
        let Some(passage) = receiver.before.enter(url, &*self.clock) else {
            count(&self.figures.before_breaker);
            return Verdict::Failed;
        };
        let call = Call {
            sdk_app_id,
            command: event.command,
            body: event.body,
            client_ip: event.client_ip,
            platform: event.platform,
        };
        match self.answer(callbacks, url, call, started + self.rules.budget).await {
            Ok(answer) => {
                passage.end(true);
                count(&self.figures.before_ok);
                Verdict::Answered(answer)
            }
            Err(why) => {
                passage.end(false);
                count(&self.figures.before_failed);
                tracing::debug!(sdk_app_id, command = event.command, %why, "webhook failed");
                Verdict::Failed
            }
        }
    }

    async fn answer(
        &self,
        callbacks: &Callbacks,
        url: &str,
        call: Call<'_>,
        deadline: Instant,
    ) -> Result<Answer, CallError> {
        let url = call.url(url, callbacks.token.as_ref(), self.clock.now_s());
        let reply = timeout_at(deadline, self.client.post(&url, call.body)).await??;
        if reply.status != 200 {
            return Err(CallError::Status(reply.status));
        }
        Ok(parse_answer(&reply.body)?)
    }

    /// Carries out a step of the delivery, which a panic ends. Gives `None` after one.
    async fn caught<T>(&self, step: &'static str, work: impl Future<Output = T>) -> Option<T> {
        self.supervision.caught(Faults::WEBHOOK, step, work).await
    }

    /// Where a test lets a step break off half done.
    fn fault(&self, step: &str) {
        self.supervision.faults.at(Faults::WEBHOOK, step);
    }

    /// The configuration and its URL, if the application wants to hear of `command`.
    fn wanted(&self, sdk_app_id: u32, command: &str) -> Option<(Arc<Callbacks>, String)> {
        let callbacks = self.source.callbacks(sdk_app_id)?;
        let url = callbacks.url.clone()?;
        callbacks.commands.contains(command).then_some((callbacks, url))
    }

    /// Looks for due events now. Whoever delivers does so by itself when the time comes.
    #[cfg(test)]
    pub(crate) fn wake(&self) {
        let receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        for receiver in receivers.values() {
            receiver.wake.notify_one();
            receiver.exceptions.wake();
        }
    }

    fn receiver(&self, sdk_app_id: u32) -> Arc<Receiver> {
        let mut receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Receiver::new(self.rules.before_places));
        Arc::clone(receivers.entry(sdk_app_id).or_insert_with(new))
    }
}

/// Why a call failed, for the log.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("no answer in time")]
    TimedOut(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Client(#[from] client::Error),
    #[error("status {0} instead of 200")]
    Status(u16),
    #[error(transparent)]
    Answer(#[from] AnswerError),
}
