//! What each person gave in a room, and what a room has brought in.

use super::Order;
use crate::storage::{Error, Tx, from_db, to_db};

/// Time in which sums are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gifts) enum Span {
    /// Days since 1970 in UTC.
    Day(u64),
    Stream(u64),
}

impl Span {
    fn parts(self) -> (&'static str, i64) {
        match self {
            Self::Day(number) => ("day", to_db(number)),
            Self::Stream(number) => ("stream", to_db(number)),
        }
    }
}

/// Adds an order to what its giver gave and its room brought in.
pub(in crate::gifts) async fn add(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    for span in [Span::Day(order.day), Span::Stream(order.stream)] {
        let (span, number) = span.parts();
        sqlx::query(
            "INSERT INTO gift_sums (group_id, span, span_number, user_id, coins, reached)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (group_id, span, span_number, user_id)
             DO UPDATE SET coins = gift_sums.coins + excluded.coins, reached = excluded.reached",
        )
        .bind(&order.group_id)
        .bind(span)
        .bind(number)
        .bind(&order.user_id)
        .bind(order.coins)
        .bind(to_db(order.number))
        .execute(&mut **tx)
        .await?;
    }
    add_to_income(tx, &order.group_id, i64::from(order.count), order.coins).await
}

/// Takes a refunded order out of the sums. Who gave it keeps the place of the last order.
pub(in crate::gifts) async fn take_out(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    for span in [Span::Day(order.day), Span::Stream(order.stream)] {
        let (span, number) = span.parts();
        sqlx::query(
            "UPDATE gift_sums SET coins = coins - $5
             WHERE group_id = $1 AND span = $2 AND span_number = $3 AND user_id = $4",
        )
        .bind(&order.group_id)
        .bind(span)
        .bind(number)
        .bind(&order.user_id)
        .bind(order.coins)
        .execute(&mut **tx)
        .await?;
    }
    add_to_income(tx, &order.group_id, -i64::from(order.count), -order.coins).await
}

async fn add_to_income(tx: &mut Tx, group_id: &str, gifts: i64, coins: i64) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO gift_income (group_id, gifts, coins) VALUES ($1, $2, $3)
         ON CONFLICT (group_id) DO UPDATE SET gifts = gift_income.gifts + excluded.gifts,
             coins = gift_income.coins + excluded.coins",
    )
    .bind(group_id)
    .bind(gifts)
    .bind(coins)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gifts and coins that a room has brought in, in all.
pub(in crate::gifts) async fn income(tx: &mut Tx, group_id: &str) -> Result<(u64, i64), Error> {
    let income: Option<(i64, i64)> =
        sqlx::query_as("SELECT gifts, coins FROM gift_income WHERE group_id = $1")
            .bind(group_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(income.map_or((0, 0), |(gifts, coins)| (from_db(gifts), coins)))
}

/// Coins that a room has brought in within a span.
pub(in crate::gifts) async fn income_within(
    tx: &mut Tx,
    group_id: &str,
    span: Span,
) -> Result<i64, Error> {
    let (span, number) = span.parts();
    let coins = sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(coins), 0) AS BIGINT) FROM gift_sums
         WHERE group_id = $1 AND span = $2 AND span_number = $3",
    )
    .bind(group_id)
    .bind(span)
    .bind(number)
    .fetch_one(&mut **tx)
    .await?;
    Ok(coins)
}

/// Who gave most: account, display name and coins. Of two who gave the same, who had given it first.
pub(in crate::gifts) async fn ranking(
    tx: &mut Tx,
    group_id: &str,
    span: Span,
    limit: u32,
) -> Result<Vec<(String, String, i64)>, Error> {
    let (span, number) = span.parts();
    let ranked = sqlx::query_as(
        "SELECT s.user_id, COALESCE(a.nick, s.user_id) AS nick, s.coins
         FROM gift_sums s LEFT JOIN accounts a ON a.user_id = s.user_id
         WHERE s.group_id = $1 AND s.span = $2 AND s.span_number = $3 AND s.coins > 0
         ORDER BY s.coins DESC, s.reached LIMIT $4",
    )
    .bind(group_id)
    .bind(span)
    .bind(number)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(ranked)
}
