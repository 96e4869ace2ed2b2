//! Moderation in the database.

mod log;
mod measures;
mod people;
mod reviews;
mod rules;

pub(super) use log::{Entry, LogRow, insert_entry, log, strikes};
pub(super) use measures::{
    MeasureResult, Over, PendingMeasure, active, banned_until, due, measured, put_measure,
    silent_until, tried,
};
pub(super) use people::{
    RoomModerator, Sanctions, Sender, Whose, add_moderator, moderators, remove_moderator,
    sanctions, sender,
};
pub(super) use reviews::{
    NewReview, Review, close_review, insert_review, message_left_out, message_sent, review, reviews,
};
pub(super) use rules::{
    RoomState, Version, changed, delete_list, lists, put_list, put_rules, room_state, rules,
    strict_rooms,
};

use crate::storage::{Error, Tx, from_db, to_db};

/// Forgets decisions, reviews and measures that are older.
pub(super) async fn purge(tx: &mut Tx, before_s: u64) -> Result<(), Error> {
    for statement in [
        "DELETE FROM moderation_log WHERE at_s < $1",
        "DELETE FROM moderation_reviews WHERE at_s < $1",
        "DELETE FROM moderation_measures WHERE state > 0 AND until_s < $1 AND written_s < $1",
    ] {
        sqlx::query(statement).bind(to_db(before_s)).execute(&mut **tx).await?;
    }
    Ok(())
}

/// The greatest number, as a query gives it; 0 when there is none.
async fn greatest(tx: &mut Tx, statement: &'static str) -> Result<u64, Error> {
    Ok(from_db(sqlx::query_scalar(statement).fetch_one(&mut **tx).await?))
}
