//! Tells the subjects what has happened.

use chat_types::webhook::Webhook;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::store;
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

/// Until `stop`; an event that is being heard then is heard to its end.
pub(super) async fn hear_all(business: &Business, stop: &CancellationToken) {
    let mut purge_at = Instant::now();
    while !stop.is_cancelled() {
        if purge_at <= Instant::now() {
            purge(business).await;
            purge_at = Instant::now() + PURGE_EVERY;
        }
        let sleep = match hear_batch(business).await {
            Ok(true) => continue,
            Ok(false) => purge_at - Instant::now(),
            Err(error) => {
                tracing::error!(%error, "events not heard");
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
async fn hear_batch(business: &Business) -> Result<bool, Error> {
    let events = store::unheard(&mut business.database.read_for_webhook().await?, BATCH).await?;
    if events.is_empty() {
        return Ok(false);
    }
    let Err(error) = hear_together(business, &events).await else { return Ok(true) };
    tracing::debug!(%error, "events are heard one by one");
    for event in &events {
        if let Err(error) = hear_together(business, std::slice::from_ref(event)).await {
            note_failure(business, event, &error).await?;
            // What fails because of the database may succeed in a moment; and those that come after
            // it are heard after it.
            return if matches!(error, Error::Unreadable(_)) { Ok(true) } else { Err(error) };
        }
    }
    Ok(true)
}

async fn hear_together(business: &Business, events: &[store::Waiting]) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    for event in events {
        let webhook: Webhook = serde_json::from_str(&event.body)
            .map_err(|error| Error::Unreadable(format!("event {}: {error}", event.id)))?;
        let at_ms = happened_ms(&webhook).unwrap_or(event.came_ms);
        let happened = Event { webhook: &webhook, at_ms };
        (business.webhooks.subjects.hear)(business, &mut tx, happened).await?;
        store::heard(&mut tx, event.id).await?;
    }
    tx.commit().await?;
    business.webhooks.unheard.fetch_sub(events.len(), Ordering::SeqCst);
    add(&business.webhooks.figures.heard, events.len());
    Ok(())
}

async fn note_failure(
    business: &Business,
    event: &store::Waiting,
    error: &Error,
) -> Result<(), Error> {
    let failures = event.failures.saturating_add(1);
    let set_aside = failures >= FAILURES;
    let mut tx = business.database.write().await?;
    store::failed(&mut tx, event.id, failures, set_aside).await?;
    tx.commit().await?;
    if set_aside {
        tracing::error!(event.id, %error, "event set aside: it is kept for thirty days");
        business.webhooks.unheard.fetch_sub(1, Ordering::SeqCst);
        count(&business.webhooks.figures.set_aside);
    } else {
        tracing::warn!(event.id, failures, %error, "event not heard");
    }
    Ok(())
}

async fn purge(business: &Business) {
    let now_ms = business.clock.now_ms();
    let purged = async {
        let mut tx = business.database.write().await?;
        let heard_ms = now_ms.saturating_sub(KEYS_KEPT_MS);
        let aside_ms = now_ms.saturating_sub(SET_ASIDE_KEPT_MS);
        let gone = store::purge(&mut tx, heard_ms, aside_ms).await?;
        tx.commit().await?;
        Ok::<_, Error>(gone)
    };
    match purged.await {
        Ok(gone) => tracing::debug!(gone, "old events removed"),
        Err(error) => tracing::error!(%error, "old events not removed"),
    }
}

/// When an event happened by the chat service's word, in Unix milliseconds.
fn happened_ms(webhook: &Webhook) -> Option<u64> {
    let seconds = |time_s: u32| u64::from(time_s) * 1_000;
    let at_ms = match webhook {
        Webhook::StateChange(event) => event.event_time.0,
        Webhook::PortraitSet(event) => event.event_time.0,
        Webhook::C2cBeforeSendMsg(message) => seconds(message.msg_time),
        Webhook::C2cAfterSendMsg(sent) => seconds(sent.message.msg_time),
        Webhook::C2cAfterMsgReport(event) => event.event_time.0,
        Webhook::C2cAfterMsgWithdraw(event) => event.event_time.0,
        Webhook::BeforeCreateGroup(event) => event.event_time.0,
        Webhook::AfterCreateGroup(event) => event.event_time.0,
        Webhook::BeforeApplyJoinGroup(event) => event.event_time.0,
        Webhook::BeforeInviteJoinGroup(event) => event.event_time.0,
        Webhook::AfterNewMemberJoin(event) => event.event_time.0,
        Webhook::AfterMemberExit(event) => event.event_time.0,
        Webhook::GroupBeforeSendMsg(message) => message.event_time.0,
        Webhook::GroupAfterSendMsg(sent) if sent.message.event_time.0 == 0 => {
            seconds(sent.msg_time)
        }
        Webhook::GroupAfterSendMsg(sent) => sent.message.event_time.0,
        Webhook::GroupSendMsgException(failed) => failed.message.event_time.0,
        Webhook::AfterGroupFull(event) => event.event_time.0,
        Webhook::AfterGroupDestroyed(event) => event.event_time.0,
        Webhook::AfterGroupInfoChanged(event) => event.event_time.0,
        Webhook::AfterChangeGroupOwner(event) => event.event_time.0,
        Webhook::OnMemberStateChange(_) => 0,
        Webhook::AfterMemberFieldChanged(event) => event.event_time.0,
        Webhook::AfterGroupAttrChanged(event) => event.event_time.0,
    };
    (at_ms > 0).then_some(at_ms)
}
