//! Who speaks, remembered for a moment.

use moka::sync::Cache;
use std::time::Duration;

use super::store::{self, Sender, Version};
use crate::storage::{Database, Error};

/// Senders that are remembered.
const REMEMBERED: u64 = 10_000;
/// What was read is believed for so long, unless the room is changed before.
const BELIEVED: Duration = Duration::from_secs(30);

/// By room, the version of it, and account.
pub(super) struct Senders(Cache<(String, Version, String), Sender>);

impl Default for Senders {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build())
    }
}

impl Senders {
    pub(super) async fn of(
        &self,
        database: &Database,
        group_id: &str,
        version: Version,
        user_id: &str,
    ) -> Result<Sender, Error> {
        let key = (group_id.to_owned(), version, user_id.to_owned());
        if let Some(sender) = self.0.get(&key) {
            return Ok(sender);
        }
        let mut tx = database.read_for_webhook().await?;
        let sender = store::sender(&mut tx, group_id, user_id).await?;
        self.0.insert(key, sender);
        Ok(sender)
    }
}
