//! How long a call to the chat service waits after it failed.

/// After the first failure, doubled with each further one up to the most.
const FIRST_WAIT_MS: u64 = 1_000;
pub(super) const MOST_WAIT_MS: u64 = 300_000;

pub(super) fn wait_ms(attempts: u64) -> u64 {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX);
    let factor = 2_u64.checked_pow(doublings).unwrap_or(u64::MAX);
    FIRST_WAIT_MS.saturating_mul(factor).min(MOST_WAIT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits = [0, 1, 2, 8, 9, 63, 64, u64::MAX].map(wait_ms);
        let most = MOST_WAIT_MS;
        assert_eq!(waits, [1_000, 2_000, 4_000, 256_000, most, most, most, most]);
    }
}
