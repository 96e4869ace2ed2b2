//! How often one account may call, and how often somebody may come in from one address.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

use super::Problem;

/// Callers that are remembered before those who have not called for long are forgotten.
const REMEMBERED: usize = 10_000;

/// A bucket for each caller.
pub(crate) struct CallRates {
    buckets: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    refusal: &'static str,
}

impl CallRates {
    /// For each account: so many calls in a second, and as many at once.
    pub(crate) fn of_accounts(calls_per_second: u32) -> Self {
        let refusal = "this account calls too often: wait a little";
        Self::new(calls_per_second, calls_per_second, refusal)
    }

    /// For each address: so many people who come in in a second, and twice as many at once. Behind a
    /// proxy all of them have its address.
    pub(crate) fn of_entries(entries_per_second: u32) -> Self {
        let refusal = "too many come in from this address: wait a little";
        Self::new(entries_per_second, entries_per_second.saturating_mul(2), refusal)
    }

    fn new(per_second: u32, at_once: u32, refusal: &'static str) -> Self {
        let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(number(per_second)).allow_burst(number(at_once));
        Self { buckets: RateLimiter::keyed(quota), clock: DefaultClock::default(), refusal }
    }

    /// 429 for who calls too often.
    pub(crate) fn admit(&self, caller: &str) -> Result<(), Problem> {
        if self.buckets.len() > REMEMBERED {
            self.buckets.retain_recent();
        }
        self.buckets.check_key(&caller.to_owned()).map_err(|early| {
            let wait = early.wait_time_from(self.clock.now());
            Problem {
                retry_after_ms: Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
                ..Problem::new(429, "rate", self.refusal)
            }
        })
    }
}
