//! Notices: once at a time, or again and again while the host is on.

use chat_types::business::{AnnouncementKind, LiveStatus};

use super::{is_waiting, say, store};
use crate::storage::{self, Tx};
use crate::{Business, rooms};

/// A notice that is later than this is left out: it was due while the service was away.
const LATE_S: u64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Once, in Unix seconds.
    At(u64),
    /// Again and again after so many seconds, while the host is on.
    Every(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) when: When,
    /// Unix seconds; `None` when it will not be posted any more.
    pub(super) due_s: Option<u64>,
}

/// What is to be done with a notice now.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    is_posted: bool,
    due_s: Option<u64>,
}

impl When {
    /// When a new notice is due.
    pub(super) fn first_due_s(self, now_s: u64) -> Option<u64> {
        match self {
            Self::At(at_s) => Some(at_s).filter(|at_s| *at_s > now_s),
            Self::Every(every_s) => Some(now_s.saturating_add(every_s)),
        }
    }

    /// Of a notice that was due at `due_s`; `repeats` says whether repeated ones are posted now. What
    /// was missed is left out, and a repeated notice goes on in its own rhythm.
    fn step(self, due_s: u64, repeats: bool, now_s: u64) -> Step {
        let late_s = now_s.checked_sub(due_s);
        match (self, late_s) {
            (Self::At(_), None) => Step { is_posted: false, due_s: Some(due_s) },
            (Self::At(_), Some(late_s)) => Step { is_posted: late_s <= LATE_S, due_s: None },
            // Further ahead than it can be: the clock was set back.
            (Self::Every(every_s), None) => {
                Step { is_posted: false, due_s: Some(due_s.min(now_s.saturating_add(every_s))) }
            }
            (Self::Every(every_s), Some(late_s)) => {
                let rhythm = every_s.max(1);
                let rest = rhythm - late_s % rhythm;
                let is_posted = repeats && late_s <= LATE_S;
                Step { is_posted, due_s: Some(now_s.saturating_add(rest)) }
            }
        }
    }
}

/// Posts what is due in a room.
pub(super) async fn post_due(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
) -> Result<(), storage::Error> {
    let now_s = business.clock.now_s();
    let room = rooms::store::find(tx, group_id).await?;
    let is_live = room.is_some_and(|room| room.status == LiveStatus::Live);
    // While the chat service is away a repeated notice waits once, not once for every time.
    let repeats = is_live && !is_waiting(tx, group_id, AnnouncementKind::Notice).await?;
    for (position, notice) in store::notices(tx, group_id).await?.iter().enumerate() {
        let Some(due_s) = notice.due_s else { continue };
        let step = notice.when.step(due_s, repeats, now_s);
        if step.is_posted {
            let text = notice.text.clone();
            say(business, tx, group_id, AnnouncementKind::Notice, text).await?;
        }
        if step.due_s != notice.due_s {
            store::set_due(tx, group_id, position, step.due_s).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(when: When, due_s: u64, is_live: bool, now_s: u64) -> (bool, Option<u64>) {
        let Step { is_posted, due_s } = when.step(due_s, is_live, now_s);
        (is_posted, due_s)
    }

    #[test]
    fn a_notice_for_one_time_is_posted_then_and_not_long_after() {
        assert_eq!(step(When::At(100), 100, false, 99), (false, Some(100)));
        assert_eq!(step(When::At(100), 100, false, 100), (true, None));
        assert_eq!(step(When::At(100), 100, false, 160), (true, None));
        assert_eq!(step(When::At(100), 100, false, 161), (false, None));
        assert_eq!(When::At(100).first_due_s(100), None);
    }

    #[test]
    fn a_repeated_notice_keeps_its_rhythm_and_does_not_pile_up() {
        let every = When::Every(600);
        assert_eq!(every.first_due_s(400), Some(1_000));
        assert_eq!(step(every, 1_000, true, 1_000), (true, Some(1_600)));
        assert_eq!(step(every, 1_000, false, 1_000), (false, Some(1_600)));
        assert_eq!(step(every, 1_000, true, 5_000), (false, Some(5_200)));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_silence_a_repeated_notice() {
        assert_eq!(step(When::Every(600), 100_000, true, 1_000), (false, Some(1_600)));
        assert_eq!(step(When::Every(600), 1_300, true, 1_000), (false, Some(1_300)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_repeated_notice_is_always_due_again_within_its_rhythm(
            every_s in 1_u64..100_000,
            due_s in 0_u64..10_000_000,
            now_s in 0_u64..10_000_000,
            is_live: bool,
        ) {
            let (posted, next) = step(When::Every(every_s), due_s, is_live, now_s);
            let next = next.unwrap();
            prop_assert!(next > now_s && next <= now_s + every_s);
            if due_s <= now_s {
                prop_assert_eq!((next - due_s) % every_s, 0);
            } else {
                prop_assert!(!posted);
            }
        }
    }
}
