//! After-webhooks that no receiver has taken yet.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Error, Sqlite, to_db, to_u32, to_u64};
use crate::storage::{AfterQueue, NewAfter, Retry, StoredAfter, StoredKey, Subject};

#[async_trait]
impl AfterQueue for Sqlite {
    async fn push(&self, events: &[NewAfter]) -> Result<i64, Error> {
        let mut tx = self.write().await?;
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let last: i64 =
            sqlx::query_scalar("UPDATE webhook_numbers SET last = last + $1 RETURNING last")
                .bind(count)
                .fetch_one(&mut *tx)
                .await?;
        let first = last - count + 1;
        for (id, event) in (first..).zip(events) {
            sqlx::query(
                "INSERT INTO webhook_events (id, sdk_app_id, command, group_id, account, body,
                                             client_ip, platform, next_ms, create_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            )
            .bind(id)
            .bind(i64::from(event.sdk_app_id))
            .bind(event.command)
            .bind(event.subject.group.as_deref().unwrap_or_default())
            .bind(event.subject.account.as_deref().unwrap_or_default())
            .bind(&event.body)
            .bind(event.client_ip.map_or_else(String::new, |ip| ip.to_string()))
            .bind(event.platform)
            .bind(to_db(event.created_ms))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(first)
    }

    async fn keys(&self, above: i64, limit: usize) -> Result<Vec<StoredKey>, Error> {
        let rows = sqlx::query(
            "SELECT id, sdk_app_id, group_id, account, create_ms, next_ms, attempts
             FROM webhook_events WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(above)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(key).collect()
    }

    async fn event(&self, id: i64) -> Result<Option<StoredAfter>, Error> {
        let row = sqlx::query(
            "SELECT command, body, client_ip, platform FROM webhook_events WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(event).transpose()
    }

    async fn settle(&self, done: &[i64], retries: &[Retry]) -> Result<(), Error> {
        if done.is_empty() && retries.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for id in done {
            sqlx::query("DELETE FROM webhook_events WHERE id = $1")
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
        for retry in retries {
            sqlx::query("UPDATE webhook_events SET next_ms = $2, attempts = $3 WHERE id = $1")
                .bind(retry.id)
                .bind(to_db(retry.next_ms))
                .bind(i64::from(retry.attempts))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn key(row: &SqliteRow) -> Result<StoredKey, Error> {
    let name = |column| {
        let name: String = row.try_get(column)?;
        Ok::<_, sqlx::Error>(Some(name).filter(|name| !name.is_empty()))
    };
    Ok(StoredKey {
        id: row.try_get("id")?,
        sdk_app_id: to_u32(row.try_get("sdk_app_id")?),
        subject: Subject { group: name("group_id")?, account: name("account")? },
        created_ms: to_u64(row.try_get("create_ms")?),
        next_ms: to_u64(row.try_get("next_ms")?),
        attempts: to_u32(row.try_get("attempts")?),
    })
}

fn event(row: &SqliteRow) -> Result<StoredAfter, Error> {
    let client_ip: String = row.try_get("client_ip")?;
    Ok(StoredAfter {
        command: row.try_get("command")?,
        body: row.try_get("body")?,
        client_ip: client_ip.parse().ok(),
        platform: row.try_get("platform")?,
    })
}
