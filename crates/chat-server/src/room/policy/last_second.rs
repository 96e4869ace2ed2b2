//! What happened within the last second, counted by class, exact to the millisecond.

use chat_types::gateway::MessageClass;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Number of classes; a class is an index by its rank.
pub(super) const CLASSES: usize = MessageClass::ALL.len();
pub(super) const SECOND_MS: u64 = 1_000;

type Counts = [u32; CLASSES];

/// Running totals, one entry for each millisecond in which something happened: at most a thousand,
/// however much happens. A second is half open: what happened at 0 counts up to 999.
#[derive(Default)]
pub(super) struct LastSecond {
    /// The totals at the end of the newest entry that was forgotten. They wrap around.
    forgotten: Counts,
    entries: VecDeque<Entry>,
}

struct Entry {
    at_ms: u64,
    /// The totals at the end of this millisecond.
    totals: Counts,
}

impl LastSecond {
    pub(super) fn add(&mut self, class: usize, now_ms: u64) {
        let (newest_ms, mut totals) =
            self.entries.back().map_or((0, self.forgotten), |entry| (entry.at_ms, entry.totals));
        totals[class] = totals[class].wrapping_add(1);
        match self.entries.back_mut() {
            Some(entry) if newest_ms >= now_ms => entry.totals = totals,
            _ => self.entries.push_back(Entry { at_ms: now_ms, totals }),
        }
    }

    /// How often something of these classes happened within the second that ends with `at_ms`.
    pub(super) fn count(&self, classes: RangeInclusive<usize>, at_ms: u64) -> u64 {
        let over = self.entries.partition_point(|entry| entry.at_ms + SECOND_MS <= at_ms);
        let totals_at =
            |entries: usize| match entries.checked_sub(1).and_then(|last| self.entries.get(last)) {
                Some(entry) => &entry.totals,
                None => &self.forgotten,
            };
        let (before, now) = (totals_at(over), totals_at(self.entries.len()));
        classes.map(|class| u64::from(now[class].wrapping_sub(before[class]))).sum()
    }

    pub(super) fn forget(&mut self, now_ms: u64) {
        while let Some(entry) = self.entries.front()
            && entry.at_ms + SECOND_MS <= now_ms
        {
            self.forgotten = entry.totals;
            self.entries.pop_front();
        }
        if self.entries.capacity() > super::spare(self.entries.len()) {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }

    #[cfg(test)]
    pub(super) fn room_for(&self) -> usize {
        self.entries.capacity()
    }
}

/// The first millisecond from `now_ms` on in which `holds`, which once true stays true, and which is
/// true when everything that has happened is more than a second ago.
pub(super) fn first_ms(now_ms: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut to) = (now_ms, now_ms + SECOND_MS);
    while from < to {
        let middle = from + (to - from) / 2;
        if holds(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_half_open() {
        let mut log = LastSecond::default();
        log.add(1, 5);
        log.add(2, 5);
        log.add(2, 6);
        assert_eq!(log.count(0..=4, 6), 3);
        assert_eq!(log.count(0..=4, 1_004), 3);
        assert_eq!(log.count(0..=4, 1_005), 1);
        assert_eq!(log.count(0..=1, 1_004), 1);
        assert_eq!(log.count(0..=4, 1_006), 0);
    }

    #[test]
    fn forgetting_changes_no_count() {
        let mut log = LastSecond::default();
        for ms in 0..5_000 {
            log.add(1, ms);
            log.forget(ms);
            assert_eq!(log.count(0..=4, ms), (ms + 1).min(1_000));
        }
        log.forget(6_000);
        assert_eq!(log.count(0..=4, 6_000), 0);
        assert!(log.room_for() < 100);
    }
}
