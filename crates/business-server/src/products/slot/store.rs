//! Showings, prepared lists and schedules in the database.

use sqlx::FromRow;

use super::plan::{PlanState, Planned, PlannedEntry};
use super::{Left, Offer};
use crate::rooms::store::open_or_next_stream;
use crate::storage::{Error, Flag, Optional, Tx, next_in, to_db};

/// A product that is or was in the slot of a room.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Showing {
    pub(super) group_id: String,
    /// From 1 in each room.
    #[sqlx(try_from = "i64")]
    pub(super) showing: u64,
    #[sqlx(try_from = "i64")]
    pub(super) stream: u64,
    pub(super) product: String,
    #[sqlx(try_from = "Optional")]
    pub(super) special_minor: Option<u32>,
    #[sqlx(try_from = "Optional")]
    pub(super) ends_at_s: Option<u64>,
    /// The field as it was written last.
    pub(super) value: String,
    #[sqlx(try_from = "i64")]
    pub(super) revision: u64,
    #[sqlx(try_from = "Flag")]
    pub(super) stale: bool,
    #[sqlx(try_from = "i64")]
    pub(super) shown_s: u64,
    pub(super) shown_by: Option<String>,
    /// When and why it left.
    #[sqlx(try_from = "Optional")]
    pub(super) left_s: Option<u64>,
    pub(super) left_why: Option<Left>,
}

/// What is in the slot.
pub(super) async fn present(tx: &mut Tx, group_id: &str) -> Result<Option<Showing>, Error> {
    let showing = sqlx::query_as("SELECT * FROM showings WHERE group_id = $1 AND left_s IS NULL")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(showing)
}

/// Up to `limit` showings with numbers below `before`, the newest first.
pub(super) async fn history(
    tx: &mut Tx,
    group_id: &str,
    before: u64,
    limit: u32,
) -> Result<Vec<Showing>, Error> {
    let showings = sqlx::query_as(
        "SELECT * FROM showings WHERE group_id = $1 AND showing < $2
         ORDER BY showing DESC LIMIT $3",
    )
    .bind(group_id)
    .bind(to_db(before))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(showings)
}

/// Puts something into the empty slot.
pub(super) async fn insert(
    tx: &mut Tx,
    group_id: &str,
    offer: &Offer<'_>,
    value: &str,
    now_ms: u64,
) -> Result<Showing, Error> {
    let stream = open_or_next_stream(tx, group_id).await?;
    let showing = next_in(tx, "showings", group_id).await?;
    let showing = sqlx::query_as(
        "INSERT INTO showings (group_id, showing, stream, product, special_minor, ends_at_s, value,
             revision, written_ms, shown_s, shown_by)
         VALUES ($1, $10, $2, $3, $4, $5, $6, 0, $7, $8, $9)
         RETURNING *",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .bind(offer.product)
    .bind(offer.special_minor.map(i64::from))
    .bind(offer.ends_at_s.map(to_db))
    .bind(value)
    .bind(to_db(now_ms))
    .bind(to_db(now_ms / 1_000))
    .bind(offer.by.map(chat_types::UserId::as_str))
    .bind(to_db(showing))
    .fetch_one(&mut **tx)
    .await?;
    Ok(showing)
}

pub(super) async fn leave(
    tx: &mut Tx,
    showing: &Showing,
    why: Left,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE showings SET left_s = $3, left_why = $4, stale = 0
         WHERE group_id = $1 AND showing = $2",
    )
    .bind(&showing.group_id)
    .bind(to_db(showing.showing))
    .bind(to_db(now_s))
    .bind(why)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The stream that the showing belongs to has ended.
pub(super) async fn is_stream_over(tx: &mut Tx, showing: &Showing) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT 1 FROM streams WHERE group_id = $1 AND stream = $2 AND ended_s IS NOT NULL",
    )
    .bind(&showing.group_id)
    .bind(to_db(showing.stream))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.is_some())
}

/// Every slot with this product has to be written again.
pub(super) async fn mark_stale(tx: &mut Tx, product: &str) -> Result<(), Error> {
    sqlx::query("UPDATE showings SET stale = 1 WHERE product = $1 AND left_s IS NULL")
        .bind(product)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The field is as the product is.
pub(super) async fn note_fresh(tx: &mut Tx, showing: &Showing) -> Result<(), Error> {
    sqlx::query("UPDATE showings SET stale = 0 WHERE group_id = $1 AND showing = $2")
        .bind(&showing.group_id)
        .bind(to_db(showing.showing))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The field has been written again.
pub(super) async fn note_written(
    tx: &mut Tx,
    showing: &Showing,
    value: &str,
    revision: u64,
    now_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE showings SET stale = 0, value = $3, revision = $4, written_ms = $5
         WHERE group_id = $1 AND showing = $2",
    )
    .bind(&showing.group_id)
    .bind(to_db(showing.showing))
    .bind(value)
    .bind(to_db(revision))
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn rooms_showing(tx: &mut Tx, product: &str) -> Result<Vec<String>, Error> {
    let rooms = sqlx::query_scalar(
        "SELECT group_id FROM showings WHERE product = $1 AND left_s IS NULL ORDER BY group_id",
    )
    .bind(product)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rooms)
}

/// Rooms in whose slots something is due. A field that was written in what is the future by now was
/// written before the clock was set back.
pub(super) async fn rooms_due(
    tx: &mut Tx,
    now_ms: u64,
    refresh_every_ms: u64,
    limit: u32,
) -> Result<Vec<String>, Error> {
    let rooms = sqlx::query_scalar(
        "SELECT group_id FROM showings
         WHERE left_s IS NULL AND (ends_at_s <= $1
             OR (stale = 1 AND (written_ms <= $2 OR written_ms > $3)))
         UNION
         SELECT s.group_id FROM showings s
         JOIN streams t ON t.group_id = s.group_id AND t.stream = s.stream
         WHERE s.left_s IS NULL AND t.ended_s IS NOT NULL
         UNION
         SELECT group_id FROM slot_schedule WHERE state = 'waiting' AND at_s <= $1
         ORDER BY group_id LIMIT $4",
    )
    .bind(to_db(now_ms / 1_000))
    .bind(to_db(now_ms.saturating_sub(refresh_every_ms)))
    .bind(to_db(now_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rooms)
}

pub(super) async fn set_queue(
    tx: &mut Tx,
    group_id: &str,
    products: &[String],
) -> Result<(), Error> {
    sqlx::query("DELETE FROM slot_queue WHERE group_id = $1")
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    for (position, product) in (0_i64..).zip(products) {
        sqlx::query("INSERT INTO slot_queue (group_id, position, product) VALUES ($1, $2, $3)")
            .bind(group_id)
            .bind(position)
            .bind(product)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// The prepared list, what comes next first.
pub(super) async fn queue(tx: &mut Tx, group_id: &str) -> Result<Vec<String>, Error> {
    let products =
        sqlx::query_scalar("SELECT product FROM slot_queue WHERE group_id = $1 ORDER BY position")
            .bind(group_id)
            .fetch_all(&mut **tx)
            .await?;
    Ok(products)
}

/// Takes the first product off the prepared list.
pub(super) async fn pop_queue(tx: &mut Tx, group_id: &str) -> Result<Option<String>, Error> {
    let product = sqlx::query_scalar(
        "DELETE FROM slot_queue WHERE group_id = $1
             AND position = (SELECT MIN(position) FROM slot_queue WHERE group_id = $1)
         RETURNING product",
    )
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(product)
}

/// The product leaves all prepared lists.
pub(super) async fn leave_queues(tx: &mut Tx, product: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM slot_queue WHERE product = $1")
        .bind(product)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Replaces the schedule, what of it is past included.
pub(super) async fn set_schedule(
    tx: &mut Tx,
    group_id: &str,
    plan: &[Planned],
) -> Result<(), Error> {
    sqlx::query("DELETE FROM slot_schedule WHERE group_id = $1")
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    for planned in plan {
        sqlx::query(
            "INSERT INTO slot_schedule (group_id, at_s, product, special_minor, ends_in_s, state)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(group_id)
        .bind(to_db(planned.at_s))
        .bind(&planned.product)
        .bind(planned.price_minor.map(i64::from))
        .bind(planned.ends_in_s.map(to_db))
        .bind(PlanState::Waiting)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// By time.
pub(super) async fn schedule(tx: &mut Tx, group_id: &str) -> Result<Vec<PlannedEntry>, Error> {
    let schedule = sqlx::query_as("SELECT * FROM slot_schedule WHERE group_id = $1 ORDER BY at_s")
        .bind(group_id)
        .fetch_all(&mut **tx)
        .await?;
    Ok(schedule)
}

/// What of the schedule waits, by time.
pub(super) async fn waiting(tx: &mut Tx, group_id: &str) -> Result<Vec<Planned>, Error> {
    let all = schedule(tx, group_id).await?;
    let waiting = all.into_iter().filter(|entry| entry.state == PlanState::Waiting);
    Ok(waiting.map(|entry| entry.planned).collect())
}

pub(super) async fn set_plan_state(
    tx: &mut Tx,
    group_id: &str,
    at_s: u64,
    state: PlanState,
) -> Result<(), Error> {
    sqlx::query("UPDATE slot_schedule SET state = $3 WHERE group_id = $1 AND at_s = $2")
        .bind(group_id)
        .bind(to_db(at_s))
        .bind(state)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
