//! Ends logins and deletes accounts at the chat service, which may be away for a while: what is to be
//! done stands in a table until it has decided.

use chat_rest::Outcome;
use chat_types::rest::{AccountDelete, Kick, UserIdItem};
use chat_types::webhook::{StateAction, Webhook};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::blocks::{Standing, standing_in};
use super::erasure;
use super::store::gone;
use super::store::jobs::{self, Job, Kind};
use super::waits::{MOST_WAIT_MS, wait_ms};
use crate::Business;
use crate::events::Event;
use crate::routine::{Next, every};
use crate::storage::{Error, Tx};

/// How often is looked for what failed before, what events brought and which ids are free again; jobs of
/// calls are done at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Jobs that are done before the table is read again.
const AT_ONCE: u32 = 50;

/// Works until the service stops. What is cut off then is done after the next start.
pub(crate) async fn run(business: Arc<Business>, stopping: CancellationToken) {
    let wake = Some(&business.accounts.jobs);
    every(&stopping, LOOK_EVERY, wake, || do_due(&business)).await;
}

/// A login of an account that is kept out, or was deleted, is ended: a UserSig that was given before
/// opens the chat service until it ends.
pub(crate) async fn on_event(tx: &mut Tx, event: Event<'_>) -> Result<(), Error> {
    let Webhook::StateChange(change) = event.webhook else { return Ok(()) };
    if change.info.action != StateAction::Login {
        return Ok(());
    }
    let user_id = change.info.to_account.as_str();
    match standing_in(tx, user_id).await? {
        Standing::Open => Ok(()),
        Standing::Blocked => jobs::add(tx, user_id, Kind::SignOut).await,
        Standing::Gone => jobs::add(tx, user_id, Kind::Delete).await,
    }
}

/// After a failure that others would meet too, the rest waits for the next look.
async fn do_due(business: &Business) -> Result<Next, Error> {
    let now_ms = business.clock.now_ms();
    let mut reading = business.database.read().await?;
    let over = gone::over(&mut reading, now_ms, AT_ONCE).await?;
    let due = jobs::due(&mut reading, now_ms, MOST_WAIT_MS, AT_ONCE).await?;
    drop(reading);
    if !over.is_empty() {
        let mut tx = business.database.write().await?;
        for user_id in over {
            jobs::add(&mut tx, &user_id, Kind::Delete).await?;
        }
        tx.commit().await?;
        return Ok(Next::Now);
    }
    if due.is_empty() {
        return Ok(Next::Period);
    }
    for job in due {
        if !do_one(business, &job).await? {
            return Ok(Next::Period);
        }
    }
    Ok(Next::Now)
}

/// Whether the chat service has decided, one way or the other.
async fn do_one(business: &Business, job: &Job) -> Result<bool, Error> {
    let user_id = job.user_id.clone();
    let answer = match job.job {
        Kind::SignOut => business.chat.kick(&Kick { user_id }).await,
        Kind::Delete => {
            let delete = AccountDelete { delete_item: vec![UserIdItem { user_id }] };
            business.chat.account_delete(&delete).await.map(|_| ())
        }
    };
    let mut tx = business.database.write().await?;
    let decided = match answer {
        Err(error) if error.outcome() != Outcome::Refused => {
            let wait_ms = wait_ms(job.attempts);
            tracing::warn!(%error, wait_ms, user = job.user_id, "account not ended");
            let next_ms = business.clock.now_ms().saturating_add(wait_ms);
            jobs::put_off(&mut tx, job, next_ms).await?;
            false
        }
        answer => {
            if let Err(error) = answer {
                // It may never have been known there.
                tracing::warn!(%error, user = job.user_id, "the chat service ends no such account");
            }
            // The id is nobody's as long as its account is to be deleted once more.
            if jobs::done(&mut tx, job).await? && job.job == Kind::Delete {
                let now_ms = business.clock.now_ms();
                erasure::deleted_at_chat_service(&mut tx, &job.user_id, now_ms).await?;
            }
            true
        }
    };
    tx.commit().await?;
    business.accounts.blocks.forget(&job.user_id);
    Ok(decided)
}
