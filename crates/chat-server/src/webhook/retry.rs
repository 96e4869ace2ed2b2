//! When a delivery that failed is tried again.

const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 60_000;

/// Doubles from 1 s to 60 s; up to a quarter is taken off, so that events that failed together do
/// not come back together.
pub(super) fn pause_ms(attempts: u32, jitter: f64) -> u64 {
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
    pause - (pause as f64 / 4.0 * jitter.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_pause_doubles_up_to_a_minute() {
        let pauses = [1, 2, 3, 4, 5, 6, 7, 8, u32::MAX].map(|attempts| pause_ms(attempts, 0.0));
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    }

    proptest! {
        #[test]
        fn jitter_takes_off_a_quarter_at_most(attempts in any::<u32>(), jitter in any::<f64>()) {
            let (full, pause) = (pause_ms(attempts, 0.0), pause_ms(attempts, jitter));
            prop_assert!(pause <= full && pause >= full / 4 * 3);
        }
    }
}
