//! Calls: rooms and their live status.

use axum::extract::State;
use chat_types::business::LiveStatus;
use chat_types::business::api::{RoomStatus, RoomView, SetStatus};
use chat_types::rest::CreateGroup;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::store::{self, Room};
use super::{choose_status, find, find_for_host, new_id, set_status as note_status};
use crate::Business;
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, Role};

/// Rooms in one answer, at most.
const PAGE: u32 = 100;
/// Longest title, in bytes: the name of a group (section 8.6 of the contract).
const MAX_TITLE_BYTES: usize = 100;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(open, list)).routes(routes!(one)).routes(routes!(set_status))
}

impl From<Room> for RoomView {
    fn from(room: Room) -> Self {
        Self {
            room: room.group_id,
            owner: room.owner,
            title: room.title,
            status: room.status.into(),
            status_since_s: room.status_since_s,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenRoom {
    /// Id of the room and of its group: 1 to 48 bytes of printable ASCII.
    #[schema(min_length = 1, max_length = 48)]
    room: String,
    /// 1 to 100 bytes.
    #[schema(min_length = 1, max_length = 100)]
    title: String,
}

/// Open a room: the caller becomes its owner. A room of the caller whose group is gone gets a new one.
#[utoipa::path(post, path = "/rooms", tag = "rooms", request_body = OpenRoom,
    security(("token" = [])), responses((status = 201, body = RoomView), Problems))]
async fn open(
    State(business): State<Arc<Business>>,
    caller: Caller,
    Body(body): Body<OpenRoom>,
) -> Result<(axum::http::StatusCode, axum::Json<RoomView>), Problem> {
    caller.require(Role::Host)?;
    let group_id = new_id(body.room)?;
    let title = body.title.trim();
    if !(1..=MAX_TITLE_BYTES).contains(&title.len()) || title.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "a title has 1 to {MAX_TITLE_BYTES} bytes, and no control characters"
        )));
    }
    let taken = || Problem::conflict("room_exists", format!("there is a room {group_id} already"));
    let owner = caller.user_id.as_str();
    let may_open = |room: &Room| room.is_gone() && room.owner == owner;
    let found = store::find(&mut business.database.read().await?, group_id.as_str()).await?;
    if found.is_some_and(|room| !may_open(&room)) {
        return Err(taken());
    }
    // The group comes first: a room without one would be of no use to anybody. A group that was left
    // over from a call that was cut off here belongs to the same owner, which is answered as success.
    business
        .make_room_group(&CreateGroup {
            group_type: "AVChatRoom".into(),
            name: title.to_owned(),
            owner_account: Some(caller.user_id.to_string()),
            group_id: Some(group_id.to_string()),
            ..CreateGroup::default()
        })
        .await?;
    let mut tx = business.database.write().await?;
    let now_ms = business.clock.now_ms();
    if !store::insert(&mut tx, group_id.as_str(), owner, title, now_ms / 1_000).await? {
        let room = find(&mut tx, group_id.as_str()).await?;
        if !may_open(&room) {
            return Err(taken());
        }
        store::set_gone(&mut tx, &room.group_id, None).await?;
        store::set_title(&mut tx, &room.group_id, title).await?;
        if room.status != LiveStatus::ToBeStarted {
            note_status(&mut tx, &room.group_id, LiveStatus::ToBeStarted, now_ms).await?;
        }
    }
    let room = find(&mut tx, group_id.as_str()).await?;
    let act = Act::on(&room.group_id).in_room(&room.group_id);
    audit::note(&mut tx, &caller, act.after(json!({"title": room.title}))).await?;
    tx.commit().await?;
    Ok((axum::http::StatusCode::CREATED, axum::Json(room.into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// Rooms whose ids come after this one.
    #[serde(default)]
    after: String,
}

/// Rooms by id, a hundred at most.
#[utoipa::path(get, path = "/rooms", tag = "rooms", params(After), security(("token" = [])),
    responses((status = 200, body = Vec<RoomView>), Problems))]
async fn list(
    State(business): State<Arc<Business>>,
    _: Caller,
    QueryOf(After { after }): QueryOf<After>,
) -> Result<axum::Json<Vec<RoomView>>, Problem> {
    let rooms = store::list(&mut business.database.read().await?, &after, PAGE).await?;
    Ok(axum::Json(rooms.into_iter().map(RoomView::from).collect()))
}

/// One room.
#[utoipa::path(get, path = "/rooms/{room}", tag = "rooms", params(("room" = String, Path)),
    security(("token" = [])), responses((status = 200, body = RoomView), Problems))]
async fn one(
    State(business): State<Arc<Business>>,
    _: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<RoomView>, Problem> {
    let room = find(&mut business.database.read().await?, &room).await?;
    Ok(axum::Json(room.into()))
}

/// Go live, pause, end: the owner of the room, or an administrator. 409 `status` when this status
/// cannot follow the present one, and 409 `group_gone` when the room has no group any more.
#[utoipa::path(put, path = "/rooms/{room}/status", tag = "rooms", params(("room" = String, Path)),
    request_body = SetStatus, security(("token" = [])),
    responses((status = 200, body = RoomView), Problems))]
async fn set_status(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(body): Body<SetStatus>,
) -> Result<axum::Json<RoomView>, Problem> {
    let mut tx = business.database.write().await?;
    let room = find_for_host(&mut tx, &room, &caller).await?;
    choose_status(&business, &mut tx, &room, body.status.into()).await?;
    let act = Act::on(&room.group_id).in_room(&room.group_id);
    let act = act.before(json!({"status": RoomStatus::from(room.status)}));
    audit::note(&mut tx, &caller, act.after(json!({"status": body.status}))).await?;
    let room = find(&mut tx, &room.group_id).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok(axum::Json(room.into()))
}
