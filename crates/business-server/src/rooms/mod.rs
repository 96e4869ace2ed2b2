//! Live rooms: which group is a room of this shop, whose it is, and whether its host is on.
//!
//! A room is an AVChatRoom of the same id. The live status stands here, in the custom group field
//! `live_status` for newcomers and lists, and is told to everybody inside by a message ("Live Room
//! Setup Guide", product/1047/49589). What lies between going live and the end is a stream; gifts,
//! draws and figures belong to one.

mod groups;
pub(crate) mod http;
pub(crate) mod store;

pub(crate) use groups::on_event;

use chat_types::business::{BusinessMessage, LIVE_STATUS_FIELD, LiveStatus, LiveStatusChanged};
use chat_types::{GroupId, Priority};

use crate::Business;
use crate::http::{Caller, Role};
use crate::notifications::{self, RoomStatusEvent, ShopEvent};
use crate::outbox::{self, Posting, What};
use crate::problem::Problem;
use crate::storage::{Error, Tx};
pub(crate) use store::Room;
use store::streams;

/// The room, or 404.
pub(crate) async fn find(tx: &mut Tx, group_id: &str) -> Result<Room, Problem> {
    let room = store::find(tx, group_id).await?;
    room.ok_or_else(|| Problem::not_found("room", format!("there is no room {group_id}")))
}

/// The room, if the caller may run it: as its owner with the role host, or as an administrator.
pub(crate) async fn find_for_host(
    tx: &mut Tx,
    group_id: &str,
    caller: &Caller,
) -> Result<Room, Problem> {
    caller.require(Role::Host)?;
    let room = find(tx, group_id).await?;
    if caller.role >= Role::Admin || room.owner == caller.user_id.as_str() {
        return Ok(room);
    }
    Err(Problem::forbidden(format!("room {group_id} is not yours")))
}

/// The same, if the room has a group that can be told something: 409 `group_gone` otherwise.
pub(crate) async fn find_with_group_for_host(
    tx: &mut Tx,
    group_id: &str,
    caller: &Caller,
) -> Result<Room, Problem> {
    let room = find_for_host(tx, group_id, caller).await?;
    check_group(&room)?;
    Ok(room)
}

fn check_group(room: &Room) -> Result<(), Problem> {
    if !room.is_gone() {
        return Ok(());
    }
    let detail = format!("the group of room {} is gone: open the room anew", room.group_id);
    Err(Problem::conflict("group_gone", detail))
}

/// Which status may follow which, beside itself. A pause belongs to a stream, and what is to be told
/// of beforehand or shown again comes between streams.
fn may_follow(before: LiveStatus, after: LiveStatus) -> bool {
    use LiveStatus::{Ended, Live, Paused, PlayedBack, ToBeStarted};
    match before {
        ToBeStarted => matches!(after, Live | Ended | PlayedBack),
        Live => matches!(after, Paused | Ended),
        Paused => matches!(after, Live | Ended),
        Ended => matches!(after, ToBeStarted | Live | PlayedBack),
        PlayedBack => matches!(after, ToBeStarted | Live | Ended),
    }
}

/// Puts the room into the status that its host has chosen, or 409.
async fn choose_status(
    business: &Business,
    tx: &mut Tx,
    room: &Room,
    status: LiveStatus,
) -> Result<(), Problem> {
    if room.status == status {
        return Ok(());
    }
    check_group(room)?;
    if !may_follow(room.status, status) {
        let (before, after) = (room.status.name(), status.name());
        return Err(Problem::conflict(
            "status",
            format!("a room that is {before} cannot be {after} next"),
        ));
    }
    Ok(change_status(business, tx, room, status).await?)
}

/// Puts the room into another status: here at once, and in the chat service as soon as it answers.
/// Coming on opens a stream unless one is open, and the end closes it.
async fn change_status(
    business: &Business,
    tx: &mut Tx,
    room: &Room,
    status: LiveStatus,
) -> Result<(), Error> {
    let now_ms = business.clock.now_ms();
    let now_s = now_ms / 1_000;
    let group_id = room.group_id.as_str();
    set_status(tx, group_id, status, now_ms).await?;
    match status {
        LiveStatus::Live => begin_stream(business, tx, group_id, now_s).await?,
        LiveStatus::Paused => {}
        LiveStatus::Ended | LiveStatus::PlayedBack | LiveStatus::ToBeStarted => {
            end_stream(business, tx, group_id, now_s).await?;
        }
    }
    let lane = format!("status:{group_id}");
    let message = BusinessMessage::LiveStatus(LiveStatusChanged { status, at_s: now_s });
    let field = What::Field { name: LIVE_STATUS_FIELD, value: status.name() };
    let notice = What::Message { message: &message, priority: Priority::High, from: None };
    for (part, what) in [("field", field), ("notice", notice)] {
        // In one millisecond a room may change more than once.
        let key = format!("{lane}:{part}:{now_ms}:{}", status.name());
        outbox::enqueue(tx, Posting { lane: &lane, key: &key, group_id, what }, now_ms).await?;
    }
    Ok(())
}

/// Notes the status of a room, and that the shop is told of it.
async fn set_status(
    tx: &mut Tx,
    group_id: &str,
    status: LiveStatus,
    now_ms: u64,
) -> Result<(), Error> {
    store::set_status(tx, group_id, status, now_ms / 1_000).await?;
    let event = ShopEvent::RoomStatus(RoomStatusEvent { status });
    notifications::queue(tx, group_id, &event, now_ms).await
}

/// Begins a stream unless one runs.
async fn begin_stream(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    now_s: u64,
) -> Result<(), Error> {
    if streams::open_stream(tx, group_id).await?.is_none() {
        let stream = streams::begin(tx, group_id, now_s).await?;
        business.statistics.sample_soon(group_id, stream, now_s);
    }
    Ok(())
}

/// Ends the stream that runs, if one does.
async fn end_stream(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    now_s: u64,
) -> Result<(), Error> {
    if let Some(stream) = streams::open_stream(tx, group_id).await? {
        streams::end(tx, group_id, now_s).await?;
        business.statistics.sample_soon(group_id, stream, now_s);
    }
    Ok(())
}

/// Ends the streams of an account that may not run rooms any more, because it was blocked or has lost
/// the role: nothing more is earned there. Whoever calls this wakes the outbox after the commit.
pub(crate) async fn end_unless_host(
    business: &Business,
    tx: &mut Tx,
    owner: &str,
) -> Result<(), Error> {
    if store::runs_rooms(tx, owner).await? {
        return Ok(());
    }
    for room in store::on_air_of(tx, owner).await? {
        tracing::warn!(group_id = room.group_id, owner, "its owner runs no room: its stream ends");
        change_status(business, tx, &room, LiveStatus::Ended).await?;
    }
    Ok(())
}

/// Takes a group over as a room that is on air. `None` for one that is a room: it stays as it is.
pub(crate) async fn adopt(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    owner: &str,
    title: &str,
) -> Result<Option<Room>, Error> {
    if !store::insert(tx, group_id, owner, title, business.clock.now_s()).await? {
        return Ok(None);
    }
    let room = store::find(tx, group_id).await?;
    if let Some(room) = &room {
        change_status(business, tx, room, LiveStatus::Live).await?;
    }
    Ok(room)
}

/// An id for a new room, checked.
pub(crate) fn new_id(text: String) -> Result<GroupId, Problem> {
    if [".", ".."].contains(&text.as_str()) {
        // A client takes these out of an address before it calls.
        return Err(Problem::invalid("a room may not have the id . or .."));
    }
    GroupId::chosen_by_caller(text).map_err(|error| Problem::invalid(error.info))
}
