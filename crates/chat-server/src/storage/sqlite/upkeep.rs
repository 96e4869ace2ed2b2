//! The database itself: whether it answers, what is too old in it, its end.

use async_trait::async_trait;

use super::{Error, Sqlite, identity, to_db};
use crate::storage::Upkeep;

/// Old messages that are removed in one transaction.
const PURGED_AT_ONCE: i64 = 1_000;

/// What is old is found by the index of its time.
pub(super) const OLD_C2C: &str = "
    DELETE FROM c2c_messages WHERE (sdk_app_id, low, high, number) IN (
        SELECT sdk_app_id, low, high, number FROM c2c_messages WHERE expire_time <= $1 LIMIT $2)";
pub(super) const OLD_GROUP_MESSAGES: &str = "
    DELETE FROM group_messages WHERE (sdk_app_id, group_id, seq) IN (
        SELECT sdk_app_id, group_id, seq FROM group_messages WHERE time_s < $1 LIMIT $2)";
pub(super) const OLD_MUTES: &str = "
    DELETE FROM group_mutes WHERE (sdk_app_id, group_id, user_id) IN (
        SELECT sdk_app_id, group_id, user_id FROM group_mutes WHERE muted_until <= $1 LIMIT $2)";
pub(super) const OLD_BANS: &str = "
    DELETE FROM group_bans WHERE (sdk_app_id, group_id, user_id) IN (
        SELECT sdk_app_id, group_id, user_id FROM group_bans WHERE banned_until <= $1 LIMIT $2)";

#[async_trait]
impl Upkeep for Sqlite {
    async fn purge(&self, now_s: u64, oldest_group_s: u64) -> Result<u64, Error> {
        let c2c = self.remove_older(OLD_C2C, now_s);
        let group = self.remove_older(OLD_GROUP_MESSAGES, oldest_group_s);
        let mutes = self.remove_older(OLD_MUTES, now_s);
        let bans = self.remove_older(OLD_BANS, now_s);
        Ok(c2c.await? + group.await? + mutes.await? + bans.await?)
    }

    async fn check(&self) -> Result<(), Error> {
        if identity(&self.path)? != self.identity {
            return Err(Error::Value("the database file was put away or replaced".to_owned()));
        }
        sqlx::query("SELECT version FROM configuration").fetch_one(&self.readers).await?;
        // That it can be read does not say that it can be written.
        self.write().await?.rollback().await?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl Sqlite {
    /// Runs a statement that removes at most so many rows until there are no more.
    async fn remove_older(&self, sql: &'static str, time_s: u64) -> Result<u64, Error> {
        let mut removed = 0;
        loop {
            let done = sqlx::query(sql)
                .bind(to_db(time_s))
                .bind(PURGED_AT_ONCE)
                .execute(&self.writer)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(removed);
            }
            removed += done.rows_affected();
        }
    }
}
