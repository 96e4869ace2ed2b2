//! Clicks and orders in the database.

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, QueryBuilder, Sqlite};
use utoipa::{IntoParams, ToSchema};

use super::Order;
use crate::http::number;
use crate::storage::{Error, Flag, Optional, Tx, to_db};

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

/// An order as it is kept.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
#[schema(as = ShopOrderView)]
pub(super) struct Stored {
    /// In the order in which they were reported.
    #[serde(skip)]
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) order_id: String,
    pub(super) product: String,
    #[sqlx(try_from = "i64")]
    pub(super) quantity: u32,
    #[serde(rename = "room")]
    pub(super) group_id: Option<String>,
    #[serde(skip)]
    #[sqlx(try_from = "Optional")]
    pub(super) stream: Option<u64>,
    #[serde(rename = "user")]
    pub(super) user_id: Option<String>,
    #[sqlx(try_from = "Flag")]
    pub(super) oversold: bool,
    #[serde(rename = "at_s")]
    #[sqlx(try_from = "i64")]
    pub(super) taken_s: u64,
}

impl Stored {
    /// Whether this is what was reported.
    pub(super) fn is(&self, order: &Order) -> bool {
        let Order { order_id, product, quantity, room, user } = order;
        (&self.order_id, &self.product, self.quantity) == (order_id, product, *quantity)
            && self.user_id == *user
            && (self.group_id.is_none() || self.group_id == *room)
    }
}

pub(super) async fn order(tx: &mut Tx, order_id: &str) -> Result<Option<Stored>, Error> {
    let order = sqlx::query_as("SELECT * FROM shop_orders WHERE order_id = $1")
        .bind(order_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(order)
}

pub(super) async fn insert_order(tx: &mut Tx, order: &Stored) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO shop_orders (number, order_id, product, quantity, group_id, stream, user_id,
             oversold, taken_s)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(to_db(order.number))
    .bind(&order.order_id)
    .bind(&order.product)
    .bind(i64::from(order.quantity))
    .bind(&order.group_id)
    .bind(order.stream.map(to_db))
    .bind(&order.user_id)
    .bind(i64::from(order.oversold))
    .bind(to_db(order.taken_s))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Which orders are looked for; all of them where nothing is said.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Found in this room.
    room: Option<String>,
    /// Bought by this account of the shop.
    user: Option<String>,
    product: Option<String>,
    /// Only those of more pieces than were there.
    #[serde(default)]
    oversold: bool,
    /// Those before this one; the newest without it.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

/// Up to `limit` orders, newest first.
pub(super) async fn orders(tx: &mut Tx, wanted: &Wanted, limit: u32) -> Result<Vec<Stored>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM shop_orders WHERE number < ");
    query.push_bind(to_db(wanted.before.unwrap_or(u64::MAX)));
    for (column, value) in [
        (" AND group_id = ", &wanted.room),
        (" AND user_id = ", &wanted.user),
        (" AND product = ", &wanted.product),
    ] {
        if let Some(value) = value {
            query.push(column).push_bind(value);
        }
    }
    if wanted.oversold {
        query.push(" AND oversold = 1");
    }
    query.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(limit));
    Ok(query.build_query_as().fetch_all(&mut **tx).await?)
}

/// What a product has brought in one stream.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
#[schema(as = ProductConversion)]
pub(super) struct Figures {
    pub(super) product: String,
    /// Accounts that opened its link.
    #[sqlx(try_from = "i64")]
    pub(super) clicks: u64,
    #[sqlx(try_from = "i64")]
    pub(super) orders: u64,
    #[sqlx(try_from = "i64")]
    pub(super) pieces: u64,
}

/// Of every product that was clicked or sold in the stream, by id.
pub(super) async fn figures(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
) -> Result<Vec<Figures>, Error> {
    let figures = sqlx::query_as(
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
    Ok(figures)
}
