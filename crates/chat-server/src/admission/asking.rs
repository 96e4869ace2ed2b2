//! How many requests of one account may wait for the application's answer at once. A receiver that
//! is slow has a bounded number of places for all accounts, and no account may hold them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one account at once. More wait, and their connections with them.
const MOST: usize = 4;

/// The accounts that are waiting for an answer. The number of connections bounds it.
#[derive(Debug, Default)]
pub(crate) struct Asking(Arc<Mutex<HashMap<u64, Arc<Semaphore>>>>);

/// Held while an account waits for the application's answer.
pub(crate) struct Question {
    accounts: Arc<Mutex<HashMap<u64, Arc<Semaphore>>>>,
    account: u64,
    places: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
}

fn lock(
    accounts: &Mutex<HashMap<u64, Arc<Semaphore>>>,
) -> MutexGuard<'_, HashMap<u64, Arc<Semaphore>>> {
    accounts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Asking {
    /// Waits until the account has a place. Places are given in the order of asking.
    pub(super) async fn enter(&self, account: u64) -> Question {
        let places = {
            let mut accounts = lock(&self.0);
            let places = accounts.entry(account).or_insert_with(|| Arc::new(Semaphore::new(MOST)));
            Arc::clone(places)
        };
        let accounts = Arc::clone(&self.0);
        let mut question = Question { accounts, account, places, place: None };
        // It is never closed, so there is always a place in the end.
        question.place = Arc::clone(&question.places).acquire_owned().await.ok();
        question
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut accounts = lock(&self.accounts);
        self.place = None;
        // The map and this one: nobody asks or waits beside it.
        if Arc::strong_count(&self.places) == 2 {
            accounts.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn an_account_has_a_few_places_and_takes_none_from_another() {
        let asking = Asking::default();
        let mut held = Vec::new();
        for _ in 0..MOST {
            held.push(asking.enter(1).await);
        }
        assert!(asking.enter(1).now_or_never().is_none());
        assert!(asking.enter(2).now_or_never().is_some());
        let mut next = Box::pin(asking.enter(1));
        assert!(futures_util::poll!(&mut next).is_pending());
        held.pop();
        drop(next.await);
        assert!(asking.enter(1).now_or_never().is_some());
        drop(held);
        assert!(lock(&asking.0).is_empty(), "nothing stays behind");
    }
}
