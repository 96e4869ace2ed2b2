//! The slot of a room: what is being sold in it now.
//!
//! A host recommends a product, and it stays until another one takes its place (`next`), it is taken
//! down, its countdown ends, or the stream is over. A product that is sold out stays, with stock 0:
//! the audience sees that there was one. What was shown is kept as showings.
//!
//! Everybody inside learns of it in two ways, in this order and in one lane of the outbox: the custom
//! field `product`, which late joiners find too, and a notice with priority `High` from the virtual
//! assistant. When only the product has changed, its stock above all, the field is written again, at
//! most once a second, and there is no notice.

mod http;
mod plan;
mod routine;
mod store;

pub(crate) use http::routes;
pub(crate) use routine::keep_slots;

use chat_types::business::{BusinessMessage, PRODUCT_FIELD, Product, ProductNotice};
use chat_types::{Priority, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::offered;
use super::{Error, find};
use crate::Business;
use crate::outbox::{self, Posting, What};
use crate::rooms::Room;
use crate::storage::{self, Tx};
use store::Showing;

/// The field of a room is written again for a changed product at most so often.
const REFRESH_EVERY_MS: u64 = 1_000;

/// Why a product has left the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
#[schema(as = SlotLeft)]
enum Left {
    /// Another one took its place.
    Next,
    TakenDown,
    /// Its countdown ended.
    Ended,
    StreamOver,
    /// It was taken out of the catalogue.
    Removed,
}

/// What is to be shown.
#[derive(Debug, Clone)]
struct Offer<'a> {
    product: &'a str,
    special_minor: Option<u32>,
    ends_at_s: Option<u64>,
    /// Who recommends it; `None` for the schedule.
    by: Option<&'a UserId>,
}

/// Puts a product into the slot. What is there leaves it.
async fn show(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    offer: Offer<'_>,
) -> Result<(), Error> {
    let now_ms = business.clock.now_ms();
    let entry = find(tx, offer.product).await?;
    if entry.stock == Some(0) {
        return Err(Error::SoldOut { product: entry.id, left: 0 });
    }
    let product = offered(&entry, offer.special_minor, offer.ends_at_s);
    let value = product.to_field()?;
    if let Some(present) = store::present(tx, group_id).await? {
        store::leave(tx, &present, Left::Next, now_ms / 1_000).await?;
    }
    let showing = store::insert(tx, group_id, &offer, &value, now_ms).await?;
    tell(business, tx, &showing, "0", Some(product), &value, now_ms).await?;
    Ok(())
}

/// Empties the slot. False when nothing was in it.
async fn take_down(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    why: Left,
) -> Result<bool, storage::Error> {
    let Some(present) = store::present(tx, group_id).await? else { return Ok(false) };
    let now_ms = business.clock.now_ms();
    store::leave(tx, &present, why, now_ms / 1_000).await?;
    tell(business, tx, &present, "down", None, "", now_ms).await?;
    Ok(true)
}

/// Empties the field of a room whose slot has nothing in it here: somebody else may have written it.
async fn clear_field(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
) -> Result<(), storage::Error> {
    let now_ms = business.clock.now_ms();
    let lane = format!("slot:{group_id}");
    let key = format!("{lane}:clear:{now_ms}");
    let what = What::Field { name: PRODUCT_FIELD, value: "" };
    outbox::enqueue(tx, Posting { lane: &lane, key: &key, group_id, what }, now_ms).await?;
    Ok(())
}

/// Puts a product into the slot of a room in the name of its owner, if it can be shown.
pub(crate) async fn recommend(
    business: &Business,
    tx: &mut Tx,
    room: &Room,
    product: &str,
) -> Result<(), storage::Error> {
    let owner = UserId::new(room.owner.clone()).ok();
    let offer = Offer { product, special_minor: None, ends_at_s: None, by: owner.as_ref() };
    match show(business, tx, &room.group_id, offer).await {
        Err(Error::Storage(error)) => return Err(error),
        Err(error) => tracing::warn!(%error, room = room.group_id, "nothing is recommended"),
        Ok(()) => {}
    }
    Ok(())
}

/// Writes the field, then the notice. `step` tells what is told of one showing apart.
async fn tell(
    business: &Business,
    tx: &mut Tx,
    showing: &Showing,
    step: &str,
    product: Option<Product>,
    value: &str,
    now_ms: u64,
) -> Result<(), storage::Error> {
    let message = BusinessMessage::Product(ProductNotice { product });
    let notice = What::Message {
        message: &message,
        priority: Priority::High,
        from: Some(business.config.chat.assistant.as_str()),
    };
    write_field(tx, showing, step, value, now_ms).await?;
    post(tx, showing, &format!("{step}:notice"), notice, now_ms).await
}

async fn write_field(
    tx: &mut Tx,
    showing: &Showing,
    step: &str,
    value: &str,
    now_ms: u64,
) -> Result<(), storage::Error> {
    let field = What::Field { name: PRODUCT_FIELD, value };
    post(tx, showing, &format!("{step}:field"), field, now_ms).await
}

async fn post(
    tx: &mut Tx,
    showing: &Showing,
    step: &str,
    what: What<'_>,
    now_ms: u64,
) -> Result<(), storage::Error> {
    let group_id = showing.group_id.as_str();
    let lane = format!("slot:{group_id}");
    let key = format!("{lane}:{}:{step}", showing.showing);
    outbox::enqueue(tx, Posting { lane: &lane, key: &key, group_id, what }, now_ms).await?;
    Ok(())
}

/// Shows what comes next in the prepared list. What cannot be shown any more is passed over.
async fn show_next(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    by: &UserId,
) -> Result<(), Error> {
    while let Some(product) = store::pop_queue(tx, group_id).await? {
        let offer = Offer { product: &product, special_minor: None, ends_at_s: None, by: Some(by) };
        match show(business, tx, group_id, offer).await {
            Err(Error::Absent(_) | Error::SoldOut { .. }) => {}
            shown => return shown,
        }
    }
    Err(Error::NothingPrepared)
}

/// The field of every room that shows the product is to be written again.
pub(super) async fn product_changed(tx: &mut Tx, product: &str) -> Result<(), storage::Error> {
    store::mark_stale(tx, product).await
}

/// The product is in the catalogue no more. Schedules that name it find that out when they are due.
pub(super) async fn product_removed(
    business: &Business,
    tx: &mut Tx,
    product: &str,
) -> Result<(), storage::Error> {
    for group_id in store::rooms_showing(tx, product).await? {
        take_down(business, tx, &group_id, Left::Removed).await?;
    }
    store::leave_queues(tx, product).await
}

/// Writes the field of a showing again if the product has changed.
async fn refresh(business: &Business, tx: &mut Tx, present: &Showing) -> Result<(), Error> {
    let now_ms = business.clock.now_ms();
    let entry = find(tx, &present.product).await?;
    let value = offered(&entry, present.special_minor, present.ends_at_s).to_field()?;
    if value == present.value {
        return Ok(store::note_fresh(tx, present).await?);
    }
    let revision = present.revision.saturating_add(1);
    store::note_written(tx, present, &value, revision, now_ms).await?;
    Ok(write_field(tx, present, &revision.to_string(), &value, now_ms).await?)
}
