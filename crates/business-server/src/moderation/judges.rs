//! The rules and words of each room as they stand now, built once and kept until somebody changes
//! them, here or in another process: what is kept is of one version of its room.

use moka::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

use super::ALL_ROOMS;
use super::rules::{Judge, Rules};
use super::store::{self, RoomState, Version};
use super::strict::Strict;
use super::words::{WordList, Words};
use crate::storage::{Database, Error, Tx};

/// Rooms that are kept.
const KEPT: u64 = 256;
/// Rooms whose version is known.
const VERSIONS: u64 = 10_000;
/// A version that was read is believed for so long: a change in another process holds after it at the
/// latest.
const BELIEVED: Duration = Duration::from_secs(1);

pub(super) struct Judges {
    /// By epoch and room.
    versions: Cache<(u64, String), Version>,
    rooms: Cache<(String, Version), Arc<Judge>>,
    /// The words of all rooms, by their version.
    everywhere: Cache<u64, Arc<Words>>,
    /// Rises with every change in this process, after which no version is believed that was read
    /// before.
    epoch: AtomicU64,
    /// Of whoever builds: others wait, and find it built.
    building: Mutex<()>,
    pub(super) strict: Strict,
}

impl Judges {
    pub(super) fn new(strict: Strict) -> Self {
        Self {
            versions: Cache::builder().max_capacity(VERSIONS).time_to_live(BELIEVED).build(),
            rooms: Cache::new(KEPT),
            everywhere: Cache::new(2),
            epoch: AtomicU64::new(0),
            building: Mutex::new(()),
            strict,
        }
    }

    pub(super) async fn of(
        &self,
        database: &Database,
        group_id: &str,
    ) -> Result<Arc<Judge>, Error> {
        if let Some(judge) = self.kept(group_id) {
            return Ok(judge);
        }
        let _one_at_a_time = self.building.lock().await;
        if let Some(judge) = self.kept(group_id) {
            return Ok(judge);
        }
        self.read(&mut database.read_for_webhook().await?, group_id).await
    }

    /// For who is in a transaction anyway.
    pub(super) async fn within(&self, tx: &mut Tx, group_id: &str) -> Result<Arc<Judge>, Error> {
        if let Some(judge) = self.kept(group_id) {
            return Ok(judge);
        }
        let _one_at_a_time = self.building.lock().await;
        if let Some(judge) = self.kept(group_id) {
            return Ok(judge);
        }
        self.read(tx, group_id).await
    }

    /// Rules, words or moderators were changed by this process.
    pub(super) fn changed(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    fn kept(&self, group_id: &str) -> Option<Arc<Judge>> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        let version = self.versions.get(&(epoch, group_id.to_owned()))?;
        self.rooms.get(&(group_id.to_owned(), version))
    }

    /// Everything is read from one moment of the database, so that what is kept is of its version.
    async fn read(&self, tx: &mut Tx, group_id: &str) -> Result<Arc<Judge>, Error> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        let RoomState { version, late_refused } = store::room_state(tx, group_id).await?;
        let key = (group_id.to_owned(), version);
        let judge = match self.rooms.get(&key) {
            Some(judge) => judge,
            None => {
                let rules = store::rules(tx, group_id).await?;
                let here = store::lists(tx, group_id).await?;
                let everywhere = match self.everywhere.get(&version.everywhere) {
                    Some(everywhere) => Ok(everywhere),
                    None => Err(store::lists(tx, ALL_ROOMS).await?),
                };
                let build = move || build(version, rules, here, everywhere);
                // It ends early only when the runtime ends.
                let judge = tokio::task::spawn_blocking(build).await;
                let judge = judge.map_err(|error| Error::Unreadable(error.to_string()))?;
                self.everywhere.insert(version.everywhere, Arc::clone(&judge.everywhere));
                self.rooms.insert(key, Arc::clone(&judge));
                judge
            }
        };
        self.strict.set(group_id, late_refused);
        self.versions.insert((epoch, group_id.to_owned()), version);
        Ok(judge)
    }
}

fn build(
    version: Version,
    rules: Rules,
    here: Vec<WordList>,
    everywhere: Result<Arc<Words>, Vec<WordList>>,
) -> Arc<Judge> {
    let everywhere = everywhere.unwrap_or_else(|lists| Arc::new(Words::new(lists)));
    Arc::new(Judge { version, rules, everywhere, here: Arc::new(Words::new(here)) })
}
