//! The likes of the room: how many there are, and how many came just now.
//!
//! A room that counts tells its total in the group counter [`LIKES_COUNTER`], and that is shown.
//! Of a room that does not, this client shows the sum of what it has heard and what was confirmed
//! to it. A batch counts once for its sender; [`MOST_BATCHES`] are remembered, of more the oldest
//! is forgotten.
//!
//! [`LIKES_COUNTER`]: chat_types::business::LIKES_COUNTER

use chat_types::business::Like;

use crate::recent_ids::RecentIds;

/// Batches that are remembered.
pub const MOST_BATCHES: usize = 4_096;

#[derive(Debug)]
pub struct LikeCount {
    batches: RecentIds,
    /// As the room has it; `None` when it does not count.
    counter: Option<i64>,
    heard: u64,
}

impl Default for LikeCount {
    fn default() -> Self {
        Self { batches: RecentIds::new(MOST_BATCHES), counter: None, heard: 0 }
    }
}

impl LikeCount {
    /// A batch of likes, of others or an own one that was confirmed. Gives how many of them were
    /// not known before.
    pub fn hear(&mut self, from: &str, like: &Like) -> u32 {
        if self.batches.is_known((from, &like.batch)) {
            return 0;
        }
        self.heard = self.heard.saturating_add(like.count.into());
        like.count
    }

    /// The room's own total, or that it has none.
    pub fn counted(&mut self, counter: Option<i64>) {
        self.counter = counter;
    }

    pub fn total(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
        match self.counter {
            Some(counter) => counter.max(0) as f64,
            None => self.heard as f64,
        }
    }

    /// Whether the room counts.
    pub fn is_counted(&self) -> bool {
        self.counter.is_some()
    }

    /// Another room.
    pub fn clear(&mut self) {
        self.counter = None;
        self.heard = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    fn like(batch: &str, count: u32) -> Like {
        Like { batch: batch.into(), count }
    }

    #[test]
    fn what_the_room_counts_is_shown_and_else_what_was_heard() {
        let mut count = LikeCount::default();
        assert_eq!(count.hear("bo", &like("1", 30)), 30);
        assert_eq!((count.total(), count.is_counted()), (30.0, false));
        count.counted(Some(1_204));
        assert_eq!((count.total(), count.is_counted()), (1_204.0, true));
        assert_eq!(count.hear("bo", &like("2", 5)), 5, "it moves the animation");
        assert_eq!(count.total(), 1_204.0, "and the counter tells the total");
        count.counted(Some(-3));
        assert_eq!(count.total(), 0.0);
        count.counted(None);
        assert_eq!(count.total(), 35.0);
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn each_batch_of_each_sender_counts_once(
            heard in prop::collection::vec((0u8..4, 0u8..6), 0..60),
        ) {
            let mut count = LikeCount::default();
            let mut known = std::collections::BTreeSet::new();
            for (from, batch) in heard {
                let added = count.hear(&from.to_string(), &like(&batch.to_string(), batch.into()));
                prop_assert_eq!(added > 0, known.insert((from, batch)) && batch > 0);
            }
            let sum: u32 = known.iter().map(|(_, batch)| u32::from(*batch)).sum();
            prop_assert_eq!(count.total(), f64::from(sum));
        }
    }
}
