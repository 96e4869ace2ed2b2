//! Who speaks, remembered for a moment.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::store::{self, Sender};
use crate::storage::{Database, Error};

/// Senders that are remembered; when there are as many, all are forgotten.
const REMEMBERED: usize = 10_000;
/// What was read is believed for so long, in milliseconds.
const BELIEVED_MS: u64 = 30_000;

#[derive(Default)]
pub(super) struct Senders {
    /// By room and account, with the time at which it was read.
    known: Mutex<HashMap<(String, String), (Sender, u64)>>,
}

impl Senders {
    pub(super) async fn of(
        &self,
        database: &Database,
        group_id: &str,
        user_id: &str,
        now_ms: u64,
    ) -> Result<Sender, Error> {
        let key = (group_id.to_owned(), user_id.to_owned());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((sender, _)) =
            known.filter(|(_, read_ms)| read_ms.abs_diff(now_ms) < BELIEVED_MS)
        {
            return Ok(sender);
        }
        let sender = store::sender(&mut database.read().await?, group_id, user_id).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, (sender, now_ms));
        Ok(sender)
    }
}
