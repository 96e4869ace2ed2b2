//! What became of the messages of all rooms, by class and cause, for the metrics.

use chat_types::gateway::{MessageClass, RefusalCause, ShedCause};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfClass {
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCause {
    class: &'static str,
    cause: &'static str,
}

/// The counters of one service. Of every class, received = delivered + shed + refused + what waits.
#[derive(Debug, Default)]
pub(crate) struct MessageCounters {
    received: Family<OfClass, Counter>,
    delivered: Family<OfClass, Counter>,
    shed: Family<OfCause, Counter>,
    refused: Family<OfCause, Counter>,
    missed_copies: Family<OfClass, Counter>,
}

impl MessageCounters {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let by_class = [
            ("room_messages_received", "Messages and tips that rooms were given", &self.received),
            ("room_messages_delivered", "Messages and tips that went to a room", &self.delivered),
            (
                "room_copies_missed",
                "Copies that were left out for connections that read too slowly",
                &self.missed_copies,
            ),
        ];
        for (name, help, family) in by_class {
            registry.register(name, help, family.clone());
        }
        let by_cause = [
            ("room_messages_shed", "Messages and tips that a room sampled out", &self.shed),
            ("room_messages_refused", "Messages that were refused", &self.refused),
        ];
        for (name, help, family) in by_cause {
            registry.register(name, help, family.clone());
        }
    }

    pub(crate) fn received(&self, class: MessageClass, by: u64) {
        self.received.get_or_create(&OfClass { class: class.name() }).inc_by(by);
    }

    pub(crate) fn delivered(&self, class: MessageClass, by: u64) {
        self.delivered.get_or_create(&OfClass { class: class.name() }).inc_by(by);
    }

    pub(crate) fn shed(&self, class: MessageClass, cause: ShedCause, by: u64) {
        let labels = OfCause { class: class.name(), cause: cause.name() };
        self.shed.get_or_create(&labels).inc_by(by);
    }

    pub(crate) fn refused(&self, class: MessageClass, cause: RefusalCause) {
        let labels = OfCause { class: class.name(), cause: cause.name() };
        self.refused.get_or_create(&labels).inc();
    }

    pub(crate) fn missed_copies(&self, class: MessageClass, by: u64) {
        self.missed_copies.get_or_create(&OfClass { class: class.name() }).inc_by(by);
    }
}
