//! Combos in the database.

use chat_types::business::Gift;
use sqlx::FromRow;

use crate::storage::{Error, Optional, Tx, from_db, to_db};

/// Gifts of one kind that one person gives in a row. It belongs to this person, gift and room for as
/// long as it is kept.
#[derive(Debug, Clone)]
pub(in crate::gifts) struct Combo {
    pub(in crate::gifts) group_id: String,
    pub(in crate::gifts) combo: String,
    pub(in crate::gifts) user: String,
    pub(in crate::gifts) gift: String,
    pub(in crate::gifts) total: u32,
    pub(in crate::gifts) told: u32,
    /// Merged messages that were made of it: the last part of their names.
    pub(in crate::gifts) messages: u32,
    /// As the last order would tell it.
    pub(in crate::gifts) message: Gift,
    pub(in crate::gifts) last_ms: u64,
    pub(in crate::gifts) pending: Option<Pending>,
    /// `total` and `told` in the database.
    stored: (u32, u32),
}

impl Combo {
    /// One that nobody has given anything in.
    pub(in crate::gifts) fn empty(group_id: &str, message: Gift, now_ms: u64) -> Self {
        Self {
            group_id: group_id.to_owned(),
            combo: message.combo.clone(),
            user: message.user.clone(),
            gift: message.gift.clone(),
            total: 0,
            told: 0,
            messages: 0,
            message,
            last_ms: now_ms,
            pending: None,
            stored: (0, 0),
        }
    }
}

/// Gifts that are paid and not told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gifts) struct Pending {
    /// When the first was paid.
    pub(in crate::gifts) since_ms: u64,
    /// When they have to be told.
    pub(in crate::gifts) due_ms: u64,
}

#[derive(FromRow)]
struct Row {
    group_id: String,
    combo: String,
    user_id: String,
    gift: String,
    #[sqlx(try_from = "i64")]
    total: u32,
    #[sqlx(try_from = "i64")]
    told: u32,
    #[sqlx(try_from = "i64")]
    messages: u32,
    message: String,
    #[sqlx(try_from = "i64")]
    last_ms: u64,
    #[sqlx(try_from = "Optional")]
    since_ms: Option<u64>,
    #[sqlx(try_from = "Optional")]
    due_ms: Option<u64>,
}

impl TryFrom<Row> for Combo {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let message = serde_json::from_str(&row.message).map_err(|error| {
            Error::Unreadable(format!("the message of combo {}: {error}", row.combo))
        })?;
        let pending = row.since_ms.zip(row.due_ms);
        let pending = pending.map(|(since_ms, due_ms)| Pending { since_ms, due_ms });
        Ok(Self {
            group_id: row.group_id,
            combo: row.combo,
            user: row.user_id,
            gift: row.gift,
            total: row.total,
            told: row.told,
            messages: row.messages,
            message,
            last_ms: row.last_ms,
            pending,
            stored: (row.total, row.told),
        })
    }
}

pub(in crate::gifts) async fn find(
    tx: &mut Tx,
    group_id: &str,
    combo: &str,
) -> Result<Option<Combo>, Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM gift_combos WHERE group_id = $1 AND combo = $2")
            .bind(group_id)
            .bind(combo)
            .fetch_optional(&mut **tx)
            .await?;
    row.map(Combo::try_from).transpose()
}

/// The combo of this person and gift that was opened last.
pub(in crate::gifts) async fn last_of(
    tx: &mut Tx,
    group_id: &str,
    user: &str,
    gift: &str,
) -> Result<Option<Combo>, Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT * FROM gift_combos WHERE group_id = $1 AND user_id = $2 AND gift = $3
         ORDER BY opened DESC LIMIT 1",
    )
    .bind(group_id)
    .bind(user)
    .bind(gift)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(Combo::try_from).transpose()
}

/// Up to `limit` combos with gifts that have to be told now, the longest due first. That gifts were
/// paid later than now means that the clock was set back, and that their time cannot be known: they
/// are told at once.
pub(in crate::gifts) async fn due(
    tx: &mut Tx,
    now_ms: u64,
    limit: u32,
) -> Result<Vec<Combo>, Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM gift_combos WHERE due_ms IS NOT NULL AND (due_ms <= $1 OR since_ms > $1)
         ORDER BY due_ms LIMIT $2",
    )
    .bind(to_db(now_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Combo::try_from).collect()
}

/// When the next gifts have to be told.
pub(in crate::gifts) async fn next_due_ms(tx: &mut Tx) -> Result<Option<u64>, Error> {
    let due_ms: Option<i64> = sqlx::query_scalar(
        "SELECT due_ms FROM gift_combos WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1",
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(due_ms.map(from_db))
}

/// How many combos have gifts that are not told yet, in this room and in all.
pub(in crate::gifts) async fn pending(tx: &mut Tx, group_id: &str) -> Result<(u64, u64), Error> {
    let (of_room, in_all): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM gift_combos WHERE group_id = $1 AND due_ms IS NOT NULL),
             (SELECT COUNT(*) FROM gift_combos WHERE due_ms IS NOT NULL)",
    )
    .bind(group_id)
    .fetch_one(&mut **tx)
    .await?;
    Ok((from_db(of_room), from_db(in_all)))
}

/// Keeps a new combo, which the order of this number opens. False when there is one of this name in
/// the room, whoever has it; nothing is changed then.
pub(in crate::gifts) async fn open(tx: &mut Tx, combo: &Combo, order: u64) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO gift_combos (group_id, combo, user_id, gift, opened, total, told, message,
             last_ms)
         VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7) ON CONFLICT (group_id, combo) DO NOTHING",
    )
    .bind(&combo.group_id)
    .bind(&combo.combo)
    .bind(&combo.user)
    .bind(&combo.gift)
    .bind(to_db(order))
    .bind(encoded(combo)?)
    .bind(to_db(combo.last_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what has been added to a combo or taken out of it since it was read.
pub(in crate::gifts) async fn put(tx: &mut Tx, combo: &Combo) -> Result<(), Error> {
    let (total, told) = (i64::from(combo.stored.0), i64::from(combo.stored.1));
    let done = sqlx::query(
        "UPDATE gift_combos SET total = total + $5, told = told + $6, messages = $7, message = $8,
             last_ms = $9, since_ms = $10, due_ms = $11
         WHERE group_id = $1 AND combo = $2 AND total = $3 AND told = $4
             AND user_id = $12 AND gift = $13",
    )
    .bind(&combo.group_id)
    .bind(&combo.combo)
    .bind(total)
    .bind(told)
    .bind(i64::from(combo.total) - total)
    .bind(i64::from(combo.told) - told)
    .bind(i64::from(combo.messages))
    .bind(encoded(combo)?)
    .bind(to_db(combo.last_ms))
    .bind(combo.pending.map(|pending| to_db(pending.since_ms)))
    .bind(combo.pending.map(|pending| to_db(pending.due_ms)))
    .bind(&combo.user)
    .bind(&combo.gift)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(Error::Raced(format!("combo {}", combo.combo)))
}

fn encoded(combo: &Combo) -> Result<String, Error> {
    serde_json::to_string(&combo.message)
        .map_err(|error| Error::Unreadable(format!("combo {}: {error}", combo.combo)))
}
