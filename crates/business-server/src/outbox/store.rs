//! Postings in the database.

use chat_types::business::BusinessMessage;
use chat_types::{Element, Priority};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::lanes::Voice;
use super::stale::life_ms;
use super::{Posting, What};
use crate::storage::{Error, Tx, from_db, next, to_db};

/// The counter of postings, and of what their `Random` is made from.
const NUMBERS: &str = "outbox";

/// A posting that waits.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Waiting {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) group_id: String,
    /// When the attempt began that is on its way.
    pub(super) begun_ms: Option<i64>,
    /// When the first attempt began of which nobody knows whether the chat service took it.
    pub(super) unclear_ms: Option<i64>,
    kind: String,
    name: Option<String>,
    body: String,
    priority: Option<String>,
    sender: Option<String>,
    random_number: i64,
}

fn voice(kind: &str, group_id: &str, sender: Option<&str>) -> Option<Voice> {
    (kind == "message").then(|| Voice::new(group_id, sender))
}

/// [`What`], as it is kept.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    Message { random_number: u64, body: Vec<Element>, priority: Priority, from: Option<String> },
    Field { name: String, value: String },
}

impl Waiting {
    /// Who says it, if it is said and not written.
    pub(super) fn voice(&self) -> Option<Voice> {
        voice(&self.kind, &self.group_id, self.sender.as_deref())
    }

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
#[derive(Debug, FromRow, Serialize, ToSchema)]
#[schema(as = RefusedPosting)]
pub(super) struct Refused {
    key: String,
    #[sqlx(rename = "group_id")]
    room: String,
    /// The chat service's sentence.
    reason: String,
    /// When it was refused for good, or written if it waits.
    #[sqlx(try_from = "i64")]
    at_s: u64,
}

/// Writes a posting. False when one of the same key was written before; nothing is changed then.
/// Call [`Outbox::wake`](super::Outbox::wake) after the commit.
pub(crate) async fn enqueue(tx: &mut Tx, posting: Posting<'_>, now_ms: u64) -> Result<bool, Error> {
    let (kind, name, body, priority, sender, life_ms) = match posting.what {
        What::Message { message, priority, from } => {
            let body = encoded(message, posting.key)?;
            ("message", None, body, Some(priority_name(priority)), from, life_ms(message))
        }
        What::Field { name, value } => ("field", Some(name), value.to_owned(), None, None, None),
    };
    let number = to_db(next(tx, NUMBERS).await?);
    let written = sqlx::query(
        "INSERT INTO outbox (number, key, lane, group_id, kind, name, body, priority, sender,
             random_number, state, written_ms, life_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $1, 'waiting', $10, $11)
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
    .bind(life_ms.map(to_db))
    .execute(&mut **tx)
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO outbox_senders (group_id, kind, sender, waiting) VALUES ($1, $2, $3, 1)
         ON CONFLICT (group_id, kind, sender)
         DO UPDATE SET waiting = outbox_senders.waiting + 1",
    )
    .bind(posting.group_id)
    .bind(kind)
    .bind(sender.unwrap_or_default())
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Gives a message that waits other words.
pub(crate) async fn rewrite(
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
pub(crate) async fn waiting(tx: &mut Tx) -> Result<(u64, u64), Error> {
    let (waiting, held): (i64, i64) = sqlx::query_as(
        "SELECT CAST(COALESCE(SUM(waiting), 0) AS BIGINT),
             CAST(COALESCE(SUM(CASE WHEN muted IS NOT NULL THEN waiting END), 0) AS BIGINT)
         FROM outbox_senders",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((from_db(waiting), from_db(held)))
}

/// How many postings wait for a room.
pub(super) async fn waiting_for(tx: &mut Tx, group_id: &str) -> Result<u64, Error> {
    let waiting = sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(waiting), 0) AS BIGINT) FROM outbox_senders WHERE group_id = $1",
    )
    .bind(group_id)
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(waiting))
}

/// A posting that waits, as the lanes know it.
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) lane: String,
    pub(super) voice: Option<Voice>,
}

/// Postings that wait and were written after the posting `after`, up to `limit`.
pub(super) async fn written_after(
    tx: &mut Tx,
    after: u64,
    limit: u32,
) -> Result<Vec<Written>, Error> {
    let rows: Vec<(i64, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT number, lane, kind, group_id, sender FROM outbox
         WHERE state = 'waiting' AND number > $1 ORDER BY number LIMIT $2",
    )
    .bind(to_db(after))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    let written =
        |(number, lane, kind, group_id, sender): (_, _, String, String, Option<String>)| {
            let voice = voice(&kind, &group_id, sender.as_deref());
            Written { number: from_db(number), lane, voice }
        };
    Ok(rows.into_iter().map(written).collect())
}

/// The first posting of the lane that waits, for an attempt that begins now. Until its end is noted
/// the posting counts as one that may have been told. An attempt whose end never was has broken off
/// with the process.
pub(super) async fn claim_first(
    tx: &mut Tx,
    lane: &str,
    now_ms: u64,
) -> Result<Option<Waiting>, Error> {
    let first = sqlx::query_as(
        "UPDATE outbox SET unclear_ms = COALESCE(unclear_ms, begun_ms), begun_ms = $2
         WHERE number = (SELECT MIN(number) FROM outbox WHERE state = 'waiting' AND lane = $1)
         RETURNING *",
    )
    .bind(lane)
    .bind(to_db(now_ms))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(first)
}

/// The attempt that was claimed last did not reach anybody.
pub(super) async fn not_taken(tx: &mut Tx, number: u64) -> Result<(), Error> {
    sqlx::query("UPDATE outbox SET begun_ms = NULL WHERE number = $1 AND state = 'waiting'")
        .bind(to_db(number))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Nobody knows whether the attempt that was claimed last reached somebody.
pub(super) async fn unclear(tx: &mut Tx, number: u64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE outbox SET unclear_ms = COALESCE(unclear_ms, begun_ms), begun_ms = NULL
         WHERE number = $1 AND state = 'waiting'",
    )
    .bind(to_db(number))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A posting that may have been told.
#[derive(Debug, FromRow)]
pub(super) struct Tried {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    #[sqlx(try_from = "i64")]
    pub(super) random_number: u64,
}

/// The postings for a room that are on their way or were without an answer: few.
pub(super) async fn tried(tx: &mut Tx, group_id: &str) -> Result<Vec<Tried>, Error> {
    let tried = sqlx::query_as(
        "SELECT number, random_number FROM outbox
         WHERE state = 'waiting' AND COALESCE(unclear_ms, begun_ms) IS NOT NULL AND group_id = $1",
    )
    .bind(group_id)
    .fetch_all(&mut **tx)
    .await?;
    Ok(tried)
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

/// When a posting was delivered, in Unix milliseconds of the own clock; `None` when it was not, or so
/// long ago that nothing is known of it any more.
pub(crate) async fn delivered_ms(tx: &mut Tx, key: &str) -> Result<Option<u64>, Error> {
    let done_ms: Option<i64> = sqlx::query_scalar(
        "SELECT done_ms FROM outbox WHERE key = $1 AND state = 'delivered' AND done_ms IS NOT NULL",
    )
    .bind(key)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(done_ms.map(from_db))
}

/// Whether something of this lane has not been delivered yet.
pub(crate) async fn is_waiting(tx: &mut Tx, lane: &str) -> Result<bool, Error> {
    let waiting = sqlx::query("SELECT 1 FROM outbox WHERE state = 'waiting' AND lane = $1 LIMIT 1")
        .bind(lane)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(waiting.is_some())
}

/// Notes what the chat service said when it would not let the sender of this posting speak in its
/// room; the posting was not taken. `None`: it does let it speak.
pub(super) async fn set_muted(
    tx: &mut Tx,
    posting: &Waiting,
    sentence: Option<&str>,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE outbox_senders SET muted = $4
         WHERE group_id = $1 AND kind = $2 AND sender = $3
             AND (muted IS NOT NULL OR $4 IS NOT NULL)",
    )
    .bind(&posting.group_id)
    .bind(&posting.kind)
    .bind(posting.sender.as_deref().unwrap_or_default())
    .bind(sentence)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A posting that is of no use any more.
#[derive(Debug, FromRow)]
pub(super) struct Stale {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) lane: String,
    /// What the chat service said to its sender.
    pub(super) muted: String,
}

/// Up to `limit` postings that are not worth waiting any longer for senders that may not speak.
pub(super) async fn stale(tx: &mut Tx, now_ms: u64, limit: u32) -> Result<Vec<Stale>, Error> {
    let stale = sqlx::query_as(
        "SELECT o.number, o.key, o.lane, s.muted FROM outbox o
         JOIN outbox_senders s ON s.group_id = o.group_id AND s.kind = o.kind
             AND s.sender = COALESCE(o.sender, '')
         WHERE o.state = 'waiting' AND o.life_ms IS NOT NULL AND s.muted IS NOT NULL
             AND CASE o.life_ms
                 WHEN 0 THEN EXISTS (SELECT 1 FROM outbox later WHERE later.state = 'waiting'
                     AND later.lane = o.lane AND later.number > o.number)
                 ELSE o.written_ms + o.life_ms <= $1 END
         ORDER BY o.number LIMIT $2",
    )
    .bind(to_db(now_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(stale)
}

/// The room left the message out: it gets another `Random`.
pub(super) async fn left_out(tx: &mut Tx, number: u64) -> Result<(), Error> {
    not_taken(tx, number).await?;
    let fresh = to_db(next(tx, NUMBERS).await?);
    sqlx::query("UPDATE outbox SET random_number = $2 WHERE number = $1")
        .bind(to_db(number))
        .bind(fresh)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes what became of a posting that waits. False when it waits no longer; nothing is changed then.
pub(super) async fn settle(
    tx: &mut Tx,
    number: u64,
    done: Done<'_>,
    now_ms: u64,
) -> Result<bool, Error> {
    let reason = match done {
        Done::Delivered => None,
        Done::Failed(reason) | Done::OutOfDate(reason) | Done::Cancelled(reason) => Some(reason),
    };
    let settled: Option<(String, String, String)> = sqlx::query_as(
        "UPDATE outbox SET state = $2, reason = $3, done_ms = $4
         WHERE number = $1 AND state = 'waiting'
         RETURNING group_id, kind, COALESCE(sender, '')",
    )
    .bind(to_db(number))
    .bind(done.name())
    .bind(reason)
    .bind(to_db(now_ms))
    .fetch_optional(&mut **tx)
    .await?;
    let Some((group_id, kind, sender)) = settled else { return Ok(false) };
    for change in [
        "UPDATE outbox_senders SET waiting = waiting - 1
         WHERE group_id = $1 AND kind = $2 AND sender = $3",
        "DELETE FROM outbox_senders
         WHERE group_id = $1 AND kind = $2 AND sender = $3 AND waiting <= 0",
    ] {
        sqlx::query(change).bind(&group_id).bind(&kind).bind(&sender).execute(&mut **tx).await?;
    }
    Ok(true)
}

/// The last postings that were refused for good, newest first.
pub(super) async fn failed(tx: &mut Tx, limit: u32) -> Result<Vec<Refused>, Error> {
    let failed = sqlx::query_as(
        "SELECT key, group_id, COALESCE(reason, '') AS reason, done_ms / 1000 AS at_s FROM outbox
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
        "SELECT o.key, o.group_id, s.muted AS reason, o.written_ms / 1000 AS at_s
         FROM outbox_senders s
         CROSS JOIN outbox o ON o.state = 'waiting' AND o.group_id = s.group_id
             AND o.kind = s.kind AND COALESCE(o.sender, '') = s.sender
         WHERE s.muted IS NOT NULL ORDER BY o.number LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(held_back)
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
