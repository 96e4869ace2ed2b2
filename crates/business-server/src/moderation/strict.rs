//! The rooms in which nothing passes that could not be looked at in time. They are in memory, because
//! they are asked for when nothing can be looked up.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

pub(super) struct Strict(RwLock<HashSet<String>>);

impl Strict {
    pub(super) fn new(rooms: Vec<String>) -> Self {
        Self(RwLock::new(rooms.into_iter().collect()))
    }

    pub(super) fn has(&self, group_id: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(group_id)
    }

    pub(super) fn set(&self, group_id: &str, is_strict: bool) {
        if self.has(group_id) == is_strict {
            return;
        }
        let mut rooms = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if is_strict {
            rooms.insert(group_id.to_owned());
        } else {
            rooms.remove(group_id);
        }
    }
}
