//! Carries out warnings, mutes and bans.

use chat_rest::Outcome;
use chat_types::rest::{BanGroupMember, C2cSend, ForbidSendMsg, SendMsg, UnbanGroupMember};
use chat_types::{Code, Element};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ladder::{MAX_SECONDS, Measure};
use super::store::{self, Due, Entry};
use crate::Business;
use crate::storage::Error;

/// Measures that are read at once.
const BATCH: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A warning that cannot be told within so many attempts is of no use any more.
const WARNING_ATTEMPTS: u64 = 10;
const PURGE_EVERY: Duration = Duration::from_secs(3_600);
/// Decisions, reviews and measures are kept for ninety days.
const KEPT_S: u64 = 90 * 24 * 3_600;

/// Until `stop`. What is left then is carried out after the next start. Pauses are measured by time
/// that really passes, so that no step of the clock on the wall puts a measure off.
pub(super) async fn carry_out(business: &Business, stop: &CancellationToken) {
    let mut purge_at = Instant::now();
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        if purge_at <= Instant::now() {
            purge_at = Instant::now() + PURGE_EVERY;
            if let Err(error) = purge(business).await {
                tracing::error!(%error, "old decisions not removed");
            }
        }
        let round = tokio::select! {
            // Every call may be made again, and is, after the next start.
            () = stop.cancelled() => return,
            round = carry_out_due(business) => round,
        };
        let longer = (pause * 2).min(LONGEST_PAUSE);
        let (sleep, next) = match round {
            Ok(Round::Done) => (PURGE_EVERY, FIRST_PAUSE),
            Ok(Round::More) => continue,
            Ok(Round::Failing) => (pause, longer),
            Err(error) => {
                tracing::error!(%error, "measures not carried out");
                (pause, longer)
            }
        };
        pause = next;
        tokio::select! {
            () = stop.cancelled() => {}
            () = business.moderation.due.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
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
        if carry_out_one(business, measure).await? {
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

/// False when it has to be tried again.
async fn carry_out_one(business: &Business, due: &Due) -> Result<bool, Error> {
    let (group_id, user_id, measure) = (&due.group_id, &due.user_id, due.measure.name());
    let now_s = business.clock.now_s();
    let is_over = match due.measure {
        Measure::Warn => due.attempts >= WARNING_ATTEMPTS,
        Measure::Mute | Measure::Ban => due.until_s != 0 && due.until_s <= now_s,
    };
    if is_over {
        tracing::warn!(%group_id, %user_id, measure, "measure is over before it was carried out");
        settle(business, due, Some("the chat service was away for too long")).await?;
        return Ok(true);
    }
    let Err(error) = tell_chat(business, due, now_s).await else {
        tracing::info!(%group_id, %user_id, measure, "measure carried out");
        settle(business, due, None).await?;
        return Ok(true);
    };
    if error.outcome() == Outcome::Refused {
        tracing::warn!(%group_id, %user_id, measure, %error, "measure refused");
        settle(business, due, Some(&error.to_string())).await?;
        return Ok(true);
    }
    tracing::warn!(%group_id, %user_id, measure, %error, "measure is tried again");
    let mut tx = business.database.write().await?;
    store::tried(&mut tx, due).await?;
    tx.commit().await?;
    Ok(false)
}

/// It was carried out; or never will be, and the log says why.
async fn settle(business: &Business, due: &Due, failure: Option<&str>) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    store::measured(&mut tx, due, failure.is_none()).await?;
    if let Some(failure) = failure {
        let entry = Entry {
            group_id: &due.group_id,
            user_id: &due.user_id,
            text: "",
            reason: &format!("{} not carried out: {failure}", due.measure.name()),
            action: "failed",
            is_strike: false,
            at_s: business.clock.now_s(),
        };
        store::insert_entry(&mut tx, entry).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn tell_chat(business: &Business, due: &Due, now_s: u64) -> Result<(), chat_rest::Error> {
    let left_s = due.until_s.saturating_sub(now_s).min(u64::from(MAX_SECONDS));
    let left_s = u32::try_from(left_s).unwrap_or(MAX_SECONDS);
    match due.measure {
        Measure::Warn => warn(business, due).await,
        Measure::Mute => mute(business, due, left_s).await,
        Measure::Ban => ban(business, due, left_s).await,
    }
}

/// The assistant tells it to the account alone.
async fn warn(business: &Business, due: &Due) -> Result<(), chat_rest::Error> {
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
async fn mute(business: &Business, due: &Due, seconds: u32) -> Result<(), chat_rest::Error> {
    let forbid = ForbidSendMsg {
        group_id: due.group_id.clone(),
        members_account: vec![due.user_id.clone()],
        mute_time: seconds,
    };
    business.chat.forbid_send_msg(&forbid).await
}

/// Where the application may not ban, the account is muted as long; when it comes in again it is
/// refused here.
async fn ban(business: &Business, due: &Due, seconds: u32) -> Result<(), chat_rest::Error> {
    let (group_id, members_account) = (due.group_id.clone(), vec![due.user_id.clone()]);
    let done = if due.until_s == 0 {
        business.chat.unban_group_member(&UnbanGroupMember { group_id, members_account }).await
    } else {
        let description = "You broke the rules of the room again and again.".to_owned();
        let ban = BanGroupMember { group_id, members_account, duration: seconds, description };
        business.chat.ban_group_member(&ban).await
    };
    match done {
        Err(error) if matches!(error.code(), Some(Code::NO_PERMISSION | Code::EDITION)) => {
            tracing::info!(%error, "the application bans nobody: muted instead");
            mute(business, due, seconds).await
        }
        done => done,
    }
}

async fn purge(business: &Business) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    store::purge(&mut tx, business.clock.now_s().saturating_sub(KEPT_S)).await?;
    tx.commit().await?;
    Ok(())
}
