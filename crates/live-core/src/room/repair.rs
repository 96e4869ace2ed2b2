//! Asking for what was missed: one question at a time, and few in a second.

use chat_types::{ApiError, Code};
use std::time::Duration;

use super::numbers::Numbers;

/// The least time between two questions.
pub const ASK_EVERY: Duration = Duration::from_millis(300);
/// How long an answer may take.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How often the same thing is asked for before it is given up.
pub const MOST_ATTEMPTS: u32 = 5;
/// How many answers in a row may bring only a part of what was asked for.
const MOST_PARTS: u32 = 16;
/// The longest wait that the gateway may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Holes that lie within so many numbers are asked for together: the short history has no more
/// messages.
const MOST_TOGETHER: u32 = 1_000;

/// What one `catch_up` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) after: u32,
    /// `None` up to the newest.
    pub(super) before: Option<u32>,
    /// The newest number when it was asked.
    newest: u32,
}

impl Ask {
    /// The last number that an answer says something about, when `newest` is the last that it has.
    pub(super) fn last(self, newest: Option<u32>) -> u32 {
        match self.before {
            Some(before) => before.saturating_sub(1),
            None => newest.unwrap_or(0).max(self.newest),
        }
    }
}

#[derive(Debug)]
struct Asked {
    id: u32,
    ask: Ask,
    by: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Repair {
    asked: Option<Asked>,
    /// No question before this.
    not_before: Duration,
    /// Questions that had no answer since the last one that had.
    in_vain: u32,
    /// Answers since the last one that brought everything.
    parts: u32,
    /// Messages behind the newest number were left out.
    end_missing: bool,
}

impl Repair {
    /// The gateway left messages out; which ones, nobody knows yet.
    pub(super) fn end_is_missing(&mut self) {
        self.end_missing = true;
    }

    /// The next question, if there is one to ask now. `number` gives a request number.
    pub(super) fn next(
        &mut self,
        numbers: &Numbers,
        now: Duration,
        number: impl FnOnce() -> u32,
    ) -> Option<(u32, Ask)> {
        if self.asked.is_some() || now < self.not_before {
            return None;
        }
        let ask = self.wanted(numbers)?;
        let id = number();
        self.asked = Some(Asked { id, ask, by: now + ANSWER_WITHIN });
        self.not_before = now + ASK_EVERY;
        if ask.before.is_none() {
            self.end_missing = false;
        }
        Some((id, ask))
    }

    /// When there is something to do.
    pub(super) fn due(&self, numbers: &Numbers) -> Option<Duration> {
        match &self.asked {
            Some(asked) => Some(asked.by),
            None => self.wanted(numbers).map(|_| self.not_before),
        }
    }

    /// The answer to a question. `None` when it was not asked on this connection.
    pub(super) fn answered(&mut self, id: u32) -> Option<Ask> {
        let asked = self.asked.take_if(|asked| asked.id == id)?;
        self.in_vain = 0;
        Some(asked.ask)
    }

    /// An answer brought only a part, the newest. Whether the rest may be asked for.
    pub(super) fn goes_on(&mut self) -> bool {
        self.parts += 1;
        let goes_on = self.parts < MOST_PARTS;
        if !goes_on {
            self.parts = 0;
        }
        goes_on
    }

    /// An answer brought everything that there still is.
    pub(super) fn is_complete(&mut self) {
        self.parts = 0;
    }

    /// A request was refused. Gives what will not be asked for again, if this was the question and
    /// its time is over.
    pub(super) fn refused(
        &mut self,
        id: u32,
        error: &ApiError,
        retry_after: Option<Duration>,
        now: Duration,
    ) -> Option<Ask> {
        let asked = self.asked.take_if(|asked| asked.id == id)?;
        let heals = [Code::REQUEST_RATE, Code::INTERNAL].contains(&error.code);
        if !heals {
            return Some(self.give_up(asked.ask));
        }
        self.again(asked.ask, now + retry_after.unwrap_or(ASK_EVERY).min(LONGEST_WAIT))
    }

    /// Gives what will not be asked for again, because it was not answered.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Ask> {
        let asked = self.asked.take_if(|asked| now >= asked.by)?;
        self.again(asked.ask, now)
    }

    /// The next answer to a join has everything.
    pub(super) fn forget(&mut self) {
        self.asked = None;
        self.end_missing = false;
        self.in_vain = 0;
        self.parts = 0;
    }

    fn again(&mut self, ask: Ask, at: Duration) -> Option<Ask> {
        self.in_vain += 1;
        if self.in_vain >= MOST_ATTEMPTS {
            return Some(self.give_up(ask));
        }
        self.not_before = self.not_before.max(at);
        self.end_missing |= ask.before.is_none();
        None
    }

    fn give_up(&mut self, ask: Ask) -> Ask {
        self.in_vain = 0;
        ask
    }

    fn wanted(&self, numbers: &Numbers) -> Option<Ask> {
        let newest = numbers.newest();
        if self.end_missing {
            return Some(Ask { after: numbers.contiguous()?, before: None, newest });
        }
        let lowest = numbers.holes().first()?;
        let end = lowest.first.saturating_add(MOST_TOGETHER);
        let together = numbers.holes().iter().skip(1).take_while(|hole| hole.last < end).last();
        let last = together.unwrap_or(lowest).last;
        Some(Ask {
            after: lowest.first.saturating_sub(1),
            before: last.checked_add(1),
            newest: last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Had 10, and misses the numbers of these ranges.
    fn missing(ranges: &[(u32, u32)]) -> Numbers {
        let mut numbers = Numbers::default();
        let _ = numbers.take(10);
        for (first, last) in ranges {
            let _ = numbers.take(first - 1);
            numbers.reached(*last);
            let _ = numbers.take(last + 1);
        }
        numbers
    }

    fn asked(repair: &mut Repair, numbers: &Numbers, now: Duration) -> Option<(u32, Option<u32>)> {
        repair.next(numbers, now, || 1).map(|(_, ask)| (ask.after, ask.before))
    }

    fn refusal(code: Code) -> ApiError {
        ApiError::new(code, "no")
    }

    #[test]
    fn one_question_is_under_way_and_near_gaps_are_asked_for_together() {
        let numbers = missing(&[(12, 14), (20, 21), (1_000, 1_005), (1_300, 1_900)]);
        let mut repair = Repair::default();
        assert_eq!(repair.due(&numbers), Some(ms(0)));
        assert_eq!(asked(&mut repair, &numbers, ms(0)), Some((11, Some(1_006))));
        assert_eq!(asked(&mut repair, &numbers, ms(5_000)), None);
        assert!(repair.answered(2).is_none() && repair.answered(1).is_some());
        let left = missing(&[(1_300, 1_900)]);
        assert_eq!(asked(&mut repair, &left, ms(299)), None, "not more than a few in a second");
        assert_eq!(repair.due(&left), Some(ms(300)));
        assert_eq!(asked(&mut repair, &left, ms(300)), Some((1_299, Some(1_901))));
    }

    #[test]
    fn what_was_left_out_at_the_end_is_asked_for_without_an_end() {
        let mut repair = Repair::default();
        let numbers = missing(&[(12, 14)]);
        repair.end_is_missing();
        assert_eq!(asked(&mut repair, &numbers, ms(0)), Some((11, None)));
        let ask = repair.answered(1).unwrap();
        assert_eq!((ask.last(Some(40)), ask.last(None)), (40, 15));
        assert_eq!(repair.due(&missing(&[])), None);
    }

    #[test]
    fn a_gateway_that_is_asked_too_often_is_given_its_time_and_asked_five_times_at_most() {
        let mut repair = Repair::default();
        let numbers = missing(&[(12, 14)]);
        let busy = refusal(Code::REQUEST_RATE);
        let mut now = ms(0);
        for _ in 1..MOST_ATTEMPTS {
            assert!(asked(&mut repair, &numbers, now).is_some());
            assert!(repair.refused(9, &busy, None, now).is_none(), "another request");
            assert!(repair.refused(1, &busy, Some(ms(2_000)), now).is_none());
            assert_eq!(repair.due(&numbers), Some(now + ms(2_000)));
            now += ms(2_000);
        }
        assert!(asked(&mut repair, &numbers, now).is_some());
        let given_up = repair.refused(1, &busy, Some(ms(2_000)), now).unwrap();
        assert_eq!((given_up.after, given_up.last(None)), (11, 14));
    }

    #[test]
    fn an_answer_that_does_not_come_is_waited_for_and_asked_for_again() {
        let mut repair = Repair::default();
        let numbers = missing(&[(12, 14)]);
        repair.end_is_missing();
        assert!(asked(&mut repair, &numbers, ms(0)).is_some());
        assert_eq!(repair.due(&numbers), Some(ANSWER_WITHIN));
        assert!(
            repair.tick(ANSWER_WITHIN - ms(1)).is_none() && repair.tick(ANSWER_WITHIN).is_none()
        );
        assert_eq!(asked(&mut repair, &numbers, ANSWER_WITHIN), Some((11, None)));
    }

    #[test]
    fn a_gateway_that_gives_parts_without_an_end_is_not_asked_without_an_end() {
        let mut repair = Repair::default();
        let parts = (0..1_000).take_while(|_| repair.goes_on()).count();
        assert!((8..100).contains(&parts));
        repair.is_complete();
        assert!(repair.goes_on());
    }

    #[test]
    fn a_gateway_that_does_not_know_the_question_is_not_asked_again() {
        let mut repair = Repair::default();
        let numbers = missing(&[(12, 14)]);
        assert!(asked(&mut repair, &numbers, ms(0)).is_some());
        assert!(repair.refused(1, &refusal(Code(9003)), None, ms(1)).is_some());
    }
}
