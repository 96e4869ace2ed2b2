//! Accounts in the database.

use chat_types::UserId;
use chat_types::business::api::Role;
use sqlx::Row;

use super::Person;
use crate::storage::{Error, Tx, from_db, to_db};

/// An account as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) user_id: UserId,
    pub(crate) nick: String,
    pub(crate) role: Role,
    pub(crate) experience: u64,
    /// It is an administrator of the application, as far as is known.
    pub(crate) barred: bool,
}

/// Keeps an account with its present name and role.
pub(crate) async fn put(tx: &mut Tx, person: &Person, now_s: u64) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO accounts (user_id, nick, role, created_s) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET nick = excluded.nick, role = excluded.role",
    )
    .bind(person.user_id.as_str())
    .bind(&person.nick)
    .bind(person.role.name())
    .bind(to_db(now_s))
    .execute(&mut **tx)
    .await?;
    Ok(())
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

/// What the account may do now; `None` when there is no such account.
pub(crate) async fn role(tx: &mut Tx, user_id: &str) -> Result<Option<Role>, Error> {
    let row = sqlx::query("SELECT role FROM accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    let unreadable = || Error::Unreadable(format!("the role of account {user_id}"));
    row.map(|row| Role::from_name(row.get("role")).ok_or_else(unreadable)).transpose()
}

pub(crate) async fn find(tx: &mut Tx, user_id: &str) -> Result<Option<Account>, Error> {
    let row = sqlx::query(
        "SELECT user_id, nick, role, experience, barred FROM accounts WHERE user_id = $1",
    )
    .bind(user_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let unreadable = |what: &str| Error::Unreadable(format!("{what} of account {user_id}"));
        Ok(Account {
            user_id: UserId::new(row.get::<String, _>("user_id"))
                .map_err(|_| unreadable("the id"))?,
            nick: row.get("nick"),
            role: Role::from_name(row.get("role")).ok_or_else(|| unreadable("the role"))?,
            experience: from_db(row.get("experience")),
            barred: row.get::<i64, _>("barred") != 0,
        })
    })
    .transpose()
}
