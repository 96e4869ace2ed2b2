//! What the assistant does in a room, in the database.

use sqlx::FromRow;

use super::answers::{Rule, folded};
use super::greeting::{Arrivals, Greeting};
use super::notices::{Notice, When};
use super::settings::Kept;
use crate::storage::{Error, Optional, Tx, next, to_db};

/// Positions in a room are few.
fn position_to_db(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// `None` when nobody has set the room up.
pub(super) async fn greeting(tx: &mut Tx, group_id: &str) -> Result<Option<Greeting>, Error> {
    let greeting = sqlx::query_as("SELECT * FROM assistant_greetings WHERE group_id = $1")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(greeting)
}

pub(super) async fn set_waiting(
    tx: &mut Tx,
    group_id: &str,
    waiting: &Arrivals,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE assistant_greetings SET waiting_names = $2, waiting_more = $3 WHERE group_id = $1",
    )
    .bind(group_id)
    // A name has no control characters.
    .bind(waiting.names.join("\n"))
    .bind(to_db(waiting.more))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Nobody waits any more.
pub(super) async fn note_greeted(tx: &mut Tx, group_id: &str, now_ms: u64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE assistant_greetings SET greeted_ms = $2, waiting_names = '', waiting_more = 0
         WHERE group_id = $1",
    )
    .bind(group_id)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// In the order in which they are tried.
pub(super) async fn rules(tx: &mut Tx, group_id: &str) -> Result<Vec<Rule>, Error> {
    let mut rules: Vec<Rule> =
        sqlx::query_as("SELECT * FROM assistant_rules WHERE group_id = $1 ORDER BY position")
            .bind(group_id)
            .fetch_all(&mut **tx)
            .await?;
    for rule in &mut rules {
        // Stored by older versions it may be folded a little otherwise.
        rule.folded = folded(&rule.folded);
    }
    Ok(rules)
}

pub(super) async fn note_answered(
    tx: &mut Tx,
    group_id: &str,
    position: usize,
    now_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE assistant_rules SET answered_ms = $3 WHERE group_id = $1 AND position = $2",
    )
    .bind(group_id)
    .bind(position_to_db(position))
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct NoticeRow {
    group_id: String,
    text: String,
    #[sqlx(try_from = "Optional")]
    at_s: Option<u64>,
    #[sqlx(try_from = "Optional")]
    every_s: Option<u64>,
    #[sqlx(try_from = "Optional")]
    due_s: Option<u64>,
}

impl TryFrom<NoticeRow> for Notice {
    type Error = Error;

    fn try_from(row: NoticeRow) -> Result<Self, Error> {
        let when = match (row.at_s, row.every_s) {
            (Some(at_s), None) => When::At(at_s),
            (None, Some(every_s)) => When::Every(every_s),
            _ => return Err(Error::Unreadable(format!("when to post in room {}", row.group_id))),
        };
        Ok(Self { text: row.text, when, due_s: row.due_s })
    }
}

/// By position.
pub(super) async fn notices(tx: &mut Tx, group_id: &str) -> Result<Vec<Notice>, Error> {
    let rows: Vec<NoticeRow> =
        sqlx::query_as("SELECT * FROM assistant_notices WHERE group_id = $1 ORDER BY position")
            .bind(group_id)
            .fetch_all(&mut **tx)
            .await?;
    rows.into_iter().map(Notice::try_from).collect()
}

pub(super) async fn set_due(
    tx: &mut Tx,
    group_id: &str,
    position: usize,
    due_s: Option<u64>,
) -> Result<(), Error> {
    sqlx::query("UPDATE assistant_notices SET due_s = $3 WHERE group_id = $1 AND position = $2")
        .bind(group_id)
        .bind(position_to_db(position))
        .bind(due_s.map(to_db))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Everything that is kept of a room.
pub(super) async fn kept(tx: &mut Tx, group_id: &str) -> Result<Kept, Error> {
    let unset = Kept::default();
    Ok(Kept {
        greeting: greeting(tx, group_id).await?.unwrap_or(unset.greeting),
        rules: rules(tx, group_id).await?,
        notices: notices(tx, group_id).await?,
    })
}

/// Replaces everything that is kept of a room.
pub(super) async fn set_kept(tx: &mut Tx, group_id: &str, kept: &Kept) -> Result<(), Error> {
    let greeting = &kept.greeting;
    sqlx::query(
        "INSERT INTO assistant_greetings (group_id, is_on, text, text_many, every_s, greeted_ms)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (group_id) DO UPDATE SET is_on = excluded.is_on, text = excluded.text,
             text_many = excluded.text_many, every_s = excluded.every_s",
    )
    .bind(group_id)
    .bind(i64::from(greeting.is_on))
    .bind(&greeting.text)
    .bind(&greeting.text_many)
    .bind(to_db(greeting.every_s))
    .bind(greeting.greeted_ms.map(to_db))
    .execute(&mut **tx)
    .await?;
    set_waiting(tx, group_id, &greeting.waiting).await?;
    set_rules(tx, group_id, &kept.rules).await?;
    set_notices(tx, group_id, &kept.notices).await
}

async fn set_rules(tx: &mut Tx, group_id: &str, rules: &[Rule]) -> Result<(), Error> {
    sqlx::query("DELETE FROM assistant_rules WHERE group_id = $1")
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    for (position, rule) in rules.iter().enumerate() {
        sqlx::query(
            "INSERT INTO assistant_rules (group_id, position, keyword, folded, answer, cool_down_s,
                 answered_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(group_id)
        .bind(position_to_db(position))
        .bind(&rule.keyword)
        .bind(&rule.folded)
        .bind(&rule.answer)
        .bind(to_db(rule.cool_down_s))
        .bind(rule.answered_ms.map(to_db))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn set_notices(tx: &mut Tx, group_id: &str, notices: &[Notice]) -> Result<(), Error> {
    sqlx::query("DELETE FROM assistant_notices WHERE group_id = $1")
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    for (position, notice) in notices.iter().enumerate() {
        let (at_s, every_s) = match notice.when {
            When::At(at_s) => (Some(at_s), None),
            When::Every(every_s) => (None, Some(every_s)),
        };
        sqlx::query(
            "INSERT INTO assistant_notices (group_id, position, text, at_s, every_s, due_s)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(group_id)
        .bind(position_to_db(position))
        .bind(&notice.text)
        .bind(at_s.map(to_db))
        .bind(every_s.map(to_db))
        .bind(notice.due_s.map(to_db))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Rooms in which the assistant has something to say by itself, or whose clock was set back.
pub(super) async fn rooms_due(tx: &mut Tx, now_ms: u64, limit: u32) -> Result<Vec<String>, Error> {
    let rooms = sqlx::query_scalar(
        "SELECT group_id FROM assistant_notices
         WHERE due_s <= $1 OR (every_s IS NOT NULL AND due_s > $1 + every_s)
         UNION
         SELECT group_id FROM assistant_greetings
         WHERE is_on = 1 AND waiting_names <> ''
             AND (greeted_ms IS NULL OR greeted_ms > $2 OR greeted_ms + every_s * 1000 <= $2)
         ORDER BY group_id LIMIT $3",
    )
    .bind(to_db(now_ms / 1_000))
    .bind(to_db(now_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rooms)
}

/// The number of what the assistant says next, over all rooms.
pub(super) async fn next_saying(tx: &mut Tx) -> Result<u64, Error> {
    next(tx, "assistant_sayings").await
}
