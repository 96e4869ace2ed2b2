//! A rate limit for many keys, by the service's own clock.

use governor::clock::Reference;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::clock::Clock;

/// The number of keys is looked at once in so many admissions, because counting them takes locks.
const LOOK_EVERY: u32 = 1_024;
const NS_PER_MS: u64 = 1_000_000;

/// A moment of the monotonic clock, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, later: Nanos) -> Self {
        Self(self.0.saturating_add(later.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Nanos::new(self.0.saturating_sub(earlier.0))
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        self.0.checked_sub(duration.as_u64()).map_or(*self, Self)
    }
}

/// Our monotonic clock as the library reads it.
struct Ticks(Arc<dyn Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(self.0.monotonic_ms().saturating_mul(NS_PER_MS))
    }
}

/// The allowances of many keys under one quota. A refused request costs nothing.
pub(crate) struct Limiter {
    rates: RateLimiter<u64, DashMapStateStore<u64>, Ticks, NoOpMiddleware<Moment>>,
    most_keys: usize,
    crowd: fn(u64) -> u64,
    admissions: AtomicU32,
    /// There are as many keys as may be: all share a few until idle ones are forgotten.
    crowded: AtomicBool,
}

impl Limiter {
    /// Clients choose the keys, so there may be any number of them; `most_keys` are kept apart.
    /// When there are more, a key shares the allowance of `crowd` of it, which has to have far fewer
    /// values than that.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        quota: Quota,
        most_keys: usize,
        crowd: fn(u64) -> u64,
    ) -> Self {
        Self {
            rates: RateLimiter::dashmap_with_clock(quota, Ticks(clock)),
            most_keys,
            crowd,
            admissions: AtomicU32::new(0),
            crowded: AtomicBool::new(false),
        }
    }

    /// Charges a key. The milliseconds to wait when its allowance does not cover that.
    pub(crate) fn admit(&self, key: u64, units: NonZeroU32) -> Result<(), u64> {
        if self.admissions.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY)
            && !self.is_crowded()
            && self.rates.len() >= self.most_keys
        {
            self.rates.retain_recent();
            self.look();
        }
        let key = if self.is_crowded() { (self.crowd)(key) } else { key };
        match self.rates.check_key_n(&key, units) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => {
                let now = governor::clock::Clock::now(self.rates.clock());
                let wait = until.wait_time_from(now).as_nanos().div_ceil(u128::from(NS_PER_MS));
                Err(u64::try_from(wait).unwrap_or(u64::MAX).max(1))
            }
            // More than the allowance is when it is full. A test of the table sees to it that no
            // request costs that much.
            Err(_) => Err(u64::MAX),
        }
    }

    /// Forgets the keys whose allowance is full.
    pub(crate) fn tidy(&self) {
        self.rates.retain_recent();
        self.rates.shrink_to_fit();
        self.look();
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }

    fn look(&self) {
        self.crowded.store(self.rates.len() >= self.most_keys, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::HandClock;
    use super::*;

    const SHARED_KEYS: u64 = 64;

    fn limiter(per_second: u32, most_keys: usize) -> (Arc<HandClock>, Limiter) {
        let clock = HandClock::new();
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap());
        let limiter = Limiter::new(Arc::clone(&clock) as Arc<dyn Clock>, quota, most_keys, |key| {
            key % SHARED_KEYS
        });
        (clock, limiter)
    }

    fn units(units: u32) -> NonZeroU32 {
        NonZeroU32::new(units).unwrap()
    }

    #[test]
    fn an_allowance_comes_back_with_the_time_and_whoever_is_refused_learns_when() {
        let (clock, limiter) = limiter(10, 100);
        assert_eq!(limiter.admit(7, units(10)), Ok(()));
        assert_eq!(limiter.admit(7, units(1)), Err(100));
        assert_eq!(limiter.admit(7, units(3)), Err(300));
        assert_eq!(limiter.admit(8, units(10)), Ok(()), "another key has its own");
        clock.pass_ms(299);
        assert_eq!(limiter.admit(7, units(3)), Err(1));
        clock.pass_ms(1);
        assert_eq!(limiter.admit(7, units(3)), Ok(()));
    }

    #[test]
    fn keys_beyond_the_most_share_what_few_have_until_idle_ones_are_forgotten() {
        let (clock, limiter) = limiter(1, 100);
        let most = 100 + u64::from(LOOK_EVERY) + SHARED_KEYS;
        let keys = 3 * most;
        let admitted = (0..keys).filter(|key| limiter.admit(*key, units(1)).is_ok()).count();
        assert!(u64::try_from(admitted).unwrap() <= most, "{admitted} of {keys}");
        assert!(u64::try_from(limiter.rates.len()).unwrap() <= most);
        assert!(limiter.is_crowded());
        clock.pass_ms(2_000);
        limiter.tidy();
        assert!(!limiter.is_crowded());
        assert_eq!(limiter.rates.len(), 0);
        assert_eq!(limiter.admit(1, units(1)), Ok(()));
        assert_eq!(limiter.admit(1 + SHARED_KEYS, units(1)), Ok(()), "they are apart again");
    }
}
