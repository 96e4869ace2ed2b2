//! Messages of groups that are kept.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::BTreeMap;

use super::{Error, Sqlite, from_json, to_json, to_u32};
use crate::storage::{History, Keep, MemberRecord, MessageRecord, StoredGroupMessage};

#[async_trait]
impl History for Sqlite {
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), Error> {
        let mut tx = self.write().await?;
        // Once for each group, when everything is in.
        let mut bounds: BTreeMap<(u32, &str), (u32, Keep)> = BTreeMap::new();
        for MessageRecord { sdk_app_id, group_id, message, keep, member } in records {
            if let Some(message) = message {
                insert(&mut tx, *sdk_app_id, group_id, message).await?;
                let time_s = message.message.time_s;
                let bound = bounds.entry((*sdk_app_id, group_id)).or_insert((time_s, *keep));
                *bound = (time_s.max(bound.0), *keep);
            }
            if let Some(member) = member {
                update_member(&mut tx, *sdk_app_id, group_id, member).await?;
            }
        }
        for ((sdk_app_id, group_id), (newest_s, keep)) in bounds {
            forget(&mut tx, sdk_app_id, group_id, newest_s, keep).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn group_messages(
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

    async fn recall_group_messages(
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

    async fn change_group_message(
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

    async fn group_messages_by(
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

/// A message of a group that is gone is left out.
async fn insert(
    tx: &mut SqliteConnection,
    sdk_app_id: u32,
    group_id: &str,
    message: &StoredGroupMessage,
) -> Result<(), Error> {
    let said = &message.message;
    sqlx::query(
        "INSERT INTO group_messages
             (sdk_app_id, group_id, seq, time_s, from_user, random, recalled, message)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8
         WHERE EXISTS (SELECT 1 FROM groups WHERE sdk_app_id = $1 AND group_id = $2)
         ON CONFLICT DO NOTHING",
    )
    .bind(i64::from(sdk_app_id))
    .bind(group_id)
    .bind(i64::from(said.seq))
    .bind(i64::from(said.time_s))
    .bind(&said.from)
    .bind(i64::from(message.random))
    .bind(i64::from(message.recalled))
    .bind(to_json(said)?)
    .execute(tx)
    .await?;
    Ok(())
}

async fn update_member(
    tx: &mut SqliteConnection,
    sdk_app_id: u32,
    group_id: &str,
    member: &MemberRecord,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE group_members SET
             read_seq = CASE WHEN read_seq < $4 THEN $4 ELSE read_seq END,
             last_send_time = CASE WHEN last_send_time < $5 THEN $5 ELSE last_send_time END
         WHERE sdk_app_id = $1 AND group_id = $2 AND user_id = $3",
    )
    .bind(i64::from(sdk_app_id))
    .bind(group_id)
    .bind(&member.user_id)
    .bind(i64::from(member.read_seq))
    .bind(i64::from(member.last_send_time))
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes what is over the bound, and what is too old beside the newest that has just come.
async fn forget(
    tx: &mut SqliteConnection,
    sdk_app_id: u32,
    group_id: &str,
    newest_s: u32,
    keep: Keep,
) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM group_messages WHERE sdk_app_id = $1 AND group_id = $2
         AND (time_s < $3 OR seq <= COALESCE((
             SELECT seq FROM group_messages WHERE sdk_app_id = $1 AND group_id = $2
             ORDER BY seq DESC LIMIT 1 OFFSET $4), 0))",
    )
    .bind(i64::from(sdk_app_id))
    .bind(group_id)
    .bind(i64::from(newest_s) - i64::from(keep.seconds))
    .bind(i64::from(keep.messages))
    .execute(tx)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<StoredGroupMessage, Error> {
    Ok(StoredGroupMessage {
        random: to_u32(row.try_get("random")?),
        recalled: row.try_get::<i64, _>("recalled")? != 0,
        message: from_json(&row.try_get::<String, _>("message")?)?,
    })
}
