//! The queue of after-webhooks, which survives a restart.

use async_trait::async_trait;
use std::net::IpAddr;

use super::Error;

/// Whom an event concerns. What concerns the same is told in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) group: Option<String>,
    /// None if it concerns several accounts, or all of the group.
    pub(crate) account: Option<String>,
}

/// An event that has happened and that the receiver will be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewAfter {
    pub(crate) sdk_app_id: u32,
    pub(crate) command: &'static str,
    pub(crate) subject: Subject,
    pub(crate) body: String,
    pub(crate) client_ip: Option<IpAddr>,
    pub(crate) platform: &'static str,
    /// Unix milliseconds. The event is due from this moment on.
    pub(crate) created_ms: u64,
}

/// What is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredAfter {
    pub(crate) command: String,
    pub(crate) body: String,
    pub(crate) client_ip: Option<IpAddr>,
    pub(crate) platform: String,
}

/// What decides when it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredKey {
    /// Grows with every event of the queue.
    pub(crate) id: i64,
    pub(crate) sdk_app_id: u32,
    pub(crate) subject: Subject,
    pub(crate) created_ms: u64,
    pub(crate) next_ms: u64,
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
    /// Appends all or none. Gives the id of the first; the others follow it one by one.
    async fn push(&self, events: &[NewAfter]) -> Result<i64, Error>;

    /// The first `limit` events above an id, of all applications, by their ids.
    async fn keys(&self, above: i64, limit: usize) -> Result<Vec<StoredKey>, Error>;

    async fn event(&self, id: i64) -> Result<Option<StoredAfter>, Error>;

    /// Removes `done` and puts off `retries`, in one step. Unknown ids are passed over.
    async fn settle(&self, done: &[i64], retries: &[Retry]) -> Result<(), Error>;
}
