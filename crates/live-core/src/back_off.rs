//! How long to wait before the next attempt to connect.

use rand::{Rng, RngExt};
use std::time::Duration;

/// Never sooner than this, so that "at once" does not become a loop.
pub const FLOOR: Duration = Duration::from_millis(250);
/// The first wait lies between [`FLOOR`] and this; it doubles with every further loss. As wide as
/// a person bears, because all clients of a service that falls over lose it in the same moment.
pub const FIRST: Duration = Duration::from_secs(2);
pub const CEILING: Duration = Duration::from_secs(30);
/// Each full period online takes one doubling back.
pub const EASE: Duration = Duration::from_secs(60);

/// Doublings until [`CEILING`] is reached.
const TOP: u32 = 4;

/// Exponential back-off with full jitter. It is not reset by a login: a server that accepts
/// logins and falls over a second later would be hammered by everyone it let in.
#[derive(Debug, Clone, Default)]
pub struct BackOff {
    level: u32,
}

impl BackOff {
    /// The wait before the next attempt, anywhere between [`FLOOR`] and the present upper limit.
    pub fn next_wait(&mut self, rng: &mut impl Rng) -> Duration {
        let limit = (FIRST * 2u32.pow(self.level)).min(CEILING);
        self.level = (self.level + 1).min(TOP);
        rng.random_range(FLOOR..=limit)
    }

    /// Takes back what an online period of this length is worth.
    pub fn ease(&mut self, online_for: Duration) {
        let periods = online_for.as_secs() / EASE.as_secs();
        self.level = self.level.saturating_sub(u32::try_from(periods).unwrap_or(u32::MAX));
    }

    pub fn reset(&mut self) {
        self.level = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn longest_of_many(back_off: &BackOff) -> Duration {
        let mut rng = StdRng::seed_from_u64(7);
        (0..2000).map(|_| back_off.clone().next_wait(&mut rng)).max().unwrap_or_default()
    }

    #[test]
    fn the_upper_limit_doubles_up_to_the_ceiling() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut back_off = BackOff::default();
        for wanted in [2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let longest = longest_of_many(&back_off);
            assert!(longest <= Duration::from_millis(wanted));
            assert!(longest >= Duration::from_millis(wanted) * 9 / 10, "{longest:?} of {wanted}");
            assert!(back_off.next_wait(&mut rng) >= FLOOR);
        }
    }

    #[test]
    fn a_minute_online_takes_one_doubling_back_and_no_less_does() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut back_off = BackOff::default();
        for _ in 0..3 {
            back_off.next_wait(&mut rng);
        }
        back_off.ease(EASE - Duration::from_millis(1));
        assert!(longest_of_many(&back_off) > Duration::from_secs(12));
        back_off.ease(EASE);
        assert!(longest_of_many(&back_off) <= Duration::from_secs(8));
        back_off.ease(Duration::from_secs(86_400));
        assert!(longest_of_many(&back_off) <= FIRST);
    }
}
