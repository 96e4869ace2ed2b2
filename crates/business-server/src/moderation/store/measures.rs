//! Warnings, mutes and bans on their way to the chat service.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::moderation::ladder::Measure;
use crate::storage::{Error, Tx, from_db, to_db};

const DUE: i64 = 0;

/// What became of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::moderation) enum Fate {
    Done,
    /// It never will be carried out.
    Refused,
    /// A ban, of which the chat service could do no more than a mute.
    DoneAsMute,
}

impl Fate {
    pub(super) fn state(self) -> i64 {
        match self {
            Self::Done => 1,
            Self::Refused => 2,
            Self::DoneAsMute => 3,
        }
    }
}

/// A measure that is to be carried out.
#[derive(Debug)]
pub(in crate::moderation) struct Due {
    pub(in crate::moderation) group_id: String,
    pub(in crate::moderation) user_id: String,
    pub(in crate::moderation) measure: Measure,
    /// End of a mute or ban; 0 lifts it.
    pub(in crate::moderation) until_s: u64,
    pub(in crate::moderation) reason: String,
    pub(in crate::moderation) attempts: u64,
}

/// Of which earlier measures of its kind one takes the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::moderation) enum Over {
    /// Of whatever there is: a person wants it so.
    Any,
    /// Of none that holds for longer.
    Shorter,
}

/// False when a longer one stays in its place.
pub(in crate::moderation) async fn put_measure(
    tx: &mut Tx,
    due: &Due,
    over: Over,
    now_s: u64,
) -> Result<bool, Error> {
    let written = sqlx::query(
        "INSERT INTO moderation_measures
             (group_id, user_id, measure, until_s, reason, state, attempts, written_s)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
         ON CONFLICT (group_id, user_id, measure) DO UPDATE SET until_s = excluded.until_s,
             reason = excluded.reason, state = excluded.state, attempts = 0,
             written_s = excluded.written_s
         WHERE $8 OR excluded.until_s >= moderation_measures.until_s
             OR moderation_measures.state = $9",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure.name())
    .bind(to_db(due.until_s))
    .bind(&due.reason)
    .bind(DUE)
    .bind(to_db(now_s))
    .bind(over == Over::Any)
    .bind(Fate::Refused.state())
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// What is to be carried out; what was tried least comes first.
pub(in crate::moderation) async fn due(tx: &mut Tx, limit: usize) -> Result<Vec<Due>, Error> {
    let rows = sqlx::query(
        "SELECT group_id, user_id, measure, until_s, reason, attempts
         FROM moderation_measures WHERE state = $1 ORDER BY attempts, written_s LIMIT $2",
    )
    .bind(DUE)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?;
    let read = |row: &SqliteRow| {
        let name: String = row.get("measure");
        let measure = Measure::from_name(&name)
            .ok_or_else(|| Error::Unreadable(format!("the measure {name}")))?;
        Ok(Due {
            group_id: row.get("group_id"),
            user_id: row.get("user_id"),
            measure,
            until_s: from_db(row.get("until_s")),
            reason: row.get("reason"),
            attempts: from_db(row.get("attempts")),
        })
    };
    rows.iter().map(read).collect()
}

/// It was carried out, or never will be. A newer one of its kind stays due. False when this was
/// known before.
pub(in crate::moderation) async fn measured(
    tx: &mut Tx,
    due: &Due,
    fate: Fate,
) -> Result<bool, Error> {
    let settled = sqlx::query(
        "UPDATE moderation_measures SET state = $5
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s = $4 AND reason = $6
           AND state = $7",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure.name())
    .bind(to_db(due.until_s))
    .bind(fate.state())
    .bind(&due.reason)
    .bind(DUE)
    .execute(&mut **tx)
    .await?;
    Ok(settled.rows_affected() == 1)
}

/// Until when an account may not speak in a room because of something else than a measure of this
/// kind: for a ban a mute that runs, for a mute a ban that was carried out as one. 0 for nothing.
pub(in crate::moderation) async fn silent_until(
    tx: &mut Tx,
    due: &Due,
    now_s: u64,
) -> Result<u64, Error> {
    let row = sqlx::query(
        "SELECT COALESCE(MAX(until_s), 0) AS until_s FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND measure <> $3 AND until_s > $4
           AND ((measure = $5 AND state <> $6) OR (measure = $7 AND state = $8))",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure.name())
    .bind(to_db(now_s))
    .bind(Measure::Mute.name())
    .bind(Fate::Refused.state())
    .bind(Measure::Ban.name())
    .bind(Fate::DoneAsMute.state())
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(row.get("until_s")))
}

/// It was tried in vain.
pub(in crate::moderation) async fn tried(tx: &mut Tx, due: &Due) -> Result<(), Error> {
    sqlx::query(
        "UPDATE moderation_measures SET attempts = attempts + 1
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s = $4 AND reason = $5",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure.name())
    .bind(to_db(due.until_s))
    .bind(&due.reason)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The end of the ban that holds now, if one does.
pub(in crate::moderation) async fn banned_until(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    now_s: u64,
) -> Result<Option<u64>, Error> {
    let row = sqlx::query(
        "SELECT until_s FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s > $4",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(Measure::Ban.name())
    .bind(to_db(now_s))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| from_db(row.get("until_s"))))
}

/// A mute or ban that holds now.
#[derive(Debug, Clone, Copy)]
pub(in crate::moderation) struct Active {
    pub(in crate::moderation) measure: Measure,
    pub(in crate::moderation) until_s: u64,
}

/// What keeps an account out of a room or silent there: a ban before a mute. What the chat service
/// refused to carry out does not hold, unless it is a ban, which this service keeps itself.
pub(in crate::moderation) async fn active(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    now_s: u64,
) -> Result<Option<Active>, Error> {
    let found: Option<(String, i64)> = sqlx::query_as(
        "SELECT measure, until_s FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND until_s > $3
           AND (measure = $4 OR (measure = $5 AND state <> $6))
         ORDER BY measure LIMIT 1",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(to_db(now_s))
    .bind(Measure::Ban.name())
    .bind(Measure::Mute.name())
    .bind(Fate::Refused.state())
    .fetch_optional(&mut **tx)
    .await?;
    found
        .map(|(name, until_s)| {
            let measure = Measure::from_name(&name)
                .ok_or_else(|| Error::Unreadable(format!("the measure {name}")))?;
            Ok(Active { measure, until_s: from_db(until_s) })
        })
        .transpose()
}
