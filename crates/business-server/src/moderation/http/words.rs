//! Calls: word lists.

use axum::extract::{DefaultBodyLimit, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::Business;
use crate::audit::{self, Act};
use crate::events::codes;
use crate::http::{Api, Body, Caller, Problem, Problems, QueryOf, Role};
use crate::moderation::words::{Action, MAX_WORD_CHARS, MAX_WORDS, WordList, can_be_found};
use crate::moderation::{ALL_ROOMS, store};
use crate::rooms;
use crate::storage::Tx;

/// Lists of one room, and of all rooms.
const MAX_LISTS: usize = 8;
const MAX_NAME_CHARS: usize = 64;
const MAX_SENTENCE_CHARS: usize = 200;
/// Ten thousand words of 64 characters of four bytes, with quotes and commas.
const MAX_LIST_BYTES: usize = 3 * 1024 * 1024;

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(words, put_words)).layer(DefaultBodyLimit::max(MAX_LIST_BYTES))
}

/// The lists of a room, or of all rooms.
#[derive(Debug, Serialize, ToSchema)]
struct Lists {
    lists: Vec<WordList>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PutList {
    /// Absent: for all rooms.
    #[serde(default)]
    room: Option<String>,
    /// Takes the place of the list of the same name. Without words there is none any more.
    list: WordList,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InRoom {
    /// Absent: of all rooms.
    #[serde(default)]
    room: Option<String>,
}

/// An empty id is no room.
async fn scope(tx: &mut Tx, room: Option<String>) -> Result<String, Problem> {
    let Some(room) = room else { return Ok(ALL_ROOMS.to_owned()) };
    Ok(rooms::find(tx, &room).await?.group_id)
}

/// The word lists of a room or of all rooms: administrators.
#[utoipa::path(get, path = "/moderation/words", tag = "moderation", params(InRoom),
    security(("token" = [])), responses((status = 200, body = Lists), Problems))]
async fn words(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(InRoom { room }): QueryOf<InRoom>,
) -> Result<axum::Json<Lists>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let group_id = scope(&mut tx, room).await?;
    Ok(axum::Json(Lists { lists: store::lists(&mut tx, &group_id).await? }))
}

/// Set a word list: administrators. It holds from the next message on.
#[utoipa::path(put, path = "/moderation/words", tag = "moderation", request_body = PutList,
    security(("token" = [])), responses((status = 200, body = Lists), Problems))]
async fn put_words(
    State(business): State<Arc<Business>>,
    caller: Caller,
    Body(PutList { room, list }): Body<PutList>,
) -> Result<axum::Json<Lists>, Problem> {
    caller.require(Role::Admin)?;
    check(&list).map_err(Problem::invalid)?;
    let mut tx = business.database.write().await?;
    let group_id = scope(&mut tx, room).await?;
    let before = store::lists(&mut tx, &group_id).await?;
    let before = before.into_iter().find(|known| known.name == list.name);
    let act = Act::on(&list.name).in_room(&group_id);
    let act = act.before(before).after((!list.words.is_empty()).then_some(&list));
    audit::note(&mut tx, &caller, act).await?;
    if list.words.is_empty() {
        store::delete_list(&mut tx, &group_id, &list.name).await?;
    } else {
        store::put_list(&mut tx, &group_id, &list).await?;
    }
    let lists = store::lists(&mut tx, &group_id).await?;
    if lists.len() > MAX_LISTS {
        let info = format!("there are {MAX_LISTS} lists already: take one away first");
        return Err(Problem::conflict("lists", info));
    }
    tx.commit().await?;
    let moderation = &business.moderation;
    moderation.judges.changed();
    // Built now, so that no message has to wait for it.
    moderation.judges.of(&business.database, &group_id).await?;
    Ok(axum::Json(Lists { lists }))
}

/// A sentence about the rule that the list breaks.
fn check(list: &WordList) -> Result<(), String> {
    let name_chars = list.name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&name_chars) || list.name.chars().any(char::is_control) {
        return Err(format!("the name of a list has 1 to {MAX_NAME_CHARS} characters"));
    }
    if !codes::OWN.contains(&list.code) {
        let (first, last) = (codes::OWN.start(), codes::OWN.end());
        return Err(format!("the code of a list is {first} to {last}"));
    }
    let sentence_chars = list.sentence.chars().count();
    if sentence_chars > MAX_SENTENCE_CHARS
        || list.sentence.chars().any(char::is_control)
        || (list.action == Action::Refuse && list.sentence.trim().is_empty())
    {
        return Err(format!(
            "the sentence of a list has 1 to {MAX_SENTENCE_CHARS} characters, and no control characters"
        ));
    }
    if list.words.len() > MAX_WORDS {
        return Err(format!("a list has {MAX_WORDS} words at most"));
    }
    for word in &list.words {
        if word.chars().count() > MAX_WORD_CHARS || word.chars().any(char::is_control) {
            return Err(format!(
                "a word has {MAX_WORD_CHARS} characters at most, and no control characters"
            ));
        }
        if !can_be_found(word, list.reach) {
            return Err(format!("nothing is left of the word {word:?} that could be looked for"));
        }
    }
    Ok(())
}
