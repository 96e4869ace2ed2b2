//! Streams in the database: from going live to the end.

use crate::storage::{Error, Tx, from_db, next_in, to_db};

/// The number of the stream that runs; numbers of a room begin at 1.
pub(crate) async fn open_stream(tx: &mut Tx, group_id: &str) -> Result<Option<u64>, Error> {
    let stream: Option<i64> =
        sqlx::query_scalar("SELECT stream FROM streams WHERE group_id = $1 AND ended_s IS NULL")
            .bind(group_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(stream.map(from_db))
}

/// The stream that runs or ran last.
pub(crate) async fn last_stream(tx: &mut Tx, group_id: &str) -> Result<Option<u64>, Error> {
    let stream: Option<i64> =
        sqlx::query_scalar("SELECT MAX(stream) FROM streams WHERE group_id = $1")
            .bind(group_id)
            .fetch_one(&mut **tx)
            .await?;
    Ok(stream.map(from_db))
}

/// The stream that runs, or the number that the next one will have.
pub(crate) async fn open_or_next_stream(tx: &mut Tx, group_id: &str) -> Result<u64, Error> {
    match open_stream(tx, group_id).await? {
        Some(stream) => Ok(stream),
        None => Ok(last_stream(tx, group_id).await?.unwrap_or(0) + 1),
    }
}

/// The number of the new stream.
pub(in crate::rooms) async fn begin(tx: &mut Tx, group_id: &str, now_s: u64) -> Result<u64, Error> {
    let stream = next_in(tx, "streams", group_id).await?;
    sqlx::query("INSERT INTO streams (stream, group_id, began_s) VALUES ($1, $2, $3)")
        .bind(to_db(stream))
        .bind(group_id)
        .bind(to_db(now_s))
        .execute(&mut **tx)
        .await?;
    Ok(stream)
}

/// Ends the stream that runs, if one does.
pub(in crate::rooms) async fn end(tx: &mut Tx, group_id: &str, now_s: u64) -> Result<(), Error> {
    sqlx::query("UPDATE streams SET ended_s = $2 WHERE group_id = $1 AND ended_s IS NULL")
        .bind(group_id)
        .bind(to_db(now_s))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
