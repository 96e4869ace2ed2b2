//! How much the receiver of webhooks takes.

use std::time::Duration;

/// How much the receiver takes.
#[derive(Debug, Clone)]
pub struct WebhookLimits {
    /// A before-webhook is answered within this time, counted from its head. The chat service waits
    /// two seconds.
    pub before_budget: Duration,
    /// Before-webhooks that are worked on at once; others wait, within their budget, up to sixteen
    /// times as many. A further one is answered as one whose budget is over.
    pub before_places: usize,
    /// After-webhooks on their way into the database; another one is answered 503.
    pub arriving: usize,
    /// Stored events that wait to be processed; another one is answered 503.
    pub unprocessed: usize,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self {
            before_budget: Duration::from_millis(1_500),
            before_places: 256,
            arriving: 512,
            unprocessed: 100_000,
        }
    }
}

impl WebhookLimits {
    /// What a decision may wait for the database to write something; a part of the budget, so that
    /// it is still told in time.
    pub(crate) fn patience(&self) -> Duration {
        self.before_budget / 2
    }
}
