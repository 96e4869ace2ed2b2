//! Rules, word lists, and what is known about a sender.

use crate::moderation::ALL_ROOMS;
use crate::moderation::rules::{Rules, WhenLate};
use crate::moderation::words::WordList;
use crate::storage::{Error, Tx, from_db};

/// The rules of a room; those of a new one when nobody has set any.
pub(in crate::moderation) async fn rules(tx: &mut Tx, group_id: &str) -> Result<Rules, Error> {
    let rules: Option<String> =
        sqlx::query_scalar("SELECT rules FROM moderation_rules WHERE group_id = $1")
            .bind(group_id)
            .fetch_optional(&mut **tx)
            .await?;
    let Some(rules) = rules else { return Ok(Rules::default()) };
    serde_json::from_str(&rules)
        .map_err(|error| Error::Unreadable(format!("the rules of room {group_id}: {error}")))
}

pub(in crate::moderation) async fn put_rules(
    tx: &mut Tx,
    group_id: &str,
    rules: &Rules,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO moderation_rules (group_id, rules, late_refused) VALUES ($1, $2, $3)
         ON CONFLICT (group_id) DO UPDATE SET rules = excluded.rules,
             late_refused = excluded.late_refused",
    )
    .bind(group_id)
    .bind(written(rules)?)
    .bind(i64::from(rules.when_late == WhenLate::Refuse))
    .execute(&mut **tx)
    .await?;
    changed(tx, group_id).await
}

fn written(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Unreadable(error.to_string()))
}

/// The word lists of a room, or of all rooms, by name.
pub(in crate::moderation) async fn lists(
    tx: &mut Tx,
    group_id: &str,
) -> Result<Vec<WordList>, Error> {
    let lists: Vec<String> =
        sqlx::query_scalar("SELECT list FROM moderation_words WHERE group_id = $1 ORDER BY name")
            .bind(group_id)
            .fetch_all(&mut **tx)
            .await?;
    let read = |list: &String| {
        serde_json::from_str(list)
            .map_err(|error| Error::Unreadable(format!("a word list of {group_id:?}: {error}")))
    };
    lists.iter().map(read).collect()
}

pub(in crate::moderation) async fn put_list(
    tx: &mut Tx,
    group_id: &str,
    list: &WordList,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO moderation_words (group_id, name, list) VALUES ($1, $2, $3)
         ON CONFLICT (group_id, name) DO UPDATE SET list = excluded.list",
    )
    .bind(group_id)
    .bind(&list.name)
    .bind(written(list)?)
    .execute(&mut **tx)
    .await?;
    changed(tx, group_id).await
}

pub(in crate::moderation) async fn delete_list(
    tx: &mut Tx,
    group_id: &str,
    name: &str,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM moderation_words WHERE group_id = $1 AND name = $2")
        .bind(group_id)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    changed(tx, group_id).await
}

/// Of which version the rules, words and moderators are: those of all rooms, and those of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(in crate::moderation) struct Version {
    pub(in crate::moderation) everywhere: u64,
    pub(in crate::moderation) here: u64,
}

/// What has to be known of a room before its rules are read.
#[derive(Debug, Clone, Copy)]
pub(in crate::moderation) struct RoomState {
    pub(in crate::moderation) version: Version,
    /// Nothing passes there that could not be looked at in time.
    pub(in crate::moderation) late_refused: bool,
}

pub(in crate::moderation) async fn room_state(
    tx: &mut Tx,
    group_id: &str,
) -> Result<RoomState, Error> {
    let (everywhere, here, late_refused): (i64, i64, i64) = sqlx::query_as(
        "SELECT
             COALESCE((SELECT version FROM moderation_versions WHERE group_id = $1), 0),
             COALESCE((SELECT version FROM moderation_versions WHERE group_id = $2), 0),
             COALESCE((SELECT late_refused FROM moderation_rules WHERE group_id = $2), 0)",
    )
    .bind(ALL_ROOMS)
    .bind(group_id)
    .fetch_one(&mut **tx)
    .await?;
    let version = Version { everywhere: from_db(everywhere), here: from_db(here) };
    Ok(RoomState { version, late_refused: late_refused != 0 })
}

/// What is kept in memory of a room, or of all rooms, is out of date once this is committed.
pub(in crate::moderation) async fn changed(tx: &mut Tx, group_id: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO moderation_versions (group_id, version) VALUES ($1, 1)
         ON CONFLICT (group_id) DO UPDATE SET version = moderation_versions.version + 1",
    )
    .bind(group_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Rooms in which nothing passes that could not be looked at in time.
pub(in crate::moderation) async fn strict_rooms(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let rooms = sqlx::query_scalar("SELECT group_id FROM moderation_rules WHERE late_refused = 1");
    Ok(rooms.fetch_all(&mut **tx).await?)
}
