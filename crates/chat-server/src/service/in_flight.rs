//! One at a time for things that are the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Keys that somebody is busy with. What is being sent bounds it.
#[derive(Debug)]
pub(crate) struct InFlight<K: Eq + Hash> {
    keys: Arc<Mutex<HashMap<K, Place>>>,
}

type Place = Arc<tokio::sync::Mutex<()>>;

/// Held while the one is busy.
pub(crate) struct Alone<K: Eq + Hash> {
    keys: Arc<Mutex<HashMap<K, Place>>>,
    key: K,
    place: Place,
    turn: Option<OwnedMutexGuard<()>>,
}

fn lock<K>(keys: &Mutex<HashMap<K, Place>>) -> MutexGuard<'_, HashMap<K, Place>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash> Default for InFlight<K> {
    fn default() -> Self {
        Self { keys: Arc::default() }
    }
}

impl<K: Clone + Eq + Hash> InFlight<K> {
    /// Waits until nobody else is busy with this key.
    pub(crate) async fn enter(&self, key: &K) -> Alone<K> {
        let place = Arc::clone(lock(&self.keys).entry(key.clone()).or_default());
        let mut alone = Alone { keys: Arc::clone(&self.keys), key: key.clone(), place, turn: None };
        alone.turn = Some(Arc::clone(&alone.place).lock_owned().await);
        alone
    }
}

impl<K: Eq + Hash> Drop for Alone<K> {
    fn drop(&mut self) {
        let mut keys = lock(&self.keys);
        self.turn = None;
        // The map and this one: nobody waits behind it.
        if Arc::strong_count(&self.place) == 2 {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_nothing_stays_behind() {
        let in_flight = InFlight::default();
        let first = in_flight.enter(&"a").await;
        let other = in_flight.enter(&"b").await;
        let mut second = Box::pin(in_flight.enter(&"a"));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        drop(second.await);
        drop(other);
        assert!(lock(&in_flight.keys).is_empty());
        // One that gives up while it waits leaves nothing either.
        let first = in_flight.enter(&"a").await;
        let mut gone = Box::pin(in_flight.enter(&"a"));
        assert!(futures_util::poll!(&mut gone).is_pending());
        drop(gone);
        drop(first);
        assert!(lock(&in_flight.keys).is_empty());
    }
}
