//! What the shop is told, as it is sent.

use chat_types::business::LiveStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::EventKind;

/// What happened, with what belongs to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub(crate) enum ShopEvent {
    /// A gift was paid.
    GiftPaid(GiftEvent),
    /// A gift was given back.
    GiftRefunded(RefundEvent),
    /// A draw is over and its winners are known.
    DrawClosed(DrawEvent),
    /// An order that the shop reported was recorded.
    OrderRecorded(OrderEvent),
    /// Somebody may not speak in the room for a time. The end of that time is not told again.
    Muted(SanctionEvent),
    /// Somebody may speak again before the time was over.
    Unmuted(SanctionEvent),
    /// Somebody may not come into the room for a time. The end of that time is not told again.
    Banned(SanctionEvent),
    /// Somebody may come in again before the time was over.
    Unbanned(SanctionEvent),
    /// The live status of the room has changed.
    RoomStatus(RoomStatusEvent),
}

impl ShopEvent {
    pub(crate) fn kind(&self) -> EventKind {
        match self {
            Self::GiftPaid(_) => EventKind::GiftPaid,
            Self::GiftRefunded(_) => EventKind::GiftRefunded,
            Self::DrawClosed(_) => EventKind::DrawClosed,
            Self::OrderRecorded(_) => EventKind::OrderRecorded,
            Self::Muted(_) => EventKind::Muted,
            Self::Unmuted(_) => EventKind::Unmuted,
            Self::Banned(_) => EventKind::Banned,
            Self::Unbanned(_) => EventKind::Unbanned,
            Self::RoomStatus(_) => EventKind::RoomStatus,
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct GiftEvent {
    pub(crate) order: String,
    /// Who gave it.
    pub(crate) user: String,
    /// Who has the income.
    pub(crate) owner: String,
    pub(crate) gift: String,
    pub(crate) count: u32,
    /// Of all of them together.
    pub(crate) coins: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RefundEvent {
    #[serde(flatten)]
    pub(crate) gift: GiftEvent,
    /// `asked` when an administrator did it, `untold` when the room could not be told of the gift, and
    /// `unclear` when an administrator did it and nobody knows whether the room was told.
    pub(crate) reason: &'static str,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DrawEvent {
    pub(crate) draw: String,
    pub(crate) prize: String,
    /// How many took part.
    pub(crate) entrants: u64,
    /// The accounts that have won, in their order: the first hundred.
    pub(crate) winners: Vec<String>,
    /// How many have won.
    pub(crate) winners_total: u64,
    /// Path of the draw's record, which has all of them and proves them.
    pub(crate) record: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrderEvent {
    pub(crate) order_id: String,
    pub(crate) product: String,
    pub(crate) quantity: u32,
    /// Who bought, if the shop has said so.
    pub(crate) user: Option<String>,
    /// There were fewer pieces than were sold, or the product is not in the catalogue any more.
    pub(crate) oversold: bool,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SanctionEvent {
    pub(crate) user: String,
    /// When it ends by itself, in Unix seconds; 0 for one that was lifted.
    pub(crate) until_s: u64,
    /// Why, as far as somebody has said so.
    pub(crate) reason: String,
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
    pub(super) event: &'a ShopEvent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_kinds_are_those_in_the_body() {
        let gift = GiftEvent {
            order: "o".into(),
            user: "mei".into(),
            owner: "host".into(),
            gift: "rose".into(),
            count: 2,
            coins: 2,
        };
        let sanction = SanctionEvent { user: "mei".into(), until_s: 9, reason: String::new() };
        let draw = DrawEvent {
            draw: "d".into(),
            prize: "A cup".into(),
            entrants: 1,
            winners: vec!["mei".into()],
            winners_total: 1,
            record: "/api/v1/draws/d/record".into(),
        };
        let order = OrderEvent {
            order_id: "o".into(),
            product: "cup".into(),
            quantity: 1,
            user: None,
            oversold: false,
        };
        for event in [
            ShopEvent::GiftPaid(gift.clone()),
            ShopEvent::GiftRefunded(RefundEvent { gift, reason: "asked" }),
            ShopEvent::DrawClosed(draw),
            ShopEvent::OrderRecorded(order),
            ShopEvent::Muted(sanction.clone()),
            ShopEvent::Unmuted(sanction.clone()),
            ShopEvent::Banned(sanction.clone()),
            ShopEvent::Unbanned(sanction),
            ShopEvent::RoomStatus(RoomStatusEvent { status: LiveStatus::Live }),
        ] {
            let body = Notification { id: "1", room: "r", at_ms: 5, event: &event };
            let body = serde_json::to_value(&body).unwrap();
            let name = body["kind"].as_str().unwrap();
            assert_eq!(name.parse(), Ok(event.kind()));
            assert_eq!(serde_json::to_value(event.kind()).unwrap(), name);
            assert!(body["data"].is_object());
        }
    }
}
