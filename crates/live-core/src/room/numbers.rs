//! Which numbers of the room this client has had.

use std::collections::BTreeSet;

/// Own numbers that are kept. When one more comes the lowest is forgotten, which may count an own
/// message as missed and does no other harm.
const MOST_OWN: usize = 256;

/// What a join answer says about the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// They go on, and this many of them nobody will bring any more.
    Missed(u32),
    /// The service began them anew.
    Anew,
}

/// The numbers up to which nothing is wanted any more, and own ones beyond.
///
/// The gateway does not send a message back to its sender, so that the number in the answer is all
/// that comes of it. That answer may overtake messages of others with lower numbers, for which the
/// greatest number seen says nothing: an own number counts once everything below it has come.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// `None` until the room was joined once.
    last: Option<u32>,
    /// Own numbers that were acknowledged, all above `last`.
    own: BTreeSet<u32>,
}

impl Numbers {
    /// Number of the newest message up to which everything was had.
    pub(super) fn last(&self) -> Option<u32> {
        self.last
    }

    /// The service gave this number to an own message.
    pub(super) fn acknowledged(&mut self, seq: u32) {
        // Before the first join the numbers of the room mean nothing yet.
        if self.last.is_none_or(|last| seq <= last) {
            return;
        }
        self.own.insert(seq);
        self.close_up();
        if self.own.len() > MOST_OWN {
            self.own.pop_first();
        }
    }

    pub(super) fn is_acknowledged(&self, seq: u32) -> bool {
        self.own.contains(&seq)
    }

    /// A message with this number has come. False when it was had before.
    #[must_use]
    pub(super) fn take(&mut self, seq: u32) -> bool {
        if seq <= self.last.unwrap_or(0) {
            return false;
        }
        self.reach(seq);
        true
    }

    /// The room was joined; the answer brings everything from `first` to `newest`.
    pub(super) fn joined(&mut self, first: Option<u32>, newest: u32) -> Since {
        let Some(last) = self.last else {
            return Since::Missed(0);
        };
        if newest < self.own.last().copied().unwrap_or(last) {
            *self = Self { last: Some(0), own: BTreeSet::new() };
            return Since::Anew;
        }
        let gap_ends = first.map_or(newest, |first| first.saturating_sub(1));
        let own = self.own.iter().take_while(|seq| **seq <= gap_ends).count();
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        Since::Missed(gap_ends.saturating_sub(last).saturating_sub(own))
    }

    /// Nothing up to this number is wanted any more.
    pub(super) fn reach(&mut self, seq: u32) {
        let last = self.last.unwrap_or(0).max(seq);
        self.last = Some(last);
        while self.own.first().is_some_and(|own| *own <= last) {
            self.own.pop_first();
        }
        self.close_up();
    }

    fn close_up(&mut self) {
        while let Some(next) = self.last.and_then(|last| last.checked_add(1))
            && self.own.remove(&next)
        {
            self.last = Some(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined_at(newest: u32) -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.joined(None, newest), Since::Missed(0));
        numbers.reach(newest);
        numbers
    }

    #[test]
    fn an_own_number_counts_once_everything_below_it_has_come() {
        let mut numbers = joined_at(10);
        numbers.acknowledged(11);
        assert_eq!(numbers.last(), Some(11));
        numbers.acknowledged(13);
        numbers.acknowledged(14);
        assert_eq!(numbers.last(), Some(11), "12 is still on its way");
        assert!(numbers.take(12));
        assert_eq!(numbers.last(), Some(14));
        assert!(!numbers.take(13));
        numbers.acknowledged(9);
        assert_eq!((numbers.last(), numbers.own.len()), (Some(14), 0));
    }

    #[test]
    fn own_numbers_are_not_missed_and_tell_a_new_numbering() {
        let mut numbers = joined_at(10);
        numbers.acknowledged(12);
        numbers.acknowledged(15);
        assert_eq!(numbers.joined(Some(14), 16), Since::Missed(2), "11 and 13");
        assert_eq!(numbers.joined(None, 14), Since::Anew, "15 was given out before");
        assert_eq!(numbers.last(), Some(0));
    }

    #[test]
    fn behind_a_hole_that_never_closes_only_so_many_are_kept() {
        let mut numbers = joined_at(0);
        for seq in 2..5_000 {
            numbers.acknowledged(seq);
            assert!(numbers.own.len() <= MOST_OWN);
        }
        numbers.acknowledged(u32::MAX);
        numbers.reach(u32::MAX);
        assert_eq!((numbers.last(), numbers.own.len()), (Some(u32::MAX), 0));
    }
}
