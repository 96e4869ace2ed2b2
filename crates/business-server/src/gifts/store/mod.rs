//! Orders in the database; beside them combos, sums and kept answers.

pub(super) mod answers;
pub(super) mod combos;
pub(super) mod sums;

use sqlx::{FromRow, QueryBuilder, Sqlite};

use super::wallet::RefundReason;
use crate::storage::{Error, Optional, Tx, to_db};

/// What was bought by one call.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Order {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) order_id: String,
    pub(super) group_id: String,
    #[sqlx(try_from = "i64")]
    pub(super) stream: u64,
    #[sqlx(try_from = "i64")]
    pub(super) day: u64,
    pub(super) user_id: String,
    pub(super) owner: String,
    pub(super) gift: String,
    pub(super) combo: String,
    #[sqlx(try_from = "i64")]
    pub(super) count: u32,
    pub(super) coins: i64,
    #[sqlx(try_from = "i64")]
    pub(super) at_ms: u64,
    /// Gifts that were taken back before the room was told of them.
    #[sqlx(try_from = "i64")]
    pub(super) withdrawn: u32,
    #[sqlx(try_from = "Optional")]
    pub(super) refunded_ms: Option<u64>,
    pub(super) refund_reason: Option<RefundReason>,
}

impl Order {
    /// Gifts that have a place in the combo.
    pub(super) fn left(&self) -> u32 {
        self.count.saturating_sub(self.withdrawn)
    }
}

pub(super) async fn insert_order(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO gift_orders (number, order_id, group_id, stream, day, user_id, owner, gift,
             combo, count, coins, at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(to_db(order.number))
    .bind(&order.order_id)
    .bind(&order.group_id)
    .bind(to_db(order.stream))
    .bind(to_db(order.day))
    .bind(&order.user_id)
    .bind(&order.owner)
    .bind(&order.gift)
    .bind(&order.combo)
    .bind(i64::from(order.count))
    .bind(order.coins)
    .bind(to_db(order.at_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn order(tx: &mut Tx, order_id: &str) -> Result<Option<Order>, Error> {
    let order = sqlx::query_as("SELECT * FROM gift_orders WHERE order_id = $1")
        .bind(order_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(order)
}

/// Which orders are looked for; all of them where nothing is said.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) room: Option<String>,
    pub(super) user: Option<String>,
    /// Orders of smaller numbers.
    pub(super) before: Option<u64>,
}

/// Up to `limit` orders, newest first.
pub(super) async fn orders(tx: &mut Tx, wanted: &Wanted, limit: u32) -> Result<Vec<Order>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM gift_orders WHERE number < ");
    query.push_bind(to_db(wanted.before.unwrap_or(u64::MAX)));
    if let Some(room) = &wanted.room {
        query.push(" AND group_id = ").push_bind(room);
    }
    if let Some(user) = &wanted.user {
        query.push(" AND user_id = ").push_bind(user);
    }
    query.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(limit));
    Ok(query.build_query_as().fetch_all(&mut **tx).await?)
}

/// Places of the combo that come after those of this order.
pub(super) async fn places_after(tx: &mut Tx, order: &Order) -> Result<u32, Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(count - withdrawn), 0) AS BIGINT) FROM gift_orders
         WHERE number > $1 AND group_id = $2 AND combo = $3",
    )
    .bind(to_db(order.number))
    .bind(&order.group_id)
    .bind(&order.combo)
    .fetch_one(&mut **tx)
    .await?;
    u32::try_from(count).map_err(|_| Error::Unreadable(format!("the combo {}", order.combo)))
}

/// Up to `limit` orders of a combo before the order `before`, the last first.
pub(super) async fn orders_before(
    tx: &mut Tx,
    group_id: &str,
    combo: &str,
    before: u64,
    limit: u32,
) -> Result<Vec<Order>, Error> {
    let orders = sqlx::query_as(
        "SELECT * FROM gift_orders WHERE group_id = $1 AND combo = $2 AND number < $3
         ORDER BY number DESC LIMIT $4",
    )
    .bind(group_id)
    .bind(combo)
    .bind(to_db(before))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(orders)
}

/// Notes that so many gifts of an order are not going to be told.
pub(super) async fn add_withdrawn(tx: &mut Tx, number: u64, gifts: u32) -> Result<(), Error> {
    sqlx::query("UPDATE gift_orders SET withdrawn = withdrawn + $2 WHERE number = $1")
        .bind(to_db(number))
        .bind(i64::from(gifts))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn mark_refunded(
    tx: &mut Tx,
    number: u64,
    reason: RefundReason,
    now_ms: u64,
) -> Result<(), Error> {
    sqlx::query("UPDATE gift_orders SET refunded_ms = $2, refund_reason = $3 WHERE number = $1")
        .bind(to_db(number))
        .bind(to_db(now_ms))
        .bind(reason)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
