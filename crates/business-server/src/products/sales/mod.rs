//! From the slot to the till: links that were opened, and orders that the shop reports.
//!
//! A viewer's click is counted once for each product in a stream. An order comes from the shop's own
//! server, signed, and takes its pieces off the stock in the transaction that notes it, so the stock
//! is never below zero and a repeat of the report takes nothing. The rooms that show the product see
//! the new stock within about a second.

mod http;
mod store;

pub(crate) use http::routes;

use super::slot::{product_changed, stream_of_now};
use super::{Error, find, store as catalogue};
use crate::storage::Tx;

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
    /// Pieces that are left now; absent when nobody counts them, or the product is gone.
    stock: Option<u32>,
}

/// Takes an order. The room of it has to exist.
async fn take_order(tx: &mut Tx, order: &Order, now_s: u64) -> Result<Taken, Error> {
    if let Some(before) = store::order(tx, &order.order_id).await? {
        if before != *order {
            return Err(Error::OtherOrder(order.order_id.clone()));
        }
        let entry = catalogue::find(tx, &order.product).await?;
        return Ok(Taken { repeat: true, stock: entry.and_then(|entry| entry.stock) });
    }
    let entry = find(tx, &order.product).await?;
    let stock = match entry.stock {
        None => None,
        Some(left) => {
            let rest = left.checked_sub(order.quantity);
            Some(rest.ok_or(Error::SoldOut { product: entry.id, left })?)
        }
    };
    let stream = match &order.room {
        Some(group_id) => Some(stream_of_now(tx, group_id).await?),
        None => None,
    };
    store::insert_order(tx, order, stream, now_s).await?;
    if stock.is_some() {
        catalogue::set_stock(tx, &order.product, stock).await?;
        product_changed(tx, &order.product).await?;
    }
    Ok(Taken { repeat: false, stock })
}
