//! Experience, sittings and levels in the database.

use sqlx::Row;

use crate::storage::{Error, Tx, from_db, to_db};

/// How much of its caps an account has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Caps {
    /// Unix days, in UTC.
    pub(super) day: u64,
    pub(super) watched_minutes: u64,
    /// Unix minutes.
    pub(super) minute: u64,
    pub(super) comments: u64,
}

/// An account whose level has to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToWrite {
    pub(super) user_id: String,
    pub(super) version: u64,
    pub(super) attempts: u64,
    pub(super) experience: u64,
}

/// Adds experience and answers how much there is now; `None` when there is no such account.
pub(super) async fn gain(tx: &mut Tx, user_id: &str, gained: u64) -> Result<Option<u64>, Error> {
    let row = sqlx::query(
        "UPDATE accounts SET experience = experience + $2 WHERE user_id = $1 RETURNING experience",
    )
    .bind(user_id)
    .bind(to_db(gained))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| from_db(row.get("experience"))))
}

pub(super) async fn caps(tx: &mut Tx, user_id: &str) -> Result<Caps, Error> {
    let row = sqlx::query(
        "SELECT day, watched_minutes, minute, comments FROM experience_caps WHERE user_id = $1",
    )
    .bind(user_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map_or_else(Caps::default, |row| Caps {
        day: from_db(row.get("day")),
        watched_minutes: from_db(row.get("watched_minutes")),
        minute: from_db(row.get("minute")),
        comments: from_db(row.get("comments")),
    }))
}

/// Only for accounts that have signed in here.
pub(super) async fn put_caps(tx: &mut Tx, user_id: &str, caps: &Caps) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO experience_caps (user_id, day, watched_minutes, minute, comments)
         SELECT user_id, $2, $3, $4, $5 FROM accounts WHERE user_id = $1
         ON CONFLICT (user_id) DO UPDATE SET day = excluded.day,
             watched_minutes = excluded.watched_minutes, minute = excluded.minute,
             comments = excluded.comments",
    )
    .bind(user_id)
    .bind(to_db(caps.day))
    .bind(to_db(caps.watched_minutes))
    .bind(to_db(caps.minute))
    .bind(to_db(caps.comments))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// False when the gift message was credited before.
pub(super) async fn note_gift(tx: &mut Tx, message: &str, at_ms: u64) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO experience_gifts (message, at_ms) VALUES ($1, $2)
         ON CONFLICT (message) DO NOTHING",
    )
    .bind(message)
    .bind(to_db(at_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Begins a sitting, or goes on with one. Only for rooms and accounts of this service.
pub(super) async fn sit(
    tx: &mut Tx,
    user_id: &str,
    group_id: &str,
    at_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO watching (user_id, group_id, since_ms)
         SELECT accounts.user_id, rooms.group_id, $3 FROM accounts, rooms
         WHERE accounts.user_id = $1 AND rooms.group_id = $2
         ON CONFLICT (user_id, group_id) DO UPDATE SET away_ms = NULL, since_ms =
             CASE WHEN watching.away_ms IS NULL THEN watching.since_ms ELSE excluded.since_ms END",
    )
    .bind(user_id)
    .bind(group_id)
    .bind(to_db(at_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Since when the time of an account in a room is not credited; `None` when it is not there, or
/// away.
pub(super) async fn sits_since(
    tx: &mut Tx,
    user_id: &str,
    group_id: &str,
) -> Result<Option<u64>, Error> {
    let row = sqlx::query(
        "SELECT since_ms FROM watching WHERE user_id = $1 AND group_id = $2 AND away_ms IS NULL",
    )
    .bind(user_id)
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| from_db(row.get("since_ms"))))
}

pub(super) async fn settled(
    tx: &mut Tx,
    user_id: &str,
    group_id: &str,
    since_ms: u64,
) -> Result<(), Error> {
    sqlx::query("UPDATE watching SET since_ms = $3 WHERE user_id = $1 AND group_id = $2")
        .bind(user_id)
        .bind(group_id)
        .bind(to_db(since_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn stand(tx: &mut Tx, user_id: &str, group_id: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM watching WHERE user_id = $1 AND group_id = $2")
        .bind(user_id)
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn rooms_of(tx: &mut Tx, user_id: &str) -> Result<Vec<String>, Error> {
    let rows = sqlx::query("SELECT group_id FROM watching WHERE user_id = $1 ORDER BY group_id")
        .bind(user_id)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.iter().map(|row| row.get("group_id")).collect())
}

/// The account's sittings rest.
pub(super) async fn go_away(tx: &mut Tx, user_id: &str, at_ms: u64) -> Result<(), Error> {
    sqlx::query("UPDATE watching SET away_ms = $2 WHERE user_id = $1 AND away_ms IS NULL")
        .bind(user_id)
        .bind(to_db(at_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends the sittings that have rested since before a time.
pub(super) async fn forget_away(tx: &mut Tx, user_id: &str, before_ms: u64) -> Result<(), Error> {
    sqlx::query("DELETE FROM watching WHERE user_id = $1 AND away_ms < $2")
        .bind(user_id)
        .bind(to_db(before_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The account's resting sittings go on from now: of one room, or of all.
pub(super) async fn return_to(
    tx: &mut Tx,
    user_id: &str,
    group_id: Option<&str>,
    at_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE watching SET since_ms = $3, away_ms = NULL
         WHERE user_id = $1 AND away_ms IS NOT NULL AND group_id = COALESCE($2, group_id)",
    )
    .bind(user_id)
    .bind(group_id)
    .bind(to_db(at_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The level of an account has changed, and is written as soon as possible.
pub(super) async fn note_change(tx: &mut Tx, user_id: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO levels_to_write (user_id, version, attempts, next_ms) VALUES ($1, 1, 0, 0)
         ON CONFLICT (user_id) DO UPDATE SET version = levels_to_write.version + 1",
    )
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` accounts whose time has come. One that waits for longer than `most_ms` from now was
/// put off by a clock that has been set back since.
pub(super) async fn to_write(
    tx: &mut Tx,
    now_ms: u64,
    most_ms: u64,
    limit: u32,
) -> Result<Vec<ToWrite>, Error> {
    let rows = sqlx::query(
        "SELECT levels_to_write.user_id, version, attempts, experience
         FROM levels_to_write JOIN accounts ON accounts.user_id = levels_to_write.user_id
         WHERE next_ms <= $1 OR next_ms > $2 ORDER BY next_ms LIMIT $3",
    )
    .bind(to_db(now_ms))
    .bind(to_db(now_ms.saturating_add(most_ms)))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| ToWrite {
        user_id: row.get("user_id"),
        version: from_db(row.get("version")),
        attempts: from_db(row.get("attempts")),
        experience: from_db(row.get("experience")),
    };
    Ok(rows.iter().map(read).collect())
}

/// The level of this version is in the profile, or never will be; a later one still has to be
/// written.
pub(super) async fn written(tx: &mut Tx, done: &ToWrite) -> Result<(), Error> {
    sqlx::query("DELETE FROM levels_to_write WHERE user_id = $1 AND version = $2")
        .bind(&done.user_id)
        .bind(to_db(done.version))
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE levels_to_write SET attempts = 0 WHERE user_id = $1")
        .bind(&done.user_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn put_off(tx: &mut Tx, user_id: &str, next_ms: u64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE levels_to_write SET attempts = attempts + 1, next_ms = $2 WHERE user_id = $1",
    )
    .bind(user_id)
    .bind(to_db(next_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets gift messages that cannot come again, and sittings whose end nobody told.
pub(super) async fn forget_old(
    tx: &mut Tx,
    gifts_before_ms: u64,
    sittings_before_ms: u64,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM experience_gifts WHERE at_ms < $1")
        .bind(to_db(gifts_before_ms))
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM watching WHERE since_ms < $1")
        .bind(to_db(sittings_before_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
