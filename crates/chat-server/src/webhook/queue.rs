//! The queue of after-webhooks, which survives a restart.

use async_trait::async_trait;
use std::net::IpAddr;

use crate::storage;

/// An event that has happened and that the receiver will be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewAfter {
    pub(crate) sdk_app_id: u32,
    pub(crate) command: &'static str,
    pub(crate) body: String,
    pub(crate) client_ip: Option<IpAddr>,
    pub(crate) platform: &'static str,
    /// Unix milliseconds. The event is due from this moment on.
    pub(crate) created_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredAfter {
    /// Grows with every event of the queue.
    pub(crate) id: i64,
    pub(crate) sdk_app_id: u32,
    pub(crate) command: String,
    pub(crate) body: String,
    pub(crate) client_ip: Option<IpAddr>,
    pub(crate) platform: String,
    pub(crate) created_ms: u64,
    /// Deliveries that have failed so far.
    pub(crate) attempts: u32,
}

/// No event is put off as long as this: one that is due later still waits for a clock that has been
/// set back meanwhile.
pub(crate) const FAR_MS: u64 = 600_000;

/// A failed delivery that is to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) id: i64,
    pub(crate) next_ms: u64,
    pub(crate) attempts: u32,
}

/// Where after-events wait. What a call has done is durable when it returns. The rules are those
/// of `conformance::after_queue_conformance`.
#[async_trait]
pub(crate) trait AfterQueue: Send + Sync + 'static {
    /// Appends all or none.
    async fn push(&self, events: Vec<NewAfter>) -> Result<(), storage::Error>;

    /// The first `limit` events of an application that are due at `now_ms`, by their ids. One that is
    /// due more than [`FAR_MS`] later is due too.
    async fn due(
        &self,
        sdk_app_id: u32,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<StoredAfter>, storage::Error>;

    /// Removes `done` and puts off `retries`, in one step. Unknown ids are passed over.
    async fn settle(&self, done: &[i64], retries: &[Retry]) -> Result<(), storage::Error>;

    async fn count(&self, sdk_app_id: u32) -> Result<usize, storage::Error>;

    /// Every application with events, and when its earliest one is due.
    async fn waiting(&self) -> Result<Vec<(u32, u64)>, storage::Error>;
}
