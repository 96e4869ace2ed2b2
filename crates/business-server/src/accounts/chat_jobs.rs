//! Ends logins and deletes accounts at the chat service, which may be away for a while: what is to be
//! done stands in a table until it has decided.

use chat_rest::Outcome;
use chat_types::rest::{AccountDelete, Kick, UserIdItem};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::store::jobs::{self, Job, Kind};
use super::waits::{MOST_WAIT_MS, wait_ms};
use crate::Business;
use crate::routine::{Next, every};
use crate::storage::Error;

/// How often is looked for what failed before; new jobs are done at once.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Jobs that are done before the table is read again.
const AT_ONCE: u32 = 50;

/// Works until the service stops. What is cut off then is done after the next start.
pub(crate) async fn run(business: Arc<Business>, stopping: CancellationToken) {
    let wake = Some(&business.accounts.jobs);
    every(&stopping, LOOK_EVERY, wake, || do_due(&business)).await;
}

/// After a failure that others would meet too, the rest waits for the next look.
async fn do_due(business: &Business) -> Result<Next, Error> {
    let now_ms = business.clock.now_ms();
    let mut reading = business.database.read().await?;
    let due = jobs::due(&mut reading, now_ms, MOST_WAIT_MS, AT_ONCE).await?;
    drop(reading);
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
            jobs::done(&mut tx, job).await?;
            true
        }
    };
    tx.commit().await?;
    Ok(decided)
}
