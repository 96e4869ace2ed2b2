//! Minutes of streams in the database, and what the orders tell of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::storage::{Error, Optional, Tx, from_db, to_db};

/// What is added to a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub(super) struct Counts {
    #[sqlx(try_from = "i64")]
    pub(super) joins: u64,
    #[sqlx(try_from = "i64")]
    pub(super) leaves: u64,
    #[sqlx(try_from = "i64")]
    pub(super) comments: u64,
    /// Accounts that commented for the first time in the stream.
    #[sqlx(try_from = "i64")]
    pub(super) new_chatters: u64,
    #[sqlx(try_from = "i64")]
    pub(super) likes: u64,
    /// Messages that were refused.
    #[sqlx(try_from = "i64")]
    pub(super) refused: u64,
    /// Messages for which the room was too crowded.
    #[sqlx(try_from = "i64")]
    pub(super) left_out: u64,
}

/// What was given and sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub(super) struct Trade {
    #[sqlx(try_from = "i64")]
    pub(super) gifts: u64,
    /// Coins of the gifts, without what was refunded.
    #[sqlx(try_from = "i64")]
    pub(super) income: u64,
    /// Orders of products that the shop reported.
    #[sqlx(try_from = "i64")]
    pub(super) orders: u64,
    /// Pieces in these orders.
    #[sqlx(try_from = "i64")]
    pub(super) pieces: u64,
}

/// One minute. What happened before the stream and after the one before it belongs to it, but for
/// likes, which are counted while one runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = MinuteView)]
pub(super) struct Minute {
    /// Its beginning, in Unix seconds.
    #[sqlx(try_from = "i64")]
    pub(super) minute_s: u64,
    /// Online when it was counted; absent when the chat service did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[sqlx(try_from = "Optional")]
    pub(super) viewers: Option<u64>,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(super) counts: Counts,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(super) trade: Trade,
}

/// Of a whole stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = TotalsView)]
pub(super) struct Totals {
    /// Most viewers of all minutes that were counted.
    #[sqlx(try_from = "i64")]
    pub(super) peak_viewers: u64,
    #[sqlx(try_from = "i64")]
    joins: u64,
    #[sqlx(try_from = "i64")]
    leaves: u64,
    #[sqlx(try_from = "i64")]
    comments: u64,
    /// Different accounts that commented.
    #[sqlx(try_from = "i64")]
    chatters: u64,
    #[sqlx(try_from = "i64")]
    likes: u64,
    /// Accounts that opened the link of a product, for each product.
    #[sqlx(try_from = "i64")]
    product_clicks: u64,
    #[sqlx(try_from = "i64")]
    refused: u64,
    #[sqlx(try_from = "i64")]
    left_out: u64,
    #[serde(flatten)]
    #[sqlx(flatten)]
    trade: Trade,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = StreamView)]
pub(super) struct Stream {
    /// Counts the streams of a room from 1.
    #[sqlx(try_from = "i64")]
    pub(super) stream: u64,
    #[sqlx(rename = "began_s", try_from = "i64")]
    began_at_s: u64,
    /// Absent while it runs.
    #[sqlx(rename = "ended_s", try_from = "Optional")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at_s: Option<u64>,
}

/// Where an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// This stream ran.
    During(u64),
    /// None ran, and this is the next one.
    Before(u64),
}

impl At {
    pub(super) fn stream(self) -> u64 {
        match self {
            Self::During(stream) | Self::Before(stream) => stream,
        }
    }
}

/// What ran in a room at a time; `None` when there is no such room.
pub(super) async fn stream_at(tx: &mut Tx, group_id: &str, at_s: u64) -> Result<Option<At>, Error> {
    let at: Option<(Option<i64>, i64)> = sqlx::query_as(
        "SELECT (SELECT MAX(stream) FROM streams WHERE group_id = $1 AND began_s <= $2
                     AND (ended_s IS NULL OR ended_s >= $2)),
             (SELECT COALESCE(MAX(stream), 0) + 1 FROM streams
                  WHERE group_id = $1 AND began_s <= $2)
         FROM rooms WHERE group_id = $1",
    )
    .bind(group_id)
    .bind(to_db(at_s))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(at.map(|(running, next)| match running {
        Some(stream) => At::During(from_db(stream)),
        None => At::Before(from_db(next)),
    }))
}

/// Whether this is the account's first comment in the stream.
pub(super) async fn note_chatter(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
    user_id: &str,
    minute: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO statistics_chatters (group_id, stream, user_id, minute)
         VALUES ($1, $2, $3, $4) ON CONFLICT (group_id, stream, user_id) DO NOTHING",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .bind(user_id)
    .bind(to_db(minute))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn add(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
    minute: u64,
    counts: &Counts,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO statistics_minutes AS kept (group_id, stream, minute, joins, leaves, comments,
             new_chatters, likes, refused, left_out)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (group_id, stream, minute) DO UPDATE SET
             joins = kept.joins + excluded.joins, leaves = kept.leaves + excluded.leaves,
             comments = kept.comments + excluded.comments,
             new_chatters = kept.new_chatters + excluded.new_chatters,
             likes = kept.likes + excluded.likes, refused = kept.refused + excluded.refused,
             left_out = kept.left_out + excluded.left_out",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .bind(to_db(minute))
    .bind(to_db(counts.joins))
    .bind(to_db(counts.leaves))
    .bind(to_db(counts.comments))
    .bind(to_db(counts.new_chatters))
    .bind(to_db(counts.likes))
    .bind(to_db(counts.refused))
    .bind(to_db(counts.left_out))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// So many were counted in this minute; of several counts the highest stays.
pub(super) async fn note_viewers(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
    minute: u64,
    viewers: u32,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO statistics_minutes AS kept (group_id, stream, minute, viewers)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (group_id, stream, minute) DO UPDATE SET viewers =
             CASE WHEN kept.viewers >= excluded.viewers THEN kept.viewers
                  ELSE excluded.viewers END",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .bind(to_db(minute))
    .bind(i64::from(viewers))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` streams of a room with smaller numbers than `before`, the newest first.
pub(super) async fn streams(
    tx: &mut Tx,
    group_id: &str,
    before: u64,
    limit: u32,
) -> Result<Vec<Stream>, Error> {
    let page = sqlx::query_as(
        "SELECT stream, began_s, ended_s FROM streams WHERE group_id = $1 AND stream < $2
         ORDER BY stream DESC LIMIT $3",
    );
    let page = page.bind(group_id).bind(to_db(before)).bind(i64::from(limit));
    Ok(page.fetch_all(&mut **tx).await?)
}

/// A stream of a room, or its newest one.
pub(super) async fn find_stream(
    tx: &mut Tx,
    group_id: &str,
    stream: Option<u64>,
) -> Result<Option<Stream>, Error> {
    let found = sqlx::query_as(
        "SELECT stream, began_s, ended_s FROM streams
         WHERE group_id = $1 AND stream = COALESCE($2, stream) ORDER BY stream DESC LIMIT 1",
    );
    Ok(found.bind(group_id).bind(stream.map(to_db)).fetch_optional(&mut **tx).await?)
}

/// The first `limit` minutes after one in which anything was counted, given or sold.
pub(super) async fn minutes(
    tx: &mut Tx,
    group_id: &str,
    stream: u64,
    after_minute: u64,
    limit: u32,
) -> Result<Vec<Minute>, Error> {
    // Sums are cast, because the sum of BIGINT is another type in PostgreSQL.
    let minutes = sqlx::query_as(
        "SELECT minute * 60 AS minute_s, MAX(viewers) AS viewers,
             CAST(SUM(joins) AS BIGINT) AS joins, CAST(SUM(leaves) AS BIGINT) AS leaves,
             CAST(SUM(comments) AS BIGINT) AS comments,
             CAST(SUM(new_chatters) AS BIGINT) AS new_chatters,
             CAST(SUM(likes) AS BIGINT) AS likes, CAST(SUM(refused) AS BIGINT) AS refused,
             CAST(SUM(left_out) AS BIGINT) AS left_out, CAST(SUM(gifts) AS BIGINT) AS gifts,
             CAST(SUM(income) AS BIGINT) AS income, CAST(SUM(orders) AS BIGINT) AS orders,
             CAST(SUM(pieces) AS BIGINT) AS pieces
         FROM (
             SELECT minute, viewers, joins, leaves, comments, new_chatters, likes, refused,
                 left_out, 0 AS gifts, 0 AS income, 0 AS orders, 0 AS pieces
             FROM statistics_minutes WHERE group_id = $1 AND stream = $2 AND minute > $3
             UNION ALL
             SELECT at_ms / 60000, NULL, 0, 0, 0, 0, 0, 0, 0, count, coins, 0, 0 FROM gift_orders
             WHERE group_id = $1 AND stream = $2 AND at_ms / 60000 > $3 AND refunded_ms IS NULL
             UNION ALL
             SELECT taken_s / 60, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, quantity FROM shop_orders
             WHERE group_id = $1 AND stream = $2 AND taken_s / 60 > $3
         ) AS happened
         GROUP BY minute ORDER BY minute LIMIT $4",
    );
    let minutes = minutes.bind(group_id).bind(to_db(stream)).bind(to_db(after_minute));
    Ok(minutes.bind(i64::from(limit)).fetch_all(&mut **tx).await?)
}

pub(super) async fn totals(tx: &mut Tx, group_id: &str, stream: u64) -> Result<Totals, Error> {
    let totals = sqlx::query_as(
        "SELECT COALESCE(MAX(viewers), 0) AS peak_viewers,
             CAST(COALESCE(SUM(joins), 0) AS BIGINT) AS joins,
             CAST(COALESCE(SUM(leaves), 0) AS BIGINT) AS leaves,
             CAST(COALESCE(SUM(comments), 0) AS BIGINT) AS comments,
             CAST(COALESCE(SUM(likes), 0) AS BIGINT) AS likes,
             CAST(COALESCE(SUM(refused), 0) AS BIGINT) AS refused,
             CAST(COALESCE(SUM(left_out), 0) AS BIGINT) AS left_out,
             (SELECT COUNT(*) FROM statistics_chatters
                  WHERE group_id = $1 AND stream = $2) AS chatters,
             (SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM gift_orders
                  WHERE group_id = $1 AND stream = $2 AND refunded_ms IS NULL) AS gifts,
             (SELECT CAST(COALESCE(SUM(coins), 0) AS BIGINT) FROM gift_orders
                  WHERE group_id = $1 AND stream = $2 AND refunded_ms IS NULL) AS income,
             (SELECT COUNT(*) FROM shop_orders
                  WHERE group_id = $1 AND stream = $2) AS orders,
             (SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM shop_orders
                  WHERE group_id = $1 AND stream = $2) AS pieces,
             (SELECT COUNT(*) FROM product_clicks
                  WHERE group_id = $1 AND stream = $2) AS product_clicks
         FROM statistics_minutes WHERE group_id = $1 AND stream = $2",
    );
    Ok(totals.bind(group_id).bind(to_db(stream)).fetch_one(&mut **tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;

    /// A database with a room of two streams, in which the shop has sold something.
    async fn database(dir: &std::path::Path) -> Database {
        let database = Database::open(dir).await.unwrap();
        let mut tx = database.write().await.unwrap();
        for statement in [
            "INSERT INTO rooms (group_id, owner, title, status, status_since_s, created_s)
             VALUES ('r', 'host', 'Room', 'live', 0, 0)",
            "INSERT INTO streams (group_id, stream, began_s, ended_s)
             VALUES ('r', 1, 600, 1200), ('r', 2, 1800, NULL)",
            "INSERT INTO shop_orders (number, order_id, product, quantity, group_id, stream, user_id,
                 taken_s)
             VALUES (1, 'a', 'cup', 2, 'r', 1, 'mei', 660), (2, 'b', 'cup', 1, 'r', 1, NULL, 719),
                    (3, 'c', 'bowl', 1, 'r', 2, 'mei', 1860),
                    (4, 'd', 'bowl', 5, NULL, NULL, NULL, 660)",
            "INSERT INTO product_clicks (group_id, stream, product, user_id)
             VALUES ('r', 1, 'cup', 'mei'), ('r', 1, 'cup', 'jun'), ('r', 2, 'bowl', 'mei')",
        ] {
            sqlx::query(statement).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        database
    }

    #[tokio::test]
    async fn sales_are_the_orders_that_the_shop_reported_for_the_stream() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(dir.path()).await;
        let mut tx = database.read().await.unwrap();
        let first = totals(&mut tx, "r", 1).await.unwrap();
        assert_eq!((first.product_clicks, first.trade.orders, first.trade.pieces), (2, 2, 3));
        let minutes = minutes(&mut tx, "r", 1, 0, 100).await.unwrap();
        let sold: Vec<_> = minutes.iter().map(|m| (m.minute_s, m.trade.orders)).collect();
        assert_eq!(sold, [(660, 2)]);
        assert_eq!(minutes[0].trade.pieces, 3);
        assert_eq!(minutes[0].viewers, None, "nobody counted");
    }

    #[tokio::test]
    async fn an_event_belongs_to_the_stream_that_ran_or_to_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(dir.path()).await;
        let mut tx = database.read().await.unwrap();
        let (during, before) = (At::During, At::Before);
        for (at_s, at) in [
            (0, before(1)),
            (600, during(1)),
            (1_200, during(1)),
            (1_201, before(2)),
            (1_800, during(2)),
            (9_999, during(2)),
        ] {
            assert_eq!(stream_at(&mut tx, "r", at_s).await.unwrap(), Some(at), "at {at_s}");
        }
        assert_eq!(stream_at(&mut tx, "no room", 600).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_page_of_minutes_begins_after_the_last_one() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(dir.path()).await;
        let mut tx = database.write().await.unwrap();
        for minute in [10, 11, 12, 13] {
            let counts = Counts { comments: minute, ..Counts::default() };
            add(&mut tx, "r", 1, minute, &counts).await.unwrap();
            add(&mut tx, "r", 1, minute, &counts).await.unwrap();
        }
        let page = minutes(&mut tx, "r", 1, 10, 2).await.unwrap();
        let comments: Vec<_> = page.iter().map(|m| (m.minute_s, m.counts.comments)).collect();
        assert_eq!(comments, [(660, 22), (720, 24)]);
        assert_eq!(page[0].trade.orders, 2, "what was sold stands beside what was said");
    }
}
