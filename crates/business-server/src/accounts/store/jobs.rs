//! What the chat service has still to do to accounts.

use crate::storage::{Error, Tx, to_db};

/// A call that is made until the chat service has decided.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::accounts) struct Job {
    pub(in crate::accounts) user_id: String,
    #[sqlx(try_from = "String")]
    pub(in crate::accounts) job: Kind,
    version: i64,
    #[sqlx(try_from = "i64")]
    pub(in crate::accounts) attempts: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::accounts) enum Kind {
    /// End every login.
    SignOut,
    /// Delete the account, which ends its logins, too.
    Delete,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::SignOut => "sign_out",
            Self::Delete => "delete",
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} is no job")]
pub(in crate::accounts) struct UnknownJob(String);

impl TryFrom<String> for Kind {
    type Error = UnknownJob;

    fn try_from(name: String) -> Result<Self, UnknownJob> {
        let known = [Self::SignOut, Self::Delete].into_iter().find(|kind| kind.name() == name);
        known.ok_or(UnknownJob(name))
    }
}

/// To be done as soon as possible. An account that is to be deleted stays so.
pub(in crate::accounts) async fn add(tx: &mut Tx, user_id: &str, kind: Kind) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO account_jobs (user_id, job, version, attempts, next_ms)
         VALUES ($1, $2, 1, 0, 0)
         ON CONFLICT (user_id) DO UPDATE SET version = account_jobs.version + 1, next_ms = 0,
             job = CASE WHEN account_jobs.job = 'delete' THEN 'delete' ELSE excluded.job END",
    )
    .bind(user_id)
    .bind(kind.name())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` jobs whose time has come. One that waits for longer than `most_ms` from now was put
/// off by a clock that has been set back since.
pub(in crate::accounts) async fn due(
    tx: &mut Tx,
    now_ms: u64,
    most_ms: u64,
    limit: u32,
) -> Result<Vec<Job>, Error> {
    let jobs = sqlx::query_as(
        "SELECT user_id, job, version, attempts FROM account_jobs
         WHERE next_ms <= $1 OR next_ms > $2 ORDER BY next_ms LIMIT $3",
    )
    .bind(to_db(now_ms))
    .bind(to_db(now_ms.saturating_add(most_ms)))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(jobs)
}

/// Done, unless it has been asked for again since: false then.
pub(in crate::accounts) async fn done(tx: &mut Tx, job: &Job) -> Result<bool, Error> {
    let done = sqlx::query("DELETE FROM account_jobs WHERE user_id = $1 AND version = $2")
        .bind(&job.user_id)
        .bind(job.version)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn put_off(
    tx: &mut Tx,
    job: &Job,
    next_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE account_jobs SET attempts = attempts + 1, next_ms = $3
         WHERE user_id = $1 AND version = $2",
    )
    .bind(&job.user_id)
    .bind(job.version)
    .bind(to_db(next_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
