//! Own likes: clicks are collected and sent as few messages.
//!
//! * What is clicked is sent at most once in an interval ([`EVERY`], unless set otherwise), the
//!   first click waits that long, too. A message has at most [`MAX_LIKES_PER_MESSAGE`]; the rest is
//!   kept for the next one.
//! * One batch is on its way at a time. One that was not answered, or refused for now, is sent
//!   again under the same name, so the service counts it once however often it arrives.
//! * At most [`MOST_PENDING`] clicks wait. Further ones are dropped and counted, and so is a batch
//!   that the service refuses for good.

use chat_types::Code;
use chat_types::business::{Like, MAX_LIKES_PER_MESSAGE};
use rand::{Rng, RngExt};
use std::time::Duration;

/// The least time between two messages, unless set otherwise.
pub const EVERY: Duration = Duration::from_secs(1);
/// Clicks that may wait.
pub const MOST_PENDING: u32 = 10 * MAX_LIKES_PER_MESSAGE;
/// How long an answer may take.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A batch that failed waits so long before it is sent again, twice as long each time up to
/// [`RETRY_AT_MOST`].
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
pub const RETRY_AT_MOST: Duration = Duration::from_secs(32);
/// The longest wait that the gateway may ask for: slow mode goes up to six hours.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3_600);

/// Refusals that the same message may escape later, even if the service names no time.
const PASSING: [Code; 4] =
    [Code::INTERNAL, Code::NOT_IN_ROOM, Code::REQUEST_RATE, Code::WEBHOOK_FAILED];

#[derive(Debug)]
struct Batch {
    like: Like,
    /// Number of the request and the time by which it has to be answered; `None` while it waits to
    /// be sent.
    request: Option<(u32, Duration)>,
    sendings: u32,
}

#[derive(Debug)]
pub struct LikeThrottle {
    every: Duration,
    /// Begins the name of every batch of this client; drawn with the first click.
    session: Option<u64>,
    /// Batches that were made.
    made: u64,
    pending: u32,
    batch: Option<Batch>,
    /// Nothing is sent before this.
    next_at: Duration,
    dropped: u64,
}

impl Default for LikeThrottle {
    fn default() -> Self {
        Self {
            every: EVERY,
            session: None,
            made: 0,
            pending: 0,
            batch: None,
            next_at: Duration::ZERO,
            dropped: 0,
        }
    }
}

impl LikeThrottle {
    /// Uses another interval from the next message on.
    pub fn set_every(&mut self, every: Duration) {
        self.every = every;
    }

    /// The user has clicked so often.
    pub fn click(&mut self, count: u32, now: Duration, rng: &mut impl Rng) {
        self.session.get_or_insert_with(|| rng.random());
        if self.pending == 0 && self.batch.is_none() {
            self.next_at = self.next_at.max(now + self.every);
        }
        let taken = count.min(MOST_PENDING - self.pending);
        self.pending += taken;
        self.dropped += u64::from(count - taken);
    }

    /// Own likes that were not confirmed yet.
    pub fn unconfirmed(&self) -> u32 {
        self.pending + self.batch.as_ref().map_or(0, |batch| batch.like.count)
    }

    /// Own likes that will never count: too many waited, or the service refused them.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The batch that is to be sent now, with the number of the request that carries it.
    pub fn send(&mut self, now: Duration, number: impl FnOnce() -> u32) -> Option<(u32, Like)> {
        if now < self.next_at {
            return None;
        }
        if self.batch.is_none() {
            self.batch = self.next_batch();
        }
        let batch = self.batch.as_mut().filter(|batch| batch.request.is_none())?;
        let request = number();
        batch.request = Some((request, now + ANSWER_WITHIN));
        batch.sendings = batch.sendings.saturating_add(1);
        self.next_at = now + self.every;
        Some((request, batch.like.clone()))
    }

    /// A batch has arrived, by whatever way that became known. `None` if this is the name of no
    /// batch that is on its way.
    pub fn arrived(&mut self, name: &str) -> Option<Like> {
        self.batch.take_if(|batch| batch.like.batch == name).map(|batch| batch.like)
    }

    /// The request was refused. False when it carried no batch.
    pub fn refused(
        &mut self,
        request: u32,
        code: Code,
        retry_after: Option<Duration>,
        now: Duration,
    ) -> bool {
        let carried = |batch: &Batch| batch.request.is_some_and(|(number, _)| number == request);
        if !self.batch.as_ref().is_some_and(carried) {
            return false;
        }
        if retry_after.is_some() || PASSING.contains(&code) {
            self.again(retry_after.unwrap_or_default().min(LONGEST_WAIT), now);
        } else {
            self.dropped += self.batch.take().map_or(0, |batch| batch.like.count.into());
        }
        true
    }

    /// A batch that was not answered in time is sent again.
    pub fn tick(&mut self, now: Duration) {
        let request = self.batch.as_ref().and_then(|batch| batch.request);
        if request.is_some_and(|(_, by)| now >= by) {
            self.again(Duration::ZERO, now);
        }
    }

    /// When an answer is overdue, or something is to be sent if there is a connection.
    pub fn due(&self) -> Option<Duration> {
        match &self.batch {
            Some(Batch { request: Some((_, by)), .. }) => Some(*by),
            Some(_) => Some(self.next_at),
            None => (self.pending > 0).then_some(self.next_at),
        }
    }

    /// The connection is gone, and the answer with it.
    pub fn connection_lost(&mut self) {
        if let Some(batch) = &mut self.batch {
            batch.request = None;
        }
    }

    /// The room is gone, or does not let this account in.
    pub fn give_up(&mut self) {
        self.dropped += u64::from(self.unconfirmed());
        self.pending = 0;
        self.batch = None;
    }

    fn again(&mut self, at_least: Duration, now: Duration) {
        let Some(batch) = &mut self.batch else { return };
        batch.request = None;
        let doubled =
            RETRY_AFTER * 1_u32.checked_shl(batch.sendings.saturating_sub(1).min(5)).unwrap_or(1);
        self.next_at = self.next_at.max(now + doubled.min(RETRY_AT_MOST).max(at_least));
    }

    fn next_batch(&mut self) -> Option<Batch> {
        let session = self.session.filter(|_| self.pending > 0)?;
        let count = self.pending.min(MAX_LIKES_PER_MESSAGE);
        self.pending -= count;
        self.made += 1;
        let like = Like { batch: format!("{session:016x}-{}", self.made), count };
        Some(Batch { like, request: None, sendings: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::Config;
    use rand::{SeedableRng, rngs::StdRng};
    use std::collections::BTreeMap;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    struct Clicker {
        throttle: LikeThrottle,
        rng: StdRng,
        requests: u32,
    }

    impl Clicker {
        fn new(seed: u64) -> Self {
            let rng = StdRng::seed_from_u64(seed);
            Self { throttle: LikeThrottle::default(), rng, requests: 0 }
        }

        fn click(&mut self, count: u32, now: Duration) {
            self.throttle.click(count, now, &mut self.rng);
        }

        fn send(&mut self, now: Duration) -> Option<(u32, Like)> {
            let requests = &mut self.requests;
            self.throttle.send(now, || {
                *requests += 1;
                *requests
            })
        }
    }

    #[test]
    fn clicks_of_a_second_are_one_message() {
        let mut me = Clicker::new(1);
        for n in 0..8 {
            me.click(1, ms(100 * n));
            assert_eq!(me.send(ms(100 * n)), None);
        }
        assert_eq!((me.throttle.due(), me.throttle.unconfirmed()), (Some(ms(1_000)), 8));
        let (_, like) = me.send(ms(1_000)).unwrap();
        assert_eq!((like.count, me.throttle.unconfirmed()), (8, 8));
        assert_eq!(me.throttle.arrived("another"), None);
        assert_eq!(me.throttle.arrived(&like.batch), Some(like.clone()));
        assert_eq!(me.throttle.arrived(&like.batch), None, "confirmed once");
        assert_eq!((me.throttle.due(), me.throttle.unconfirmed()), (None, 0));
    }

    #[test]
    fn the_surplus_is_kept_for_the_next_message_and_what_does_not_fit_is_counted() {
        let mut me = Clicker::new(1);
        me.click(MOST_PENDING + 7, ms(0));
        assert_eq!((me.throttle.unconfirmed(), me.throttle.dropped()), (MOST_PENDING, 7));
        let mut names = Vec::new();
        for n in 1..=10 {
            let (_, like) = me.send(ms(1_000 * n)).unwrap();
            assert_eq!(like.count, MAX_LIKES_PER_MESSAGE);
            assert!(me.throttle.arrived(&like.batch).is_some());
            names.push(like.batch);
        }
        names.dedup();
        assert_eq!((names.len(), me.send(ms(20_000))), (10, None));
    }

    #[test]
    fn what_fails_is_sent_again_under_the_same_name() {
        let mut me = Clicker::new(1);
        me.click(3, ms(0));
        let (_, first) = me.send(ms(1_000)).unwrap();
        me.click(4, ms(1_200));
        me.throttle.tick(ms(1_000) + ANSWER_WITHIN);
        assert_eq!(me.throttle.due(), Some(ms(12_000)), "a second after it was given up");
        let (second, again) = me.send(ms(12_000)).unwrap();
        assert_eq!(again, first);
        let wait = Some(ms(9_000));
        assert!(me.throttle.refused(second, Code::SLOW_MODE, wait, ms(12_100)));
        assert_eq!((me.send(ms(21_000)), me.throttle.due()), (None, Some(ms(21_100))));
        assert_eq!(me.send(ms(21_100)).unwrap().1, first);
        me.throttle.connection_lost();
        let (_, again) = me.send(ms(23_000)).unwrap();
        assert_eq!((&again, me.throttle.unconfirmed()), (&first, 7));
        assert!(me.throttle.arrived(&first.batch).is_some());
        assert_eq!(me.send(ms(24_000)).unwrap().1.count, 4);
    }

    #[test]
    fn what_the_service_refuses_for_good_does_not_stand_in_the_way() {
        let mut me = Clicker::new(1);
        me.click(3, ms(0));
        let (request, _) = me.send(ms(1_000)).unwrap();
        assert!(!me.throttle.refused(request + 1, Code::SENDER_MUTED, None, ms(1_001)));
        assert!(me.throttle.refused(request, Code::SENDER_MUTED, None, ms(1_001)));
        assert_eq!((me.throttle.unconfirmed(), me.throttle.dropped()), (0, 3));
        me.click(2, ms(1_500));
        assert_eq!(me.throttle.due(), Some(ms(2_500)));
        me.throttle.give_up();
        assert_eq!((me.throttle.due(), me.throttle.dropped()), (None, 5));
    }

    #[test]
    fn the_interval_may_be_another_one_and_names_differ_between_clients() {
        let (mut me, mut other) = (Clicker::new(1), Clicker::new(2));
        me.throttle.set_every(ms(250));
        me.click(1, ms(0));
        other.click(1, ms(0));
        let (_, mine) = me.send(ms(250)).unwrap();
        assert_ne!(mine.batch, other.send(ms(1_000)).unwrap().1.batch);
    }

    /// What happens to a client that clicks.
    #[derive(Debug, Clone)]
    enum Step {
        Click(u32),
        Arrives,
        /// The service has counted it, and the answer is lost.
        Lost,
        Refused(u64),
        Passes(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1u32..700).prop_map(Step::Click),
            3 => Just(Step::Arrives),
            1 => Just(Step::Lost),
            1 => (0u64..5_000).prop_map(Step::Refused),
            4 => (1u64..3_000).prop_map(Step::Passes),
        ]
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn every_click_counts_once_and_no_two_messages_come_within_the_interval(
            steps in prop::collection::vec(step(), 0..120),
        ) {
            let mut me = Clicker::new(7);
            let mut now = Duration::ZERO;
            let (mut clicked, mut last) = (0u64, None::<Duration>);
            // What the service has counted, by name.
            let mut counted = BTreeMap::<String, u32>::new();
            let mut on_its_way: Option<(u32, Like)> = None;
            let drain = [Step::Passes(70_000), Step::Arrives].into_iter().cycle().take(40);
            for step in steps.into_iter().chain(drain) {
                match step {
                    Step::Click(count) => {
                        me.click(count, now);
                        clicked += u64::from(count);
                    }
                    Step::Arrives => if let Some((_, like)) = on_its_way.take() {
                        prop_assert_eq!(me.throttle.arrived(&like.batch), Some(like));
                    },
                    Step::Lost => {
                        on_its_way = None;
                        me.throttle.connection_lost();
                    }
                    Step::Refused(wait) => if let Some((request, _)) = on_its_way.take() {
                        me.throttle.refused(request, Code::SENDER_RATE, Some(ms(wait)), now);
                    },
                    Step::Passes(time) => now += ms(time),
                }
                me.throttle.tick(now);
                if let Some((request, like)) = me.send(now) {
                    prop_assert!((1..=MAX_LIKES_PER_MESSAGE).contains(&like.count));
                    prop_assert!(last.is_none_or(|last| now >= last + EVERY));
                    last = Some(now);
                    let before = counted.insert(like.batch.clone(), like.count);
                    prop_assert!(before.is_none_or(|before| before == like.count));
                    on_its_way = Some((request, like));
                }
                let known: u64 = counted.values().map(|count| u64::from(*count)).sum();
                prop_assert!(known <= clicked - me.throttle.dropped());
                prop_assert!(me.throttle.unconfirmed() <= MOST_PENDING + MAX_LIKES_PER_MESSAGE);
            }
            let total: u64 = counted.values().map(|count| u64::from(*count)).sum();
            prop_assert_eq!(total + me.throttle.dropped(), clicked);
            prop_assert_eq!(me.throttle.unconfirmed(), 0);
        }
    }
}
