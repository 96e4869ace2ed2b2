//! Accounts in the database.

pub(super) mod decisions;
pub(in crate::accounts) mod erase;
pub(in crate::accounts) mod export;
pub(in crate::accounts) mod gone;
pub(in crate::accounts) mod jobs;
pub(in crate::accounts) mod personal;
mod sections;
pub(in crate::accounts) mod subjects;

use chat_types::UserId;
use chat_types::business::api::Role;

use super::Person;
use crate::storage::{Error, Tx, next, to_db};

/// An account as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Account {
    #[sqlx(try_from = "String")]
    pub(crate) user_id: UserId,
    pub(crate) nick: String,
    /// What it may do now.
    #[sqlx(try_from = "String")]
    pub(crate) role: Role,
    role_is_set: i64,
    told_role: Option<String>,
    #[sqlx(try_from = "i64")]
    pub(crate) experience: u64,
    #[sqlx(try_from = "i64")]
    pub(crate) created_s: u64,
    /// Its tokens carry this number.
    #[sqlx(try_from = "i64")]
    pub(crate) token_epoch: u64,
    barred: i64,
    blocked_s: Option<i64>,
    #[sqlx(try_from = "i64")]
    refuse_before_ms: u64,
}

impl Account {
    /// It is an administrator of the application, as far as is known.
    pub(crate) fn is_barred(&self) -> bool {
        self.barred != 0
    }

    /// Since when it is kept out.
    pub(crate) fn blocked_since_s(&self) -> Option<u64> {
        self.blocked_s.map(crate::storage::from_db)
    }

    /// An administrator has set its role, and not the last sign-in.
    pub(crate) fn has_set_role(&self) -> bool {
        self.role_is_set != 0
    }

    /// Whether a token that the identity server issued at this time was taken back.
    pub(super) fn has_revoked(&self, issued_ms: u64) -> bool {
        issued_ms < self.refuse_before_ms
    }

    /// What the last sign-in said that it may do.
    pub(super) fn told_role(&self) -> Option<Role> {
        self.told_role.as_deref().and_then(Role::from_name)
    }
}

macro_rules! select_account {
    ($rest:literal) => {
        concat!(
            "SELECT user_id, nick, role, role_is_set, told_role, experience, created_s,
                 token_epoch, barred, blocked_s, refuse_before_ms
             FROM accounts ",
            $rest
        )
    };
}

/// What is looked for among all accounts.
#[derive(Debug, Default)]
pub(super) struct Search<'a> {
    /// Of the id or of the name.
    pub(super) prefix: &'a str,
    pub(super) role: Option<Role>,
    pub(super) blocked: Option<bool>,
    /// Ids that come after this one.
    pub(super) after: &'a str,
}

/// Comes after everything that begins with a prefix.
fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// Up to `limit` accounts, by id.
pub(super) async fn search(
    tx: &mut Tx,
    search: &Search<'_>,
    limit: u32,
) -> Result<Vec<Account>, Error> {
    let key = search.prefix.to_lowercase();
    let accounts = sqlx::query_as(select_account!(
        "WHERE user_id > $1
           AND ((user_id >= $2 AND user_id < $3) OR (nick_key >= $4 AND nick_key < $5))
           AND ($6 IS NULL OR role = $6)
           AND ($7 IS NULL OR ($7 = 1) = (blocked_s IS NOT NULL))
         ORDER BY user_id LIMIT $8"
    ))
    .bind(search.after)
    .bind(search.prefix)
    .bind(end_of(search.prefix))
    .bind(&key)
    .bind(end_of(&key))
    .bind(search.role.map(Role::name))
    .bind(search.blocked.map(i64::from))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(accounts)
}

pub(crate) async fn find(tx: &mut Tx, user_id: &str) -> Result<Option<Account>, Error> {
    let account = sqlx::query_as(select_account!("WHERE user_id = $1"))
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(account)
}

/// Keeps an account with its present name and role. A role that an administrator has set stays.
pub(super) async fn put(tx: &mut Tx, person: &Person, now_s: u64) -> Result<Account, Error> {
    let user_id = person.user_id.as_str();
    let known = find(tx, user_id).await?;
    let epoch = match &known {
        Some(account) => account.token_epoch,
        None => next(tx, EPOCH).await?,
    };
    sqlx::query(
        "INSERT INTO accounts (user_id, nick, nick_key, role, told_role, created_s, token_epoch)
         VALUES ($1, $2, $3, $4, $4, $5, $6)
         ON CONFLICT (user_id) DO UPDATE SET nick = excluded.nick, nick_key = excluded.nick_key,
             told_role = excluded.told_role,
             role = CASE WHEN accounts.role_is_set = 1 THEN accounts.role
                         ELSE excluded.told_role END",
    )
    .bind(user_id)
    .bind(&person.nick)
    .bind(person.nick.to_lowercase())
    .bind(person.role.name())
    .bind(to_db(now_s))
    .bind(to_db(epoch))
    .execute(&mut **tx)
    .await?;
    if known.is_none() {
        decisions::take_over(tx, user_id).await?;
    }
    let missing = || Error::Unreadable(format!("account {user_id}"));
    find(tx, user_id).await?.ok_or_else(missing)
}

/// Whether a known account is an administrator of the application, by the chat service's word.
pub(super) async fn bar(tx: &mut Tx, user_id: &str, barred: bool) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET barred = $2 WHERE user_id = $1")
        .bind(user_id)
        .bind(i64::from(barred))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Sets what an account may do, whatever its sign-ins say; without a role they say it again.
pub(super) async fn set_role(tx: &mut Tx, user_id: &str, role: Option<Role>) -> Result<(), Error> {
    sqlx::query(
        "UPDATE accounts SET role = COALESCE($2, told_role, role),
             role_is_set = CASE WHEN $2 IS NULL THEN 0 ELSE 1 END
         WHERE user_id = $1",
    )
    .bind(user_id)
    .bind(role.map(Role::name))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps an account out from now on, or no more. One that is kept out already stays so since then.
pub(super) async fn set_blocked(
    tx: &mut Tx,
    user_id: &str,
    since_s: Option<u64>,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE accounts SET blocked_s = CASE WHEN $2 IS NULL THEN NULL
             ELSE COALESCE(blocked_s, $2) END
         WHERE user_id = $1",
    )
    .bind(user_id)
    .bind(since_s.map(to_db))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends every token of an account.
pub(super) async fn end_tokens(tx: &mut Tx, user_id: &str) -> Result<(), Error> {
    let epoch = next(tx, EPOCH).await?;
    sqlx::query("UPDATE accounts SET token_epoch = $2 WHERE user_id = $1")
        .bind(user_id)
        .bind(to_db(epoch))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Tokens that the identity server issued before this time open nothing any more.
pub(super) async fn refuse_before(tx: &mut Tx, user_id: &str, time_ms: u64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE accounts SET refuse_before_ms = $2 WHERE user_id = $1 AND refuse_before_ms < $2",
    )
    .bind(user_id)
    .bind(to_db(time_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Numbers that tokens carry.
const EPOCH: &str = "epoch";
