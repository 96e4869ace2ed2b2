//! How many likes one account may give.

use std::collections::HashMap;

/// Likes of one account in a second, on average.
const PER_SECOND: u64 = 50;
/// Likes of one account at once: ten seconds of them, and as many as one message may have.
const AT_ONCE: u64 = 500;
/// Accounts that are remembered; when there are as many, those who have not given any for ten
/// seconds are forgotten, and if there is none, all are.
const REMEMBERED: usize = 100_000;

const _: () = assert!(AT_ONCE >= chat_types::business::MAX_LIKES_PER_MESSAGE as u64);

/// A bucket for each account, which fills up as time goes by.
#[derive(Debug, Default)]
pub(super) struct Cap {
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of likes.
    left: u64,
    /// Unix milliseconds.
    at_ms: u64,
}

impl Bucket {
    const FULL: u64 = AT_ONCE * 1_000;

    fn at(self, now_ms: u64) -> Self {
        // A clock that was set back gives nothing, and takes nothing away.
        let passed_ms = now_ms.saturating_sub(self.at_ms);
        let left = self.left.saturating_add(passed_ms.saturating_mul(PER_SECOND)).min(Self::FULL);
        Self { left, at_ms: now_ms }
    }
}

impl Cap {
    /// Takes so many likes; all of them or none.
    pub(super) fn take(&mut self, user_id: &str, likes: u32, now_ms: u64) -> bool {
        if self.buckets.len() >= REMEMBERED && !self.buckets.contains_key(user_id) {
            self.buckets.retain(|_, bucket| bucket.at(now_ms).left < Bucket::FULL);
            if self.buckets.len() >= REMEMBERED {
                self.buckets.clear();
            }
        }
        let full = Bucket { left: Bucket::FULL, at_ms: now_ms };
        let bucket = self.buckets.entry(user_id.to_owned()).or_insert(full);
        *bucket = bucket.at(now_ms);
        let wanted = u64::from(likes) * 1_000;
        let is_enough = wanted <= bucket.left;
        if is_enough {
            bucket.left -= wanted;
        }
        is_enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_message_may_be_sent_every_ten_seconds() {
        let mut cap = Cap::default();
        assert!(cap.take("mei", 500, 0));
        assert!(!cap.take("mei", 1, 0));
        assert!(cap.take("li", 500, 0));
        assert!(!cap.take("mei", 500, 9_999));
        assert!(cap.take("mei", 500, 10_000));
        // The clock goes back by an hour, and on.
        let mut cap = Cap::default();
        assert!(cap.take("mei", 400, 3_600_000));
        assert!(cap.take("mei", 100, 0));
        assert!(!cap.take("mei", 1, 10));
        assert!(cap.take("mei", 50, 1_000));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_account_gives_more_than_the_average_and_what_may_come_at_once(
            gives in prop::collection::vec((0_u64..3_000, 1_u32..=500), 1..60),
        ) {
            let mut cap = Cap::default();
            let (mut now_ms, mut given) = (0, 0_u64);
            for (pause_ms, likes) in gives {
                now_ms += pause_ms;
                if cap.take("mei", likes, now_ms) {
                    given += u64::from(likes);
                }
                prop_assert!(given * 1_000 <= AT_ONCE * 1_000 + now_ms * PER_SECOND);
            }
        }
    }
}
