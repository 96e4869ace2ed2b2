//! After-webhooks that no receiver has taken yet.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Error, Sqlite, to_db, to_u32, to_u64};
use crate::webhook::{AfterQueue, FAR_MS, NewAfter, Retry, StoredAfter};

#[async_trait]
impl AfterQueue for Sqlite {
    async fn push(&self, events: Vec<NewAfter>) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let last: i64 =
            sqlx::query_scalar("UPDATE webhook_numbers SET last = last + $1 RETURNING last")
                .bind(count)
                .fetch_one(&mut *tx)
                .await?;
        for (id, event) in (last - count + 1..).zip(events) {
            sqlx::query(
                "INSERT INTO webhook_events (id, sdk_app_id, command, body, client_ip, platform,
                                             next_ms, create_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
            )
            .bind(id)
            .bind(i64::from(event.sdk_app_id))
            .bind(event.command)
            .bind(event.body)
            .bind(event.client_ip.map_or_else(String::new, |ip| ip.to_string()))
            .bind(event.platform)
            .bind(to_db(event.created_ms))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn due(
        &self,
        sdk_app_id: u32,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<StoredAfter>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM webhook_events
             WHERE sdk_app_id = $1 AND (next_ms <= $2 OR next_ms > $4)
             ORDER BY id LIMIT $3",
        )
        .bind(i64::from(sdk_app_id))
        .bind(to_db(now_ms))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(to_db(now_ms.saturating_add(FAR_MS)))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
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

    async fn count(&self, sdk_app_id: u32) -> Result<usize, Error> {
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM webhook_events WHERE sdk_app_id = $1")
                .bind(i64::from(sdk_app_id))
                .fetch_one(&self.readers)
                .await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    async fn waiting(&self) -> Result<Vec<(u32, u64)>, Error> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT sdk_app_id, MIN(next_ms) FROM webhook_events GROUP BY sdk_app_id",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(|(app, next_ms)| (to_u32(app), to_u64(next_ms))).collect())
    }
}

fn read(row: &SqliteRow) -> Result<StoredAfter, Error> {
    let client_ip: String = row.try_get("client_ip")?;
    Ok(StoredAfter {
        id: row.try_get("id")?,
        sdk_app_id: to_u32(row.try_get("sdk_app_id")?),
        command: row.try_get("command")?,
        body: row.try_get("body")?,
        client_ip: client_ip.parse().ok(),
        platform: row.try_get("platform")?,
        created_ms: to_u64(row.try_get("create_ms")?),
        attempts: to_u32(row.try_get("attempts")?),
    })
}
