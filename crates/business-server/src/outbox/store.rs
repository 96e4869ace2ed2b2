//! Postings in the database.

use chat_types::business::BusinessMessage;
use chat_types::{Element, Priority};
use sqlx::FromRow;

use super::{Posting, What};
use crate::storage::{Error, Tx, from_db, to_db};

/// A posting that waits.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Waiting {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) group_id: String,
    #[sqlx(try_from = "i64")]
    pub(super) written_ms: u64,
    /// Attempts of which nobody knows whether the chat service took it.
    pub(super) unanswered: i64,
    kind: String,
    name: Option<String>,
    body: String,
    priority: Option<String>,
    sender: Option<String>,
    random_number: i64,
}

/// [`What`], as it is kept.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    Message { random_number: u64, body: Vec<Element>, priority: Priority, from: Option<String> },
    Field { name: String, value: String },
}

impl Waiting {
    /// What it says, or why it cannot be read.
    pub(super) fn what(&self) -> Result<Kept, String> {
        match (self.kind.as_str(), &self.name) {
            ("message", _) => Ok(Kept::Message {
                random_number: from_db(self.random_number),
                body: serde_json::from_str(&self.body)
                    .map_err(|error| format!("its body: {error}"))?,
                priority: self
                    .priority
                    .as_deref()
                    .and_then(priority_of)
                    .ok_or("its priority is none")?,
                from: self.sender.clone(),
            }),
            ("field", Some(name)) => {
                Ok(Kept::Field { name: name.clone(), value: self.body.clone() })
            }
            (kind, _) => Err(format!("it is a {kind}, which this version does not know")),
        }
    }
}

/// What became of a posting.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done<'a> {
    Delivered,
    Failed(&'a str),
    /// It could not be said for so long that it is of no use any more, and why.
    OutOfDate(&'a str),
    /// Whoever wrote it took it back before anybody was told, and why.
    Cancelled(&'a str),
}

impl Done<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed(_) => "failed",
            Self::OutOfDate(_) => "out_of_date",
            Self::Cancelled(_) => "cancelled",
        }
    }
}

/// A posting that the chat service has refused.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Refused {
    pub(super) key: String,
    pub(super) group_id: String,
    pub(super) reason: String,
    /// When it was refused for good, or written if it goes on waiting.
    #[sqlx(try_from = "i64")]
    pub(super) at_ms: u64,
}

/// Numbers that are kept beside the postings.
#[derive(Debug, Clone, Copy)]
enum Figure {
    /// The last number that was given.
    Number,
    Waiting,
    /// Of those that wait: their sender may not speak in the room.
    Held,
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Waiting => "waiting",
            Self::Held => "held",
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, posting: Posting<'_>, now_ms: u64) -> Result<bool, Error> {
    let (kind, name, body, priority, sender) = match posting.what {
        What::Message { message, priority, from } => {
            let body = encoded(message, posting.key)?;
            ("message", None, body, Some(priority_name(priority)), from)
        }
        What::Field { name, value } => ("field", Some(name), value.to_owned(), None, None),
    };
    let number = add_to(tx, Figure::Number, 1).await?;
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
    add_to(tx, Figure::Waiting, 1).await?;
    sqlx::query(
        "INSERT INTO outbox_rooms (group_id, waiting) VALUES ($1, 1)
         ON CONFLICT (group_id) DO UPDATE SET waiting = outbox_rooms.waiting + 1",
    )
    .bind(posting.group_id)
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Gives a message that waits, and has not been told, other words.
pub(super) async fn rewrite(
    tx: &mut Tx,
    number: u64,
    message: &BusinessMessage,
) -> Result<(), Error> {
    sqlx::query("UPDATE outbox SET body = $2 WHERE number = $1 AND state = 'waiting'")
        .bind(to_db(number))
        .bind(encoded(message, &number.to_string())?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn encoded(message: &BusinessMessage, posting: &str) -> Result<String, Error> {
    serde_json::to_string(&[message.to_element()])
        .map_err(|error| Error::Unreadable(format!("posting {posting}: {error}")))
}

/// How many postings wait in all, and how many of them because their sender may not speak.
pub(super) async fn waiting(tx: &mut Tx) -> Result<(u64, u64), Error> {
    let (waiting, held): (i64, i64) = sqlx::query_as(
        "SELECT w.value, h.value FROM outbox_figures w, outbox_figures h
         WHERE w.name = 'waiting' AND h.name = 'held'",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((from_db(waiting), from_db(held)))
}

/// How many postings wait for a room.
pub(super) async fn waiting_for(tx: &mut Tx, group_id: &str) -> Result<u64, Error> {
    let waiting = sqlx::query_scalar("SELECT waiting FROM outbox_rooms WHERE group_id = $1")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(waiting.map_or(0, from_db))
}

/// Numbers and lanes of postings that wait and were written after the posting `after`, up to
/// `limit`.
pub(super) async fn written_after(
    tx: &mut Tx,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, String)>, Error> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT number, lane FROM outbox WHERE state = 'waiting' AND number > $1
         ORDER BY number LIMIT $2",
    )
    .bind(to_db(after))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|(number, lane)| (from_db(number), lane)).collect())
}

/// The first posting of the lane that waits, for an attempt that begins now. Until its end is noted
/// the posting counts as one that may have been told.
pub(super) async fn claim_first(tx: &mut Tx, lane: &str) -> Result<Option<Waiting>, Error> {
    let first = sqlx::query_as(
        "UPDATE outbox SET unanswered = unanswered + 1
         WHERE number = (SELECT MIN(number) FROM outbox WHERE state = 'waiting' AND lane = $1)
         RETURNING *",
    )
    .bind(lane)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(first)
}

/// The attempt that was claimed last did not reach anybody.
pub(super) async fn not_taken(tx: &mut Tx, number: u64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE outbox SET unanswered = unanswered - 1
         WHERE number = $1 AND state = 'waiting' AND unanswered > 0",
    )
    .bind(to_db(number))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// All postings of the lane that wait for this room, in their order.
pub(super) async fn waiting_in(
    tx: &mut Tx,
    lane: &str,
    group_id: &str,
) -> Result<Vec<Waiting>, Error> {
    let waiting = sqlx::query_as(
        "SELECT * FROM outbox WHERE state = 'waiting' AND lane = $1 AND group_id = $2
         ORDER BY number",
    )
    .bind(lane)
    .bind(group_id)
    .fetch_all(&mut **tx)
    .await?;
    Ok(waiting)
}

/// When a posting was delivered.
pub(super) async fn delivered_ms(tx: &mut Tx, key: &str) -> Result<Option<u64>, Error> {
    let done_ms: Option<i64> = sqlx::query_scalar(
        "SELECT done_ms FROM outbox WHERE key = $1 AND state = 'delivered' AND done_ms IS NOT NULL",
    )
    .bind(key)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(done_ms.map(from_db))
}

/// Whether something later than this posting waits in its lane.
pub(super) async fn has_later(tx: &mut Tx, lane: &str, number: u64) -> Result<bool, Error> {
    let later: Option<i64> = sqlx::query_scalar(
        "SELECT number FROM outbox WHERE state = 'waiting' AND lane = $1 AND number > $2 LIMIT 1",
    )
    .bind(lane)
    .bind(to_db(number))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(later.is_some())
}

/// Whether anything waits in this lane.
pub(super) async fn is_waiting(tx: &mut Tx, lane: &str) -> Result<bool, Error> {
    has_later(tx, lane, 0).await
}

/// Notes that a posting goes on waiting because its sender may not speak, and the chat service's
/// sentence.
pub(super) async fn hold_back(tx: &mut Tx, number: u64, reason: &str) -> Result<(), Error> {
    not_taken(tx, number).await?;
    let newly = sqlx::query(
        "UPDATE outbox SET held = 1 WHERE number = $1 AND state = 'waiting' AND held = 0",
    )
    .bind(to_db(number))
    .execute(&mut **tx)
    .await?;
    if newly.rows_affected() == 1 {
        add_to(tx, Figure::Held, 1).await?;
    }
    sqlx::query("UPDATE outbox SET reason = $2 WHERE number = $1 AND state = 'waiting'")
        .bind(to_db(number))
        .bind(reason)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The room left the message out: it gets another `Random`.
pub(super) async fn left_out(tx: &mut Tx, number: u64) -> Result<(), Error> {
    not_taken(tx, number).await?;
    let fresh = add_to(tx, Figure::Number, 1).await?;
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
        Done::Failed(reason) | Done::OutOfDate(reason) | Done::Cancelled(reason) => Some(reason),
    };
    let settled: Option<(String, i64)> = sqlx::query_as(
        "UPDATE outbox SET state = $2, reason = $3, done_ms = $4
         WHERE number = $1 AND state = 'waiting' RETURNING group_id, held",
    )
    .bind(to_db(number))
    .bind(done.name())
    .bind(reason)
    .bind(to_db(now_ms))
    .fetch_optional(&mut **tx)
    .await?;
    let Some((group_id, held)) = settled else { return Ok(()) };
    add_to(tx, Figure::Waiting, -1).await?;
    if held > 0 {
        add_to(tx, Figure::Held, -1).await?;
    }
    sqlx::query("UPDATE outbox_rooms SET waiting = waiting - 1 WHERE group_id = $1")
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The last postings that were refused for good, newest first.
pub(super) async fn failed(tx: &mut Tx, limit: u32) -> Result<Vec<Refused>, Error> {
    let failed = sqlx::query_as(
        "SELECT key, group_id, COALESCE(reason, '') AS reason, done_ms AS at_ms FROM outbox
         WHERE state = 'failed' AND done_ms IS NOT NULL
         ORDER BY done_ms DESC, number DESC LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(failed)
}

/// The postings that have been held back for the longest time.
pub(super) async fn held_back(tx: &mut Tx, limit: u32) -> Result<Vec<Refused>, Error> {
    let held_back = sqlx::query_as(
        "SELECT key, group_id, COALESCE(reason, '') AS reason, written_ms AS at_ms FROM outbox
         WHERE state = 'waiting' AND held = 1 ORDER BY number LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(held_back)
}

/// Changes a figure, and gives it. Numbers of postings come from here and not from the highest one of
/// the table, which may be forgotten.
async fn add_to(tx: &mut Tx, figure: Figure, by: i64) -> Result<i64, Error> {
    let value = sqlx::query_scalar(
        "UPDATE outbox_figures SET value = value + $2 WHERE name = $1 RETURNING value",
    )
    .bind(figure.name())
    .bind(by)
    .fetch_one(&mut **tx)
    .await?;
    Ok(value)
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
