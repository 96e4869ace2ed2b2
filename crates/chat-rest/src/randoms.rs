//! Numbers for the `Random` of messages.

use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

/// Gives each message its `Random`: 32 bits by which the service knows a repeat for five minutes,
/// and drops it. A retry of a message has to have its first number; two messages of one sender must
/// not share one, for then the second is not delivered, and the answer does not tell.
///
/// Three ways, the safest first:
///
/// | | retries, also after a restart | two messages |
/// |---|---|---|
/// | [`of_number`](Self::of_number) | same number | never collide, as long as fewer than 2³² messages lie between them |
/// | [`next`](Self::next) | the caller keeps the number with the message | never collide within 2³² messages of one process |
/// | [`random_for`](Self::random_for) | same number | may collide, see below |
///
/// An outbox whose rows are numbered takes `of_number`. [`random_for`](Self::random_for) is for
/// messages that have only a text for an id. Its numbers are a hash, and 32 bits are few: among `n`
/// messages of one sender within five minutes two collide with a probability of about `n² / 2³³`,
/// which is 1 in 860,000 for 100 messages, 1 in 8,600 for 1,000, and 1 in 86 for 10,000. (Liveroom's
/// service looks for repeats in one group at a time; the vendor does not say whether the cloud does.)
///
/// Two processes that send as the same account need different seeds. Their numbers then begin at
/// unrelated places; runs of `a` and `b` messages within five minutes overlap with a probability of
/// about `(a + b) / 2³²`.
///
/// ```
/// use chat_rest::Randoms;
///
/// let randoms = Randoms::with_seed(7);
/// assert_eq!(randoms.of_number(1_000), randoms.of_number(1_000), "a retry is the same message");
/// assert_ne!(randoms.of_number(1_000), randoms.of_number(1_001));
/// assert_eq!(randoms.random_for("order-17", 0), Randoms::with_seed(7).random_for("order-17", 0));
/// assert_ne!(randoms.random_for("order-17", 0), randoms.random_for("order-17", 1));
/// ```
pub struct Randoms {
    seed: u64,
    /// Where the numbers of `of_number` begin.
    start: u32,
    next: AtomicU32,
}

impl Randoms {
    /// With a seed that stays the same when the program starts again, so that a message has its
    /// number again too. Keep it with the outbox; another program needs another one.
    pub fn with_seed(seed: u64) -> Self {
        let start = hash(seed, "start", "");
        Self { seed, start, next: AtomicU32::new(hash(seed, "next", "")) }
    }

    /// With a seed from the system: for numbers that nobody needs after a restart.
    pub fn from_system() -> Self {
        Self::with_seed(rand::random())
    }

    /// The number of the message that has this number in the caller's own order, such as the row of
    /// an outbox.
    pub fn of_number(&self, number: u64) -> u32 {
        // The low half is what is wanted: it runs through all 2^32 numbers before one comes again.
        self.start.wrapping_add(number as u32)
    }

    /// Another number with each call.
    pub fn next(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The number of a part of an order. Parts of one order never collide; two orders may.
    pub fn random_for(&self, order_id: &str, part: u32) -> u32 {
        hash(self.seed, "order", order_id).wrapping_add(part)
    }
}

/// The seed and the numbers that come from it say what the next ones will be.
impl fmt::Debug for Randoms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Randoms").finish_non_exhaustive()
    }
}

/// SHA-256, so that the numbers are the same on every machine and with every version.
fn hash(seed: u64, kind: &str, text: &str) -> u32 {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(kind)
        .chain_update([0])
        .chain_update(text)
        .finalize();
    digest.iter().take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn two_numbered_messages_share_a_number_only_at_multiples_of_two_to_the_32(
            seed: u64, first: u64, second: u64
        ) {
            let randoms = Randoms::with_seed(seed);
            let same = randoms.of_number(first) == randoms.of_number(second);
            prop_assert_eq!(same, first.abs_diff(second).is_multiple_of(1 << 32));
        }

        #[test]
        fn an_order_has_its_numbers_again_after_a_restart(
            seed: u64, order in "\\PC{0,40}", part: u32
        ) {
            let before = Randoms::with_seed(seed).random_for(&order, part);
            prop_assert_eq!(Randoms::with_seed(seed).random_for(&order, part), before);
        }

        #[test]
        fn parts_of_one_order_never_share_a_number(seed: u64, order in "\\PC{0,40}", parts: [u32; 2]) {
            let randoms = Randoms::with_seed(seed);
            let same = randoms.random_for(&order, parts[0]) == randoms.random_for(&order, parts[1]);
            prop_assert_eq!(same, parts[0] == parts[1]);
        }
    }

    #[test]
    fn orders_collide_about_as_often_as_is_written() {
        // Of 30 chances of 1 in 86 each, one comes true at most, nearly always.
        let collisions = (0..30_u64).filter(|seed| {
            let randoms = Randoms::with_seed(*seed);
            let numbers: HashSet<u32> =
                (0..10_000).map(|n| randoms.random_for(&format!("order-{n}"), 0)).collect();
            numbers.len() < 10_000
        });
        assert!(collisions.count() <= 4);
    }

    #[test]
    fn drawn_numbers_never_come_twice() {
        let randoms = Randoms::from_system();
        let drawn: HashSet<u32> = (0..10_000).map(|_| randoms.next()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
