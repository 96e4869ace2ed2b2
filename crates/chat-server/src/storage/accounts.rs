//! Table `accounts`.

use super::{Error, Storage, to_db};

impl Storage {
    /// Adds the account, or changes what is given of it; `None` leaves a stored value as it is.
    pub async fn upsert_account(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        nick: Option<&str>,
        face_url: Option<&str>,
        now_s: u64,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO accounts (sdk_app_id, user_id, nick, face_url, create_time)
             VALUES ($1, $2, COALESCE($3, ''), COALESCE($4, ''), $5)
             ON CONFLICT (sdk_app_id, user_id) DO UPDATE SET
                 nick = COALESCE($3, accounts.nick),
                 face_url = COALESCE($4, accounts.face_url)",
        )
        .bind(i64::from(sdk_app_id))
        .bind(user_id)
        .bind(nick)
        .bind(face_url)
        .bind(to_db(now_s))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nickname of the account (it may be empty), or `None` when the account does not exist.
    pub async fn account_nick(
        &self,
        sdk_app_id: u32,
        user_id: &str,
    ) -> Result<Option<String>, Error> {
        let nick =
            sqlx::query_scalar("SELECT nick FROM accounts WHERE sdk_app_id = $1 AND user_id = $2")
                .bind(i64::from(sdk_app_id))
                .bind(user_id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(nick)
    }
}
