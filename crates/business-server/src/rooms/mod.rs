//! Live rooms: which group is a room of this shop, whose it is, and whether its host is on.
//!
//! A room is an AVChatRoom of the same id. The live status stands here, in the custom group field
//! `live_status` for newcomers and lists, and is told to everybody inside by a message ("Live Room
//! Setup Guide", product/1047/49589). What lies between going live and the end is a stream; gifts,
//! draws and figures belong to one.

pub(crate) mod http;
pub(crate) mod store;

use chat_types::business::{BusinessMessage, LIVE_STATUS_FIELD, LiveStatus, LiveStatusChanged};
use chat_types::{GroupId, Priority};

use crate::Business;
use crate::http::{Caller, Role};
use crate::outbox::{self, Posting, What};
use crate::problem::Problem;
use crate::storage::{Error, Tx};
pub(crate) use store::Room;

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

/// Puts the room into another status: here at once, and in the chat service as soon as it answers.
/// Coming on opens a stream unless one is open, and the end closes it.
pub(crate) async fn change_status(
    business: &Business,
    tx: &mut Tx,
    room: &Room,
    status: LiveStatus,
) -> Result<(), Error> {
    if room.status == status {
        return Ok(());
    }
    let now_ms = business.clock.now_ms();
    let now_s = now_ms / 1_000;
    let group_id = room.group_id.as_str();
    store::set_status(tx, group_id, status, now_s).await?;
    let open = store::open_stream(tx, group_id).await?;
    let turned = match (status, open) {
        (LiveStatus::Live, None) => Some(store::begin_stream(tx, group_id, now_s).await?),
        (LiveStatus::Ended | LiveStatus::PlayedBack | LiveStatus::ToBeStarted, Some(stream)) => {
            store::end_stream(tx, group_id, now_s).await?;
            Some(stream)
        }
        _ => None,
    };
    if let Some(stream) = turned {
        business.statistics.sample_soon(group_id, stream, now_s);
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
