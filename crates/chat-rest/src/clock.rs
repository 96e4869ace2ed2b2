//! Where the client takes the time from. Passed in, so that tests own it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time that a UserSig is made at. Any `Fn() -> u64` is a clock.
pub trait Clock: Send + Sync + 'static {
    /// Unix time in seconds.
    fn now_s(&self) -> u64;
}

impl<F: Fn() -> u64 + Send + Sync + 'static> Clock for F {
    fn now_s(&self) -> u64 {
        self()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_s(&self) -> u64 {
        // A clock before 1970 reads as 1970; the service then answers that the UserSig has expired.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}
