//! How often one account may call.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

use super::Problem;

/// Accounts that are remembered before those who have not called for long are forgotten.
const REMEMBERED: usize = 10_000;

/// A bucket for each account: so many calls in a second, and as many at once.
pub(crate) struct CallRates {
    buckets: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

impl CallRates {
    pub(crate) fn new(calls_per_second: u32) -> Self {
        let calls = NonZeroU32::new(calls_per_second).unwrap_or(NonZeroU32::MIN);
        Self {
            buckets: RateLimiter::keyed(Quota::per_second(calls)),
            clock: DefaultClock::default(),
        }
    }

    /// 429 when the account calls too often.
    pub(crate) fn admit(&self, account: &str) -> Result<(), Problem> {
        if self.buckets.len() > REMEMBERED {
            self.buckets.retain_recent();
        }
        self.buckets.check_key(&account.to_owned()).map_err(|early| {
            let wait = early.wait_time_from(self.clock.now());
            Problem {
                retry_after_ms: Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
                ..Problem::new(429, "rate", "this account calls too often: wait a little")
            }
        })
    }
}
