//! The rules and words of each room as they stand now, built once and kept until somebody changes
//! them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

use super::ALL_ROOMS;
use super::rules::{Judge, Rules};
use super::store;
use super::words::{WordList, Words};
use crate::storage::{Database, Error};

/// Rooms that are kept; when there are as many, all are built anew as they are needed.
const KEPT: usize = 256;

#[derive(Default)]
pub(super) struct Judges {
    kept: RwLock<Kept>,
    /// Of whoever builds: others wait, and find it built.
    building: Mutex<()>,
}

#[derive(Default)]
struct Kept {
    /// Rises with every change.
    version: u64,
    everywhere: Option<Arc<Words>>,
    rooms: HashMap<String, Arc<Judge>>,
}

impl Judges {
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
        let (version, everywhere) = self.read();
        let mut tx = database.read().await?;
        let rules = store::rules(&mut tx, group_id).await?;
        let here = store::lists(&mut tx, group_id).await?;
        let everywhere = match everywhere {
            Some(everywhere) => Ok(everywhere),
            None => Err(store::lists(&mut tx, ALL_ROOMS).await?),
        };
        drop(tx);
        let judge = tokio::task::spawn_blocking(move || build(rules, here, everywhere)).await;
        // It ends early only when the runtime ends.
        let judge = judge.map_err(|error| Error::Unreadable(error.to_string()))?;
        self.keep(group_id, &judge, version);
        Ok(judge)
    }

    /// Rules or words of a room, or of all of them, were changed.
    pub(super) fn forget(&self, group_id: &str) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.version += 1;
        if group_id == ALL_ROOMS {
            kept.everywhere = None;
            kept.rooms.clear();
        } else {
            kept.rooms.remove(group_id);
        }
    }

    fn kept(&self, group_id: &str) -> Option<Arc<Judge>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.rooms.get(group_id).cloned()
    }

    fn read(&self) -> (u64, Option<Arc<Words>>) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.version, kept.everywhere.clone())
    }

    /// Unless something was changed while it was built.
    fn keep(&self, group_id: &str, judge: &Arc<Judge>, version: u64) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.version != version {
            return;
        }
        if kept.rooms.len() >= KEPT {
            kept.rooms.clear();
        }
        kept.everywhere = Some(Arc::clone(&judge.everywhere));
        kept.rooms.insert(group_id.to_owned(), Arc::clone(judge));
    }
}

fn build(
    rules: Rules,
    here: Vec<WordList>,
    everywhere: Result<Arc<Words>, Vec<WordList>>,
) -> Arc<Judge> {
    let everywhere = everywhere.unwrap_or_else(|lists| Arc::new(Words::new(lists)));
    Arc::new(Judge { rules, everywhere, here: Arc::new(Words::new(here)) })
}
