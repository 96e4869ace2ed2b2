//! Ids that were met of late, so that nothing is shown or counted twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Digests of ids, the oldest first; far too few for two to be equal by chance. When there is one
/// too many the oldest is forgotten.
#[derive(Debug)]
pub struct RecentIds {
    most: usize,
    by_age: VecDeque<u64>,
    known: HashSet<u64>,
    forgotten: u64,
}

impl RecentIds {
    pub fn new(most: usize) -> Self {
        Self { most, by_age: VecDeque::new(), known: HashSet::new(), forgotten: 0 }
    }

    /// Whether this id was met before; it is from now on.
    pub fn is_known(&mut self, id: impl Hash) -> bool {
        let digest = digest(id);
        if !self.known.insert(digest) {
            return true;
        }
        self.by_age.push_back(digest);
        if self.by_age.len() > self.most
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.known.remove(&oldest);
            self.forgotten += 1;
        }
        false
    }

    /// Whether this id was met before, without meeting it now.
    pub fn contains(&self, id: impl Hash) -> bool {
        self.known.contains(&digest(id))
    }

    /// Ids that were forgotten because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

/// The same for the same id, within one run of the program.
pub fn digest(id: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ids_are_known_and_older_ones_are_forgotten_and_counted() {
        let mut ids = RecentIds::new(3);
        for id in ["a", "b", "a", "c", "b"] {
            ids.is_known(id);
        }
        assert_eq!(ids.forgotten(), 0, "a repeat takes no place");
        assert!(!ids.contains("d") && ids.contains("a"));
        assert!(!ids.is_known("d") && ids.is_known("b") && ids.is_known("c"));
        assert!(!ids.is_known("a"), "it was the oldest");
        assert_eq!((ids.by_age.len(), ids.known.len(), ids.forgotten()), (3, 3, 2));
    }
}
