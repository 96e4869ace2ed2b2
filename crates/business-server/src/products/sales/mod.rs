//! From the slot to the till: links that were opened, and orders that the shop reports.
//!
//! A viewer's click is counted once for each product in a stream. An order comes from the shop's own
//! server, signed, and takes its pieces off the stock in the transaction that notes it, so a repeat of
//! the report takes nothing. What the shop has sold is sold: an order of more than is there, or of a
//! product that is not in the catalogue any more, is noted as one that was oversold, and the stock is
//! never below zero. The rooms that show the product see the new stock within about a second.

mod http;
mod store;

pub(crate) use http::routes;

use super::slot::product_changed;
use super::{Error, store as catalogue};
use crate::notifications::{self, OrderEvent, ShopEvent};
use crate::rooms::store::open_or_next_stream;
use crate::storage::{self, Tx};
use store::Stored;

/// What the shop has sold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    order_id: String,
    product: String,
    quantity: u32,
    room: Option<String>,
    user: Option<String>,
}

/// What came of the report of an order.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// It was reported before, and nothing was changed now.
    repeat: bool,
    /// Not all of its pieces were there when it was reported first.
    oversold: bool,
    /// Pieces that are left now; absent when nobody counts them, or the product is gone.
    stock: Option<u32>,
}

/// Takes an order. The room of it has to exist. A repeat of one whose room was not known is one also when
/// it is known by now.
async fn take_order(tx: &mut Tx, order: &Order, now_ms: u64) -> Result<Taken, Error> {
    if let Some(before) = store::order(tx, &order.order_id).await? {
        if !before.is(order) {
            return Err(Error::OtherOrder(order.order_id.clone()));
        }
        let entry = catalogue::find(tx, &order.product).await?;
        let stock = entry.and_then(|entry| entry.stock);
        return Ok(Taken { repeat: true, oversold: before.oversold, stock });
    }
    let sale = catalogue::sell(tx, &order.product, order.quantity).await?;
    let stream = match &order.room {
        Some(group_id) => Some(open_or_next_stream(tx, group_id).await?),
        None => None,
    };
    let stored = Stored {
        number: storage::next(tx, "shop_orders").await?,
        order_id: order.order_id.clone(),
        product: order.product.clone(),
        quantity: order.quantity,
        group_id: order.room.clone(),
        stream,
        user_id: order.user.clone(),
        oversold: sale.oversold,
        taken_s: now_ms / 1_000,
    };
    store::insert_order(tx, &stored).await?;
    let event = ShopEvent::OrderRecorded(OrderEvent {
        order_id: order.order_id.clone(),
        product: order.product.clone(),
        quantity: order.quantity,
        user: order.user.clone(),
        oversold: sale.oversold,
    });
    let room = order.room.as_deref().unwrap_or_default();
    notifications::queue(tx, room, &event, now_ms).await?;
    if sale.stock.is_some() {
        product_changed(tx, &order.product).await?;
    }
    Ok(Taken { repeat: false, oversold: sale.oversold, stock: sale.stock })
}
