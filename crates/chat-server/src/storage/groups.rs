//! Tables `groups` and `group_field_values`.

use chat_types::group::CustomFields;
use sqlx::Row;

use super::{Error, Storage, to_db, to_u32};

/// One group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGroup {
    pub group_id: String,
    pub group_type: String,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// Empty when the group has no owner.
    pub owner: String,
    pub create_time: u32,
    pub last_info_time: u32,
    pub info_seq: u32,
    /// See `seq_reserved` in the schema.
    pub seq_reserved: u32,
    pub custom_fields: CustomFields,
}

/// A group to be made.
#[derive(Debug, Clone, Default)]
pub struct NewGroup {
    pub group_id: String,
    pub group_type: String,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    pub owner: String,
    pub custom_fields: CustomFields,
}

/// What to change of a group's profile; `None` and an absent field leave the stored value. A field
/// with an empty value loses its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPatch {
    pub name: Option<String>,
    pub introduction: Option<String>,
    pub notification: Option<String>,
    pub face_url: Option<String>,
    pub custom_fields: CustomFields,
}

impl Storage {
    /// Stores a new group. `false` when the id is taken.
    pub async fn insert_group(
        &self,
        sdk_app_id: u32,
        group: &NewGroup,
        now_s: u64,
    ) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "INSERT INTO groups (sdk_app_id, group_id, group_type, name, introduction, notification,
                                 face_url, owner, create_time, last_info_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING",
        )
        .bind(i64::from(sdk_app_id))
        .bind(&group.group_id)
        .bind(&group.group_type)
        .bind(&group.name)
        .bind(&group.introduction)
        .bind(&group.notification)
        .bind(&group.face_url)
        .bind(&group.owner)
        .bind(to_db(now_s))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        write_fields(&mut tx, sdk_app_id, &group.group_id, &group.custom_fields).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub async fn group(
        &self,
        sdk_app_id: u32,
        group_id: &str,
    ) -> Result<Option<StoredGroup>, Error> {
        let row = sqlx::query("SELECT * FROM groups WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let values = sqlx::query_as::<_, (String, String)>(
            "SELECT name, value FROM group_field_values WHERE sdk_app_id = $1 AND group_id = $2",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .fetch_all(&self.pool)
        .await?;
        Ok(Some(StoredGroup {
            group_id: row.try_get("group_id")?,
            group_type: row.try_get("group_type")?,
            name: row.try_get("name")?,
            introduction: row.try_get("introduction")?,
            notification: row.try_get("notification")?,
            face_url: row.try_get("face_url")?,
            owner: row.try_get("owner")?,
            create_time: to_u32(row.try_get("create_time")?),
            last_info_time: to_u32(row.try_get("last_info_time")?),
            info_seq: to_u32(row.try_get("info_seq")?),
            seq_reserved: to_u32(row.try_get("seq_reserved")?),
            custom_fields: values.into_iter().collect(),
        }))
    }

    /// Applies the patch. `false` when the group does not exist.
    pub async fn update_group(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        patch: &GroupPatch,
        now_s: u64,
    ) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "UPDATE groups SET
                 name = COALESCE($3, name),
                 introduction = COALESCE($4, introduction),
                 notification = COALESCE($5, notification),
                 face_url = COALESCE($6, face_url),
                 last_info_time = $7,
                 info_seq = info_seq + 1
             WHERE sdk_app_id = $1 AND group_id = $2",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(&patch.name)
        .bind(&patch.introduction)
        .bind(&patch.notification)
        .bind(&patch.face_url)
        .bind(to_db(now_s))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        write_fields(&mut tx, sdk_app_id, group_id, &patch.custom_fields).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes the group and its field values. `false` when it does not exist.
    pub async fn delete_group(&self, sdk_app_id: u32, group_id: &str) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM groups WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Records that message sequence numbers up to `seq` may be given out. Of two callers the
    /// higher number stays, whoever comes last.
    pub async fn reserve_seq(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        seq: u32,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE groups SET seq_reserved = $3
             WHERE sdk_app_id = $1 AND group_id = $2 AND seq_reserved < $3",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .bind(i64::from(seq))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives the numbers above `seq` back: they were reserved and never used. Only for a clean
    /// stop, when nobody posts any more.
    pub async fn release_seq_above(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        seq: u32,
    ) -> Result<(), Error> {
        sqlx::query("UPDATE groups SET seq_reserved = $3 WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .bind(i64::from(seq))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

async fn write_fields(
    tx: &mut sqlx::SqliteConnection,
    sdk_app_id: u32,
    group_id: &str,
    fields: &CustomFields,
) -> Result<(), Error> {
    for (name, value) in fields {
        if value.is_empty() {
            sqlx::query(
                "DELETE FROM group_field_values
                 WHERE sdk_app_id = $1 AND group_id = $2 AND name = $3",
            )
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .bind(name)
            .execute(&mut *tx)
            .await?;
        } else {
            sqlx::query(
                "INSERT INTO group_field_values (sdk_app_id, group_id, name, value)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (sdk_app_id, group_id, name) DO UPDATE SET value = $4",
            )
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .bind(name)
            .bind(value)
            .execute(&mut *tx)
            .await?;
        }
    }
    Ok(())
}
