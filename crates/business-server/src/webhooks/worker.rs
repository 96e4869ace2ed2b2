//! Has the subjects handle what has happened.

use chat_types::webhook::Webhook;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::happened::happened_ms;
use super::store::{self, Waiting};
use crate::Business;
use crate::events::Event;
use crate::figures::{add, count};
use crate::routine::{Next, Panicked, caught, every};
use crate::storage::Error;

/// Events in one transaction.
const BATCH: u32 = 64;
/// An event that fails so often is set aside.
const FAILURES: u64 = 3;
/// It is looked so often even when nobody wakes the routine: another node may have stored something.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why an event was not processed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Failed(#[from] Error),
    /// It would panic again, so it is not tried again.
    #[error("{name} failed by a {panic}")]
    Panicked {
        name: &'static str,
        /// Its place among the consumers.
        place: usize,
        panic: Panicked,
    },
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Until `stop`; events that are being processed then are processed to their end.
pub(super) async fn process_stored(business: &Business, stop: &CancellationToken) {
    let wake = Some(&business.webhooks.stored);
    every(stop, LOOK_EVERY, wake, || process_batch(business)).await;
}

/// Processes the oldest events that wait.
async fn process_batch(business: &Business) -> Result<Next, Error> {
    let events = store::waiting(&mut business.database.read_for_webhook().await?, BATCH).await?;
    if events.is_empty() {
        return Ok(Next::Period);
    }
    let Err(failure) = process_together(business, &events).await else { return Ok(Next::Now) };
    tracing::debug!(%failure, "events are processed one by one");
    for event in &events {
        if let Err(failure) = process_together(business, std::slice::from_ref(event)).await {
            note_failure(business, event, &failure).await?;
            return match failure {
                Failure::Panicked { .. } | Failure::Failed(Error::Unreadable(_)) => Ok(Next::Now),
                // What fails because of the database may succeed in a moment; and those that come
                // after it are processed after it.
                Failure::Failed(error) => Err(error),
            };
        }
    }
    Ok(Next::Now)
}

async fn process_together(business: &Business, events: &[Waiting]) -> Result<(), Failure> {
    let mut tx = business.database.write().await?;
    for event in events {
        let webhook: Webhook = serde_json::from_str(&event.body)
            .map_err(|error| Error::Unreadable(format!("event {}: {error}", event.id)))?;
        let noted_ms = if event.at_ms > 0 { event.at_ms } else { event.came_ms };
        let at_ms = happened_ms(&webhook).unwrap_or(noted_ms);
        let happened = Event { webhook: &webhook, at_ms };
        for (place, consumer) in business.webhooks.subjects.consumers.iter().enumerate() {
            // What was written before a panic is undone with the transaction.
            let handled = caught((consumer.on_event)(business, &mut tx, happened)).await;
            let name = consumer.name;
            handled.map_err(|panic| Failure::Panicked { name, place, panic })??;
        }
        store::processed(&mut tx, event.id).await?;
    }
    tx.commit().await?;
    add(&business.webhooks.figures.heard, events.len());
    Ok(())
}

async fn note_failure(
    business: &Business,
    event: &Waiting,
    failure: &Failure,
) -> Result<(), Error> {
    let failures = event.failures.saturating_add(1);
    let panicked = match failure {
        Failure::Panicked { place, .. } => business.webhooks.panics.get(*place),
        Failure::Failed(_) => None,
    };
    let set_aside = panicked.is_some() || failures >= FAILURES;
    let mut tx = business.database.write().await?;
    store::failed(&mut tx, event.id, failures, set_aside).await?;
    tx.commit().await?;
    let id = event.id;
    if set_aside {
        tracing::error!(id, %failure, "event set aside: it is kept for thirty days");
        count(&business.webhooks.figures.set_aside);
    } else {
        tracing::warn!(id, failures, %failure, "event not processed");
    }
    if let Some(panics) = panicked {
        count(&business.webhooks.figures.panicked);
        count(panics);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::webhooks::inbox::Arrived;
    use crate::webhooks::redelivery::note_arrival;

    /// Stores an event as if it had just come. Nobody is told of it.
    pub(crate) async fn store_event(business: &Business, webhook: &Webhook) {
        let body = serde_json::to_string(webhook).unwrap();
        business.webhooks.redelivery.called(business.clock.monotonic_ms());
        let arrived = Arrived::now(business, webhook, body);
        let mut tx = business.database.write().await.unwrap();
        let id = store::claim_ids(&mut tx, 1).await.unwrap();
        note_arrival(business, &mut tx, arrived.at_ms);
        assert!(store::insert(&mut tx, id, &arrived).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub(crate) async fn process_all(business: &Business) {
        while process_batch(business).await.unwrap() == Next::Now {}
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{process_all, store_event};
    use super::*;
    use crate::storage::Tx;
    use crate::testing::{TestClock, business};
    use crate::webhooks::{Boxed, Consumer};
    use chat_types::webhook::{GroupAfterMsg, GroupMsg};
    use std::sync::atomic::Ordering;

    fn said(user: &str, msg_seq: u32) -> Webhook {
        let message =
            GroupMsg { group_id: "r".into(), from_account: user.into(), ..GroupMsg::default() };
        Webhook::GroupAfterSendMsg(GroupAfterMsg { message, msg_seq, msg_time: 1_760_000_000 })
    }

    /// Opens a room in the name of who speaks, and cannot bear one of them.
    fn touchy<'a>(
        _: &'a Business,
        tx: &'a mut Tx,
        event: Event<'a>,
    ) -> Boxed<'a, Result<(), Error>> {
        Box::pin(async move {
            let Webhook::GroupAfterSendMsg(sent) = event.webhook else { return Ok(()) };
            let user = &sent.message.from_account;
            crate::rooms::store::insert(tx, user, user, "Room", 0).await?;
            assert_ne!(user, "bo", "a subject panics");
            Ok(())
        })
    }

    #[tokio::test]
    async fn an_event_at_which_a_subject_panics_is_set_aside_and_the_others_are_processed() {
        let dir = tempfile::tempdir().unwrap();
        let mut business = business(dir.path(), &TestClock::at(1_760_000_000_000)).await;
        static TOUCHY: [Consumer; 1] = [Consumer::new("touchy", touchy)];
        business.webhooks.subjects.consumers = &TOUCHY;
        for (msg_seq, user) in (1..).zip(["mei", "bo", "jun"]) {
            store_event(&business, &said(user, msg_seq)).await;
        }
        process_all(&business).await;
        let figures = &business.webhooks.figures;
        let counted = [&figures.heard, &figures.set_aside, &figures.panicked]
            .map(|figure| figure.load(Ordering::SeqCst));
        assert_eq!(counted, [2, 1, 1]);
        assert_eq!(business.webhooks.panics().collect::<Vec<_>>(), [("touchy", 1)]);
        let mut tx = business.database.read().await.unwrap();
        assert_eq!(store::count_waiting(&mut tx).await.unwrap(), 0);
        let mut opened = Vec::new();
        for user in ["mei", "bo", "jun"] {
            opened.push(crate::rooms::store::find(&mut tx, user).await.unwrap().is_some());
        }
        assert_eq!(opened, [true, false, true], "what was written before the panic is undone");
    }
}
