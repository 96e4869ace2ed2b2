//! Sends broadcasts, one after the other, and room by room where that is the only way.

use chat_types::Code;
use chat_types::Priority;
use chat_types::rest::SendBroadcastMsg;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::store::{self, Broadcast};
use super::unanswered::Unanswered;
use super::{BroadcastState, BroadcastWay, announcement};
use crate::outbox::{self, Posting, What};
use crate::routine::{Next, every};
use crate::{Business, rooms, storage};

/// Room by room, so many rooms are told in one beat: 20 in a second.
const ROOMS_IN_A_BEAT: u32 = 5;
const BEAT: Duration = Duration::from_millis(250);
/// The service takes one broadcast in a second.
const BETWEEN_BROADCASTS: Duration = Duration::from_secs(1);

/// Sends until it is told to stop. What is not sent by then is sent after the next start; a call that
/// is cut off at the stop is made again with the same number. The rate is kept by time that really
/// passes, which no clock on the wall can change.
pub(crate) async fn send_broadcasts(business: Arc<Business>, stop: CancellationToken) {
    let unanswered = Mutex::new(Unanswered::default());
    every(&stop, BEAT, None, || send_one(&business, &unanswered)).await;
}

/// Goes from room to room with the broadcasts for which that is the only way.
pub(crate) async fn go_room_by_room(business: Arc<Business>, stop: CancellationToken) {
    every(&stop, BEAT, None, || tell_rooms(&business)).await;
}

/// Sends the oldest broadcast that has no way yet and may be tried now.
async fn send_one(
    business: &Business,
    unanswered: &Mutex<Unanswered>,
) -> Result<Next, storage::Error> {
    let mut tx = business.database.read().await?;
    let waiting = store::waiting(&mut tx, BroadcastWay::Undecided).await?;
    drop(tx);
    let found = {
        let mut unanswered = unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.keep(waiting.iter().map(|broadcast| broadcast.id.as_str()));
        let now = Instant::now();
        waiting.into_iter().find(|broadcast| unanswered.may_try(&broadcast.id, now))
    };
    let Some(broadcast) = found else { return Ok(Next::Period) };
    let message = SendBroadcastMsg {
        from_account: Some(business.config.chat.assistant.to_string()),
        random: random_of(&broadcast.id),
        msg_body: vec![announcement(&broadcast.id, &broadcast.text).to_element()],
        cloud_custom_data: String::new(),
    };
    match business.chat.send_broadcast_msg(&message).await {
        Ok(_) => {
            note(business, &broadcast, BroadcastWay::Broadcast, BroadcastState::Done, None).await?
        }
        Err(error) if error.code() == Some(Code::NO_PERMISSION) => {
            tracing::info!(broadcast = broadcast.id, %error, "broadcast goes room by room");
            take_rooms(business, &broadcast, &error.to_string()).await?;
        }
        Err(error) if error.is_refused_for_good() => {
            tracing::warn!(broadcast = broadcast.id, %error, "broadcast refused");
            let reason = error.to_string();
            note(
                business,
                &broadcast,
                BroadcastWay::Undecided,
                BroadcastState::Failed,
                Some(&reason),
            )
            .await?;
        }
        Err(error) => {
            tracing::warn!(broadcast = broadcast.id, %error, "broadcast not sent yet");
            let mut unanswered = unanswered.lock().unwrap_or_else(PoisonError::into_inner);
            unanswered.note(&broadcast.id, Instant::now());
        }
    }
    Ok(Next::Rest(BETWEEN_BROADCASTS))
}

/// The `Random` of a broadcast: the same each time, so that the chat service drops a repeat. Two
/// broadcasts with the same number are still told apart by their contents.
fn random_of(id: &str) -> u32 {
    let hash: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    let [first, second, third, fourth, ..] = hash;
    u32::from_be_bytes([first, second, third, fourth])
}

async fn note(
    business: &Business,
    broadcast: &Broadcast,
    way: BroadcastWay,
    state: BroadcastState,
    reason: Option<&str>,
) -> Result<(), storage::Error> {
    let mut tx = business.database.write().await?;
    store::set_progress(&mut tx, &broadcast.id, way, state, reason).await?;
    tx.commit().await?;
    Ok(())
}

/// The rooms that are on air now are those that will be told.
async fn take_rooms(
    business: &Business,
    broadcast: &Broadcast,
    reason: &str,
) -> Result<(), storage::Error> {
    let mut tx = business.database.write().await?;
    for room in rooms::store::on_air(&mut tx).await? {
        store::insert_room(&mut tx, &broadcast.id, &room.group_id).await?;
    }
    store::set_progress(
        &mut tx,
        &broadcast.id,
        BroadcastWay::Rooms,
        BroadcastState::Waiting,
        Some(reason),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Tells the next rooms of the oldest broadcast that goes room by room.
async fn tell_rooms(business: &Business) -> Result<Next, storage::Error> {
    let mut tx = business.database.read().await?;
    let found = store::waiting(&mut tx, BroadcastWay::Rooms).await?.into_iter().next();
    drop(tx);
    let Some(broadcast) = found else { return Ok(Next::Period) };
    let id = broadcast.id.as_str();
    let message = announcement(id, &broadcast.text);
    let now_ms = business.clock.now_ms();
    let mut tx = business.database.write().await?;
    for group_id in store::rooms_to_tell(&mut tx, id, ROOMS_IN_A_BEAT).await? {
        let posting = Posting {
            lane: &format!("broadcast:{group_id}"),
            key: &format!("broadcast:{id}:{group_id}"),
            group_id: &group_id,
            what: What::Message {
                message: &message,
                priority: Priority::High,
                from: Some(business.config.chat.assistant.as_str()),
            },
        };
        outbox::enqueue(&mut tx, posting, now_ms).await?;
        store::note_posted(&mut tx, id, &group_id).await?;
    }
    if store::rooms_to_tell(&mut tx, id, 1).await?.is_empty() {
        let reason = broadcast.reason.as_deref();
        store::set_progress(&mut tx, id, BroadcastWay::Rooms, BroadcastState::Done, reason).await?;
    }
    tx.commit().await?;
    business.outbox.wake();
    Ok(Next::Period)
}
