//! Draws in the database.

use chat_types::business::{DrawConditions, Winner};
use draw::Seed;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::keyword::Matching;
use crate::storage::{Error, Tx, from_db, to_db};

/// What has become of a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Comments with the keyword enter.
    Open,
    /// The list stands, and nobody has won yet.
    Closing,
    Drawn,
    Cancelled,
}

impl State {
    const ALL: [Self; 4] = [Self::Open, Self::Closing, Self::Drawn, Self::Cancelled];

    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Drawn => "drawn",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A draw as it is kept. Its `Debug` does not show the seed.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    pub(super) draw: String,
    pub(super) group_id: String,
    /// Counts the draws of a room from 1.
    pub(super) number: u64,
    pub(super) stream: Option<u64>,
    pub(super) opened_by: String,
    pub(super) keyword: String,
    /// The keyword, normalised.
    pub(super) wanted: String,
    pub(super) matching: Matching,
    pub(super) prize: String,
    pub(super) winners: u32,
    pub(super) conditions: DrawConditions,
    pub(super) opened_ms: u64,
    pub(super) ends_ms: u64,
    pub(super) state: State,
    pub(super) seed: Seed,
    pub(super) commitment: String,
    /// Who said the keyword in time, fulfilled conditions or not.
    pub(super) entrants: u64,
    pub(super) not_admitted: u64,
    /// Comments that came when the list was full.
    pub(super) turned_away: u64,
    /// Of the list that was drawn from.
    pub(super) entrants_hash: Option<String>,
    /// When it was drawn or cancelled.
    pub(super) over_ms: Option<u64>,
}

fn read(row: &SqliteRow) -> Result<Draw, Error> {
    let draw: String = row.get("draw");
    let unreadable = |what: &str| Error::Unreadable(format!("{what} of draw {draw}"));
    let small = |column: &str| u32::try_from(row.get::<i64, _>(column)).unwrap_or(u32::MAX);
    Ok(Draw {
        group_id: row.get("group_id"),
        number: from_db(row.get("number")),
        stream: row.get::<Option<i64>, _>("stream").map(from_db),
        opened_by: row.get("opened_by"),
        keyword: row.get("keyword"),
        wanted: row.get("wanted"),
        matching: Matching::from_name(row.get("matching"))
            .ok_or_else(|| unreadable("the matching"))?,
        prize: row.get("prize"),
        winners: small("winners"),
        conditions: DrawConditions {
            min_level: small("min_level"),
            must_have_gifted: row.get::<i64, _>("must_have_gifted") != 0,
            must_follow: row.get::<i64, _>("must_follow") != 0,
        },
        opened_ms: from_db(row.get("opened_ms")),
        ends_ms: from_db(row.get("ends_ms")),
        state: State::from_name(row.get("state")).ok_or_else(|| unreadable("the state"))?,
        seed: Seed::from_hex(row.get("seed")).ok_or_else(|| unreadable("the seed"))?,
        commitment: row.get("commitment"),
        entrants: from_db(row.get("entrants")),
        not_admitted: from_db(row.get("not_admitted")),
        turned_away: from_db(row.get("turned_away")),
        entrants_hash: row.get("entrants_hash"),
        over_ms: row.get::<Option<i64>, _>("over_ms").map(from_db),
        draw,
    })
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
    .bind(draw.stream.map(to_db))
    .bind(&draw.opened_by)
    .bind(&draw.keyword)
    .bind(&draw.wanted)
    .bind(draw.matching.name())
    .bind(&draw.prize)
    .bind(i64::from(draw.winners))
    .bind(i64::from(draw.conditions.min_level))
    .bind(i64::from(draw.conditions.must_have_gifted))
    .bind(i64::from(draw.conditions.must_follow))
    .bind(to_db(draw.opened_ms))
    .bind(to_db(draw.ends_ms))
    .bind(draw.state.name())
    .bind(draw.seed.to_hex())
    .bind(&draw.commitment)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, draw: &str) -> Result<Option<Draw>, Error> {
    let row = sqlx::query("SELECT * FROM draws WHERE draw = $1")
        .bind(draw)
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The draw of a room that still takes entrants.
pub(super) async fn open_in(tx: &mut Tx, group_id: &str) -> Result<Option<Draw>, Error> {
    let row = sqlx::query("SELECT * FROM draws WHERE group_id = $1 AND state = 'open'")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The id of the draw that runs in a room.
pub(super) async fn running_in(tx: &mut Tx, group_id: &str) -> Result<Option<String>, Error> {
    let row =
        sqlx::query("SELECT draw FROM draws WHERE group_id = $1 AND state IN ('open', 'closing')")
            .bind(group_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.map(|row| row.get("draw")))
}

/// Up to `limit` draws of a room with smaller numbers than `before`, the newest first.
pub(super) async fn list(
    tx: &mut Tx,
    group_id: &str,
    before: u64,
    limit: u32,
) -> Result<Vec<Draw>, Error> {
    let rows = sqlx::query(
        "SELECT * FROM draws WHERE group_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
    )
    .bind(group_id)
    .bind(to_db(before))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read).collect()
}

/// The number of the last draw of a room, 0 when there was none.
pub(super) async fn last_number(tx: &mut Tx, group_id: &str) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COALESCE(MAX(number), 0) AS last FROM draws WHERE group_id = $1")
        .bind(group_id)
        .fetch_one(&mut **tx)
        .await?;
    Ok(from_db(row.get("last")))
}

/// Open draws that ended at `end_ms` or before, and closed ones that have not been drawn.
pub(super) async fn due(tx: &mut Tx, end_ms: u64) -> Result<Vec<Draw>, Error> {
    let rows = sqlx::query(
        "SELECT * FROM draws
         WHERE state IN ('open', 'closing') AND (state = 'closing' OR ends_ms <= $1)
         ORDER BY ends_ms",
    )
    .bind(to_db(end_ms))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read).collect()
}

/// Puts an account on the list, once.
pub(super) async fn enter(
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
pub(super) async fn turn_away(tx: &mut Tx, draw: &str, user_id: &str) -> Result<(), Error> {
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

/// Stops the list. False when it was stopped before.
pub(super) async fn close(tx: &mut Tx, draw: &str) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE draws SET state = 'closing' WHERE draw = $1 AND state = 'open'")
        .bind(draw)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// False when the draw is over, or about to be.
pub(super) async fn cancel(tx: &mut Tx, draw: &str, now_ms: u64) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE draws SET state = 'cancelled', over_ms = $2 WHERE draw = $1 AND state = 'open'",
    )
    .bind(draw)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes off the list who has not the experience, who gave no gift where one is asked for, and who
/// does not follow the host where that is asked for.
pub(super) async fn apply_conditions(
    tx: &mut Tx,
    draw: &Draw,
    experience: u64,
) -> Result<(), Error> {
    if experience > 0 {
        sqlx::query(
            "UPDATE draw_entrants SET admitted = 0 WHERE draw = $1 AND NOT EXISTS
                 (SELECT 1 FROM accounts WHERE accounts.user_id = draw_entrants.user_id
                      AND accounts.experience >= $2)",
        )
        .bind(&draw.draw)
        .bind(to_db(experience))
        .execute(&mut **tx)
        .await?;
    }
    if draw.conditions.must_have_gifted {
        keep_only_givers(tx, draw).await?;
    }
    if draw.conditions.must_follow {
        keep_only_followers(tx, draw).await?;
    }
    sqlx::query(
        "UPDATE draws SET not_admitted =
             (SELECT COUNT(*) FROM draw_entrants WHERE draw = $1 AND admitted = 0)
         WHERE draw = $1",
    )
    .bind(&draw.draw)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes off the list who has given nothing in the draw's stream, or got it all refunded.
async fn keep_only_givers(tx: &mut Tx, draw: &Draw) -> Result<(), Error> {
    sqlx::query(
        "UPDATE draw_entrants SET admitted = 0 WHERE draw = $1 AND NOT EXISTS
             (SELECT 1 FROM gift_sums WHERE gift_sums.group_id = $2 AND gift_sums.span = 'stream'
                  AND gift_sums.span_number = $3 AND gift_sums.user_id = draw_entrants.user_id
                  AND gift_sums.coins > 0)",
    )
    .bind(&draw.draw)
    .bind(&draw.group_id)
    .bind(draw.stream.map(to_db))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes off the list who does not follow the owner of the room.
async fn keep_only_followers(tx: &mut Tx, draw: &Draw) -> Result<(), Error> {
    sqlx::query(
        "UPDATE draw_entrants SET admitted = 0 WHERE draw = $1 AND NOT EXISTS
             (SELECT 1 FROM follows JOIN rooms ON rooms.owner = follows.host
                  WHERE rooms.group_id = $2 AND follows.user_id = draw_entrants.user_id
                      AND follows.following = 1)",
    )
    .bind(&draw.draw)
    .bind(&draw.group_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who takes part in the end.
pub(super) async fn entrants(tx: &mut Tx, draw: &str) -> Result<Vec<String>, Error> {
    let rows = sqlx::query("SELECT user_id FROM draw_entrants WHERE draw = $1 AND admitted = 1")
        .bind(draw)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.iter().map(|row| row.get("user_id")).collect())
}

/// False when the draw was drawn before; nothing is changed then.
pub(super) async fn decide(
    tx: &mut Tx,
    draw: &str,
    entrants_hash: &str,
    now_ms: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE draws SET state = 'drawn', entrants_hash = $2, over_ms = $3
         WHERE draw = $1 AND state = 'closing'",
    )
    .bind(draw)
    .bind(entrants_hash)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `place` counts from 0.
pub(super) async fn insert_winner(
    tx: &mut Tx,
    draw: &str,
    place: usize,
    winner: &Winner,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO draw_winners (draw, place, user_id, nick) VALUES ($1, $2, $3, $4)")
        .bind(draw)
        .bind(i64::try_from(place).unwrap_or(i64::MAX))
        .bind(&winner.user)
        .bind(&winner.nick)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// In the order in which they were drawn.
pub(super) async fn winners(tx: &mut Tx, draw: &str) -> Result<Vec<Winner>, Error> {
    let rows = sqlx::query("SELECT user_id, nick FROM draw_winners WHERE draw = $1 ORDER BY place")
        .bind(draw)
        .fetch_all(&mut **tx)
        .await?;
    let winner = |row: &SqliteRow| Winner { user: row.get("user_id"), nick: row.get("nick") };
    Ok(rows.iter().map(winner).collect())
}

/// The name of an account that has signed in here.
pub(super) async fn nick(tx: &mut Tx, user_id: &str) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT nick FROM accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|row| row.get("nick")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;

    fn draw(id: &str, number: u64, ends_ms: u64) -> Draw {
        let seed = Seed::new([3; 32]);
        Draw {
            draw: id.into(),
            group_id: "r".into(),
            number,
            stream: Some(1),
            opened_by: "host".into(),
            keyword: "Lucky".into(),
            wanted: "lucky".into(),
            matching: Matching::Equals,
            prize: "A cup".into(),
            winners: 2,
            conditions: DrawConditions { min_level: 3, must_have_gifted: true, must_follow: false },
            opened_ms: 1,
            ends_ms,
            state: State::Open,
            commitment: seed.commitment(),
            seed,
            entrants: 0,
            not_admitted: 0,
            turned_away: 0,
            entrants_hash: None,
            over_ms: None,
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
        assert!(!decide(&mut tx, "d1", "hash", 1).await.unwrap(), "the list does not stand yet");
        assert!(close(&mut tx, "d1").await.unwrap());
        assert!(open_in(&mut tx, "r").await.unwrap().is_none(), "nobody enters any more");
        assert!(!close(&mut tx, "d1").await.unwrap());
        assert!(!cancel(&mut tx, "d1", 1).await.unwrap(), "it is too late to cancel");
        // A clock that has been set back meanwhile does not hold it up.
        assert_eq!(due_at(&mut tx, 0).await, [("d1".to_owned(), State::Closing)]);
        assert!(decide(&mut tx, "d1", "hash", 1).await.unwrap());
        assert!(!decide(&mut tx, "d1", "other", 2).await.unwrap());
        assert_eq!(due_at(&mut tx, u64::MAX).await, []);
        let over = find(&mut tx, "d1").await.unwrap().unwrap();
        assert_eq!((over.entrants_hash.as_deref(), over.over_ms), (Some("hash"), Some(1)));
    }
}
