//! A queue in memory, which a test can look into, wait for, and break.

use async_trait::async_trait;
use std::collections::BTreeMap;
use tokio::sync::watch;

use super::support::awaited;
use crate::storage;
use crate::webhook::conformance::after_queue_conformance;
use crate::webhook::{AfterQueue, FAR_MS, NewAfter, Retry, StoredAfter};

#[derive(Debug, Default)]
pub(super) struct Rows {
    last_id: i64,
    rows: BTreeMap<i64, (StoredAfter, u64)>,
    broken: bool,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Failed deliveries of each waiting event, in order.
    pub(super) fn attempts(&self) -> Vec<u32> {
        self.rows.values().map(|(event, _)| event.attempts).collect()
    }
}

#[derive(Debug)]
pub(super) struct MemoryQueue(watch::Sender<Rows>);

impl MemoryQueue {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Rows::default()))
    }

    pub(super) fn set_broken(&self, broken: bool) {
        self.0.send_modify(|rows| rows.broken = broken);
    }

    /// Waits until the queue looks like this.
    pub(super) async fn until(&self, looks_right: impl FnMut(&Rows) -> bool) {
        awaited(self.0.subscribe().wait_for(looks_right)).await.unwrap();
    }

    /// When the earliest event is due, which is the time that a test sets its clock to.
    pub(super) fn next_ms(&self) -> u64 {
        self.0.borrow().rows.values().map(|(_, next_ms)| *next_ms).min().unwrap()
    }

    fn read<T>(&self, read: impl FnOnce(&Rows) -> T) -> Result<T, storage::Error> {
        let rows = self.0.borrow();
        if rows.broken { Err(sqlx::Error::PoolClosed.into()) } else { Ok(read(&rows)) }
    }

    fn write(&self, write: impl FnOnce(&mut Rows)) -> Result<(), storage::Error> {
        self.read(|_| ())?;
        self.0.send_modify(write);
        Ok(())
    }
}

#[async_trait]
impl AfterQueue for MemoryQueue {
    async fn push(&self, events: Vec<NewAfter>) -> Result<(), storage::Error> {
        self.write(|rows| {
            for event in events {
                rows.last_id += 1;
                let stored = StoredAfter {
                    id: rows.last_id,
                    sdk_app_id: event.sdk_app_id,
                    command: event.command.into(),
                    body: event.body,
                    client_ip: event.client_ip,
                    platform: event.platform.into(),
                    created_ms: event.created_ms,
                    attempts: 0,
                };
                rows.rows.insert(stored.id, (stored, event.created_ms));
            }
        })
    }

    async fn due(
        &self,
        sdk_app_id: u32,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<StoredAfter>, storage::Error> {
        self.read(|rows| {
            let due = |row: &&(StoredAfter, u64)| {
                let time = row.1 <= now_ms || row.1 > now_ms.saturating_add(FAR_MS);
                row.0.sdk_app_id == sdk_app_id && time
            };
            rows.rows.values().filter(due).take(limit).map(|row| row.0.clone()).collect()
        })
    }

    async fn settle(&self, done: &[i64], retries: &[Retry]) -> Result<(), storage::Error> {
        self.write(|rows| {
            for id in done {
                rows.rows.remove(id);
            }
            for retry in retries {
                if let Some((event, next_ms)) = rows.rows.get_mut(&retry.id) {
                    event.attempts = retry.attempts;
                    *next_ms = retry.next_ms;
                }
            }
        })
    }

    async fn count(&self, sdk_app_id: u32) -> Result<usize, storage::Error> {
        self.read(|rows| rows.rows.values().filter(|row| row.0.sdk_app_id == sdk_app_id).count())
    }

    async fn waiting(&self) -> Result<Vec<(u32, u64)>, storage::Error> {
        self.read(|rows| {
            let mut earliest = BTreeMap::new();
            for (event, next_ms) in rows.rows.values() {
                let known = earliest.entry(event.sdk_app_id).or_insert(*next_ms);
                *known = (*known).min(*next_ms);
            }
            earliest.into_iter().collect()
        })
    }
}

#[tokio::test]
async fn the_queue_in_memory_keeps_the_rules_of_a_queue() {
    after_queue_conformance(&MemoryQueue::new()).await;
}
