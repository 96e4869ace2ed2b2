//! Locks for as many things as there are, without an entry for each.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::{Mutex, MutexGuard};

/// Keys share this many locks.
const PLACES: usize = 256;

/// A lock for every key. Two keys may share one, so nobody who holds one takes another.
pub(super) struct Locks([Mutex<()>; PLACES]);

impl Default for Locks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Locks {
    pub(super) async fn lock(&self, key: &impl Hash) -> MutexGuard<'_, ()> {
        self.0[place(key)].lock().await
    }

    /// The locks of several keys, in an order that all callers have in common.
    pub(super) async fn lock_all<K: Hash>(
        &self,
        keys: impl Iterator<Item = K>,
    ) -> Vec<MutexGuard<'_, ()>> {
        let places: BTreeSet<usize> = keys.map(|key| place(&key)).collect();
        let mut held = Vec::with_capacity(places.len());
        for place in places {
            held.push(self.0[place].lock().await);
        }
        held
    }
}

fn place(key: &impl Hash) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn one_key_waits_for_itself_and_not_for_others() {
        let locks = Locks::default();
        assert_ne!(place(&"a"), place(&"b"));
        let a = locks.lock(&"a").await;
        assert!(locks.lock(&"a").now_or_never().is_none());
        assert!(locks.lock(&"b").now_or_never().is_some());
        let several = ["b", "a", "b"].into_iter();
        assert!(locks.lock_all(several.clone()).now_or_never().is_none());
        drop(a);
        let held = locks.lock_all(several).await;
        assert_eq!(held.len(), 2, "each of them once");
        assert!(locks.lock(&"b").now_or_never().is_none());
    }
}
