//! What the webhooks count, since the service started.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::kind::Cause;
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
        after_passed_by: "After-webhooks that failed so often that their group went on without them";
        after_store_retried: "Writes of after-webhooks that failed and are repeated";
        after_dropped_full: "After-webhooks dropped because too many waited";
        after_dropped_memory: "After-webhooks dropped because memory was full of what could not be stored";
        after_dropped_old: "After-webhooks dropped after too many attempts or too long";
        after_dropped_no_url: "After-webhooks dropped because there is no receiver any more";
        after_dropped_storage: "After-webhooks dropped because the service stopped and they could not be stored";
    }
}

pub(super) fn count(figure: &Counter) {
    figure.inc();
}

/// Why an after-webhook is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    QueueFull,
    MemoryFull,
    /// The service stops, and the database cannot be written.
    Unstored,
    TooOld,
    NoReceiver,
}

impl Figures {
    pub(super) fn dropped(&self, why: Dropped) {
        count(match why {
            Dropped::QueueFull => &self.after_dropped_full,
            Dropped::MemoryFull => &self.after_dropped_memory,
            Dropped::Unstored => &self.after_dropped_storage,
            Dropped::TooOld => &self.after_dropped_old,
            Dropped::NoReceiver => &self.after_dropped_no_url,
        });
    }
}

/// Why an exception was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Untold {
    /// More came than the lane has room for.
    NoRoom,
    /// The receiver failed too often.
    Failed,
    NoReceiver,
    /// It waited when the service stopped.
    Stopped,
}

impl Untold {
    const fn name(self) -> &'static str {
        match self {
            Self::NoRoom => "no_room",
            Self::Failed => "failed",
            Self::NoReceiver => "no_receiver",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCause {
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfUntold {
    cause: &'static str,
    why: &'static str,
}

/// What became of exceptions, by the cause that each tells of.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExceptionFigures {
    told: Family<OfCause, Counter>,
    untold: Family<OfUntold, Counter>,
}

impl ExceptionFigures {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "Exceptions that their receiver took, by what they tell of";
        registry.register("exceptions_told", help, self.told.clone());
        let help = "Exceptions that nobody was told of, by what they tell of and why";
        registry.register("exceptions_untold", help, self.untold.clone());
    }

    pub(super) fn told(&self, cause: Cause) {
        self.told.get_or_create(&OfCause { cause: cause.name() }).inc();
    }

    pub(super) fn untold(&self, cause: Cause, why: Untold) {
        self.untold.get_or_create(&OfUntold { cause: cause.name(), why: why.name() }).inc();
    }
}
