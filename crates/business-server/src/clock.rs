//! Where the service takes the time from. Passed in, so that tests own it.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where the machine's monotonic time begins for this program.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

pub trait Clock: Send + Sync + 'static {
    /// Unix time in milliseconds.
    fn now_ms(&self) -> u64;

    /// Milliseconds since an arbitrary moment. It never goes back and never jumps, whatever somebody
    /// does to the clock on the wall.
    fn monotonic_ms(&self) -> u64;

    /// Unix time in seconds.
    fn now_s(&self) -> u64 {
        self.now_ms() / 1_000
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
