//! Warnings, mutes and bans on their way to the chat service.

use crate::moderation::ladder::Measure;
use crate::moderation::rank::Rank;
use crate::storage::{Error, Tx, from_db, to_db};

/// State of a measure that is to be carried out.
const DUE: i64 = 0;

/// What became of a measure. The numbers are those of the database, in which 0 is one that is still to
/// be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[repr(i64)]
pub(in crate::moderation) enum MeasureResult {
    Done = 1,
    /// It never will be carried out.
    Refused = 2,
    /// A ban, of which the chat service could do no more than a mute.
    DoneAsMute = 3,
}

/// A measure that is to be carried out.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::moderation) struct PendingMeasure {
    pub(in crate::moderation) group_id: String,
    pub(in crate::moderation) user_id: String,
    pub(in crate::moderation) measure: Measure,
    /// End of a mute or ban; 0 lifts it.
    #[sqlx(try_from = "i64")]
    pub(in crate::moderation) until_s: u64,
    pub(in crate::moderation) reason: String,
    /// Of who set or lifted it.
    #[sqlx(rename = "set_by_rank")]
    pub(in crate::moderation) rank: Rank,
    #[sqlx(try_from = "i64")]
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

/// Writes a measure down. One that takes the place of another that still holds keeps the higher rank of
/// the two, so that nobody gets a longer one lifted by lengthening it first. False when a longer one
/// stays in its place.
pub(in crate::moderation) async fn put_measure(
    tx: &mut Tx,
    due: &PendingMeasure,
    over: Over,
    now_s: u64,
) -> Result<bool, Error> {
    let written = sqlx::query(
        "INSERT INTO moderation_measures
             (group_id, user_id, measure, until_s, reason, state, attempts, written_s, set_by_rank)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $10)
         ON CONFLICT (group_id, user_id, measure) DO UPDATE SET until_s = excluded.until_s,
             reason = excluded.reason, state = excluded.state, attempts = 0,
             written_s = excluded.written_s,
             set_by_rank = CASE
                 WHEN excluded.until_s > 0 AND moderation_measures.until_s > $7
                     AND moderation_measures.set_by_rank > excluded.set_by_rank
                 THEN moderation_measures.set_by_rank ELSE excluded.set_by_rank END
         WHERE $8 OR excluded.until_s >= moderation_measures.until_s
             OR moderation_measures.state = $9",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure)
    .bind(to_db(due.until_s))
    .bind(&due.reason)
    .bind(DUE)
    .bind(to_db(now_s))
    .bind(over == Over::Any)
    .bind(MeasureResult::Refused)
    .bind(due.rank)
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// What is to be carried out; what was tried least comes first.
pub(in crate::moderation) async fn due(
    tx: &mut Tx,
    limit: usize,
) -> Result<Vec<PendingMeasure>, Error> {
    let found = sqlx::query_as(
        "SELECT group_id, user_id, measure, until_s, reason, set_by_rank, attempts
         FROM moderation_measures WHERE state = $1 ORDER BY attempts, written_s LIMIT $2",
    )
    .bind(DUE)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}

/// It was carried out, or never will be. A newer one of its kind stays due. False when this was
/// known before.
pub(in crate::moderation) async fn measured(
    tx: &mut Tx,
    due: &PendingMeasure,
    result: MeasureResult,
) -> Result<bool, Error> {
    let settled = sqlx::query(
        "UPDATE moderation_measures SET state = $5
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s = $4 AND reason = $6
           AND state = $7",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure)
    .bind(to_db(due.until_s))
    .bind(result)
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
    due: &PendingMeasure,
    now_s: u64,
) -> Result<u64, Error> {
    let until_s = sqlx::query_scalar(
        "SELECT COALESCE(MAX(until_s), 0) FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND measure <> $3 AND until_s > $4
           AND ((measure = $5 AND state <> $6) OR (measure = $7 AND state = $8))",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure)
    .bind(to_db(now_s))
    .bind(Measure::Mute)
    .bind(MeasureResult::Refused)
    .bind(Measure::Ban)
    .bind(MeasureResult::DoneAsMute)
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(until_s))
}

/// It was tried in vain.
pub(in crate::moderation) async fn tried(tx: &mut Tx, due: &PendingMeasure) -> Result<(), Error> {
    sqlx::query(
        "UPDATE moderation_measures SET attempts = attempts + 1
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s = $4 AND reason = $5",
    )
    .bind(&due.group_id)
    .bind(&due.user_id)
    .bind(due.measure)
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
    let until_s: Option<i64> = sqlx::query_scalar(
        "SELECT until_s FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s > $4",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(Measure::Ban)
    .bind(to_db(now_s))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(until_s.map(from_db))
}

/// The measure of a kind that holds against an account in a room now, if one does: until when, and
/// the rank of who set it. As in [`active`], a mute that the chat service refused does not hold.
pub(in crate::moderation) async fn holding(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    measure: Measure,
    now_s: u64,
) -> Result<Option<(u64, Rank)>, Error> {
    let found: Option<(i64, Rank)> = sqlx::query_as(
        "SELECT until_s, set_by_rank FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND measure = $3 AND until_s > $4
             AND (measure = $5 OR state <> $6)",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(measure)
    .bind(to_db(now_s))
    .bind(Measure::Ban)
    .bind(MeasureResult::Refused)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(|(until_s, rank)| (from_db(until_s), rank)))
}

/// A mute or ban that holds now.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(in crate::moderation) struct Active {
    pub(in crate::moderation) measure: Measure,
    #[sqlx(try_from = "i64")]
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
    let found = sqlx::query_as(
        "SELECT measure, until_s FROM moderation_measures
         WHERE group_id = $1 AND user_id = $2 AND until_s > $3
           AND (measure = $4 OR (measure = $5 AND state <> $6))
         ORDER BY measure LIMIT 1",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(to_db(now_s))
    .bind(Measure::Ban)
    .bind(Measure::Mute)
    .bind(MeasureResult::Refused)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;

    #[tokio::test]
    async fn measures_of_an_earlier_version_have_the_rank_that_their_moderators_have() {
        let dir = tempfile::tempdir().unwrap();
        let old = crate::testing::database_after(dir.path(), 47).await;
        sqlx::query(
            "INSERT INTO accounts (user_id, nick, role, created_s) VALUES
                 ('boss', 'b', 'admin', 0), ('mo', 'm', 'moderator', 0), ('li', 'l', 'viewer', 0)",
        )
        .execute(&old)
        .await
        .unwrap();
        let mut tx = old.begin().await.unwrap();
        crate::rooms::store::insert(&mut tx, "r", "host", "Room", 0).await.unwrap();
        tx.commit().await.unwrap();
        let expected = [
            ("strike 3: scam", Rank::Viewer),
            ("moderator li", Rank::RoomModerator),
            ("moderator host", Rank::Host),
            ("moderator mo", Rank::Moderator),
            ("moderator boss", Rank::Admin),
        ];
        for (reason, _) in expected {
            sqlx::query(
                "INSERT INTO moderation_measures
                     (group_id, user_id, measure, until_s, reason, state, attempts, written_s)
                 VALUES ('r', $1, 'mute', 100, $1, 1, 0, 0)",
            )
            .bind(reason)
            .execute(&old)
            .await
            .unwrap();
        }
        old.close().await;
        let mut tx = Database::open(dir.path()).await.unwrap().read().await.unwrap();
        for (reason, rank) in expected {
            let held = holding(&mut tx, "r", reason, Measure::Mute, 99).await.unwrap();
            assert_eq!(held, Some((100, rank)), "{reason}");
        }
    }
}
