//! Comings and goings, also of those who only lose the connection.
//!
//! The chat service tells of a connection that is lost by `State.StateChange`, without a room, and
//! where the online list is on also by `Group.CallbackOnMemberStateChange`, after twenty seconds. It
//! tells of no exit then, and of the return by a join, by `Online`, or by both; who returns within
//! twenty seconds has not left. So it is kept where an account is, and each going and each coming
//! is counted once, whichever of the webhooks tells of it first.

mod store;

use chat_types::webhook::{MemberState, StateAction, Webhook};

use super::count_at;
use super::store::Counts;
use crate::Business;
use crate::events::Event;
use crate::storage::{Error, Tx};

/// Who is back within this time has not left (product/1047/48734).
const GRACE_MS: u64 = 20_000;
/// What is told of a return within that time may arrive so much later.
const LATE_MS: u64 = 5_000;
/// Accounts in one transaction.
const AT_ONCE: u32 = 500;

/// Where an account is, seen from one room that it came into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "snake_case")]
enum Presence {
    Here,
    /// Its connection was lost a moment ago; not counted yet.
    Lost,
    /// Counted as gone.
    Away,
    /// Back, and counted as come, by `Online`; a join may still tell the same.
    Returned,
}

pub(super) async fn on_event(tx: &mut Tx, event: Event<'_>) -> Result<(), Error> {
    let at_ms = event.at_ms;
    match event.webhook {
        Webhook::AfterNewMemberJoin(join) => {
            for member in &join.new_member_list {
                come(tx, &join.group_id, &member.member_account, at_ms).await?;
            }
        }
        Webhook::AfterMemberExit(exit) => {
            for member in &exit.exit_member_list {
                leave(tx, &exit.group_id, &member.member_account, at_ms).await?;
            }
        }
        Webhook::OnMemberStateChange(change) => {
            for member in &change.member_list {
                let account = member.member_account.as_str();
                match change.event_type {
                    MemberState::Online => come_back(tx, &change.group_id, account, at_ms).await?,
                    MemberState::Offline => go_away(tx, &change.group_id, account, at_ms).await?,
                }
            }
        }
        Webhook::StateChange(change) => {
            let account = change.info.to_account.as_str();
            match change.info.action {
                StateAction::Login => {
                    store::find_again(tx, account, at_ms.saturating_sub(GRACE_MS), at_ms).await?;
                }
                StateAction::Logout | StateAction::Disconnect => {
                    store::lose(tx, account, at_ms).await?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

async fn come(tx: &mut Tx, group_id: &str, user_id: &str, at_ms: u64) -> Result<(), Error> {
    let before = store::find(tx, group_id, user_id).await?;
    // Who comes in anew had left.
    if let Some((Presence::Lost, lost_ms)) = before {
        count_going(tx, group_id, lost_ms).await?;
    }
    if !matches!(before, Some((Presence::Returned, _))) {
        count_coming(tx, group_id, at_ms).await?;
    }
    store::put(tx, group_id, user_id, Presence::Here, at_ms).await
}

async fn leave(tx: &mut Tx, group_id: &str, user_id: &str, at_ms: u64) -> Result<(), Error> {
    let before = store::find(tx, group_id, user_id).await?;
    if !matches!(before, Some((Presence::Away, _))) {
        count_going(tx, group_id, at_ms).await?;
    }
    store::forget(tx, group_id, user_id).await
}

async fn go_away(tx: &mut Tx, group_id: &str, user_id: &str, at_ms: u64) -> Result<(), Error> {
    match store::find(tx, group_id, user_id).await? {
        Some((Presence::Away, _)) => return Ok(()),
        Some((Presence::Lost, lost_ms)) => count_going(tx, group_id, lost_ms).await?,
        _ => count_going(tx, group_id, at_ms).await?,
    }
    store::put(tx, group_id, user_id, Presence::Away, at_ms).await
}

async fn come_back(tx: &mut Tx, group_id: &str, user_id: &str, at_ms: u64) -> Result<(), Error> {
    match store::find(tx, group_id, user_id).await? {
        Some((Presence::Away, _)) => {
            count_coming(tx, group_id, at_ms).await?;
            store::put(tx, group_id, user_id, Presence::Returned, at_ms).await
        }
        Some((Presence::Lost, _)) => store::put(tx, group_id, user_id, Presence::Here, at_ms).await,
        _ => Ok(()),
    }
}

async fn count_coming(tx: &mut Tx, group_id: &str, at_ms: u64) -> Result<(), Error> {
    count_at(tx, group_id, at_ms, Counts { joins: 1, ..Counts::default() }).await
}

async fn count_going(tx: &mut Tx, group_id: &str, at_ms: u64) -> Result<(), Error> {
    count_at(tx, group_id, at_ms, Counts { leaves: 1, ..Counts::default() }).await
}

/// Counts those as gone who have not come back in time, at the minute in which they were lost.
pub(super) async fn count_lost(business: &Business) -> Result<(), Error> {
    let before_ms = business.clock.now_ms().saturating_sub(GRACE_MS + LATE_MS);
    let mut reading = business.database.read().await?;
    let waits = !store::lost_before(&mut reading, before_ms, 1).await?.is_empty();
    drop(reading);
    if !waits {
        return Ok(());
    }
    let mut tx = business.database.write().await?;
    for lost in store::lost_before(&mut tx, before_ms, AT_ONCE).await? {
        go_away(&mut tx, &lost.group_id, &lost.user_id, lost.since_ms).await?;
    }
    tx.commit().await?;
    Ok(())
}
