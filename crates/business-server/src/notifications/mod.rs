//! What happens is told to the shop's own server, by a webhook.
//!
//! An event is written in the transaction in which it happens, so it exists exactly if that does. One
//! routine delivers: the events of one room in their order, rooms beside each other, each event again
//! and again until the receiver has taken it. An event may arrive twice (the process may end between
//! the answer and the note of it), with the same id both times.
//!
//! What the receiver has not taken within a day is given up and waits for an administrator, who sends
//! it again; so does after ten minutes what it refuses for its content, so that one such event does
//! not stop its room. Whatever the receiver does, nothing but the events to it waits. They are
//! bounded: while too many wait, further ones are not written, and counted.

mod deliver;
mod event;
pub(crate) mod http;
mod lanes;
mod receiver;
mod store;

pub(crate) use deliver::deliver;
pub(crate) use event::{
    DrawEvent, GiftEvent, OrderEvent, RefundEvent, RoomStatusEvent, SanctionEvent, ShopEvent,
};
pub(crate) use http::read_figures;
pub use receiver::ReceiverError;

use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicU64;
use tls_transport::Trust;

use crate::config::{EventKind, ShopWebhook};
use crate::storage::{self, Error, Tx, from_db, to_db};
use event::Notification;
use receiver::Receiver;
use store::{Figure, Waiting};

/// Bytes of an event's id.
const ID_BYTES: usize = 16;

pub(crate) struct Notifications {
    /// Without one nothing is written.
    receiver: Option<Receiver>,
    counters: Counters,
}

/// Since the start.
#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    /// Attempts.
    failed: AtomicU64,
    /// Events.
    given_up: AtomicU64,
}

impl Notifications {
    pub(crate) async fn open(
        tx: &mut Tx,
        shop: Option<&ShopWebhook>,
        trust: &Trust,
    ) -> Result<Self, crate::Error> {
        let receiver = shop.map(|shop| Receiver::new(shop, trust)).transpose()?;
        let (kinds, limit) = match shop {
            None => (&[][..], 0),
            Some(shop) if shop.kinds.is_empty() => (&EventKind::ALL[..], shop.limit),
            Some(shop) => (&shop.kinds[..], shop.limit),
        };
        store::configure(tx, kinds, limit).await?;
        Ok(Self { receiver, counters: Counters::default() })
    }
}

/// Writes an event, which is delivered soon after the commit. `room` is empty for one that concerns
/// no room.
pub(crate) async fn queue(
    tx: &mut Tx,
    room: &str,
    event: &ShopEvent,
    now_ms: u64,
) -> Result<(), Error> {
    let kind = event.kind();
    if !store::is_wanted(tx, kind).await? {
        return Ok(());
    }
    if store::places(tx).await? == 0 {
        let dropped = from_db(store::add(tx, Figure::Dropped, 1).await?);
        if dropped.is_power_of_two() {
            tracing::error!(
                dropped,
                "events for the shop are not kept: too many wait for its receiver"
            );
        }
        return Ok(());
    }
    let number = to_db(storage::next(tx, store::NUMBERS).await?);
    let unreadable = |error| Error::Unreadable(format!("an event for the shop: {error}"));
    let what = serde_json::to_string(event).map_err(unreadable)?;
    // A database that was restored gives its numbers once more, to other events.
    let digest = Sha256::digest(format!("{number} {now_ms} {room} {what}"));
    let id = hex::encode(&digest[..ID_BYTES]);
    let body = Notification { id: &id, room, at_ms: now_ms, event };
    let body = serde_json::to_string(&body).map_err(unreadable)?;
    let waiting = Waiting { number, id, body, queued_ms: to_db(now_ms), refused_ms: None };
    store::insert(tx, &waiting, kind, room).await
}
