//! The renderer's budget: how many comments may start now.

use std::time::Duration;

use crate::view::DanmakuBudget;

/// What holds until the renderer says what it has room for.
pub const DEFAULT: DanmakuBudget = DanmakuBudget { per_second: 8.0, burst: 8 };

/// Above any screen; keeps a mistaken budget from switching the limits of the queue off.
const MOST_PER_SECOND: f64 = 1_000.0;
const MOST_BURST: u32 = 1_000;

/// A token bucket that starts full.
#[derive(Debug)]
pub struct TokenBucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled_at: Duration,
}

impl Default for TokenBucket {
    fn default() -> Self {
        let burst = f64::from(DEFAULT.burst);
        Self { per_second: DEFAULT.per_second, burst, tokens: burst, filled_at: Duration::ZERO }
    }
}

impl TokenBucket {
    /// Takes another budget from now on. What was saved up stays, as far as the new burst allows.
    /// A rate that is not a number counts as none.
    pub fn set(&mut self, budget: DanmakuBudget, now: Duration) {
        self.fill(now);
        let rate = if budget.per_second.is_nan() { 0.0 } else { budget.per_second };
        self.per_second = rate.clamp(0.0, MOST_PER_SECOND);
        self.burst = f64::from(budget.burst.min(MOST_BURST));
        self.tokens = self.tokens.min(self.burst);
    }

    pub fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
    }

    pub fn take(&mut self) -> bool {
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(bucket: &mut TokenBucket) -> u32 {
        let mut taken = 0;
        while bucket.take() {
            taken += 1;
        }
        taken
    }

    #[test]
    fn it_gives_the_burst_at_once_and_the_rate_after_it() {
        let mut bucket = TokenBucket::default();
        assert_eq!(take_all(&mut bucket), 8);
        bucket.fill(Duration::from_millis(500));
        assert_eq!(take_all(&mut bucket), 4);
        bucket.fill(Duration::from_secs(3600));
        assert_eq!(take_all(&mut bucket), 8);
    }

    #[test]
    fn a_senseless_budget_is_brought_into_range() {
        for per_second in [f64::NAN, f64::NEG_INFINITY, -1.0] {
            let mut bucket = TokenBucket::default();
            bucket.set(DanmakuBudget { per_second, burst: 4 }, Duration::ZERO);
            bucket.fill(Duration::from_secs(10));
            assert_eq!(take_all(&mut bucket), 4, "what was saved up, and no more");
        }
        let mut bucket = TokenBucket::default();
        let endless = DanmakuBudget { per_second: f64::INFINITY, burst: u32::MAX };
        bucket.set(endless, Duration::ZERO);
        bucket.fill(Duration::from_secs(1));
        assert_eq!(take_all(&mut bucket), MOST_BURST);
    }
}
