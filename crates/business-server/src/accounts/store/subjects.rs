//! Which account a person of the identity server has, and which of the person's tokens is the newest.

use crate::storage::{Error, Tx, to_db};

/// Who the identity server speaks of.
#[derive(Debug, Clone, Copy)]
pub(in crate::accounts) struct Subject<'a> {
    /// SHA-256 of the other two.
    pub(in crate::accounts) digest: &'a str,
    pub(in crate::accounts) issuer: &'a str,
    pub(in crate::accounts) subject: &'a str,
}

/// What is known of a person who was here before.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::accounts) struct Seen {
    /// `None` for one who was deleted.
    pub(in crate::accounts) user_id: Option<String>,
    newest_ms: i64,
}

impl Seen {
    /// Whether a token of this time comes after another one, or after the end of the account.
    pub(in crate::accounts) fn outdates(&self, issued_ms: u64) -> bool {
        let issued_ms = to_db(issued_ms);
        issued_ms < self.newest_ms || self.user_id.is_none() && issued_ms == self.newest_ms
    }
}

pub(in crate::accounts) async fn find(tx: &mut Tx, digest: &str) -> Result<Option<Seen>, Error> {
    let seen = sqlx::query_as("SELECT user_id, newest_ms FROM account_subjects WHERE digest = $1")
        .bind(digest)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(seen)
}

/// Gives a person an account. False when somebody else has it, or the person another one.
pub(in crate::accounts) async fn claim(
    tx: &mut Tx,
    who: Subject<'_>,
    user_id: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO account_subjects (digest, issuer, subject, user_id, newest_ms)
         SELECT $1, $2, $3, $4, 0
         WHERE NOT EXISTS (SELECT 1 FROM account_subjects WHERE user_id = $4)
         ON CONFLICT (digest) DO UPDATE SET issuer = excluded.issuer, subject = excluded.subject,
             user_id = excluded.user_id
         WHERE account_subjects.user_id IS NULL",
    )
    .bind(who.digest)
    .bind(who.issuer)
    .bind(who.subject)
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was known of the person's tokens before one of this time came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::accounts) enum Age {
    Newer,
    /// As old as the newest, and perhaps the same.
    Same,
    Older,
}

/// Notes a token that was issued at this time, if none that is newer has been seen.
pub(in crate::accounts) async fn note_issued(
    tx: &mut Tx,
    digest: &str,
    issued_ms: u64,
) -> Result<Age, Error> {
    let newer = sqlx::query(
        "UPDATE account_subjects SET newest_ms = $2 WHERE digest = $1 AND newest_ms < $2",
    )
    .bind(digest)
    .bind(to_db(issued_ms))
    .execute(&mut **tx)
    .await?;
    if newer.rows_affected() == 1 {
        return Ok(Age::Newer);
    }
    let same = sqlx::query("SELECT 1 FROM account_subjects WHERE digest = $1 AND newest_ms = $2")
        .bind(digest)
        .bind(to_db(issued_ms))
        .fetch_optional(&mut **tx)
        .await?;
    Ok(if same.is_some() { Age::Same } else { Age::Older })
}
