//! What is known of the room beside what its screen shows.

use chat_types::gateway::{RoomFigures, RoomRole, RoomRules};
use std::collections::{BTreeMap, BTreeSet};

/// Counters that are kept; a group has at most 20. A further one is ignored.
const MOST_COUNTERS: usize = 64;
/// Marks of accounts that are kept. A further one is ignored.
const MOST_MARKS: usize = 1_000;

/// The room as a program sees it that is no screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoomDetails {
    pub role: RoomRole,
    pub rules: RoomRules,
    /// The account may not speak before this time, in Unix seconds; 0 when it may, 4294967295 for
    /// ever.
    pub muted_until_s: u32,
    pub mute_all: bool,
    pub attributes: BTreeMap<String, String>,
    pub counters: BTreeMap<String, i64>,
    /// Marks that were set since the room was joined, with the accounts that have them.
    pub marks: BTreeMap<u32, BTreeSet<String>>,
    /// What the room has done with its messages; owner and administrators are told.
    pub figures: Option<RoomFigures>,
}

impl RoomDetails {
    pub(super) fn count(&mut self, key: String, value: i64) {
        if self.counters.len() < MOST_COUNTERS || self.counters.contains_key(&key) {
            self.counters.insert(key, value);
        }
    }

    pub(super) fn marked(&mut self, mark: u32, users: Vec<String>, on: bool) {
        if !on {
            if let Some(marked) = self.marks.get_mut(&mark) {
                marked.retain(|user| !users.contains(user));
            }
            self.marks.retain(|_, marked| !marked.is_empty());
            return;
        }
        let kept: usize = self.marks.values().map(BTreeSet::len).sum();
        let users: Vec<_> = users.into_iter().take(MOST_MARKS.saturating_sub(kept)).collect();
        if !users.is_empty() {
            self.marks.entry(mark).or_default().extend(users);
        }
    }

    /// Counters as the view has them: exact up to 2^53.
    pub(super) fn counters_view(&self) -> BTreeMap<String, f64> {
        #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
        let view = |value: i64| value as f64;
        self.counters.iter().map(|(key, value)| (key.clone(), view(*value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_and_go_and_no_more_than_so_many_are_kept() {
        let mut details = RoomDetails::default();
        details.marked(1000, vec!["a".into(), "b".into()], true);
        details.marked(1001, vec!["a".into()], true);
        details.marked(1000, vec!["a".into()], false);
        details.marked(1001, vec!["a".into()], false);
        details.marked(7, vec!["a".into()], false);
        assert_eq!(details.marks, BTreeMap::from([(1000, BTreeSet::from(["b".to_owned()]))]));
        for user in 0..2 * MOST_MARKS {
            details.marked(1002, vec![user.to_string()], true);
        }
        let kept: usize = details.marks.values().map(BTreeSet::len).sum();
        assert_eq!(kept, MOST_MARKS);
    }

    #[test]
    fn counters_are_whole_and_bounded_in_number() {
        let mut details = RoomDetails::default();
        for n in 0..2 * MOST_COUNTERS {
            details.count(n.to_string(), -5);
        }
        details.count("0".into(), 1204);
        assert_eq!(details.counters.len(), MOST_COUNTERS);
        assert_eq!(details.counters_view()["0"], 1204.0);
    }
}
