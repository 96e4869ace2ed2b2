//! What happens to the groups of rooms in the chat service: a room follows its group.
//!
//! A room whose group is destroyed ends, without a word: nobody is left to be told. It comes back
//! when there is a group of its id again. A room whose group gets another owner is that owner's, with
//! all that comes in from then on; when the new owner runs no rooms here, its stream ends.

use chat_types::business::LiveStatus;
use chat_types::webhook::Webhook;

use super::store::{self, streams};
use super::{change_status, end_stream, set_status};
use crate::Business;
use crate::events::Event;
use crate::storage::{Error, Tx};

/// Follows what has happened to a group.
pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), Error> {
    match event.webhook {
        Webhook::AfterGroupDestroyed(event) => destroyed(business, tx, &event.group_id).await,
        Webhook::AfterCreateGroup(event) => {
            made_again(business, tx, &event.group_id, &event.owner_account).await
        }
        Webhook::AfterChangeGroupOwner(event) => {
            handed_on(business, tx, &event.group_id, &event.new_owner_account).await
        }
        _ => Ok(()),
    }
}

async fn destroyed(business: &Business, tx: &mut Tx, group_id: &str) -> Result<(), Error> {
    let Some(room) = store::find(tx, group_id).await?.filter(|room| !room.is_gone()) else {
        return Ok(());
    };
    let now_ms = business.clock.now_ms();
    let now_s = now_ms / 1_000;
    tracing::warn!(group_id, "the group of a room is gone: the room ends");
    store::set_gone(tx, group_id, Some(now_s)).await?;
    if room.status != LiveStatus::Ended {
        set_status(tx, group_id, LiveStatus::Ended, now_ms).await?;
    }
    end_stream(business, tx, group_id, now_s).await?;
    Ok(())
}

async fn made_again(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    owner: &str,
) -> Result<(), Error> {
    let Some(room) = store::find(tx, group_id).await?.filter(store::Room::is_gone) else {
        return Ok(());
    };
    store::set_gone(tx, group_id, None).await?;
    if room.owner == owner || owner.is_empty() {
        return Ok(());
    }
    handed_on(business, tx, group_id, owner).await
}

async fn handed_on(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    owner: &str,
) -> Result<(), Error> {
    let Some(room) = store::find(tx, group_id).await?.filter(|room| room.owner != owner) else {
        return Ok(());
    };
    if !owner.is_empty() {
        tracing::info!(group_id, from = room.owner, to = owner, "room handed on");
        store::set_owner(tx, group_id, owner).await?;
    }
    let runs_rooms = store::runs_rooms(tx, owner).await?;
    if !runs_rooms && streams::open_stream(tx, group_id).await?.is_some() {
        tracing::warn!(group_id, owner, "who owns the room now runs none here: its stream ends");
        change_status(business, tx, &room, LiveStatus::Ended).await?;
        business.outbox.wake();
    }
    Ok(())
}
