//! Orders in the database; beside them combos, sums and kept answers.

pub(super) mod answers;
pub(super) mod combos;
pub(super) mod counters;
pub(super) mod sums;

use sqlx::{FromRow, Row};

use crate::storage::{Error, Tx, from_db, to_db};

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
    pub(super) refunded_ms: Option<i64>,
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

/// Gifts of later orders of the same combo that were not given back.
pub(super) async fn given_later(tx: &mut Tx, order: &Order) -> Result<u32, Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM gift_orders
         WHERE number > $1 AND group_id = $2 AND combo = $3 AND refunded_ms IS NULL",
    )
    .bind(to_db(order.number))
    .bind(&order.group_id)
    .bind(&order.combo)
    .fetch_one(&mut **tx)
    .await?;
    u32::try_from(count).map_err(|_| Error::Unreadable(format!("the combo {}", order.combo)))
}

/// False when it was given back before.
pub(super) async fn mark_refunded(tx: &mut Tx, number: u64, now_ms: u64) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE gift_orders SET refunded_ms = $2 WHERE number = $1 AND refunded_ms IS NULL",
    )
    .bind(to_db(number))
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The stream of the room that runs or ran last.
pub(super) async fn last_stream(tx: &mut Tx, group_id: &str) -> Result<Option<u64>, Error> {
    let row = sqlx::query("SELECT MAX(stream) AS stream FROM streams WHERE group_id = $1")
        .bind(group_id)
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.get::<Option<i64>, _>("stream").map(from_db))
}
