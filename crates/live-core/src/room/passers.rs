//! Who came and went of late.

use crate::view::PassersView;

/// Names that are kept of each kind.
const MOST_NAMES: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Passers {
    view: PassersView,
}

impl Passers {
    pub(super) fn view(&self) -> &PassersView {
        &self.view
    }

    /// `more` came beside those that are named.
    pub(super) fn entered(&mut self, users: Vec<String>, more: u32) {
        add(&mut self.view.entered_count, users.len(), more);
        keep_last(&mut self.view.entered, users);
    }

    pub(super) fn left(&mut self, users: Vec<String>, more: u32) {
        add(&mut self.view.left_count, users.len(), more);
        keep_last(&mut self.view.left, users);
    }

    pub(super) fn banned(&mut self, users: Vec<String>) {
        keep_last(&mut self.view.banned, users);
    }

    /// Those who may speak again are named no longer.
    pub(super) fn muted(&mut self, users: Vec<String>, muted: bool) {
        if muted {
            keep_last(&mut self.view.muted, users);
        } else {
            self.view.muted.retain(|name| !users.contains(name));
        }
    }
}

fn add(count: &mut u32, named: usize, more: u32) {
    *count = count.saturating_add(u32::try_from(named).unwrap_or(u32::MAX)).saturating_add(more);
}

/// A name that comes again is the newest.
fn keep_last(names: &mut Vec<String>, users: Vec<String>) {
    names.retain(|name| !users.contains(name));
    names.extend(users);
    names.drain(..names.len().saturating_sub(MOST_NAMES));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|n| n.to_string()).collect()
    }

    #[test]
    fn the_last_five_are_named_and_all_are_counted() {
        let mut passers = Passers::default();
        passers.entered(names(0..3), 0);
        passers.entered(names(2..9), 40);
        passers.left(names(1..2), 2);
        passers.banned(names(4..5));
        passers.muted(names(5..7), true);
        passers.muted(names(5..6), false);
        assert_eq!(
            *passers.view(),
            PassersView {
                entered: names(4..9),
                entered_count: 50,
                left: names(1..2),
                left_count: 3,
                banned: names(4..5),
                muted: names(6..7),
            }
        );
    }
}
