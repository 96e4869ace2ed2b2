//! The webhook by which the shop's own server is told what happens.

use chat_rest::Secret;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

/// The shop's own server that is told what happens.
#[derive(Clone)]
pub struct ShopWebhook {
    /// `https://HOST/PATH`, or `http://` inside a network that nobody else reads.
    pub url: String,
    /// Signs each call.
    pub secret: Secret,
    /// What it is told of; without any, of everything.
    pub kinds: Vec<EventKind>,
    /// Events that may wait for it.
    pub limit: u64,
}

/// What happened, of which kinds a shop may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
pub enum EventKind {
    GiftPaid,
    GiftRefunded,
    DrawClosed,
    OrderRecorded,
    Muted,
    Unmuted,
    Banned,
    Unbanned,
    RoomStatus,
}

impl EventKind {
    pub(crate) const ALL: [Self; 9] = [
        Self::GiftPaid,
        Self::GiftRefunded,
        Self::DrawClosed,
        Self::OrderRecorded,
        Self::Muted,
        Self::Unmuted,
        Self::Banned,
        Self::Unbanned,
        Self::RoomStatus,
    ];
}

impl FromStr for EventKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let reader: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            name.into_deserializer();
        Self::deserialize(reader).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_does_not_exist_is_refused_with_those_that_do() {
        let refused = "gift".parse::<EventKind>().unwrap_err();
        assert!(refused.contains("gift_paid") && refused.contains("room_status"), "{refused}");
    }
}
