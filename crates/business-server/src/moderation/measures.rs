//! Carries out warnings, mutes and bans.

use chat_rest::Outcome;
use chat_types::rest::{BanGroupMember, C2cSend, ForbidSendMsg, SendMsg, UnbanGroupMember};
use chat_types::{Code, Element};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::ladder::{MAX_SECONDS, Measure};
use super::store::{self, Entry, MeasureResult, PendingMeasure};
use crate::Business;
use crate::routine::{Next, every};
use crate::storage::Error;

/// Measures that are read at once.
const BATCH: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A warning that cannot be told within so many attempts is of no use any more.
const WARNING_ATTEMPTS: u64 = 10;
/// What a call that bans waits for the chat service, at most.
const SOON: Duration = Duration::from_secs(2);
/// It is looked so often even when nobody wakes the routine: another node may have written something.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Until `stop`. What is left then is carried out after the next start: every call may be made again.
/// Pauses are measured by time that really passes, so that no step of the clock on the wall puts a
/// measure off.
pub(super) async fn carry_out(business: &Business, stop: &CancellationToken) {
    let failures = AtomicU32::new(0);
    every(stop, LOOK_EVERY, Some(&business.moderation.due), || async {
        Ok::<_, Error>(match carry_out_due(business).await? {
            Round::Done => {
                failures.store(0, Ordering::Relaxed);
                Next::Period
            }
            Round::More => Next::Now,
            Round::Failing => {
                let doublings = failures.fetch_add(1, Ordering::Relaxed);
                let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings));
                Next::In(pause.min(LONGEST_PAUSE))
            }
        })
    })
    .await;
}

/// What came of a round.
enum Round {
    /// Nothing is left.
    Done,
    /// Something may be left.
    More,
    /// What is left failed.
    Failing,
}

async fn carry_out_due(business: &Business) -> Result<Round, Error> {
    let due = store::due(&mut business.database.read().await?, BATCH).await?;
    let mut settled = 0;
    for measure in &due {
        if carry_out_one(business, measure).await?.is_some() {
            settled += 1;
        }
    }
    Ok(match settled {
        0 if due.is_empty() => Round::Done,
        0 => Round::Failing,
        _ if settled == due.len() || due.len() == BATCH => Round::More,
        _ => Round::Failing,
    })
}

/// Carries out what was just written down, without waiting long for the chat service, and tells as
/// what. `None` leaves it to the routine, which may be at it already: twice does no harm.
pub(super) async fn carry_out_soon(business: &Business, due: &PendingMeasure) -> Option<Measure> {
    let carried = tokio::time::timeout(SOON, carry_out_one(business, due)).await;
    match carried {
        Ok(Ok(Some(MeasureResult::Done))) => Some(due.measure),
        Ok(Ok(Some(MeasureResult::DoneAsMute))) => Some(Measure::Mute),
        Ok(Ok(Some(MeasureResult::Refused) | None)) | Err(_) => None,
        Ok(Err(error)) => {
            tracing::error!(%error, "measure is left to the routine");
            None
        }
    }
}

/// `None` when it has to be tried again.
async fn carry_out_one(
    business: &Business,
    due: &PendingMeasure,
) -> Result<Option<MeasureResult>, Error> {
    let (group_id, user_id, measure) = (&due.group_id, &due.user_id, due.measure.name());
    let now_s = business.clock.now_s();
    let is_over = match due.measure {
        Measure::Warn => due.attempts >= WARNING_ATTEMPTS,
        Measure::Mute | Measure::Ban => due.until_s != 0 && due.until_s <= now_s,
    };
    if is_over {
        tracing::warn!(%group_id, %user_id, measure, "measure is over before it was carried out");
        refuse(business, due, "the chat service was away for too long").await?;
        return Ok(Some(MeasureResult::Refused));
    }
    let mut tx = business.database.read().await?;
    let silent_until_s = store::silent_until(&mut tx, due, now_s).await?;
    drop(tx);
    let error = match tell_chat(business, due, silent_until_s, now_s).await {
        Ok(result) => {
            tracing::info!(%group_id, %user_id, measure, ?result, "measure carried out");
            let mut tx = business.database.write().await?;
            store::measured(&mut tx, due, result).await?;
            tx.commit().await?;
            return Ok(Some(result));
        }
        Err(error) => error,
    };
    if error.outcome() == Outcome::Refused {
        tracing::warn!(%group_id, %user_id, measure, %error, "measure refused");
        refuse(business, due, &error.to_string()).await?;
        return Ok(Some(MeasureResult::Refused));
    }
    tracing::warn!(%group_id, %user_id, measure, %error, "measure is tried again");
    let mut tx = business.database.write().await?;
    store::tried(&mut tx, due).await?;
    tx.commit().await?;
    Ok(None)
}

/// It never will be carried out, and the log says why.
async fn refuse(business: &Business, due: &PendingMeasure, why: &str) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    if store::measured(&mut tx, due, MeasureResult::Refused).await? {
        let entry = Entry {
            group_id: &due.group_id,
            user_id: &due.user_id,
            text: "",
            reason: &format!("{} not carried out: {why}", due.measure.name()),
            action: "failed",
            is_strike: false,
            at_s: business.clock.now_s(),
        };
        store::insert_entry(&mut tx, entry).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// `silent_until_s` is the end of what else keeps the account silent.
async fn tell_chat(
    business: &Business,
    due: &PendingMeasure,
    silent_until_s: u64,
    now_s: u64,
) -> Result<MeasureResult, chat_rest::Error> {
    let silence_s = seconds_left(due.until_s.max(silent_until_s), now_s);
    match due.measure {
        Measure::Warn => warn(business, due).await?,
        Measure::Mute => mute(business, due, silence_s).await?,
        Measure::Ban if due.until_s == 0 => {
            let (group_id, members_account) = (due.group_id.clone(), vec![due.user_id.clone()]);
            let unban = UnbanGroupMember { group_id, members_account };
            match business.chat.unban_group_member(&unban).await {
                Err(error) if !is_of_the_edition(&error) => return Err(error),
                _ => {}
            }
            // It may have been carried out as a mute.
            mute(business, due, silence_s).await?;
        }
        Measure::Ban => return ban(business, due, silence_s, now_s).await,
    }
    Ok(MeasureResult::Done)
}

/// Whether the application has no bans: nobody is banned there.
fn is_of_the_edition(error: &chat_rest::Error) -> bool {
    matches!(error.code(), Some(Code::NO_PERMISSION | Code::EDITION))
}

fn seconds_left(until_s: u64, now_s: u64) -> u32 {
    let left_s = until_s.saturating_sub(now_s).min(u64::from(MAX_SECONDS));
    u32::try_from(left_s).unwrap_or(MAX_SECONDS)
}

/// The assistant tells it to the account alone.
async fn warn(business: &Business, due: &PendingMeasure) -> Result<(), chat_rest::Error> {
    let now_ms = business.clock.now_ms();
    let message = C2cSend {
        from_account: Some(business.config.chat.assistant.to_string()),
        msg_random: u32::try_from(now_ms % u64::from(u32::MAX)).unwrap_or(0),
        msg_body: vec![Element::text(due.reason.clone())],
        ..C2cSend::default()
    };
    business.chat.sendmsg(&SendMsg { to_account: due.user_id.clone(), message }).await.map(|_| ())
}

/// 0 seconds end a mute.
async fn mute(
    business: &Business,
    due: &PendingMeasure,
    seconds: u32,
) -> Result<(), chat_rest::Error> {
    let forbid = ForbidSendMsg {
        group_id: due.group_id.clone(),
        members_account: vec![due.user_id.clone()],
        mute_time: seconds,
    };
    business.chat.forbid_send_msg(&forbid).await
}

/// Where the application may not ban, the account is muted as long, or as long as it is muted
/// anyway; when it comes in again it is refused here.
async fn ban(
    business: &Business,
    due: &PendingMeasure,
    silence_s: u32,
    now_s: u64,
) -> Result<MeasureResult, chat_rest::Error> {
    let ban = BanGroupMember {
        group_id: due.group_id.clone(),
        members_account: vec![due.user_id.clone()],
        duration: seconds_left(due.until_s, now_s),
        description: "You broke the rules of the room.".to_owned(),
    };
    match business.chat.ban_group_member(&ban).await {
        Err(error) if is_of_the_edition(&error) => {
            tracing::info!(%error, "the application bans nobody: muted instead");
            mute(business, due, silence_s).await?;
            Ok(MeasureResult::DoneAsMute)
        }
        done => done.map(|_| MeasureResult::Done),
    }
}
