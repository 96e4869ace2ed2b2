//! A queue in memory, which a test can look into, wait for, and break.

use async_trait::async_trait;
use std::collections::BTreeMap;
use tokio::sync::watch;

use super::support::awaited;
use crate::storage;
use crate::storage::conformance::after_queue_conformance;
use crate::storage::{AfterQueue, NewAfter, Retry, StoredAfter, StoredKey};

#[derive(Debug, Default)]
pub(super) struct Rows {
    last_id: i64,
    rows: BTreeMap<i64, (StoredKey, StoredAfter)>,
    broken: bool,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Failed deliveries of each waiting event, in order.
    pub(super) fn attempts(&self) -> Vec<u32> {
        self.rows.values().map(|(key, _)| key.attempts).collect()
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
        self.0.borrow().rows.values().map(|(key, _)| key.next_ms).min().unwrap()
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
    async fn push(&self, events: &[NewAfter]) -> Result<i64, storage::Error> {
        let mut first = 0;
        self.write(|rows| {
            first = rows.last_id + 1;
            for event in events {
                rows.last_id += 1;
                let key = StoredKey {
                    id: rows.last_id,
                    sdk_app_id: event.sdk_app_id,
                    subject: event.subject.clone(),
                    created_ms: event.created_ms,
                    next_ms: event.created_ms,
                    attempts: 0,
                };
                let stored = StoredAfter {
                    command: event.command.into(),
                    body: event.body.clone(),
                    client_ip: event.client_ip,
                    platform: event.platform.into(),
                };
                rows.rows.insert(key.id, (key, stored));
            }
        })?;
        Ok(first)
    }

    async fn keys(&self, above: i64, limit: usize) -> Result<Vec<StoredKey>, storage::Error> {
        self.read(|rows| {
            let later = rows.rows.values().filter(|(key, _)| key.id > above);
            later.take(limit).map(|(key, _)| key.clone()).collect()
        })
    }

    async fn event(&self, id: i64) -> Result<Option<StoredAfter>, storage::Error> {
        self.read(|rows| rows.rows.get(&id).map(|(_, event)| event.clone()))
    }

    async fn settle(&self, done: &[i64], retries: &[Retry]) -> Result<(), storage::Error> {
        self.write(|rows| {
            for id in done {
                rows.rows.remove(id);
            }
            for retry in retries {
                if let Some((key, _)) = rows.rows.get_mut(&retry.id) {
                    (key.attempts, key.next_ms) = (retry.attempts, retry.next_ms);
                }
            }
        })
    }
}

#[tokio::test]
async fn the_queue_in_memory_keeps_the_rules_of_a_queue() {
    after_queue_conformance(&MemoryQueue::new()).await;
}
