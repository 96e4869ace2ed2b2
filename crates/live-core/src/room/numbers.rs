//! Which numbers of the room this client has had, and which it misses.

use std::collections::BTreeSet;

/// Own numbers that are kept. When one more comes the lowest is forgotten: the gap around it is
/// then asked for once too often.
const MOST_OWN: usize = 256;
/// Holes that are kept. When there is one more the lowest is given up.
const MOST_HOLES: usize = 64;
/// Numbers that were recalled before they came.
const MOST_RECALLED: usize = 256;

/// A range of numbers, both ends among them, in which messages may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Hole {
    fn len(self) -> u64 {
        u64::from(self.last - self.first) + 1
    }

    fn between(first: u32, last: u32) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }
}

/// How a number that has come stands to those that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is the newest.
    New,
    /// It was missing.
    Late,
    /// It was had before, or is not wanted.
    Again,
}

/// All numbers up to `newest` were had or do not exist, except for those in holes.
///
/// Numbers may skip, so a number that does not come says nothing. Only the gateway's word that a
/// message went to everybody before these makes a hole.
///
/// The gateway does not send a message back to its sender. The answer to a sending may overtake
/// messages of others with lower numbers, so an own number above `newest` waits aside until the
/// numbers reach it.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// `None` until the room was joined once.
    newest: Option<u32>,
    /// The lowest first; they do not touch.
    holes: Vec<Hole>,
    /// Own numbers that were acknowledged, all above `newest`.
    own: BTreeSet<u32>,
    /// Taken back before they came, all above `newest`.
    recalled: BTreeSet<u32>,
    lost: u64,
}

impl Numbers {
    pub(super) fn newest(&self) -> u32 {
        self.newest.unwrap_or(0)
    }

    /// Number of the newest message up to which nothing is missing.
    pub(super) fn contiguous(&self) -> Option<u32> {
        let newest = self.newest?;
        Some(self.holes.first().map_or(newest, |hole| hole.first.saturating_sub(1)))
    }

    pub(super) fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// Numbers that nobody will bring any more. At most so many messages: some of them may never
    /// have existed.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Everybody has got the message with this number, and what the room said before it.
    pub(super) fn reached(&mut self, number: u32) {
        let newest = self.newest();
        if self.newest.is_some() && number > newest {
            let mut first = newest.saturating_add(1);
            if let Some(touching) = self.holes.pop_if(|hole| hole.last == newest) {
                first = touching.first;
            }
            let known = self.own.union(&self.recalled).take_while(|known| **known <= number);
            for known in known {
                self.holes.extend(Hole::between(first, known.saturating_sub(1)));
                first = known.saturating_add(1);
            }
            if !self.own.contains(&number) && !self.recalled.contains(&number) {
                self.holes.extend(Hole::between(first, number));
            }
        }
        self.advance(number);
        self.keep_bounds();
    }

    /// A message with this number has come, one's own or another's.
    #[must_use]
    pub(super) fn take(&mut self, number: u32) -> Taken {
        if self.newest.is_none() || number > self.newest() {
            let known = self.own.contains(&number) || self.recalled.contains(&number);
            self.advance(number);
            return if known { Taken::Again } else { Taken::New };
        }
        if self.fill(number) { Taken::Late } else { Taken::Again }
    }

    /// The service gave this number to an own message.
    pub(super) fn acknowledged(&mut self, number: u32) {
        // Before the first join the numbers of the room mean nothing yet.
        let Some(newest) = self.newest else { return };
        if number <= newest {
            self.fill(number);
            return;
        }
        self.own.insert(number);
        self.close_up();
        if self.own.len() > MOST_OWN {
            self.own.pop_first();
        }
    }

    /// The message with this number was taken back: it is not wanted any more.
    pub(super) fn recalled(&mut self, number: u32) {
        if number <= self.newest() {
            self.fill(number);
            return;
        }
        self.recalled.insert(number);
        if self.recalled.len() > MOST_RECALLED {
            self.recalled.pop_first();
        }
    }

    /// Whether `last_seq` of a join answer shows that the service began its numbers anew.
    pub(super) fn began_anew(&self, last_seq: u32) -> bool {
        self.own.last().copied().or(self.newest).is_some_and(|known| last_seq < known)
    }

    /// The service begins its numbers anew.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { newest: Some(0), lost: self.lost, ..Self::default() };
    }

    /// Nothing is known of the room any more.
    pub(super) fn forget_room(&mut self) {
        *self = Self { lost: self.lost, ..Self::default() };
    }

    /// What is missing from `first` to `last` will not come any more. It has not existed, or with
    /// `lost` it may have, and is counted.
    pub(super) fn close(&mut self, first: u32, last: u32, lost: bool) {
        let mut left = Vec::with_capacity(self.holes.len());
        for hole in std::mem::take(&mut self.holes) {
            let Some(closed) = Hole::between(hole.first.max(first), hole.last.min(last)) else {
                left.push(hole);
                continue;
            };
            left.extend(closed.first.checked_sub(1).and_then(|to| Hole::between(hole.first, to)));
            left.extend(closed.last.checked_add(1).and_then(|from| Hole::between(from, hole.last)));
            if lost {
                self.lost += closed.len();
            }
        }
        self.holes = left;
    }

    fn advance(&mut self, number: u32) {
        self.newest = Some(self.newest().max(number));
        self.close_up();
        let newest = self.newest();
        while self.own.first().is_some_and(|own| *own <= newest) {
            self.own.pop_first();
        }
        while self.recalled.first().is_some_and(|recalled| *recalled <= newest) {
            self.recalled.pop_first();
        }
    }

    fn close_up(&mut self) {
        while let Some(next) = self.newest.and_then(|newest| newest.checked_add(1))
            && self.own.remove(&next)
        {
            self.newest = Some(next);
        }
    }

    /// Takes a number out of the hole that it lies in. False when there is none.
    fn fill(&mut self, number: u32) -> bool {
        let at = self.holes.partition_point(|hole| hole.last < number);
        let Some(hole) = self.holes.get(at).copied().filter(|hole| hole.first <= number) else {
            return false;
        };
        let below = number.checked_sub(1).and_then(|last| Hole::between(hole.first, last));
        let above = number.checked_add(1).and_then(|first| Hole::between(first, hole.last));
        self.holes.splice(at..=at, below.into_iter().chain(above));
        self.keep_bounds();
        true
    }

    fn keep_bounds(&mut self) {
        while self.holes.len() > MOST_HOLES {
            self.lost += self.holes.remove(0).len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined_at(newest: u32) -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.take(newest), Taken::New);
        numbers
    }

    fn holes(numbers: &Numbers) -> Vec<(u32, u32)> {
        numbers.holes().iter().map(|hole| (hole.first, hole.last)).collect()
    }

    #[test]
    fn a_number_that_skips_is_no_hole_and_one_that_everybody_got_is() {
        let mut numbers = joined_at(10);
        assert_eq!(numbers.take(13), Taken::New);
        assert!(numbers.holes().is_empty());
        numbers.reached(13);
        assert!(numbers.holes().is_empty());
        numbers.reached(16);
        assert_eq!(numbers.take(17), Taken::New);
        assert_eq!((holes(&numbers), numbers.contiguous()), (vec![(14, 16)], Some(13)));
        assert_eq!((numbers.take(15), numbers.take(15)), (Taken::Late, Taken::Again));
        assert_eq!(holes(&numbers), [(14, 14), (16, 16)]);
        numbers.close(14, 17, false);
        assert_eq!((numbers.lost(), numbers.contiguous()), (0, Some(17)));
    }

    #[test]
    fn an_own_number_counts_once_everything_below_it_has_come() {
        let mut numbers = joined_at(10);
        numbers.acknowledged(11);
        assert_eq!(numbers.newest(), 11);
        numbers.acknowledged(13);
        numbers.acknowledged(14);
        assert_eq!(numbers.newest(), 11, "12 is still on its way");
        assert_eq!(numbers.take(12), Taken::New);
        assert_eq!((numbers.newest(), numbers.take(13)), (14, Taken::Again));
        numbers.acknowledged(9);
        assert!(numbers.own.is_empty());
    }

    #[test]
    fn own_numbers_are_not_missing_and_tell_a_new_numbering() {
        let mut numbers = joined_at(10);
        numbers.acknowledged(12);
        numbers.acknowledged(15);
        assert!(numbers.began_anew(14) && !numbers.began_anew(15), "15 was given out before");
        numbers.reached(16);
        assert_eq!(holes(&numbers), [(11, 11), (13, 14), (16, 16)]);
        numbers.close(16, 16, false);
        numbers.close(0, 15, true);
        assert_eq!((numbers.lost(), numbers.contiguous()), (3, Some(16)));
        numbers.begin_anew();
        assert_eq!((numbers.contiguous(), numbers.lost()), (Some(0), 3));
    }

    #[test]
    fn what_does_not_come_any_more_is_closed_and_counted_if_it_may_have_existed() {
        let mut numbers = joined_at(10);
        numbers.reached(20);
        numbers.close(15, 18, false);
        assert_eq!((holes(&numbers), numbers.lost()), (vec![(11, 14), (19, 20)], 0));
        numbers.close(13, 16, true);
        assert_eq!((holes(&numbers), numbers.lost()), (vec![(11, 12), (19, 20)], 2));
        numbers.close(0, u32::MAX, true);
        assert_eq!((holes(&numbers), numbers.lost()), (vec![], 6));
    }

    #[test]
    fn what_was_recalled_before_it_came_is_not_wanted() {
        let mut numbers = joined_at(10);
        numbers.recalled(12);
        numbers.recalled(4);
        assert_eq!((numbers.take(11), numbers.take(12)), (Taken::New, Taken::Again));
        numbers.reached(14);
        numbers.recalled(13);
        assert_eq!((holes(&numbers), numbers.take(13)), (vec![(14, 14)], Taken::Again));
        assert!(numbers.recalled.is_empty());
    }

    #[test]
    fn whatever_comes_only_so_much_is_kept() {
        let mut numbers = joined_at(0);
        for number in (2..40_000).step_by(2) {
            numbers.acknowledged(number);
            numbers.recalled(number + 20_000);
            assert!(numbers.own.len() <= MOST_OWN && numbers.recalled.len() <= MOST_RECALLED);
        }
        numbers.reached(39_998);
        for number in (1..39_998).step_by(4) {
            let _ = numbers.take(number);
            assert!(numbers.holes.len() <= MOST_HOLES);
        }
        assert!(numbers.lost() > 0, "what was given up is counted");
        numbers.acknowledged(u32::MAX);
        numbers.reached(u32::MAX);
        assert_eq!((numbers.newest(), numbers.own.len()), (u32::MAX, 0));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Reached(u32),
        Take(u32),
        Acknowledged(u32),
        Recalled(u32),
    }

    proptest! {
        #[test]
        fn no_number_is_taken_twice_and_the_holes_stay_in_order(
            steps in prop::collection::vec((0u8..4, 1u32..120), 0..120),
        ) {
            let mut numbers = joined_at(5);
            let mut had: BTreeSet<u32> = (0..=5).collect();
            for (kind, number) in steps {
                let step = [Step::Reached, Step::Take, Step::Acknowledged, Step::Recalled]
                    [usize::from(kind)](number);
                match step {
                    Step::Reached(number) => numbers.reached(number),
                    Step::Take(number) => {
                        if numbers.take(number) != Taken::Again {
                            prop_assert!(had.insert(number));
                        }
                    }
                    Step::Acknowledged(number) => {
                        numbers.acknowledged(number);
                        had.insert(number);
                    }
                    Step::Recalled(number) => {
                        numbers.recalled(number);
                        had.insert(number);
                    }
                }
                let holes = numbers.holes();
                prop_assert!(holes.iter().all(|hole| hole.first <= hole.last));
                prop_assert!(holes.windows(2).all(|pair| pair[0].last + 1 < pair[1].first));
                prop_assert!(holes.last().is_none_or(|hole| hole.last <= numbers.newest()));
                for hole in holes {
                    prop_assert!((hole.first..=hole.last).all(|number| !had.contains(&number)));
                }
            }
        }
    }
}
