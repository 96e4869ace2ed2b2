//! Who said the keyword, in the database.

use sqlx::FromRow;

use super::{Draw, State};
use crate::storage::{Error, Tx, to_db};

/// Puts an account on the list, once.
pub(in crate::draws) async fn enter(
    tx: &mut Tx,
    draw: &str,
    user_id: &str,
    said_ms: u64,
) -> Result<(), Error> {
    let done = sqlx::query(
        "INSERT INTO draw_entrants (draw, user_id, said_ms) VALUES ($1, $2, $3)
         ON CONFLICT (draw, user_id) DO NOTHING",
    )
    .bind(draw)
    .bind(user_id)
    .bind(to_db(said_ms))
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 {
        sqlx::query("UPDATE draws SET entrants = entrants + 1 WHERE draw = $1")
            .bind(draw)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Counts a comment of somebody who is not on the full list.
pub(in crate::draws) async fn turn_away(
    tx: &mut Tx,
    draw: &str,
    user_id: &str,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE draws SET turned_away = turned_away + 1 WHERE draw = $1 AND NOT EXISTS
             (SELECT 1 FROM draw_entrants WHERE draw = $1 AND user_id = $2)",
    )
    .bind(draw)
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts a comment in time of somebody who is not on a list that stands.
pub(in crate::draws) async fn count_late(
    tx: &mut Tx,
    draw: &str,
    user_id: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE draws SET came_late = came_late + 1 WHERE draw = $1 AND NOT EXISTS
             (SELECT 1 FROM draw_entrants WHERE draw = $1 AND user_id = $2)",
    )
    .bind(draw)
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody who said the keyword in time.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(in crate::draws) struct Entrant {
    pub(in crate::draws) user_id: String,
    /// 1 for who fulfils the conditions.
    pub(in crate::draws) qualifies: i64,
}

/// The conditions of a draw, as its entrants are compared with them.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::draws) struct Qualification {
    pub(in crate::draws) experience: u64,
    pub(in crate::draws) must_have_gifted: bool,
    pub(in crate::draws) must_follow: bool,
}

/// Up to `limit` entrants whose ids come after `after`, by id. A giver is who has given something in the
/// draw's stream that was not refunded; a follower is who follows the owner of the room.
pub(in crate::draws) async fn entrants_after(
    tx: &mut Tx,
    draw: &Draw,
    wanted: Qualification,
    after: &str,
    limit: u32,
) -> Result<Vec<Entrant>, Error> {
    // Of draws that were drawn by an earlier version it was looked at then.
    let wanted = if draw.state == State::Drawn { Qualification::default() } else { wanted };
    let entrants = sqlx::query_as(
        "SELECT e.user_id, CASE WHEN
             ($4 = 0 OR EXISTS (SELECT 1 FROM accounts a
                  WHERE a.user_id = e.user_id AND a.experience >= $4))
             AND ($5 = 0 OR EXISTS (SELECT 1 FROM gift_sums g
                  WHERE g.group_id = $7 AND g.span = 'stream' AND g.span_number = $8
                      AND g.user_id = e.user_id AND g.coins > 0))
             AND ($6 = 0 OR EXISTS (SELECT 1 FROM follows f JOIN rooms r ON r.owner = f.host
                  WHERE r.group_id = $7 AND f.user_id = e.user_id AND f.following = 1))
             THEN 1 ELSE 0 END AS qualifies
         FROM draw_entrants e
         WHERE e.draw = $1 AND e.user_id > $2 AND e.admitted = 1 ORDER BY e.user_id LIMIT $3",
    )
    .bind(&draw.draw)
    .bind(after)
    .bind(i64::from(limit))
    .bind(to_db(wanted.experience))
    .bind(i64::from(wanted.must_have_gifted))
    .bind(i64::from(wanted.must_follow))
    .bind(&draw.group_id)
    .bind(draw.stream)
    .fetch_all(&mut **tx)
    .await?;
    Ok(entrants)
}
