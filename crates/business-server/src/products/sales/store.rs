//! Clicks and orders in the database.

use sqlx::Row;

use super::Order;
use crate::storage::{Error, Tx, from_db, to_db};

/// False when the account has been counted for the product in this stream before.
pub(super) async fn insert_click(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
    product: &str,
    user_id: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO product_clicks (group_id, stream, product, user_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (group_id, stream, product, user_id) DO NOTHING",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .bind(product)
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn order(tx: &mut Tx, order_id: &str) -> Result<Option<Order>, Error> {
    let row = sqlx::query(
        "SELECT product, quantity, group_id, user_id FROM shop_orders WHERE order_id = $1",
    )
    .bind(order_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let quantity = u32::try_from(row.get::<i64, _>("quantity"));
        Ok(Order {
            order_id: order_id.to_owned(),
            product: row.get("product"),
            quantity: quantity
                .map_err(|_| Error::Unreadable(format!("the quantity of order {order_id}")))?,
            room: row.get("group_id"),
            user: row.get("user_id"),
        })
    })
    .transpose()
}

pub(super) async fn insert_order(
    tx: &mut Tx,
    order: &Order,
    stream: Option<u64>,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO shop_orders (order_id, product, quantity, group_id, stream, user_id, taken_s)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&order.order_id)
    .bind(&order.product)
    .bind(i64::from(order.quantity))
    .bind(&order.room)
    .bind(stream.map(to_db))
    .bind(&order.user)
    .bind(to_db(now_s))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a product has brought in one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) product: String,
    pub(super) clicks: u64,
    pub(super) orders: u64,
    pub(super) pieces: u64,
}

/// Of every product that was clicked or sold in the stream, by id.
pub(super) async fn figures(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
) -> Result<Vec<Figures>, Error> {
    let rows = sqlx::query(
        "SELECT product, CAST(SUM(clicks) AS BIGINT) AS clicks,
             CAST(SUM(orders) AS BIGINT) AS orders, CAST(SUM(pieces) AS BIGINT) AS pieces
         FROM (
             SELECT product, 1 AS clicks, 0 AS orders, 0 AS pieces FROM product_clicks
             WHERE group_id = $1 AND stream = $2
             UNION ALL
             SELECT product, 0, 1, quantity FROM shop_orders
             WHERE group_id = $1 AND stream = $2
         ) AS counted
         GROUP BY product ORDER BY product",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .fetch_all(&mut **tx)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| Figures {
        product: row.get("product"),
        clicks: from_db(row.get("clicks")),
        orders: from_db(row.get("orders")),
        pieces: from_db(row.get("pieces")),
    };
    Ok(rows.iter().map(read).collect())
}
