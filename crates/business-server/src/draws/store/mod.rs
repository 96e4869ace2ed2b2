//! Draws in the database.

mod entrants;
mod record;

pub(super) use entrants::{Qualification, count_late, enter, entrants_after, turn_away};
pub(super) use record::{
    WinnerRow, delete_pages, head, insert_head, insert_page, insert_winner, nick, page, winners,
    winners_of_list,
};

use chat_types::business::DrawConditions;
use draw::Seed;
use serde::Serialize;
use sqlx::{FromRow, Type};
use utoipa::ToSchema;

use super::keyword::Matching;
use crate::storage::{Error, Tx, next_in, to_db};

/// What has become of a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Type, Serialize, ToSchema)]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = DrawState)]
pub(super) enum State {
    /// Comments with the keyword take part.
    Open,
    /// Nobody can enter any more, and the winners are being drawn.
    Closing,
    Drawn,
    Cancelled,
}

/// A draw as it is stored. Its `Debug` does not show the seed.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Draw {
    pub(super) draw: String,
    pub(super) group_id: String,
    /// Counts the draws of a room from 1.
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) stream: Option<i64>,
    pub(super) opened_by: String,
    pub(super) keyword: String,
    /// The keyword, normalised.
    pub(super) wanted: String,
    pub(super) matching: Matching,
    pub(super) prize: String,
    #[sqlx(try_from = "i64")]
    pub(super) winners: u32,
    #[sqlx(try_from = "i64")]
    pub(super) min_level: u32,
    pub(super) must_have_gifted: i64,
    pub(super) must_follow: i64,
    /// By the chat service's clock, as the other times of a draw.
    #[sqlx(try_from = "i64")]
    pub(super) opened_ms: u64,
    #[sqlx(try_from = "i64")]
    pub(super) ends_ms: u64,
    pub(super) state: State,
    #[sqlx(try_from = "String")]
    pub(super) seed: Seed,
    pub(super) commitment: String,
    /// Who said the keyword in time, fulfilled conditions or not.
    #[sqlx(try_from = "i64")]
    pub(super) entrants: u64,
    #[sqlx(try_from = "i64")]
    pub(super) not_admitted: u64,
    /// Comments that came when the list was full.
    #[sqlx(try_from = "i64")]
    pub(super) turned_away: u64,
    /// Comments in time that came when the list stood.
    #[sqlx(try_from = "i64")]
    pub(super) came_late: u64,
    /// Of the list that is drawn from, once its pages are written.
    pub(super) entrants_hash: Option<String>,
    /// When it was drawn or cancelled.
    pub(super) over_ms: Option<i64>,
    pub(super) recorded: i64,
    /// 1 for one of which nobody is told any more: an earlier version has finished it.
    pub(super) quiet: i64,
}

impl Draw {
    pub(super) fn conditions(&self) -> DrawConditions {
        DrawConditions {
            min_level: self.min_level,
            must_have_gifted: self.must_have_gifted != 0,
            must_follow: self.must_follow != 0,
        }
    }

    /// Whether its record stands, which shows list and seed.
    pub(super) fn is_recorded(&self) -> bool {
        self.recorded != 0
    }

    /// Accounts on the list that is drawn from.
    pub(super) fn admitted(&self) -> u64 {
        self.entrants.saturating_sub(self.not_admitted)
    }
}

/// Takes the next number of a room's draws.
pub(super) async fn next_number(tx: &mut Tx, group_id: &str) -> Result<u64, Error> {
    next_in(tx, "draws", group_id).await
}

pub(super) async fn insert(tx: &mut Tx, draw: &Draw) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO draws (draw, group_id, number, stream, opened_by, keyword, wanted, matching,
             prize, winners, min_level, must_have_gifted, must_follow, opened_ms, ends_ms, state,
             seed, commitment)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(&draw.draw)
    .bind(&draw.group_id)
    .bind(to_db(draw.number))
    .bind(draw.stream)
    .bind(&draw.opened_by)
    .bind(&draw.keyword)
    .bind(&draw.wanted)
    .bind(draw.matching)
    .bind(&draw.prize)
    .bind(i64::from(draw.winners))
    .bind(i64::from(draw.min_level))
    .bind(draw.must_have_gifted)
    .bind(draw.must_follow)
    .bind(to_db(draw.opened_ms))
    .bind(to_db(draw.ends_ms))
    .bind(draw.state)
    .bind(draw.seed.to_hex())
    .bind(&draw.commitment)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, draw: &str) -> Result<Option<Draw>, Error> {
    let found = sqlx::query_as("SELECT * FROM draws WHERE draw = $1")
        .bind(draw)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found)
}

/// The draw of a room for which a comment of this time counts, whether its list stands already or not.
pub(super) async fn find_at(
    tx: &mut Tx,
    group_id: &str,
    at_ms: u64,
) -> Result<Option<Draw>, Error> {
    let found = sqlx::query_as(
        "SELECT * FROM draws
         WHERE group_id = $1 AND ends_ms >= $2 AND opened_ms <= $2 AND state <> 'cancelled'
         ORDER BY number DESC LIMIT 1",
    )
    .bind(group_id)
    .bind(to_db(at_ms))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found)
}

/// The id of the draw that runs in a room.
pub(super) async fn running_in(tx: &mut Tx, group_id: &str) -> Result<Option<String>, Error> {
    let running = sqlx::query_scalar(
        "SELECT draw FROM draws WHERE group_id = $1 AND state IN ('open', 'closing')",
    )
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(running)
}

/// Up to `limit` draws of a room with smaller numbers than `before`, the newest first.
pub(super) async fn list(
    tx: &mut Tx,
    group_id: &str,
    before: u64,
    limit: u32,
) -> Result<Vec<Draw>, Error> {
    let draws = sqlx::query_as(
        "SELECT * FROM draws WHERE group_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
    )
    .bind(group_id)
    .bind(to_db(before))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(draws)
}

/// Draws for which something is to be done: open ones that ended at `end_ms` or before, and all others
/// that have no record yet.
pub(super) async fn due(tx: &mut Tx, end_ms: u64) -> Result<Vec<Draw>, Error> {
    let draws = sqlx::query_as(
        "SELECT * FROM draws WHERE recorded = 0 AND (state <> 'open' OR ends_ms <= $1)
         ORDER BY ends_ms",
    )
    .bind(to_db(end_ms))
    .fetch_all(&mut **tx)
    .await?;
    Ok(draws)
}

/// Stops the list. False when it was stopped before.
pub(super) async fn close(tx: &mut Tx, draw: &str) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE draws SET state = 'closing' WHERE draw = $1 AND state = 'open'")
        .bind(draw)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Cancels an open draw before its end. False when it is too late for that.
pub(super) async fn cancel(tx: &mut Tx, draw: &str, now_ms: u64) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE draws SET state = 'cancelled', over_ms = $2
         WHERE draw = $1 AND state = 'open' AND ends_ms > $2",
    )
    .bind(draw)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the hash of a list whose pages are written. False when that was done before; nothing is
/// changed then.
pub(super) async fn seal(
    tx: &mut Tx,
    draw: &str,
    entrants_hash: &str,
    not_admitted: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE draws SET entrants_hash = $2, not_admitted = $3
         WHERE draw = $1 AND state <> 'open' AND entrants_hash IS NULL",
    )
    .bind(draw)
    .bind(entrants_hash)
    .bind(to_db(not_admitted))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From here on nothing of the draw changes. False when that was so before; nothing is changed then.
pub(super) async fn conclude(
    tx: &mut Tx,
    draw: &str,
    state: State,
    over_ms: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE draws SET state = $2, over_ms = COALESCE(over_ms, $3), recorded = 1
         WHERE draw = $1 AND recorded = 0 AND entrants_hash IS NOT NULL",
    )
    .bind(draw)
    .bind(state)
    .bind(to_db(over_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;

    fn draw(id: &str, number: u64, ends_ms: u64) -> Draw {
        Draw {
            matching: Matching::Equals,
            min_level: 3,
            must_have_gifted: 1,
            ..crate::draws::tests::draw(id, number, ends_ms)
        }
    }

    async fn database(dir: &std::path::Path) -> Database {
        let database = Database::open(dir).await.unwrap();
        let mut tx = database.write().await.unwrap();
        crate::rooms::store::insert(&mut tx, "r", "host", "Room", 0).await.unwrap();
        tx.commit().await.unwrap();
        database
    }

    #[tokio::test]
    async fn a_draw_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut tx = database(dir.path()).await.write().await.unwrap();
        let written = draw("d1", 1, 60_000);
        insert(&mut tx, &written).await.unwrap();
        let read = find(&mut tx, "d1").await.unwrap().unwrap();
        assert_eq!(format!("{read:?}"), format!("{written:?}"));
        assert_eq!(read.seed, written.seed);
        assert!(insert(&mut tx, &draw("d2", 2, 60_000)).await.is_err(), "one runs already");
    }

    #[tokio::test]
    async fn each_draw_of_a_room_has_the_next_number() {
        let dir = tempfile::tempdir().unwrap();
        let mut tx = database(dir.path()).await.write().await.unwrap();
        crate::rooms::store::insert(&mut tx, "s", "host", "Other", 0).await.unwrap();
        let mut numbers = Vec::new();
        for room in ["r", "r", "s", "r"] {
            numbers.push(next_number(&mut tx, room).await.unwrap());
        }
        assert_eq!(numbers, [1, 2, 1, 3]);
    }

    #[tokio::test]
    async fn a_drawing_that_was_cut_off_is_due_again_and_done_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut tx = database(dir.path()).await.write().await.unwrap();
        insert(&mut tx, &draw("d1", 1, 60_000)).await.unwrap();
        let due_at = async |tx: &mut Tx, end_ms| {
            due(tx, end_ms)
                .await
                .unwrap()
                .into_iter()
                .map(|d| (d.draw, d.state))
                .collect::<Vec<_>>()
        };
        assert_eq!(due_at(&mut tx, 59_999).await, []);
        assert_eq!(due_at(&mut tx, 60_000).await, [("d1".to_owned(), State::Open)]);
        assert!(!seal(&mut tx, "d1", "hash", 0).await.unwrap(), "the list does not stand yet");
        assert!(close(&mut tx, "d1").await.unwrap());
        assert!(!close(&mut tx, "d1").await.unwrap());
        assert!(!cancel(&mut tx, "d1", 1).await.unwrap(), "it is too late to cancel");
        // A clock that has been set back meanwhile does not hold it up.
        assert_eq!(due_at(&mut tx, 0).await, [("d1".to_owned(), State::Closing)]);
        assert!(!conclude(&mut tx, "d1", State::Drawn, 1).await.unwrap(), "it has no list yet");
        assert!(seal(&mut tx, "d1", "hash", 2).await.unwrap());
        assert!(!seal(&mut tx, "d1", "other", 3).await.unwrap());
        assert!(conclude(&mut tx, "d1", State::Drawn, 1).await.unwrap());
        assert!(!conclude(&mut tx, "d1", State::Drawn, 2).await.unwrap());
        assert_eq!(due_at(&mut tx, u64::MAX).await, []);
        let over = find(&mut tx, "d1").await.unwrap().unwrap();
        assert_eq!((over.entrants_hash.as_deref(), over.over_ms), (Some("hash"), Some(1)));
        assert_eq!((over.not_admitted, over.state), (2, State::Drawn));
    }

    #[tokio::test]
    async fn a_draw_can_be_cancelled_before_its_end_and_not_at_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut tx = database(dir.path()).await.write().await.unwrap();
        insert(&mut tx, &draw("d1", 1, 60_000)).await.unwrap();
        assert!(!cancel(&mut tx, "d1", 60_000).await.unwrap());
        assert!(cancel(&mut tx, "d1", 59_999).await.unwrap());
        assert!(!cancel(&mut tx, "d1", 59_999).await.unwrap());
        assert!(find_at(&mut tx, "r", 100).await.unwrap().is_none(), "nobody enters any more");
    }

    #[tokio::test]
    async fn the_time_of_a_comment_says_for_which_draw_it_counts() {
        let dir = tempfile::tempdir().unwrap();
        let mut tx = database(dir.path()).await.write().await.unwrap();
        for (id, number, ends_ms) in [("d1", 1, 60_000), ("d2", 2, 90_000)] {
            let opened_ms = ends_ms - 10_000;
            insert(&mut tx, &Draw { opened_ms, ..draw(id, number, ends_ms) }).await.unwrap();
            close(&mut tx, id).await.unwrap();
            seal(&mut tx, id, "hash", 0).await.unwrap();
            conclude(&mut tx, id, State::Drawn, ends_ms).await.unwrap();
        }
        for (at_ms, expected) in [
            (49_999, None),
            (50_000, Some("d1")),
            (60_000, Some("d1")),
            (60_001, None),
            (80_000, Some("d2")),
        ] {
            let found = find_at(&mut tx, "r", at_ms).await.unwrap().map(|draw| draw.draw);
            assert_eq!(found.as_deref(), expected, "{at_ms}");
        }
    }
}
