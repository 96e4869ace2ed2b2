//! Orders, combos, sums and kept answers in the database.

use chat_types::business::Gift;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::storage::{Error, Tx, from_db, to_db};

/// What was bought by one call.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) number: u64,
    pub(super) order_id: String,
    pub(super) group_id: String,
    pub(super) stream: u64,
    pub(super) day: u64,
    pub(super) user: String,
    pub(super) owner: String,
    pub(super) gift: String,
    pub(super) combo: String,
    pub(super) count: u32,
    pub(super) coins: i64,
    pub(super) at_ms: u64,
    pub(super) is_refunded: bool,
}

/// Gifts of one kind that one person gives in a row.
#[derive(Debug, Clone)]
pub(super) struct Combo {
    pub(super) group_id: String,
    pub(super) combo: String,
    pub(super) user: String,
    pub(super) gift: String,
    pub(super) opened: u64,
    pub(super) total: u32,
    pub(super) told: u32,
    /// As the last order would tell it.
    pub(super) message: Gift,
    pub(super) last_ms: u64,
    pub(super) pending: Option<Pending>,
}

/// Gifts that are paid and not told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    /// When the first was paid.
    pub(super) since_ms: u64,
    /// When they have to be told.
    pub(super) due_ms: u64,
}

/// Time in which sums are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
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

pub(super) async fn next_order(tx: &mut Tx) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COALESCE(MAX(number), 0) + 1 AS next FROM gift_orders")
        .fetch_one(&mut **tx)
        .await?;
    Ok(from_db(row.get("next")))
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
    .bind(&order.user)
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
    let row = sqlx::query(
        "SELECT number, order_id, group_id, stream, day, user_id, owner, gift, combo, count, coins,
             at_ms, refunded_ms
         FROM gift_orders WHERE order_id = $1",
    )
    .bind(order_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(Order {
            number: from_db(row.get("number")),
            order_id: row.get("order_id"),
            group_id: row.get("group_id"),
            stream: from_db(row.get("stream")),
            day: from_db(row.get("day")),
            user: row.get("user_id"),
            owner: row.get("owner"),
            gift: row.get("gift"),
            combo: row.get("combo"),
            count: small(&row, "count")?,
            coins: row.get("coins"),
            at_ms: from_db(row.get("at_ms")),
            is_refunded: row.get::<Option<i64>, _>("refunded_ms").is_some(),
        })
    })
    .transpose()
}

/// Gifts of later orders of the same combo that were not given back.
pub(super) async fn given_later(tx: &mut Tx, order: &Order) -> Result<u32, Error> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS count FROM gift_orders
         WHERE number > $1 AND group_id = $2 AND combo = $3 AND refunded_ms IS NULL",
    )
    .bind(to_db(order.number))
    .bind(&order.group_id)
    .bind(&order.combo)
    .fetch_one(&mut **tx)
    .await?;
    small(&row, "count")
}

pub(super) async fn mark_refunded(tx: &mut Tx, number: u64, now_ms: u64) -> Result<(), Error> {
    sqlx::query("UPDATE gift_orders SET refunded_ms = $2 WHERE number = $1")
        .bind(to_db(number))
        .bind(to_db(now_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Adds an order to what its giver gave and its room brought in.
pub(super) async fn add_to_sums(tx: &mut Tx, order: &Order) -> Result<(), Error> {
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
        .bind(&order.user)
        .bind(order.coins)
        .bind(to_db(order.number))
        .execute(&mut **tx)
        .await?;
    }
    add_to_income(tx, &order.group_id, i64::from(order.count), order.coins).await
}

/// Takes a refunded order out of the sums. Who gave it keeps the place of the last order.
pub(super) async fn take_from_sums(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    for span in [Span::Day(order.day), Span::Stream(order.stream)] {
        let (span, number) = span.parts();
        sqlx::query(
            "UPDATE gift_sums SET coins = coins - $5
             WHERE group_id = $1 AND span = $2 AND span_number = $3 AND user_id = $4",
        )
        .bind(&order.group_id)
        .bind(span)
        .bind(number)
        .bind(&order.user)
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
pub(super) async fn income(tx: &mut Tx, group_id: &str) -> Result<(u64, i64), Error> {
    let row = sqlx::query("SELECT gifts, coins FROM gift_income WHERE group_id = $1")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map_or((0, 0), |row| (from_db(row.get("gifts")), row.get("coins"))))
}

/// Coins that a room has brought in within a span.
pub(super) async fn income_within(tx: &mut Tx, group_id: &str, span: Span) -> Result<i64, Error> {
    let (span, number) = span.parts();
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(coins), 0) AS BIGINT) AS coins FROM gift_sums
         WHERE group_id = $1 AND span = $2 AND span_number = $3",
    )
    .bind(group_id)
    .bind(span)
    .bind(number)
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.get("coins"))
}

/// Who gave most: account, display name and coins. Of two who gave the same, who had given it first.
pub(super) async fn ranking(
    tx: &mut Tx,
    group_id: &str,
    span: Span,
    limit: u32,
) -> Result<Vec<(String, String, i64)>, Error> {
    let (span, number) = span.parts();
    let rows = sqlx::query(
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
    Ok(rows.iter().map(|row| (row.get("user_id"), row.get("nick"), row.get("coins"))).collect())
}

/// The stream of the room that runs or ran last.
pub(super) async fn last_stream(tx: &mut Tx, group_id: &str) -> Result<Option<u64>, Error> {
    let row = sqlx::query("SELECT MAX(stream) AS stream FROM streams WHERE group_id = $1")
        .bind(group_id)
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.get::<Option<i64>, _>("stream").map(from_db))
}

pub(super) async fn combo(
    tx: &mut Tx,
    group_id: &str,
    combo: &str,
) -> Result<Option<Combo>, Error> {
    let row = sqlx::query("SELECT * FROM gift_combos WHERE group_id = $1 AND combo = $2")
        .bind(group_id)
        .bind(combo)
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map(read_combo).transpose()
}

/// The combo of this person and gift that was opened last.
pub(super) async fn last_combo(
    tx: &mut Tx,
    group_id: &str,
    user: &str,
    gift: &str,
) -> Result<Option<Combo>, Error> {
    let row = sqlx::query(
        "SELECT * FROM gift_combos WHERE group_id = $1 AND user_id = $2 AND gift = $3
         ORDER BY opened DESC LIMIT 1",
    )
    .bind(group_id)
    .bind(user)
    .bind(gift)
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(read_combo).transpose()
}

/// Up to `limit` combos with gifts that have to be told now, the longest due first. That gifts were
/// paid later than now means that the clock was set back, and that their time cannot be known: they
/// are told at once.
pub(super) async fn due_combos(tx: &mut Tx, now_ms: u64, limit: u32) -> Result<Vec<Combo>, Error> {
    let rows = sqlx::query(
        "SELECT * FROM gift_combos WHERE due_ms IS NOT NULL AND (due_ms <= $1 OR since_ms > $1)
         ORDER BY due_ms LIMIT $2",
    )
    .bind(to_db(now_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read_combo).collect()
}

/// When the next gifts have to be told.
pub(super) async fn next_due_ms(tx: &mut Tx) -> Result<Option<u64>, Error> {
    let row = sqlx::query(
        "SELECT due_ms FROM gift_combos WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1",
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| from_db(row.get("due_ms"))))
}

/// How many combos have gifts that are not told yet.
pub(super) async fn pending_combos(tx: &mut Tx) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS combos FROM gift_combos WHERE due_ms IS NOT NULL")
        .fetch_one(&mut **tx)
        .await?;
    Ok(from_db(row.get("combos")))
}

pub(super) async fn put_combo(tx: &mut Tx, combo: &Combo) -> Result<(), Error> {
    let message = serde_json::to_string(&combo.message)
        .map_err(|error| Error::Unreadable(format!("combo {}: {error}", combo.combo)))?;
    sqlx::query(
        "INSERT INTO gift_combos (group_id, combo, user_id, gift, opened, total, told, message,
             last_ms, since_ms, due_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (group_id, combo) DO UPDATE SET total = excluded.total, told = excluded.told,
             message = excluded.message, last_ms = excluded.last_ms, since_ms = excluded.since_ms,
             due_ms = excluded.due_ms",
    )
    .bind(&combo.group_id)
    .bind(&combo.combo)
    .bind(&combo.user)
    .bind(&combo.gift)
    .bind(to_db(combo.opened))
    .bind(i64::from(combo.total))
    .bind(i64::from(combo.told))
    .bind(message)
    .bind(to_db(combo.last_ms))
    .bind(combo.pending.map(|pending| to_db(pending.since_ms)))
    .bind(combo.pending.map(|pending| to_db(pending.due_ms)))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn read_combo(row: &SqliteRow) -> Result<Combo, Error> {
    let combo: String = row.get("combo");
    let message = serde_json::from_str(row.get("message"))
        .map_err(|error| Error::Unreadable(format!("the message of combo {combo}: {error}")))?;
    let since_ms: Option<i64> = row.get("since_ms");
    let due_ms: Option<i64> = row.get("due_ms");
    let pending = since_ms.zip(due_ms);
    Ok(Combo {
        group_id: row.get("group_id"),
        user: row.get("user_id"),
        gift: row.get("gift"),
        opened: from_db(row.get("opened")),
        total: small(row, "total")?,
        told: small(row, "told")?,
        message,
        last_ms: from_db(row.get("last_ms")),
        pending: pending.map(|(since_ms, due_ms)| Pending {
            since_ms: from_db(since_ms),
            due_ms: from_db(due_ms),
        }),
        combo,
    })
}

fn small(row: &SqliteRow, column: &str) -> Result<u32, Error> {
    let number: i64 = row.get(column);
    u32::try_from(number).map_err(|_| Error::Unreadable(format!("{column} {number}")))
}

/// The request and the answer that are kept for a key of this account.
pub(super) async fn answer(
    tx: &mut Tx,
    user: &str,
    key: &str,
) -> Result<Option<(String, String)>, Error> {
    let row =
        sqlx::query("SELECT request, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2")
            .bind(user)
            .bind(key)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.map(|row| (row.get("request"), row.get("answer"))))
}

pub(super) async fn keep_answer(
    tx: &mut Tx,
    user: &str,
    key: &str,
    request: &str,
    answer: &str,
    now_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO idempotency_keys (user_id, key, request, answer, at_ms)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(user)
    .bind(key)
    .bind(request)
    .bind(answer)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets up to `limit` answers that were given before this time, and says how many.
pub(super) async fn forget_answers(tx: &mut Tx, before_ms: u64, limit: u32) -> Result<u64, Error> {
    let forgotten = sqlx::query(
        "DELETE FROM idempotency_keys WHERE (user_id, key) IN (
             SELECT user_id, key FROM idempotency_keys WHERE at_ms < $1 LIMIT $2)",
    )
    .bind(to_db(before_ms))
    .bind(i64::from(limit))
    .execute(&mut **tx)
    .await?;
    Ok(forgotten.rows_affected())
}
