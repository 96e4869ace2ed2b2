//! Experience, visits and levels in the database.

use crate::storage::{Error, Tx, from_db, to_db};

/// An account whose level has to be written.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct ToWrite {
    pub(super) user_id: String,
    version: i64,
    #[sqlx(try_from = "i64")]
    pub(super) attempts: u64,
    #[sqlx(try_from = "i64")]
    pub(super) experience: u64,
}

/// Adds experience and answers how much there is now; `None` when there is no such account.
pub(super) async fn gain(tx: &mut Tx, user_id: &str, gained: u64) -> Result<Option<u64>, Error> {
    let experience: Option<i64> = sqlx::query_scalar(
        "UPDATE accounts SET experience = experience + $2 WHERE user_id = $1 RETURNING experience",
    )
    .bind(user_id)
    .bind(to_db(gained))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(experience.map(from_db))
}

/// Whether a comment of this minute still counts, of which at most `most` do; if so, it has counted. A
/// minute that is a little earlier than the newest is late and counts with it; one that is more than
/// `late` earlier was stamped by a clock that has been set back since.
pub(super) async fn take_comment(
    tx: &mut Tx,
    user_id: &str,
    minute: u64,
    late: u64,
    most: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO experience_caps (user_id, day, watched_minutes, minute, comments)
         SELECT user_id, 0, 0, $2, 1 FROM accounts WHERE user_id = $1 AND $4 > 0
         ON CONFLICT (user_id) DO UPDATE SET
             comments = CASE
                 WHEN excluded.minute BETWEEN experience_caps.minute - $3 AND experience_caps.minute
                 THEN experience_caps.comments + 1 ELSE 1 END,
             minute = CASE
                 WHEN excluded.minute BETWEEN experience_caps.minute - $3 AND experience_caps.minute
                 THEN experience_caps.minute ELSE excluded.minute END
         WHERE experience_caps.comments < $4
            OR excluded.minute NOT BETWEEN experience_caps.minute - $3 AND experience_caps.minute",
    )
    .bind(user_id)
    .bind(to_db(minute))
    .bind(to_db(late))
    .bind(to_db(most))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many of so many minutes of a day still count, of which at most `most` do; these have counted.
/// What is late by a day counts with the newest day.
pub(super) async fn take_minutes(
    tx: &mut Tx,
    user_id: &str,
    day: u64,
    minutes: u64,
    most: u64,
) -> Result<u64, Error> {
    let taken: Option<i64> = sqlx::query_scalar(
        "INSERT INTO experience_caps (user_id, day, watched_minutes, minute, comments, taken)
         SELECT user_id, $2, $3, 0, 0, $3 FROM accounts WHERE user_id = $1
         ON CONFLICT (user_id) DO UPDATE SET
             taken = CASE
                 WHEN excluded.day NOT BETWEEN experience_caps.day - 1 AND experience_caps.day
                 THEN excluded.taken
                 WHEN experience_caps.watched_minutes >= $4 THEN 0
                 WHEN experience_caps.watched_minutes + excluded.taken > $4
                 THEN $4 - experience_caps.watched_minutes
                 ELSE excluded.taken END,
             watched_minutes = CASE
                 WHEN excluded.day NOT BETWEEN experience_caps.day - 1 AND experience_caps.day
                 THEN excluded.taken
                 WHEN experience_caps.watched_minutes >= $4 THEN experience_caps.watched_minutes
                 WHEN experience_caps.watched_minutes + excluded.taken > $4 THEN $4
                 ELSE experience_caps.watched_minutes + excluded.taken END,
             day = CASE
                 WHEN excluded.day NOT BETWEEN experience_caps.day - 1 AND experience_caps.day
                 THEN excluded.day ELSE experience_caps.day END
         RETURNING taken",
    )
    .bind(user_id)
    .bind(to_db(day))
    .bind(to_db(minutes.min(most)))
    .bind(to_db(most))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(taken.map_or(0, from_db))
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

/// Begins a visit, or goes on with one. Only for rooms and accounts of this service.
pub(super) async fn enter(
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
pub(super) async fn present_since(
    tx: &mut Tx,
    user_id: &str,
    group_id: &str,
) -> Result<Option<u64>, Error> {
    let since_ms: Option<i64> = sqlx::query_scalar(
        "SELECT since_ms FROM watching WHERE user_id = $1 AND group_id = $2 AND away_ms IS NULL",
    )
    .bind(user_id)
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(since_ms.map(from_db))
}

/// What was not credited begins later now. False when somebody else has credited it meanwhile.
pub(super) async fn settle(
    tx: &mut Tx,
    user_id: &str,
    group_id: &str,
    (from_ms, to_ms): (u64, u64),
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE watching SET since_ms = $4 WHERE user_id = $1 AND group_id = $2 AND since_ms = $3",
    )
    .bind(user_id)
    .bind(group_id)
    .bind(to_db(from_ms))
    .bind(to_db(to_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn leave(tx: &mut Tx, user_id: &str, group_id: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM watching WHERE user_id = $1 AND group_id = $2")
        .bind(user_id)
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn rooms_of(tx: &mut Tx, user_id: &str) -> Result<Vec<String>, Error> {
    let rooms =
        sqlx::query_scalar("SELECT group_id FROM watching WHERE user_id = $1 ORDER BY group_id")
            .bind(user_id)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rooms)
}

/// The account's visits rest.
pub(super) async fn go_away(tx: &mut Tx, user_id: &str, at_ms: u64) -> Result<(), Error> {
    sqlx::query("UPDATE watching SET away_ms = $2 WHERE user_id = $1 AND away_ms IS NULL")
        .bind(user_id)
        .bind(to_db(at_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends the visits that have rested since before a time.
pub(super) async fn forget_away(tx: &mut Tx, user_id: &str, before_ms: u64) -> Result<(), Error> {
    sqlx::query("DELETE FROM watching WHERE user_id = $1 AND away_ms < $2")
        .bind(user_id)
        .bind(to_db(before_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The account's resting visits go on from now: of one room, or of all.
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
    let accounts = sqlx::query_as(
        "SELECT levels_to_write.user_id, version, attempts, experience
         FROM levels_to_write JOIN accounts ON accounts.user_id = levels_to_write.user_id
         WHERE next_ms <= $1 OR next_ms > $2 ORDER BY next_ms LIMIT $3",
    )
    .bind(to_db(now_ms))
    .bind(to_db(now_ms.saturating_add(most_ms)))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(accounts)
}

/// The level of this version is in the profile, or never will be; a later one still has to be
/// written.
pub(super) async fn written(tx: &mut Tx, done: &ToWrite) -> Result<(), Error> {
    sqlx::query("DELETE FROM levels_to_write WHERE user_id = $1 AND version = $2")
        .bind(&done.user_id)
        .bind(done.version)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;

    const LATE: u64 = 10;

    /// A database with the account `mei`.
    async fn with_mei() -> (Database, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        let mut tx = database.write().await.unwrap();
        let account = "INSERT INTO accounts (user_id, nick, role, created_s)
                       VALUES ('mei', 'Mei', 'viewer', 0)";
        sqlx::query(account).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        (database, dir)
    }

    #[tokio::test]
    async fn comments_beyond_the_cap_of_a_minute_are_worth_nothing() {
        let (database, _dir) = with_mei().await;
        let mut tx = database.write().await.unwrap();
        let mut taken = Vec::new();
        for minute in [100, 100, 100, 101, 100, 101, 101] {
            taken.push(take_comment(&mut tx, "mei", minute, LATE, 2).await.unwrap());
        }
        // The second of minute 100 is late, and counts with those of minute 101.
        assert_eq!(taken, [true, true, false, true, true, false, false]);
        let set_back = take_comment(&mut tx, "mei", 7, LATE, 2).await.unwrap();
        assert!(set_back, "a clock that was set back starts anew");
        assert!(!take_comment(&mut tx, "mei", 200, LATE, 0).await.unwrap());
        assert!(!take_comment(&mut tx, "nobody", 200, LATE, 2).await.unwrap());
    }

    #[tokio::test]
    async fn minutes_of_a_day_never_exceed_its_cap() {
        let (database, _dir) = with_mei().await;
        let mut tx = database.write().await.unwrap();
        for (day, minutes, counted) in [
            (20_000, 300, 240),
            (20_000, 5, 0),
            (20_001, 100, 100),
            // Late, and counted with the next day.
            (20_000, 100, 100),
            (20_001, 100, 40),
            (20_001, 0, 0),
            // A clock that was set back.
            (19_000, 7, 7),
        ] {
            let taken = take_minutes(&mut tx, "mei", day, minutes, 240).await.unwrap();
            assert_eq!(taken, counted, "{minutes} minutes of day {day}");
        }
        assert_eq!(take_minutes(&mut tx, "nobody", 1, 7, 240).await.unwrap(), 0);
        // Less is allowed than has been counted.
        assert_eq!(take_minutes(&mut tx, "mei", 19_000, 7, 3).await.unwrap(), 0);
        assert_eq!(take_minutes(&mut tx, "mei", 19_000, 7, 10).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn the_time_of_a_visit_is_credited_by_one() {
        let (database, _dir) = with_mei().await;
        let mut tx = database.write().await.unwrap();
        let room = "INSERT INTO rooms (group_id, owner, title, status, status_since_s, created_s)
                    VALUES ('r', 'host', 'Room', 'live', 0, 0)";
        sqlx::query(room).execute(&mut *tx).await.unwrap();
        enter(&mut tx, "mei", "r", 1_000).await.unwrap();
        assert!(settle(&mut tx, "mei", "r", (1_000, 61_000)).await.unwrap());
        assert!(!settle(&mut tx, "mei", "r", (1_000, 61_000)).await.unwrap());
        assert_eq!(present_since(&mut tx, "mei", "r").await.unwrap(), Some(61_000));
    }
}
