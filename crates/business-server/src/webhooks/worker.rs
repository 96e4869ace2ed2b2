//! Tells the subjects what has happened.

use chat_types::webhook::Webhook;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::happened::happened_ms;
use super::store::{self, Waiting};
use crate::Business;
use crate::events::Event;
use crate::figures::{add, count};
use crate::storage::Error;

/// Events in one transaction.
const BATCH: u32 = 64;
/// An event that fails so often is set aside.
const FAILURES: u64 = 3;
/// The pause after the database failed.
const PAUSE: Duration = Duration::from_secs(1);
const PURGE_EVERY: Duration = Duration::from_secs(600);
/// The chat service brings an event again within an hour; keys are kept for a day.
const KEYS_KEPT_MS: u64 = 24 * 3_600 * 1_000;
/// How long an event that was set aside waits for a person.
const SET_ASIDE_KEPT_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// Until `stop`; an event that is being processed then is processed to its end.
pub(super) async fn process_stored(business: &Business, stop: &CancellationToken) {
    let mut purge_at = Instant::now();
    while !stop.is_cancelled() {
        if purge_at <= Instant::now() {
            purge(business).await;
            purge_at = Instant::now() + PURGE_EVERY;
        }
        let sleep = match process_batch(business).await {
            Ok(true) => continue,
            Ok(false) => purge_at - Instant::now(),
            Err(error) => {
                tracing::error!(%error, "events not processed");
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = business.webhooks.stored.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// False when nothing waits.
async fn process_batch(business: &Business) -> Result<bool, Error> {
    let events = store::waiting(&mut business.database.read_for_webhook().await?, BATCH).await?;
    if events.is_empty() {
        return Ok(false);
    }
    let Err(failure) = process_together(business, &events).await else { return Ok(true) };
    tracing::debug!(%failure, "events are processed one by one");
    for event in &events {
        if let Err(failure) = process_together(business, std::slice::from_ref(event)).await {
            note_failure(business, event, &failure).await?;
            // What fails because of the database may succeed in a moment; and those that come after
            // it are processed after it.
            return if matches!(failure, Error::Unreadable(_)) { Ok(true) } else { Err(failure) };
        }
    }
    Ok(true)
}

async fn process_together(business: &Business, events: &[Waiting]) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    for event in events {
        let webhook: Webhook = serde_json::from_str(&event.body)
            .map_err(|error| Error::Unreadable(format!("event {}: {error}", event.id)))?;
        let at_ms = happened_ms(&webhook).unwrap_or(event.came_ms);
        let happened = Event { webhook: &webhook, at_ms };
        (business.webhooks.subjects.hear)(business, &mut tx, happened).await?;
        store::processed(&mut tx, event.id).await?;
    }
    tx.commit().await?;
    business.webhooks.waiting.fetch_sub(events.len(), Ordering::SeqCst);
    add(&business.webhooks.figures.heard, events.len());
    Ok(())
}

async fn note_failure(business: &Business, event: &Waiting, failure: &Error) -> Result<(), Error> {
    let failures = event.failures.saturating_add(1);
    let set_aside = failures >= FAILURES;
    let mut tx = business.database.write().await?;
    store::failed(&mut tx, event.id, failures, set_aside).await?;
    tx.commit().await?;
    let id = event.id;
    if set_aside {
        tracing::error!(id, %failure, "event set aside: it is kept for thirty days");
        business.webhooks.waiting.fetch_sub(1, Ordering::SeqCst);
        count(&business.webhooks.figures.set_aside);
    } else {
        tracing::warn!(id, failures, %failure, "event not processed");
    }
    Ok(())
}

async fn purge(business: &Business) {
    let now_ms = business.clock.now_ms();
    let purged = async {
        let mut tx = business.database.write().await?;
        let processed_ms = now_ms.saturating_sub(KEYS_KEPT_MS);
        let aside_ms = now_ms.saturating_sub(SET_ASIDE_KEPT_MS);
        let gone = store::purge(&mut tx, processed_ms, aside_ms).await?;
        tx.commit().await?;
        Ok::<_, Error>(gone)
    };
    match purged.await {
        Ok(gone) => tracing::debug!(gone, "old events removed"),
        Err(error) => tracing::error!(%error, "old events not removed"),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::webhooks::inbox::{Arrived, key};

    /// Stores an event as if it had just come. Nobody is told of it.
    pub(crate) async fn store_event(business: &Business, webhook: &Webhook) {
        let body = serde_json::to_string(webhook).unwrap();
        let key = key(webhook, body.as_bytes());
        let at_ms = happened_ms(webhook).unwrap_or_default();
        let came_ms = business.clock.now_ms();
        let mut tx = business.database.write().await.unwrap();
        let id = store::last_id(&mut tx).await.unwrap() + 1;
        let arrived = Arrived { key, body, at_ms, came_ms };
        assert!(store::insert(&mut tx, id, &arrived).await.unwrap());
        tx.commit().await.unwrap();
        business.webhooks.waiting.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) async fn process_all(business: &Business) {
        while process_batch(business).await.unwrap() {}
    }
}
