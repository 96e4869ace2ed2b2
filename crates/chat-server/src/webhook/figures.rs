//! What the webhooks count, since the service started.

use prometheus_client::metrics::counter::Counter;

use crate::counters::counter_table;

counter_table! {
    /// Before: calls by how they ended. After: events by what became of them.
    Figures {
        before_ok: "Before-webhooks whose receiver gave a usable answer";
        before_failed: "Before-webhooks whose receiver gave no usable answer in time";
        before_breaker: "Before-webhooks not sent because the receiver had failed too often";
        before_crowded: "Before-webhooks not sent because no place became free in time";
        before_bad_replacement: "Before-webhooks whose replaced message cannot be delivered";
        after_recorded: "After-webhooks put into the queue";
        after_delivered: "After-webhooks that their receiver took";
        after_retried: "Deliveries of after-webhooks that failed and are repeated";
        after_dropped_full: "After-webhooks dropped because too many waited";
        after_dropped_old: "After-webhooks dropped after too many attempts or too long";
        after_dropped_no_url: "After-webhooks dropped because there is no receiver any more";
        after_dropped_storage: "After-webhooks dropped because they could not be stored";
    }
}

pub(super) fn count(figure: &Counter) {
    figure.inc();
}
