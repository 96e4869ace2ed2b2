//! Webhooks of the chat service ("Webhook Overview", product/1047/34354).
//!
//! `POST /webhooks` takes them. Who calls is checked by signature, time and application before a
//! body is read. A before-webhook is answered within a budget of its own, well inside the two
//! seconds of the chat service; when it runs out, what was asked is allowed and counted. An
//! after-webhook is stored and then answered, many in one commit; when it cannot be stored the
//! answer is 503, and the chat service brings it again.
//!
//! Stored events are heard in their order, each once: what the subjects write and the note that it
//! was heard are one transaction. An event that fails three times is set aside, so that the others
//! go on.

mod before;
pub(crate) mod codes;
mod consumers;
mod figures;
pub mod fuzz;
mod heard;
pub(crate) mod http;
mod inbox;
mod queue;
mod receive;
mod signature;
mod store;
mod worker;

pub(crate) use figures::{add, count};
pub(crate) use heard::Heard;
pub(crate) use queue::{Job, Queue};
pub(crate) use receive::router;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::Business;
use figures::{Figures, WebhookFigures};
use inbox::{Arrived, Stored};

/// How much the receiver takes.
#[derive(Debug, Clone)]
pub struct WebhookLimits {
    /// A before-webhook is answered within this time, counted from its head. The chat service waits
    /// two seconds.
    pub before_budget: Duration,
    /// Before-webhooks that are worked on at once; others wait, within their budget.
    pub before_places: usize,
    /// After-webhooks on their way into the database; another one is answered 503.
    pub arriving: usize,
    /// Stored events that nobody has heard yet; another one is answered 503.
    pub unheard: usize,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self {
            before_budget: Duration::from_millis(1_500),
            before_places: 256,
            arriving: 512,
            unheard: 100_000,
        }
    }
}

/// What the receiver has in hand.
pub(crate) struct Webhooks {
    limits: WebhookLimits,
    pub(crate) figures: Figures,
    before_places: Semaphore,
    inbox: Queue<Arrived, Stored>,
    /// Stored events that nobody has heard yet.
    unheard: AtomicUsize,
    /// Something was stored.
    stored: Notify,
}

impl Webhooks {
    pub(crate) fn new(limits: WebhookLimits) -> Self {
        Self {
            figures: Figures::default(),
            before_places: Semaphore::new(limits.before_places.min(Semaphore::MAX_PERMITS)),
            inbox: Queue::new(limits.arriving),
            unheard: AtomicUsize::new(0),
            stored: Notify::new(),
            limits,
        }
    }

    /// What a decision may wait for the database to take something down; a part of the budget, so
    /// that it is still told in time.
    pub(crate) fn patience(&self) -> Duration {
        self.limits.before_budget / 2
    }

    fn read_figures(&self) -> WebhookFigures {
        let unheard = self.unheard.load(Ordering::SeqCst);
        self.figures.read(u64::try_from(unheard).unwrap_or(u64::MAX))
    }
}

/// Stores what arrives and tells the subjects, until `stop`; what is not heard by then is heard
/// after the next start.
pub(crate) async fn run(business: Arc<Business>, stop: CancellationToken) {
    let left = async {
        let mut tx = business.database.read().await?;
        store::count_unheard(&mut tx).await
    };
    match left.await {
        Ok(left) => business.webhooks.unheard.store(left, Ordering::SeqCst),
        Err(error) => tracing::error!(%error, "stored events not counted"),
    }
    tokio::join!(inbox::store_all(&business, &stop), worker::hear_all(&business, &stop));
}
