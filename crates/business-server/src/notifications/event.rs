//! What the shop is told, as it is sent.

use chat_types::business::LiveStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::EventKind;

/// What happened, with what belongs to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The live status of the room has changed.
    RoomStatus(RoomStatusEvent),
}

impl Event {
    pub(crate) fn kind(&self) -> EventKind {
        match self {
            Self::RoomStatus(_) => EventKind::RoomStatus,
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RoomStatusEvent {
    /// `to_be_started`, `live`, `paused`, `ended` or `played_back`.
    #[schema(value_type = String)]
    pub(crate) status: LiveStatus,
}

/// The body of a call to the shop.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notification<'a> {
    /// The same for every attempt to tell this event: who has seen it before leaves it alone.
    #[schema(value_type = String)]
    pub(super) id: &'a str,
    /// Absent when it concerns no room.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(value_type = String, required = false)]
    pub(super) room: &'a str,
    /// When it happened, in Unix milliseconds.
    pub(super) at_ms: u64,
    #[serde(flatten)]
    pub(super) event: &'a Event,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_kinds_are_those_in_the_body() {
        for event in [Event::RoomStatus(RoomStatusEvent { status: LiveStatus::Live })] {
            let body = Notification { id: "1", room: "r", at_ms: 5, event: &event };
            let body = serde_json::to_value(&body).unwrap();
            let name = body["kind"].as_str().unwrap();
            assert_eq!(name.parse(), Ok(event.kind()));
            assert_eq!(serde_json::to_value(event.kind()).unwrap(), name);
            assert!(body["data"].is_object());
        }
    }
}
