//! What a draw leaves behind: the pages of its list, its winners, its record.

use sqlx::FromRow;

use crate::storage::{Error, Tx, to_db};

/// Writes a page of the list. It says the same each time, so one that stands is left as it is.
pub(in crate::draws) async fn insert_page(
    tx: &mut Tx,
    draw: &str,
    page: u64,
    entrants: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO draw_pages (draw, page, entrants) VALUES ($1, $2, $3)
         ON CONFLICT (draw, page) DO UPDATE SET entrants = excluded.entrants",
    )
    .bind(draw)
    .bind(to_db(page))
    .bind(entrants)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes away pages from the number `from` on: of an attempt that was broken off, with a longer list.
pub(in crate::draws) async fn delete_pages(
    tx: &mut Tx,
    draw: &str,
    from: u64,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM draw_pages WHERE draw = $1 AND page >= $2")
        .bind(draw)
        .bind(to_db(from))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A page of the list: a JSON array of account ids.
pub(in crate::draws) async fn page(
    tx: &mut Tx,
    draw: &str,
    page: u64,
) -> Result<Option<String>, Error> {
    let entrants =
        sqlx::query_scalar("SELECT entrants FROM draw_pages WHERE draw = $1 AND page = $2")
            .bind(draw)
            .bind(to_db(page))
            .fetch_optional(&mut **tx)
            .await?;
    Ok(entrants)
}

pub(in crate::draws) async fn insert_head(
    tx: &mut Tx,
    draw: &str,
    head: &str,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO draw_records (draw, head) VALUES ($1, $2)")
        .bind(draw)
        .bind(head)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What stands in the record before the list.
pub(in crate::draws) async fn head(tx: &mut Tx, draw: &str) -> Result<Option<String>, Error> {
    let head = sqlx::query_scalar("SELECT head FROM draw_records WHERE draw = $1")
        .bind(draw)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(head)
}

/// Somebody who won, by the name at the time of the drawing.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(in crate::draws) struct WinnerRow {
    pub(in crate::draws) draw: String,
    /// From 0, in the order in which they were drawn.
    #[sqlx(try_from = "i64")]
    pub(in crate::draws) place: u64,
    pub(in crate::draws) user_id: String,
    pub(in crate::draws) nick: String,
}

/// The name of an account that has signed in here.
pub(in crate::draws) async fn nick(tx: &mut Tx, user_id: &str) -> Result<Option<String>, Error> {
    let nick = sqlx::query_scalar("SELECT nick FROM accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(nick)
}

/// Winners of an earlier version, which stand already, are left as they are.
pub(in crate::draws) async fn insert_winner(
    tx: &mut Tx,
    draw: &str,
    place: u64,
    user_id: &str,
    nick: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO draw_winners (draw, place, user_id, nick) VALUES ($1, $2, $3, $4)
         ON CONFLICT (draw, place) DO NOTHING",
    )
    .bind(draw)
    .bind(to_db(place))
    .bind(user_id)
    .bind(nick)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` winners from the place `from` on.
pub(in crate::draws) async fn winners(
    tx: &mut Tx,
    draw: &str,
    from: u64,
    limit: u32,
) -> Result<Vec<WinnerRow>, Error> {
    let winners = sqlx::query_as(
        "SELECT draw, place, user_id, nick FROM draw_winners
         WHERE draw = $1 AND place >= $2 ORDER BY place LIMIT $3",
    )
    .bind(draw)
    .bind(to_db(from))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(winners)
}

/// The first `most` winners of each draw of a room with a number from `first` to `last`.
pub(in crate::draws) async fn winners_of_list(
    tx: &mut Tx,
    group_id: &str,
    first: u64,
    last: u64,
    most: u32,
) -> Result<Vec<WinnerRow>, Error> {
    let winners = sqlx::query_as(
        "SELECT w.draw, w.place, w.user_id, w.nick
         FROM draws d JOIN draw_winners w ON w.draw = d.draw
         WHERE d.group_id = $1 AND d.number BETWEEN $2 AND $3 AND w.place < $4
         ORDER BY w.draw, w.place",
    )
    .bind(group_id)
    .bind(to_db(first))
    .bind(to_db(last))
    .bind(i64::from(most))
    .fetch_all(&mut **tx)
    .await?;
    Ok(winners)
}
