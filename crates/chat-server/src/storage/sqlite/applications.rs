//! Applications and their configuration.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Error, Sqlite, from_name, to_db, to_name, to_u32, to_u64};
use crate::model::{Application, Callbacks, Edition, FieldDefinition, Secret, Settings};
use crate::storage::{ApplicationChange, Applications, Decide};
use chat_types::code::ApiError;

#[async_trait]
impl Applications for Sqlite {
    async fn configuration_version(&self) -> Result<u64, Error> {
        let version: i64 = sqlx::query_scalar("SELECT version FROM configuration")
            .fetch_one(&self.readers)
            .await?;
        Ok(to_u64(version))
    }

    async fn insert_application(
        &self,
        name: &str,
        key: &str,
        edition: Edition,
        first_admin: &str,
        now_s: u64,
    ) -> Result<u32, Error> {
        let mut tx = self.write().await?;
        let next: i64 = sqlx::query_scalar(
            "UPDATE last_numbers SET last = last + 1 WHERE name = 'sdk_app_id' RETURNING last",
        )
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO applications (sdk_app_id, name, key, edition, create_time)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(next)
        .bind(name)
        .bind(key)
        .bind(to_name(&edition)?)
        .bind(to_db(now_s))
        .execute(&mut *tx)
        .await?;
        add_admin(&mut tx, next, first_admin, now_s).await?;
        count_change(&mut tx).await?;
        tx.commit().await?;
        Ok(to_u32(next))
    }

    async fn application(&self, sdk_app_id: u32) -> Result<Option<Application>, Error> {
        find(&mut *self.read().await?, i64::from(sdk_app_id)).await
    }

    async fn applications(&self) -> Result<Vec<Application>, Error> {
        let mut tx = self.read().await?;
        let rows = sqlx::query("SELECT * FROM applications ORDER BY sdk_app_id")
            .fetch_all(&mut *tx)
            .await?;
        let mut applications = Vec::with_capacity(rows.len());
        for row in rows {
            applications.push(read(&mut tx, &row).await?);
        }
        Ok(applications)
    }

    async fn change_application(
        &self,
        sdk_app_id: u32,
        decide: Decide<'_>,
    ) -> Result<Result<(), ApiError>, Error> {
        let mut tx = self.write().await?;
        let app = i64::from(sdk_app_id);
        let changes = match decide(find(&mut tx, app).await?.as_ref()) {
            Ok(changes) => changes,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for change in &changes {
            write(&mut tx, app, change).await?;
        }
        count_change(&mut tx).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn next_broadcast_seq(&self, sdk_app_id: u32) -> Result<u32, Error> {
        let seq: i64 = sqlx::query_scalar(
            "UPDATE applications SET broadcast_seq = broadcast_seq + 1 WHERE sdk_app_id = $1
             RETURNING broadcast_seq",
        )
        .bind(i64::from(sdk_app_id))
        .fetch_one(&self.writer)
        .await?;
        Ok(to_u32(seq))
    }
}

async fn find(connection: &mut SqliteConnection, app: i64) -> Result<Option<Application>, Error> {
    let row = sqlx::query("SELECT * FROM applications WHERE sdk_app_id = $1")
        .bind(app)
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => Ok(Some(read(connection, &row).await?)),
        None => Ok(None),
    }
}

async fn count_change(tx: &mut SqliteConnection) -> Result<(), Error> {
    sqlx::query("UPDATE configuration SET version = version + 1").execute(tx).await?;
    Ok(())
}

async fn add_admin(
    tx: &mut SqliteConnection,
    app: i64,
    user_id: &str,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO accounts (sdk_app_id, user_id, create_time) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(app)
    .bind(user_id)
    .bind(to_db(now_s))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO app_admins (sdk_app_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(app)
    .bind(user_id)
    .execute(tx)
    .await?;
    Ok(())
}

async fn write(
    tx: &mut SqliteConnection,
    app: i64,
    change: &ApplicationChange,
) -> Result<(), Error> {
    let query = match change {
        ApplicationChange::AddAdmin { user_id, now_s } => {
            return add_admin(tx, app, user_id, *now_s).await;
        }
        ApplicationChange::RemoveAdmin(user_id) => {
            sqlx::query("DELETE FROM app_admins WHERE sdk_app_id = $1 AND user_id = $2")
                .bind(app)
                .bind(user_id)
        }
        ApplicationChange::Edition(edition) => {
            sqlx::query("UPDATE applications SET edition = $2 WHERE sdk_app_id = $1")
                .bind(app)
                .bind(to_name(edition)?)
        }
        ApplicationChange::AddField(field) => {
            let types: Vec<&str> = field.group_types.iter().map(|kind| kind.name()).collect();
            sqlx::query(
                "INSERT INTO group_fields
                     (sdk_app_id, name, group_types, read_right, write_right, create_time)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(app)
            .bind(&field.name)
            .bind(types.join(","))
            .bind(to_name(&field.read)?)
            .bind(to_name(&field.write)?)
            .bind(to_db(field.create_time))
        }
        ApplicationChange::FieldRights { name, read, write } => sqlx::query(
            "UPDATE group_fields SET read_right = $3, write_right = $4
             WHERE sdk_app_id = $1 AND name = $2",
        )
        .bind(app)
        .bind(name)
        .bind(to_name(read)?)
        .bind(to_name(write)?),
        ApplicationChange::AddMemberField(name) => {
            sqlx::query("INSERT INTO member_fields (sdk_app_id, name) VALUES ($1, $2)")
                .bind(app)
                .bind(name)
        }
        ApplicationChange::CallbackUrl { url, token } => sqlx::query(
            "UPDATE applications SET callback_url = $2, callback_token = $3 WHERE sdk_app_id = $1",
        )
        .bind(app)
        .bind(url.as_deref().unwrap_or_default())
        .bind(token.as_ref().map_or("", Secret::reveal)),
        ApplicationChange::CallbackPolicy(on_failure) => {
            sqlx::query("UPDATE applications SET callback_on_failure = $2 WHERE sdk_app_id = $1")
                .bind(app)
                .bind(to_name(on_failure)?)
        }
        ApplicationChange::SwitchCallback { command, on: true } => sqlx::query(
            "INSERT INTO app_callbacks (sdk_app_id, command) VALUES ($1, $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(app)
        .bind(command),
        ApplicationChange::SwitchCallback { command, on: false } => {
            sqlx::query("DELETE FROM app_callbacks WHERE sdk_app_id = $1 AND command = $2")
                .bind(app)
                .bind(command)
        }
        ApplicationChange::Setting { name, value } => sqlx::query(
            "INSERT INTO app_settings (sdk_app_id, name, value) VALUES ($1, $2, $3)
             ON CONFLICT (sdk_app_id, name) DO UPDATE SET value = $3",
        )
        .bind(app)
        .bind(name)
        .bind(value),
    };
    query.execute(tx).await?;
    Ok(())
}

async fn names(
    connection: &mut SqliteConnection,
    sql: &'static str,
    app: i64,
) -> Result<BTreeSet<String>, Error> {
    let names: Vec<String> = sqlx::query_scalar(sql).bind(app).fetch_all(connection).await?;
    Ok(names.into_iter().collect())
}

async fn read(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Application, Error> {
    let app: i64 = row.try_get("sdk_app_id")?;
    let text = |column| row.try_get::<String, _>(column);
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let rows = sqlx::query("SELECT * FROM group_fields WHERE sdk_app_id = $1 ORDER BY name")
        .bind(app)
        .fetch_all(&mut *connection)
        .await?;
    let fields = rows.iter().map(read_field).collect::<Result<_, Error>>()?;
    let stored: Vec<(String, String)> =
        sqlx::query_as("SELECT name, value FROM app_settings WHERE sdk_app_id = $1")
            .bind(app)
            .fetch_all(&mut *connection)
            .await?;
    let mut settings = Settings::default();
    for (name, value) in stored {
        if settings.set(&name, &value).is_err() {
            // A newer version of the program may have stored it; this one goes on without.
            tracing::warn!(name, "a stored setting is not known here");
        }
    }
    let admins = "SELECT user_id FROM app_admins WHERE sdk_app_id = $1";
    let commands = "SELECT command FROM app_callbacks WHERE sdk_app_id = $1";
    let member_fields = "SELECT name FROM member_fields WHERE sdk_app_id = $1";
    Ok(Application {
        sdk_app_id: to_u32(app),
        name: text("name")?,
        key: Secret::new(text("key")?),
        create_time: to_u64(row.try_get("create_time")?),
        edition: from_name(&text("edition")?)?,
        admins: names(connection, admins, app).await?,
        fields,
        member_fields: names(connection, member_fields, app).await?,
        callbacks: Arc::new(Callbacks {
            url: given(text("callback_url")?),
            token: given(text("callback_token")?).map(Secret::new),
            on_failure: from_name(&text("callback_on_failure")?)?,
            commands: names(connection, commands, app).await?,
        }),
        settings,
    })
}

fn read_field(row: &SqliteRow) -> Result<FieldDefinition, Error> {
    let types: String = row.try_get("group_types")?;
    Ok(FieldDefinition {
        name: row.try_get("name")?,
        group_types: types.split(',').map(from_name).collect::<Result<_, Error>>()?,
        read: from_name(&row.try_get::<String, _>("read_right")?)?,
        write: from_name(&row.try_get::<String, _>("write_right")?)?,
        create_time: to_u64(row.try_get("create_time")?),
    })
}
