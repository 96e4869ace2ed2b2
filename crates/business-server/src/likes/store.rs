//! Likes in the database.

use crate::storage::{Error, Tx, from_db, to_db};

/// The greatest number of a batch of this run that was counted.
pub(super) async fn last_batch(
    tx: &mut Tx,
    user_id: &str,
    run: &str,
) -> Result<Option<u64>, Error> {
    let last = sqlx::query_scalar("SELECT last FROM like_runs WHERE user_id = $1 AND run = $2")
        .bind(user_id)
        .bind(run)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(last.map(from_db))
}

pub(super) async fn note_batch(
    tx: &mut Tx,
    user_id: &str,
    run: &str,
    number: u64,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO like_runs (user_id, run, last, at_s) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id, run) DO UPDATE SET last = excluded.last, at_s = excluded.at_s",
    )
    .bind(user_id)
    .bind(run)
    .bind(to_db(number))
    .bind(to_db(now_s))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds to the totals of a room: of all time, of the day, and of the stream that runs.
pub(super) async fn add(
    tx: &mut Tx,
    group_id: &str,
    likes: u64,
    day: u64,
    stream: Option<u64>,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO like_totals (group_id, total, published) VALUES ($1, $2, 0)
         ON CONFLICT (group_id) DO UPDATE SET total = like_totals.total + excluded.total",
    )
    .bind(group_id)
    .bind(to_db(likes))
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO like_days (group_id, day, likes) VALUES ($1, $2, $3)
         ON CONFLICT (group_id, day) DO UPDATE SET likes = like_days.likes + excluded.likes",
    )
    .bind(group_id)
    .bind(to_db(day))
    .bind(to_db(likes))
    .execute(&mut **tx)
    .await?;
    let Some(stream) = stream else { return Ok(()) };
    sqlx::query(
        "INSERT INTO like_streams (group_id, stream, likes) VALUES ($1, $2, $3)
         ON CONFLICT (group_id, stream) DO UPDATE SET likes = like_streams.likes + excluded.likes",
    )
    .bind(group_id)
    .bind(to_db(stream))
    .bind(to_db(likes))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Likes of a room.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct Totals {
    #[sqlx(try_from = "i64")]
    pub(super) total: u64,
    /// Of a day.
    #[sqlx(try_from = "i64")]
    pub(super) today: u64,
    /// Of a stream.
    #[sqlx(try_from = "i64")]
    pub(super) stream: u64,
}

pub(super) async fn totals(
    tx: &mut Tx,
    group_id: &str,
    day: u64,
    stream: Option<u64>,
) -> Result<Totals, Error> {
    let totals = sqlx::query_as(
        "SELECT COALESCE((SELECT total FROM like_totals WHERE group_id = $1), 0) AS total,
             COALESCE((SELECT likes FROM like_days WHERE group_id = $1 AND day = $2), 0) AS today,
             COALESCE((SELECT likes FROM like_streams
                       WHERE group_id = $1 AND stream = $3), 0) AS stream",
    );
    let totals = totals.bind(group_id).bind(to_db(day)).bind(stream.map(to_db));
    Ok(totals.fetch_one(&mut **tx).await?)
}

/// A room whose total the chat service does not know yet.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Unpublished {
    pub(super) group_id: String,
    #[sqlx(try_from = "i64")]
    pub(super) total: u64,
}

/// Up to `limit` of them, the ones that have changed most first.
pub(super) async fn unpublished(tx: &mut Tx, limit: u32) -> Result<Vec<Unpublished>, Error> {
    let rooms = sqlx::query_as(
        "SELECT group_id, total FROM like_totals WHERE total <> published
         ORDER BY total - published DESC LIMIT $1",
    );
    Ok(rooms.bind(i64::from(limit)).fetch_all(&mut **tx).await?)
}

pub(super) async fn published(tx: &mut Tx, group_id: &str, total: u64) -> Result<(), Error> {
    sqlx::query("UPDATE like_totals SET published = $2 WHERE group_id = $1")
        .bind(group_id)
        .bind(to_db(total))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
