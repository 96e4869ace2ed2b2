//! The likes of the room: how many there are, and how many came just now.
//!
//! A room that counts tells its total in the group counter [`LIKES_COUNTER`]. Of a room that does
//! not, this client shows the sum of what it has heard and what was confirmed to it. A batch counts
//! once for its sender; [`MOST_BATCHES`] are remembered, of more the oldest is forgotten.
//!
//! An own click is shown at once. The counter may know of it before or after this client hears that
//! it was taken, so the clicks are not added to the counter: they make a floor below which the total
//! does not fall. What is shown then never dips and is never more than there will be; likes of others
//! that come meanwhile may be hidden by the floor until the counter has passed it. A floor of which
//! nothing waits any more goes when the counter has reached it, or after [`FLOOR_STAYS`]: the counter
//! is right, whatever it says.
//!
//! [`LIKES_COUNTER`]: chat_types::business::LIKES_COUNTER

use chat_types::business::Like;
use std::time::Duration;

use crate::recent_ids::RecentIds;

/// Batches that are remembered.
pub const MOST_BATCHES: usize = 4_096;
/// How long the counter may take after the last own like was confirmed. It is told once a second.
pub const FLOOR_STAYS: Duration = Duration::from_secs(5);

/// What the total has at least, by the own clicks.
#[derive(Debug, Clone, Copy)]
struct Floor {
    total: i64,
    /// Set when nothing waits any more.
    gone_at: Option<Duration>,
}

#[derive(Debug)]
pub struct LikeCount {
    batches: RecentIds,
    /// As the room has it; `None` when it does not count.
    counter: Option<i64>,
    heard: u64,
    floor: Option<Floor>,
}

impl Default for LikeCount {
    fn default() -> Self {
        Self { batches: RecentIds::new(MOST_BATCHES), counter: None, heard: 0, floor: None }
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

    /// The user has clicked so often; `unconfirmed` own likes waited before that.
    pub fn clicked(&mut self, count: u32, unconfirmed: u32) {
        let total = self.shown(unconfirmed).saturating_add(count.into());
        self.floor = Some(Floor { total, gone_at: None });
    }

    /// So many own likes will never count.
    pub fn lost(&mut self, count: u64) {
        if let Some(floor) = &mut self.floor {
            floor.total = floor.total.saturating_sub_unsigned(count);
        }
    }

    /// Lets a floor go that is needed no longer; `unconfirmed` own likes wait.
    pub fn tick(&mut self, unconfirmed: u32, now: Duration) {
        let Some(floor) = &mut self.floor else { return };
        if unconfirmed > 0 {
            floor.gone_at = None;
            return;
        }
        let gone_at = *floor.gone_at.get_or_insert(now + FLOOR_STAYS);
        if now >= gone_at || self.counter.is_none_or(|counter| counter >= floor.total) {
            self.floor = None;
        }
    }

    /// When [`LikeCount::tick`] has something to do; the time is over already when nothing waits any
    /// more and it has not been told.
    pub fn due(&self, unconfirmed: u32) -> Option<Duration> {
        let floor = self.floor.filter(|_| unconfirmed == 0)?;
        Some(floor.gone_at.unwrap_or_default())
    }

    /// What is shown while so many own likes are not confirmed.
    pub fn total(&self, unconfirmed: u32) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
        let total = self.shown(unconfirmed) as f64;
        total
    }

    fn shown(&self, unconfirmed: u32) -> i64 {
        match self.counter {
            Some(counter) => counter.max(self.floor.map_or(0, |floor| floor.total)).max(0),
            None => {
                i64::try_from(self.heard).unwrap_or(i64::MAX).saturating_add(unconfirmed.into())
            }
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
        self.floor = None;
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
        assert_eq!((count.total(0), count.is_counted()), (30.0, false));
        count.counted(Some(1_204));
        assert_eq!((count.total(0), count.is_counted()), (1_204.0, true));
        assert_eq!(count.hear("bo", &like("2", 5)), 5, "it moves the animation");
        assert_eq!(count.total(0), 1_204.0, "and the counter tells the total");
        count.counted(Some(-3));
        assert_eq!(count.total(0), 0.0);
        count.counted(None);
        assert_eq!(count.total(0), 35.0);
    }

    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn own_clicks_are_shown_once_whether_the_counter_or_the_confirmation_is_faster() {
        for counter_first in [true, false] {
            let mut count = LikeCount::default();
            count.counted(Some(100));
            count.clicked(5, 0);
            assert_eq!(count.total(5), 105.0);
            if counter_first {
                count.counted(Some(105));
                assert_eq!(count.total(5), 105.0, "the counter has them already");
                count.tick(0, NOW);
            } else {
                count.tick(0, NOW);
                assert_eq!(count.total(0), 105.0, "confirmed, and not counted yet");
                count.counted(Some(105));
                count.tick(0, NOW);
            }
            assert_eq!((count.total(0), count.due(0)), (105.0, None));
        }
    }

    #[test]
    fn a_floor_that_the_counter_never_reaches_goes_after_a_while() {
        let mut count = LikeCount::default();
        count.counted(Some(100));
        count.clicked(5, 0);
        assert_eq!((count.due(5), count.due(0)), (None, Some(Duration::ZERO)));
        count.tick(0, NOW);
        count.counted(Some(0));
        assert_eq!((count.total(0), count.due(0)), (105.0, Some(NOW + FLOOR_STAYS)));
        count.tick(0, NOW + FLOOR_STAYS);
        assert_eq!(count.total(0), 0.0, "somebody has set it back");
    }

    #[test]
    fn likes_that_were_lost_are_taken_off_again() {
        let mut count = LikeCount::default();
        count.counted(Some(100));
        count.clicked(5, 0);
        count.clicked(3, 5);
        count.lost(3);
        assert_eq!(count.total(5), 105.0);
        count.lost(5);
        assert_eq!(count.total(0), 100.0);
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        /// Clicks of this client and of others; the room counts, and each of its two answers to a
        /// batch (confirmation and counter) is late by chance.
        #[test]
        fn the_total_never_falls_and_is_never_more_than_was_clicked(
            steps in prop::collection::vec((0u8..5, 1u32..9), 0..80),
        ) {
            let mut count = LikeCount::default();
            count.counted(Some(0));
            let (mut clicked, mut counted, mut waiting, mut now) = (0u32, 0u32, 0u32, NOW);
            let mut before = 0.0;
            for (step, n) in steps {
                match step {
                    0 => {
                        count.clicked(n, waiting);
                        clicked += n;
                        waiting += n;
                    }
                    // Of what waits the room counts all, and tells so now or later.
                    1 => counted += waiting,
                    2 => { clicked += n; counted += n; }
                    3 => count.counted(Some(counted.into())),
                    _ => if counted >= clicked - waiting { waiting = 0 },
                }
                counted = counted.min(clicked);
                now += Duration::from_millis(1);
                count.tick(waiting, now);
                let total = count.total(waiting);
                prop_assert!(before <= total && total <= f64::from(clicked), "{before} {total} {clicked}");
                before = total;
            }
            count.counted(Some(clicked.into()));
            count.tick(0, now);
            prop_assert_eq!(count.total(0), f64::from(clicked));
        }

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
            prop_assert_eq!(count.total(0), f64::from(sum));
        }
    }
}
