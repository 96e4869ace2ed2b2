//! Postings in the database.

use chat_types::{Element, Priority};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Posting, What};
use crate::storage::{Error, Tx, from_db, to_db};

/// A posting that is to be delivered next.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) group_id: String,
    pub(super) written_ms: u64,
    /// Or why it cannot be read.
    pub(super) what: Result<Kept, String>,
}

/// [`What`], as it is kept.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    Message { random_number: u64, body: Vec<Element>, priority: Priority, from: Option<String> },
    Field { name: String, value: String },
}

/// What became of a posting.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done<'a> {
    Delivered,
    Failed(&'a str),
    /// It could not be said for so long that it is of no use any more, and why.
    OutOfDate(&'a str),
}

impl Done<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed(_) => "failed",
            Self::OutOfDate(_) => "out_of_date",
        }
    }
}

/// A posting that the chat service has refused.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) key: String,
    pub(super) group_id: String,
    pub(super) reason: String,
    /// When it was refused for good, or written if it goes on waiting.
    pub(super) at_ms: u64,
}

pub(super) async fn insert(tx: &mut Tx, posting: Posting<'_>, now_ms: u64) -> Result<bool, Error> {
    let (kind, name, body, priority, sender) = match posting.what {
        What::Message { message, priority, from } => {
            let body = serde_json::to_string(&[message.to_element()])
                .map_err(|error| Error::Unreadable(format!("posting {}: {error}", posting.key)))?;
            ("message", None, body, Some(priority_name(priority)), from)
        }
        What::Field { name, value } => ("field", Some(name), value.to_owned(), None, None),
    };
    let number = next_number(tx).await?;
    let written = sqlx::query(
        "INSERT INTO outbox (number, key, lane, group_id, kind, name, body, priority, sender,
             random_number, state, written_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $1, 'waiting', $10)
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(number)
    .bind(posting.key)
    .bind(posting.lane)
    .bind(posting.group_id)
    .bind(kind)
    .bind(name)
    .bind(body)
    .bind(priority)
    .bind(sender)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    add_waiting(tx, 1).await?;
    Ok(true)
}

/// How many postings wait.
pub(super) async fn waiting(tx: &mut Tx) -> Result<u64, Error> {
    let row = sqlx::query("SELECT value FROM outbox_figures WHERE name = 'waiting'")
        .fetch_one(&mut **tx)
        .await?;
    Ok(from_db(row.get("value")))
}

/// Numbers and lanes of postings that wait and were written after the posting `after`, up to
/// `limit`.
pub(super) async fn written_after(
    tx: &mut Tx,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, String)>, Error> {
    let rows = sqlx::query(
        "SELECT number, lane FROM outbox WHERE state = 'waiting' AND number > $1
         ORDER BY number LIMIT $2",
    )
    .bind(to_db(after))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.iter().map(|row| (from_db(row.get("number")), row.get("lane"))).collect())
}

/// The first posting of the lane that waits.
pub(super) async fn first_of(tx: &mut Tx, lane: &str) -> Result<Option<Waiting>, Error> {
    let row = sqlx::query(
        "SELECT number, key, group_id, kind, name, body, priority, sender, random_number, written_ms
         FROM outbox WHERE state = 'waiting' AND lane = $1 ORDER BY number LIMIT 1",
    )
    .bind(lane)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Waiting {
        number: from_db(row.get("number")),
        key: row.get("key"),
        group_id: row.get("group_id"),
        written_ms: from_db(row.get("written_ms")),
        what: kept(&row),
    }))
}

/// Whether something later than this posting waits in its lane.
pub(super) async fn has_later(tx: &mut Tx, lane: &str, number: u64) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT 1 FROM outbox WHERE state = 'waiting' AND lane = $1 AND number > $2 LIMIT 1",
    )
    .bind(lane)
    .bind(to_db(number))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.is_some())
}

/// Notes why a posting goes on waiting.
pub(super) async fn hold_back(tx: &mut Tx, number: u64, reason: &str) -> Result<(), Error> {
    sqlx::query("UPDATE outbox SET reason = $2 WHERE number = $1 AND state = 'waiting'")
        .bind(to_db(number))
        .bind(reason)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn kept(row: &SqliteRow) -> Result<Kept, String> {
    let body: String = row.get("body");
    let name: Option<String> = row.get("name");
    match (row.get::<&str, _>("kind"), name) {
        ("message", _) => Ok(Kept::Message {
            random_number: from_db(row.get("random_number")),
            body: serde_json::from_str(&body).map_err(|error| format!("its body: {error}"))?,
            priority: row
                .get::<Option<&str>, _>("priority")
                .and_then(priority_of)
                .ok_or("its priority is none")?,
            from: row.get("sender"),
        }),
        ("field", Some(name)) => Ok(Kept::Field { name, value: body }),
        (kind, _) => Err(format!("it is a {kind}, which this version does not know")),
    }
}

/// Gives a message that waits another `Random`.
pub(super) async fn renew_random(tx: &mut Tx, number: u64) -> Result<(), Error> {
    let fresh = next_number(tx).await?;
    sqlx::query("UPDATE outbox SET random_number = $2 WHERE number = $1")
        .bind(to_db(number))
        .bind(fresh)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes what became of a posting that waits.
pub(super) async fn settle(
    tx: &mut Tx,
    number: u64,
    done: Done<'_>,
    now_ms: u64,
) -> Result<(), Error> {
    let reason = match done {
        Done::Delivered => None,
        Done::Failed(reason) | Done::OutOfDate(reason) => Some(reason),
    };
    let settled = sqlx::query(
        "UPDATE outbox SET state = $2, reason = $3, done_ms = $4
         WHERE number = $1 AND state = 'waiting'",
    )
    .bind(to_db(number))
    .bind(done.name())
    .bind(reason)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    if settled.rows_affected() == 1 {
        add_waiting(tx, -1).await?;
    }
    Ok(())
}

/// The last postings that were refused for good, newest first.
pub(super) async fn failed(tx: &mut Tx, limit: u32) -> Result<Vec<Refused>, Error> {
    let rows = sqlx::query(
        "SELECT key, group_id, reason, done_ms AS at_ms FROM outbox
         WHERE state = 'failed' AND done_ms IS NOT NULL
         ORDER BY done_ms DESC, number DESC LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.iter().map(refused).collect())
}

/// The postings that have been held back for the longest time.
pub(super) async fn held_back(tx: &mut Tx, limit: u32) -> Result<Vec<Refused>, Error> {
    let rows = sqlx::query(
        "SELECT key, group_id, reason, written_ms AS at_ms FROM outbox
         WHERE state = 'waiting' AND reason IS NOT NULL ORDER BY number LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.iter().map(refused).collect())
}

fn refused(row: &SqliteRow) -> Refused {
    Refused {
        key: row.get("key"),
        group_id: row.get("group_id"),
        reason: row.get::<Option<String>, _>("reason").unwrap_or_default(),
        at_ms: from_db(row.get("at_ms")),
    }
}

/// Forgets up to `limit` postings that were done before these times, and says how many.
pub(super) async fn forget(
    tx: &mut Tx,
    delivered_before_ms: u64,
    failed_before_ms: u64,
    limit: u32,
) -> Result<u64, Error> {
    let forgotten = sqlx::query(
        "DELETE FROM outbox WHERE number IN (
             SELECT number FROM outbox
             WHERE done_ms IS NOT NULL
               AND ((state = 'delivered' AND done_ms < $1)
                    OR (state IN ('failed', 'out_of_date') AND done_ms < $2))
             LIMIT $3)",
    )
    .bind(to_db(delivered_before_ms))
    .bind(to_db(failed_before_ms))
    .bind(i64::from(limit))
    .execute(&mut **tx)
    .await?;
    Ok(forgotten.rows_affected())
}

/// A number that is given once. Not the highest number of the table: that one may be forgotten.
async fn next_number(tx: &mut Tx) -> Result<i64, Error> {
    let row = sqlx::query(
        "UPDATE outbox_figures SET value = value + 1 WHERE name = 'number' RETURNING value",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.get("value"))
}

async fn add_waiting(tx: &mut Tx, by: i64) -> Result<(), Error> {
    sqlx::query("UPDATE outbox_figures SET value = value + $1 WHERE name = 'waiting'")
        .bind(by)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "High",
        Priority::Normal => "Normal",
        Priority::Low => "Low",
        Priority::Lowest => "Lowest",
    }
}

fn priority_of(name: &str) -> Option<Priority> {
    [Priority::High, Priority::Normal, Priority::Low, Priority::Lowest]
        .into_iter()
        .find(|priority| priority_name(*priority) == name)
}
