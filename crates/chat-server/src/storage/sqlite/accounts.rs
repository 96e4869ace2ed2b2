//! Accounts and profiles.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Row};
use std::collections::BTreeMap;

use super::{Error, Sqlite, from_json, to_db, to_json, to_u32, to_u64};
use crate::storage::{Account, AccountPatch, Accounts};

/// Accounts asked for in one statement: SQLite bounds the parameters of one.
const PER_STATEMENT: usize = 500;

#[async_trait]
impl Accounts for Sqlite {
    async fn accounts(&self, sdk_app_id: u32, users: &[&str]) -> Result<Vec<Account>, Error> {
        let mut found = BTreeMap::new();
        let mut tx = self.read().await?;
        for users in users.chunks(PER_STATEMENT) {
            let mut query = QueryBuilder::new("SELECT * FROM accounts WHERE sdk_app_id = ");
            only_these(&mut query, sdk_app_id, users);
            for row in query.build().fetch_all(&mut *tx).await? {
                let user_id: String = row.try_get("user_id")?;
                let account = Account {
                    user_id: user_id.clone(),
                    nick: row.try_get("nick")?,
                    face_url: row.try_get("face_url")?,
                    create_time: to_u32(row.try_get("create_time")?),
                    c2c_muted_until: to_u32(row.try_get("c2c_muted_until")?),
                    group_muted_until: to_u32(row.try_get("group_muted_until")?),
                    profile: BTreeMap::new(),
                };
                found.insert(user_id, account);
            }
            let mut query = QueryBuilder::new("SELECT * FROM profile_values WHERE sdk_app_id = ");
            only_these(&mut query, sdk_app_id, users);
            for row in query.build().fetch_all(&mut *tx).await? {
                let user_id: String = row.try_get("user_id")?;
                if let Some(account) = found.get_mut(&user_id) {
                    let value = from_json(&row.try_get::<String, _>("value")?)?;
                    account.profile.insert(row.try_get("tag")?, value);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    async fn put_accounts(
        &self,
        sdk_app_id: u32,
        patches: &[AccountPatch],
        now_s: u64,
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        for patch in patches {
            write_account(&mut tx, i64::from(sdk_app_id), patch, now_s).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn delete_account(&self, sdk_app_id: u32, user_id: &str) -> Result<bool, Error> {
        let mut tx = self.write().await?;
        for sql in [
            "DELETE FROM group_members WHERE sdk_app_id = $1 AND user_id = $2",
            "DELETE FROM group_admins WHERE sdk_app_id = $1 AND user_id = $2",
            "DELETE FROM c2c_reads WHERE sdk_app_id = $1 AND user_id = $2",
            "UPDATE c2c_messages SET counts = 0
             WHERE sdk_app_id = $1 AND to_user = $2 AND counts = 1 AND withdrawn = 0",
        ] {
            sqlx::query(sql).bind(i64::from(sdk_app_id)).bind(user_id).execute(&mut *tx).await?;
        }
        let done = sqlx::query("DELETE FROM accounts WHERE sdk_app_id = $1 AND user_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(user_id)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn count_accounts(&self, sdk_app_id: u32) -> Result<u64, Error> {
        let number: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM accounts WHERE sdk_app_id = $1")
            .bind(i64::from(sdk_app_id))
            .fetch_one(&self.readers)
            .await?;
        Ok(to_u64(number))
    }
}

fn only_these(query: &mut QueryBuilder<sqlx::Sqlite>, sdk_app_id: u32, users: &[&str]) {
    query.push_bind(i64::from(sdk_app_id)).push(" AND user_id IN (");
    let mut list = query.separated(", ");
    for user in users {
        list.push_bind((*user).to_owned());
    }
    query.push(")");
}

async fn write_account(
    tx: &mut SqliteConnection,
    app: i64,
    patch: &AccountPatch,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO accounts (sdk_app_id, user_id, nick, face_url, c2c_muted_until,
                               group_muted_until, create_time)
         VALUES ($1, $2, COALESCE($3, ''), COALESCE($4, ''), COALESCE($5, 0), COALESCE($6, 0), $7)
         ON CONFLICT (sdk_app_id, user_id) DO UPDATE SET
             nick = COALESCE($3, accounts.nick),
             face_url = COALESCE($4, accounts.face_url),
             c2c_muted_until = COALESCE($5, accounts.c2c_muted_until),
             group_muted_until = COALESCE($6, accounts.group_muted_until)",
    )
    .bind(app)
    .bind(&patch.user_id)
    .bind(&patch.nick)
    .bind(&patch.face_url)
    .bind(patch.c2c_muted_until.map(i64::from))
    .bind(patch.group_muted_until.map(i64::from))
    .bind(to_db(now_s))
    .execute(&mut *tx)
    .await?;
    for (tag, value) in &patch.profile {
        sqlx::query(
            "INSERT INTO profile_values (sdk_app_id, user_id, tag, value) VALUES ($1, $2, $3, $4)
             ON CONFLICT (sdk_app_id, user_id, tag) DO UPDATE SET value = $4",
        )
        .bind(app)
        .bind(&patch.user_id)
        .bind(tag)
        .bind(to_json(value)?)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
