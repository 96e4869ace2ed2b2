//! How far each combo has come.

use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Clone, Copy)]
struct Combo {
    total: u32,
    /// When it grew last, counted in growths.
    grown: u64,
}

/// The highest total that was heard of each combo, by digest.
#[derive(Debug)]
pub(super) struct Combos {
    most: usize,
    totals: HashMap<u64, Combo>,
    by_age: BTreeMap<u64, u64>,
    growths: u64,
    forgotten: u64,
}

impl Combos {
    pub(super) fn new(most: usize) -> Self {
        Self { most, totals: HashMap::new(), by_age: BTreeMap::new(), growths: 0, forgotten: 0 }
    }

    /// 0 for a combo that is not known.
    pub(super) fn total(&self, combo: u64) -> u32 {
        self.totals.get(&combo).map_or(0, |known| known.total)
    }

    /// The combo has so many gifts. Gives how many of them are new.
    pub(super) fn reach(&mut self, combo: u64, total: u32) -> u32 {
        let added = total.saturating_sub(self.total(combo));
        if added == 0 {
            return 0;
        }
        self.growths += 1;
        let grown = Combo { total, grown: self.growths };
        if let Some(before) = self.totals.insert(combo, grown) {
            self.by_age.remove(&before.grown);
        }
        self.by_age.insert(self.growths, combo);
        if self.totals.len() > self.most
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.totals.remove(&oldest);
            self.forgotten += 1;
        }
        added
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_combo_that_has_not_grown_for_longest_is_forgotten() {
        let mut combos = Combos::new(2);
        assert_eq!((combos.reach(1, 5), combos.reach(2, 5), combos.reach(1, 7)), (5, 5, 2));
        assert_eq!((combos.reach(1, 6), combos.total(1)), (0, 7), "what comes late is in it");
        combos.reach(3, 1);
        assert_eq!((combos.total(1), combos.total(2), combos.total(3)), (7, 0, 1));
        assert_eq!((combos.forgotten(), combos.totals.len(), combos.by_age.len()), (1, 2, 2));
    }
}
