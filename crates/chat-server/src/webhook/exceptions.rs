//! The lane of exceptions: messages that were refused or left out. They are told one by one while
//! there is room; when there is none, who has most of them waiting loses some, so that nobody
//! displaces another. They live in memory and end with the service.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::client::Call;
use super::courier::Start;
use super::figures::Untold;
use super::kind::Cause;
use super::receiver::Receiver;
use super::retry::pause_ms;
use super::{Event, LONGEST_SLEEP, Webhooks};
use crate::model::Secret;
use crate::panics::PANIC_PAUSE;
use crate::storage::FAR_MS;

/// What an application's lane holds, in started KiB of bodies: a thousand of common size.
const ROOM_KIB: usize = 1_024;
/// Deliveries at once. Fewer than those of what happened, so that a receiver under load spends most
/// of its time on these.
const PLACES: usize = 2;
/// Deliveries that are tried at most.
const ATTEMPTS: u32 = 5;

/// Something that did not happen.
#[derive(Debug)]
pub(super) struct Exception {
    event: Event,
    cause: Cause,
    account: String,
    attempts: u32,
    /// Not tried before.
    due_ms: u64,
}

impl Exception {
    fn kib(&self) -> usize {
        self.event.body.len() / 1_024 + 1
    }
}

/// What waits, oldest first.
#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<Exception>,
    kib: usize,
}

impl Waiting {
    /// Adds one and gives what has lost its place by that. `random` gives numbers from 0 to 1.
    fn push(&mut self, exception: Exception, random: impl Fn() -> f64) -> Vec<Exception> {
        self.kib += exception.kib();
        self.queue.push_back(exception);
        let mut displaced = Vec::new();
        while self.kib > ROOM_KIB {
            let Some(one) = self.displace(random()) else { break };
            displaced.push(one);
        }
        displaced
    }

    /// Takes out any exception of the accounts that have most waiting.
    fn displace(&mut self, random: f64) -> Option<Exception> {
        let mut of_account: HashMap<&str, usize> = HashMap::new();
        for exception in &self.queue {
            *of_account.entry(&exception.account).or_default() += exception.kib();
        }
        let most = of_account.values().max()?;
        let heaviest = |exception: &Exception| of_account.get(&*exception.account) == Some(most);
        let places = self.queue.iter().enumerate().filter(|(_, exception)| heaviest(exception));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let chosen = (random.clamp(0.0, 1.0) * places.len() as f64) as usize;
        let place = *places.get(chosen.min(places.len().saturating_sub(1)))?;
        self.remove(place)
    }

    /// The first one that may be tried now.
    fn next(&mut self, now_ms: u64) -> Option<Exception> {
        // Far later than any pause: the clock was set back.
        let due = |exception: &Exception| {
            exception.due_ms <= now_ms || exception.due_ms > now_ms.saturating_add(FAR_MS)
        };
        self.remove(self.queue.iter().position(due)?)
    }

    fn remove(&mut self, place: usize) -> Option<Exception> {
        let exception = self.queue.remove(place)?;
        self.kib -= exception.kib();
        Some(exception)
    }
}

/// The exceptions of one application.
#[derive(Debug, Default)]
pub(super) struct ExceptionLane {
    waiting: Mutex<Waiting>,
    wake: Notify,
    /// Somebody delivers them until the service stops.
    tended: AtomicBool,
}

impl ExceptionLane {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting().queue.len()
    }

    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Webhooks {
    /// Tells the receiver of something that did not happen, if it wants to know and there is room.
    /// Never waits.
    pub(crate) fn exception(&self, sdk_app_id: u32, event: Event, cause: Cause, account: String) {
        if self.wanted(sdk_app_id, event.command).is_none() {
            return;
        }
        let receiver = self.receiver(sdk_app_id);
        let exception = Exception { event, cause, account, attempts: 0, due_ms: 0 };
        self.queue_exception(&receiver, exception);
        if !receiver.exceptions.tended.swap(true, Ordering::Relaxed) {
            // Nobody receives when the service has stopped.
            let _ = self.starts.send(Start::Exceptions(sdk_app_id, Arc::clone(&receiver)));
        }
        receiver.exceptions.wake();
    }

    fn queue_exception(&self, receiver: &Receiver, exception: Exception) {
        let displaced = receiver.exceptions.waiting().push(exception, &*self.jitter);
        for exception in displaced {
            self.exception_figures.untold(exception.cause, Untold::NoRoom);
        }
    }
}

/// What came of trying one.
enum Tried {
    Told,
    Failed,
    /// Somebody else is finding out whether the receiver answers.
    Held,
}

/// The deliveries of an application that are under way.
type Calls = JoinSet<(Exception, Tried)>;

/// Delivers the exceptions of an application until `stop`.
pub(super) async fn deliver(
    webhooks: Arc<Webhooks>,
    sdk_app_id: u32,
    receiver: Arc<Receiver>,
    stop: CancellationToken,
) {
    let mut calls = Calls::new();
    loop {
        let turns = webhooks.deliver_exceptions(sdk_app_id, &receiver, &mut calls, &stop);
        if webhooks.caught("deliver exceptions", turns).await.is_some() {
            return;
        }
        tokio::time::sleep(PANIC_PAUSE).await;
    }
}

impl Webhooks {
    async fn deliver_exceptions(
        self: &Arc<Self>,
        sdk_app_id: u32,
        receiver: &Arc<Receiver>,
        calls: &mut Calls,
        stop: &CancellationToken,
    ) {
        while !stop.is_cancelled() {
            let sleep = self.start_exceptions(sdk_app_id, receiver, calls);
            tokio::select! {
                () = stop.cancelled() => {}
                () = receiver.exceptions.wake.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                Some(ended) = calls.join_next(), if !calls.is_empty() => {
                    self.exception_ended(receiver, ended).await;
                }
            }
        }
        while let Some(ended) = calls.join_next().await {
            self.exception_ended(receiver, ended).await;
        }
        while let Some(exception) = receiver.exceptions.waiting().remove(0) {
            self.exception_figures.untold(exception.cause, Untold::Stopped);
        }
    }

    async fn exception_ended(
        &self,
        receiver: &Receiver,
        ended: Result<(Exception, Tried), JoinError>,
    ) {
        // A call does not break off by itself, and a panic in it is caught.
        let Ok((exception, tried)) = ended else { return };
        let cause = exception.cause;
        let trying = async { self.exception_tried(receiver, exception, tried) };
        if self.caught("end exception", trying).await.is_none() {
            self.exception_figures.untold(cause, Untold::Failed);
        }
    }

    /// Fills the places. Gives the time after which there may be more to do.
    fn start_exceptions(
        self: &Arc<Self>,
        sdk_app_id: u32,
        receiver: &Arc<Receiver>,
        calls: &mut Calls,
    ) -> Duration {
        let mut sleep = LONGEST_SLEEP;
        let callbacks = self.source.callbacks(sdk_app_id);
        let target = callbacks.and_then(|to| Some((to.url.clone()?, to.token.clone())));
        let Some((url, token)) = target else {
            while let Some(exception) = receiver.exceptions.waiting().remove(0) {
                self.exception_figures.untold(exception.cause, Untold::NoReceiver);
            }
            return sleep;
        };
        while calls.len() < PLACES {
            let now_ms = self.clock.now_ms();
            if receiver.exceptions_gate.refuses(&url, now_ms) {
                let retry_at = receiver.exceptions_gate.retry_at(&url);
                return retry_at
                    .map_or(sleep, |at| Duration::from_millis(at.saturating_sub(now_ms)));
            }
            let mut waiting = receiver.exceptions.waiting();
            let Some(exception) = waiting.next(now_ms) else {
                let due = waiting.queue.iter().map(|exception| exception.due_ms).min();
                let due = due.map(|due_ms| Duration::from_millis(due_ms.saturating_sub(now_ms)));
                sleep = due.map_or(sleep, |due| due.min(sleep));
                break;
            };
            drop(waiting);
            let (webhooks, receiver) = (Arc::clone(self), Arc::clone(receiver));
            let (url, token) = (url.clone(), token.clone());
            calls.spawn(async move {
                let call = webhooks.try_exception(sdk_app_id, &receiver, &exception, &url, token);
                let tried = webhooks.caught("call exception", call).await;
                (exception, tried.unwrap_or(Tried::Failed))
            });
        }
        sleep
    }

    async fn try_exception(
        &self,
        sdk_app_id: u32,
        receiver: &Receiver,
        exception: &Exception,
        url: &str,
        token: Option<Secret>,
    ) -> Tried {
        let Some(passage) = receiver.exceptions_gate.enter(url, &*self.clock) else {
            return Tried::Held;
        };
        let call = Call {
            sdk_app_id,
            command: exception.event.command,
            body: exception.event.body.clone(),
            client_ip: exception.event.client_ip,
            platform: exception.event.platform,
        };
        let url = call.url(url, token.as_ref(), self.clock.now_s());
        let result = self.tell(&url, call.body).await;
        passage.end(result.is_ok());
        if result.is_ok() { Tried::Told } else { Tried::Failed }
    }

    fn exception_tried(&self, receiver: &Receiver, mut exception: Exception, tried: Tried) {
        match tried {
            Tried::Told => self.exception_figures.told(exception.cause),
            Tried::Held => self.queue_exception(receiver, exception),
            Tried::Failed if exception.attempts + 1 >= ATTEMPTS => {
                self.exception_figures.untold(exception.cause, Untold::Failed);
            }
            Tried::Failed => {
                exception.attempts += 1;
                let pause_ms = pause_ms(exception.attempts, (self.jitter)());
                exception.due_ms = self.clock.now_ms().saturating_add(pause_ms);
                self.queue_exception(receiver, exception);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exception(account: &str, body: usize) -> Exception {
        Exception {
            event: Event {
                command: "Group.CallbackSendMsgException",
                body: "x".repeat(body),
                client_ip: None,
                platform: "Web",
            },
            cause: Cause::Muted,
            account: account.into(),
            attempts: 0,
            due_ms: 0,
        }
    }

    fn waiting_of(waiting: &Waiting, account: &str) -> usize {
        waiting.queue.iter().filter(|exception| exception.account == account).count()
    }

    #[test]
    fn who_hammers_displaces_nobody_but_itself() {
        let mut waiting = Waiting::default();
        let random = || 0.3;
        for _ in 0..3 * ROOM_KIB {
            for lost in waiting.push(exception("troll", 100), random) {
                assert_eq!(lost.account, "troll");
            }
        }
        for viewer in 0..100 {
            let lost = waiting.push(exception(&viewer.to_string(), 100), random);
            assert!(lost.iter().all(|lost| lost.account == "troll"));
        }
        for _ in 0..3 * ROOM_KIB {
            waiting.push(exception("troll", 100), random);
        }
        for viewer in 0..100 {
            assert_eq!(waiting_of(&waiting, &viewer.to_string()), 1);
        }
        assert_eq!(waiting_of(&waiting, "troll"), ROOM_KIB - 100);
    }

    #[test]
    fn of_one_account_any_may_be_left_out_the_newest_and_the_oldest_alike() {
        for (random, oldest, newest) in [(0.0, 1, ROOM_KIB), (1.0, 0, ROOM_KIB - 1)] {
            let mut waiting = Waiting::default();
            for number in 0..=ROOM_KIB {
                let numbered = Exception { attempts: number as u32, ..exception("a", 9) };
                waiting.push(numbered, || random);
            }
            let of = |place: usize| waiting.queue[place].attempts as usize;
            assert_eq!((of(0), of(ROOM_KIB - 1)), (oldest, newest));
        }
    }

    proptest! {
        #[test]
        fn there_is_never_more_than_there_is_room_for_and_nothing_vanishes_uncounted(
            pushed in proptest::collection::vec((0..5_u8, 0..80_000_usize, 0.0..1.0_f64), 0..200),
        ) {
            let mut waiting = Waiting::default();
            let (mut lost, count) = (0, pushed.len());
            for (account, body, random) in pushed {
                lost += waiting.push(exception(&account.to_string(), body), || random).len();
                let kib: usize = waiting.queue.iter().map(Exception::kib).sum();
                prop_assert_eq!(waiting.kib, kib);
                prop_assert!(kib <= ROOM_KIB);
            }
            prop_assert_eq!(waiting.queue.len() + lost, count);
            while waiting.next(0).is_some() {}
            prop_assert_eq!(waiting.kib, 0);
        }
    }
}
