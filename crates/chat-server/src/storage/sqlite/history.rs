//! Messages of groups that are kept.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Error, Sqlite, from_json, to_json, to_u32};
use crate::storage::{Keep, StoredGroupMessage};

impl Sqlite {
    pub(super) async fn add_group_message(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        message: &StoredGroupMessage,
        keep: Keep,
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        let said = &message.message;
        sqlx::query(
            "INSERT INTO group_messages
                 (sdk_app_id, group_id, seq, time_s, from_user, random, recalled, message)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(i64::from(said.seq))
        .bind(i64::from(said.time_s))
        .bind(&said.from)
        .bind(i64::from(message.random))
        .bind(i64::from(message.recalled))
        .bind(to_json(said)?)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM group_messages WHERE sdk_app_id = $1 AND group_id = $2
             AND (time_s < $3 OR seq <= COALESCE((
                 SELECT seq FROM group_messages WHERE sdk_app_id = $1 AND group_id = $2
                 ORDER BY seq DESC LIMIT 1 OFFSET $4), 0))",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(i64::from(said.time_s) - i64::from(keep.seconds))
        .bind(i64::from(keep.messages))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn read_group_messages(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        up_to: u32,
        oldest_s: u32,
        limit: u32,
    ) -> Result<Vec<StoredGroupMessage>, Error> {
        let rows = sqlx::query(
            "SELECT random, recalled, message FROM group_messages
             WHERE sdk_app_id = $1 AND group_id = $2 AND seq <= $3 AND time_s >= $4
             ORDER BY seq DESC LIMIT $5",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(i64::from(up_to))
        .bind(i64::from(oldest_s))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn write_recalled(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        seqs: &[u32],
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        for seq in seqs {
            let stored: Option<String> = sqlx::query_scalar(
                "SELECT message FROM group_messages
                 WHERE sdk_app_id = $1 AND group_id = $2 AND seq = $3",
            )
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .bind(i64::from(*seq))
            .fetch_optional(&mut *tx)
            .await?;
            let Some(stored) = stored else { continue };
            let mut message: chat_types::gateway::Message = from_json(&stored)?;
            message.elements.clear();
            message.cloud_custom_data.clear();
            sqlx::query(
                "UPDATE group_messages SET recalled = 1, message = $4
                 WHERE sdk_app_id = $1 AND group_id = $2 AND seq = $3",
            )
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .bind(i64::from(*seq))
            .bind(to_json(&message)?)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn write_group_message(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        message: &chat_types::gateway::Message,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE group_messages SET message = $4
             WHERE sdk_app_id = $1 AND group_id = $2 AND seq = $3 AND recalled = 0",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(i64::from(message.seq))
        .bind(to_json(message)?)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(super) async fn count_broadcast(&self, sdk_app_id: u32) -> Result<u32, Error> {
        let seq: i64 = sqlx::query_scalar(
            "UPDATE applications SET broadcast_seq = broadcast_seq + 1 WHERE sdk_app_id = $1
             RETURNING broadcast_seq",
        )
        .bind(i64::from(sdk_app_id))
        .fetch_one(&self.writer)
        .await?;
        Ok(to_u32(seq))
    }

    pub(super) async fn read_group_messages_by(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        user_id: &str,
    ) -> Result<Vec<u32>, Error> {
        let seqs: Vec<i64> = sqlx::query_scalar(
            "SELECT seq FROM group_messages
             WHERE sdk_app_id = $1 AND group_id = $2 AND from_user = $3 AND recalled = 0
             ORDER BY seq",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(user_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(seqs.into_iter().map(to_u32).collect())
    }
}

fn read(row: &SqliteRow) -> Result<StoredGroupMessage, Error> {
    Ok(StoredGroupMessage {
        random: to_u32(row.try_get("random")?),
        recalled: row.try_get::<i64, _>("recalled")? != 0,
        message: from_json(&row.try_get::<String, _>("message")?)?,
    })
}
