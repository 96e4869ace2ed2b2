//! Tables `applications`, `app_admins` and `group_fields`.

use sqlx::Row;

use super::{Error, Storage, to_db, to_u32};

/// One application as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredApplication {
    pub sdk_app_id: u32,
    pub name: String,
    /// The secret that UserSigs are signed with. It has no `Debug` so that it stays out of logs.
    pub key: String,
}

/// First application id that is given out; the cloud's ids have ten digits too.
const FIRST_SDK_APP_ID: i64 = 1_400_000_001;

impl Storage {
    /// Stores a new application with its first administrator and returns its id.
    pub async fn insert_application(
        &self,
        name: &str,
        key: &str,
        first_admin: &str,
        now_s: u64,
    ) -> Result<u32, Error> {
        // IMMEDIATE takes the write lock first, so that two creators cannot pick the same id.
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let next: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(sdk_app_id) + 1, $1) FROM applications")
                .bind(FIRST_SDK_APP_ID)
                .fetch_one(&mut *tx)
                .await?;
        sqlx::query(
            "INSERT INTO applications (sdk_app_id, name, key, create_time) VALUES ($1, $2, $3, $4)",
        )
        .bind(next)
        .bind(name)
        .bind(key)
        .bind(to_db(now_s))
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO app_admins (sdk_app_id, user_id) VALUES ($1, $2)")
            .bind(next)
            .bind(first_admin)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO accounts (sdk_app_id, user_id, create_time) VALUES ($1, $2, $3)")
            .bind(next)
            .bind(first_admin)
            .bind(to_db(now_s))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(to_u32(next))
    }

    pub async fn application(&self, sdk_app_id: u32) -> Result<Option<StoredApplication>, Error> {
        let row =
            sqlx::query("SELECT sdk_app_id, name, key FROM applications WHERE sdk_app_id = $1")
                .bind(i64::from(sdk_app_id))
                .fetch_optional(&self.pool)
                .await?;
        row.map(|row| read_application(&row)).transpose()
    }

    /// All applications, oldest first.
    pub async fn applications(&self) -> Result<Vec<StoredApplication>, Error> {
        let rows =
            sqlx::query("SELECT sdk_app_id, name, key FROM applications ORDER BY sdk_app_id")
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(read_application).collect()
    }

    pub async fn is_admin(&self, sdk_app_id: u32, user_id: &str) -> Result<bool, Error> {
        let found = sqlx::query("SELECT 1 FROM app_admins WHERE sdk_app_id = $1 AND user_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(user_id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// Adds a custom group field; `false` when the application has it already.
    pub async fn insert_field(&self, sdk_app_id: u32, name: &str) -> Result<bool, Error> {
        let done = sqlx::query(
            "INSERT INTO group_fields (sdk_app_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(i64::from(sdk_app_id))
        .bind(name)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Names of the application's custom group fields, in order.
    pub async fn fields(&self, sdk_app_id: u32) -> Result<Vec<String>, Error> {
        let names =
            sqlx::query_scalar("SELECT name FROM group_fields WHERE sdk_app_id = $1 ORDER BY name")
                .bind(i64::from(sdk_app_id))
                .fetch_all(&self.pool)
                .await?;
        Ok(names)
    }
}

fn read_application(row: &sqlx::sqlite::SqliteRow) -> Result<StoredApplication, Error> {
    Ok(StoredApplication {
        sdk_app_id: to_u32(row.try_get("sdk_app_id")?),
        name: row.try_get("name")?,
        key: row.try_get("key")?,
    })
}
