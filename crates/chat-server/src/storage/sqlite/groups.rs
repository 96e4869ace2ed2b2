//! Groups with everything in them except their messages.

use async_trait::async_trait;
use chat_types::group::GroupType;
use sqlx::sqlite::SqliteConnection;
use sqlx::{FromRow, Row};
use std::collections::BTreeMap;

use super::{Error, Sqlite, from_json, from_name, to_db, to_json, to_u32, to_u64};
use crate::storage::{
    Ban, ClaimedNumbers, GroupChange, GroupIdPage, GroupPatch, Groups, StoredGroup, StoredMember,
};

/// The group that a statement is about.
#[derive(Clone, Copy)]
struct Key<'a> {
    app: i64,
    group_id: &'a str,
}

#[async_trait]
impl Groups for Sqlite {
    async fn insert_group(&self, sdk_app_id: u32, group: &StoredGroup) -> Result<bool, Error> {
        let mut tx = self.write().await?;
        let key = Key { app: i64::from(sdk_app_id), group_id: &group.group_id };
        let done = sqlx::query(
            "INSERT INTO groups (sdk_app_id, group_id, group_type, name, introduction, notification,
                                 face_url, owner, apply_join_option, max_member_num, mute_all,
                                 create_time, last_info_time, info_seq, seq_reserved, rules)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT DO NOTHING",
        )
        .bind(key.app)
        .bind(&group.group_id)
        .bind(group.group_type.name())
        .bind(&group.name)
        .bind(&group.introduction)
        .bind(&group.notification)
        .bind(&group.face_url)
        .bind(&group.owner)
        .bind(&group.apply_join_option)
        .bind(i64::from(group.max_member_num))
        .bind(i64::from(group.mute_all))
        .bind(i64::from(group.create_time))
        .bind(i64::from(group.last_info_time))
        .bind(i64::from(group.info_seq))
        .bind(i64::from(group.seq_reserved))
        .bind(to_json(&group.rules)?)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for change in contents(group) {
            write(&mut tx, key, &change, u64::from(group.create_time)).await?;
        }
        write_fields(&mut tx, key, &group.custom_fields).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn group(&self, sdk_app_id: u32, group_id: &str) -> Result<Option<StoredGroup>, Error> {
        let mut tx = self.read().await?;
        let key = Key { app: i64::from(sdk_app_id), group_id };
        let row = sqlx::query("SELECT * FROM groups WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(key.app)
            .bind(group_id)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let number = |column| row.try_get::<i64, _>(column).map(to_u32);
        let text = |column| row.try_get::<String, _>(column);
        let mutes: Vec<(String, i64)> = rows(&mut tx, key, Table::Mutes).await?;
        let bans: Vec<(String, i64, String)> = rows(&mut tx, key, Table::Bans).await?;
        let admins: Vec<(String,)> = rows(&mut tx, key, Table::Admins).await?;
        let members: Vec<(String, i64, String, String, i64, i64)> =
            rows(&mut tx, key, Table::Members).await?;
        let fields: Vec<(String, String)> = rows(&mut tx, key, Table::Fields).await?;
        let attributes: Vec<(String, String)> = rows(&mut tx, key, Table::Attributes).await?;
        let counters: Vec<(String, i64)> = rows(&mut tx, key, Table::Counters).await?;
        Ok(Some(StoredGroup {
            group_id: group_id.to_owned(),
            group_type: from_name::<GroupType>(&text("group_type")?)?,
            name: text("name")?,
            introduction: text("introduction")?,
            notification: text("notification")?,
            face_url: text("face_url")?,
            owner: text("owner")?,
            apply_join_option: text("apply_join_option")?,
            max_member_num: number("max_member_num")?,
            mute_all: number("mute_all")? != 0,
            create_time: number("create_time")?,
            last_info_time: number("last_info_time")?,
            info_seq: number("info_seq")?,
            seq_reserved: number("seq_reserved")?,
            custom_fields: fields.into_iter().collect(),
            attributes: attributes.into_iter().collect(),
            counters: counters.into_iter().collect(),
            mutes: mutes.into_iter().map(|(user, until)| (user, to_u32(until))).collect(),
            bans: bans
                .into_iter()
                .map(|(user, until, description)| (user, Ban { until: to_u32(until), description }))
                .collect(),
            admins: admins.into_iter().map(|(user,)| user).collect(),
            rules: from_json(&text("rules")?)?,
            members: members.into_iter().map(member).collect(),
        }))
    }

    async fn change_group(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        changes: &[GroupChange],
        now_s: u64,
    ) -> Result<bool, Error> {
        let mut tx = self.write().await?;
        let key = Key { app: i64::from(sdk_app_id), group_id };
        let found = sqlx::query("SELECT 1 FROM groups WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(key.app)
            .bind(group_id)
            .fetch_optional(&mut *tx)
            .await?;
        if found.is_none() {
            return Ok(false);
        }
        for change in changes {
            write(&mut tx, key, change, now_s).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn delete_group(&self, sdk_app_id: u32, group_id: &str) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM groups WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn group_ids(
        &self,
        sdk_app_id: u32,
        group_type: Option<GroupType>,
        offset: u64,
        limit: u32,
    ) -> Result<GroupIdPage, Error> {
        // Statements of their own for "of a type" and "of all": each is answered from an index.
        let (count, page) = match group_type {
            Some(_) => (
                "SELECT COUNT(*) FROM groups WHERE sdk_app_id = $1 AND group_type = $2",
                "SELECT group_id FROM groups WHERE sdk_app_id = $3 AND group_type = $4
                 ORDER BY group_id LIMIT $1 OFFSET $2",
            ),
            None => (
                "SELECT COUNT(*) FROM groups WHERE sdk_app_id = $1",
                "SELECT group_id FROM groups WHERE sdk_app_id = $3
                 ORDER BY group_id LIMIT $1 OFFSET $2",
            ),
        };
        let kind = group_type.map(GroupType::name);
        let mut tx = self.read().await?;
        let count = sqlx::query_scalar(count).bind(i64::from(sdk_app_id));
        let count = match kind {
            Some(kind) => count.bind(kind),
            None => count,
        };
        let total: i64 = count.fetch_one(&mut *tx).await?;
        let page = sqlx::query_scalar(page)
            .bind(i64::from(limit))
            .bind(to_db(offset))
            .bind(i64::from(sdk_app_id));
        let page = match kind {
            Some(kind) => page.bind(kind),
            None => page,
        };
        let ids = page.fetch_all(&mut *tx).await?;
        Ok(GroupIdPage { total: to_u64(total), ids })
    }

    async fn groups_of_member(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        group_type: Option<GroupType>,
    ) -> Result<Vec<String>, Error> {
        let ids = sqlx::query_scalar(
            "SELECT m.group_id FROM group_members m
             JOIN groups g ON g.sdk_app_id = m.sdk_app_id AND g.group_id = m.group_id
             WHERE m.sdk_app_id = $1 AND m.user_id = $2 AND g.group_type = COALESCE($3, g.group_type)
             ORDER BY m.group_id",
        )
        .bind(i64::from(sdk_app_id))
        .bind(user_id)
        .bind(group_type.map(GroupType::name))
        .fetch_all(&self.readers)
        .await?;
        Ok(ids)
    }

    async fn claim_numbers(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        count: u32,
    ) -> Result<Option<ClaimedNumbers>, Error> {
        let mut tx = self.write().await?;
        let after: Option<i64> = sqlx::query_scalar(
            "SELECT seq_reserved FROM groups WHERE sdk_app_id = $1 AND group_id = $2",
        )
        .bind(i64::from(sdk_app_id))
        .bind(group_id)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(after) = after.map(to_u32) else { return Ok(None) };
        let last = after.saturating_add(count);
        sqlx::query("UPDATE groups SET seq_reserved = $3 WHERE sdk_app_id = $1 AND group_id = $2")
            .bind(i64::from(sdk_app_id))
            .bind(group_id)
            .bind(i64::from(last))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(ClaimedNumbers { after, last }))
    }

    async fn release_numbers(&self, groups: &[(u32, &str, u32, u32)]) -> Result<(), Error> {
        let mut tx = self.write().await?;
        for (sdk_app_id, group_id, reserved, used) in groups {
            sqlx::query(
                "UPDATE groups SET seq_reserved = $4
                 WHERE sdk_app_id = $1 AND group_id = $2 AND seq_reserved = $3
                   AND seq_reserved > $4",
            )
            .bind(i64::from(*sdk_app_id))
            .bind(group_id)
            .bind(i64::from(*reserved))
            .bind(i64::from(*used))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What is in a group beside its profile, as changes of an empty one.
fn contents(group: &StoredGroup) -> Vec<GroupChange> {
    let attribute = |(key, value): (&String, &String)| GroupChange::SetAttribute {
        key: key.clone(),
        value: value.clone(),
    };
    let counter =
        |(key, value): (&String, &i64)| GroupChange::SetCounter { key: key.clone(), value: *value };
    let mute =
        |(user, until): (&String, &u32)| GroupChange::Mute { user: user.clone(), until: *until };
    let ban =
        |(user, ban): (&String, &Ban)| GroupChange::Ban { user: user.clone(), ban: ban.clone() };
    let member = |(user, member): (&String, &StoredMember)| GroupChange::PutMember {
        user: user.clone(),
        member: member.clone(),
    };
    let admin = |user: &String| GroupChange::AddAdmin(user.clone());
    group
        .attributes
        .iter()
        .map(attribute)
        .chain(group.counters.iter().map(counter))
        .chain(group.mutes.iter().map(mute))
        .chain(group.bans.iter().map(ban))
        .chain(group.admins.iter().map(admin))
        .chain(group.members.iter().map(member))
        .collect()
}

#[derive(Clone, Copy)]
enum Table {
    Fields,
    Attributes,
    Counters,
    Mutes,
    Bans,
    Admins,
    Members,
}

async fn rows<T>(tx: &mut SqliteConnection, key: Key<'_>, table: Table) -> Result<Vec<T>, Error>
where
    T: for<'r> FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    let sql = match table {
        Table::Fields => {
            "SELECT name, value FROM group_field_values WHERE sdk_app_id = $1 AND group_id = $2"
        }
        Table::Attributes => {
            "SELECT name, value FROM group_attributes WHERE sdk_app_id = $1 AND group_id = $2"
        }
        Table::Counters => {
            "SELECT name, value FROM group_counters WHERE sdk_app_id = $1 AND group_id = $2"
        }
        Table::Mutes => {
            "SELECT user_id, muted_until FROM group_mutes WHERE sdk_app_id = $1 AND group_id = $2"
        }
        Table::Bans => {
            "SELECT user_id, banned_until, description FROM group_bans
             WHERE sdk_app_id = $1 AND group_id = $2"
        }
        Table::Admins => "SELECT user_id FROM group_admins WHERE sdk_app_id = $1 AND group_id = $2",
        Table::Members => {
            "SELECT user_id, join_time, name_card, msg_flag, read_seq, last_send_time
             FROM group_members WHERE sdk_app_id = $1 AND group_id = $2"
        }
    };
    Ok(sqlx::query_as(sql).bind(key.app).bind(key.group_id).fetch_all(tx).await?)
}

fn member(row: (String, i64, String, String, i64, i64)) -> (String, StoredMember) {
    let (user, join_time, name_card, msg_flag, read_seq, last_send_time) = row;
    let member = StoredMember {
        join_time: to_u32(join_time),
        name_card,
        msg_flag,
        read_seq: to_u32(read_seq),
        last_send_time: to_u32(last_send_time),
    };
    (user, member)
}

async fn write(
    tx: &mut SqliteConnection,
    key: Key<'_>,
    change: &GroupChange,
    now_s: u64,
) -> Result<(), Error> {
    let query = match change {
        GroupChange::Profile(patch) => return write_profile(tx, key, patch, now_s).await,
        GroupChange::SetAttribute { key: name, value } => sqlx::query(
            "INSERT INTO group_attributes (sdk_app_id, group_id, name, value)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (sdk_app_id, group_id, name) DO UPDATE SET value = $4",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(name)
        .bind(value),
        GroupChange::RemoveAttribute(name) => sqlx::query(
            "DELETE FROM group_attributes WHERE sdk_app_id = $1 AND group_id = $2 AND name = $3",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(name),
        GroupChange::SetCounter { key: name, value } => sqlx::query(
            "INSERT INTO group_counters (sdk_app_id, group_id, name, value)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (sdk_app_id, group_id, name) DO UPDATE SET value = $4",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(name)
        .bind(*value),
        GroupChange::RemoveCounter(name) => sqlx::query(
            "DELETE FROM group_counters WHERE sdk_app_id = $1 AND group_id = $2 AND name = $3",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(name),
        GroupChange::Mute { user, until } => sqlx::query(
            "INSERT INTO group_mutes (sdk_app_id, group_id, user_id, muted_until)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (sdk_app_id, group_id, user_id) DO UPDATE SET muted_until = $4",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user)
        .bind(i64::from(*until)),
        GroupChange::Unmute(user) => sqlx::query(
            "DELETE FROM group_mutes WHERE sdk_app_id = $1 AND group_id = $2 AND user_id = $3",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user),
        GroupChange::Ban { user, ban } => sqlx::query(
            "INSERT INTO group_bans (sdk_app_id, group_id, user_id, banned_until, description)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (sdk_app_id, group_id, user_id)
             DO UPDATE SET banned_until = $4, description = $5",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user)
        .bind(i64::from(ban.until))
        .bind(&ban.description),
        GroupChange::Unban(user) => sqlx::query(
            "DELETE FROM group_bans WHERE sdk_app_id = $1 AND group_id = $2 AND user_id = $3",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user),
        GroupChange::AddAdmin(user) => sqlx::query(
            "INSERT INTO group_admins (sdk_app_id, group_id, user_id) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user),
        GroupChange::RemoveAdmin(user) => sqlx::query(
            "DELETE FROM group_admins WHERE sdk_app_id = $1 AND group_id = $2 AND user_id = $3",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user),
        GroupChange::Rules(rules) => {
            sqlx::query("UPDATE groups SET rules = $3 WHERE sdk_app_id = $1 AND group_id = $2")
                .bind(key.app)
                .bind(key.group_id)
                .bind(to_json(rules)?)
        }
        // What somebody writes of a member while its account is deleted brings nothing back.
        GroupChange::PutMember { user, member } => sqlx::query(
            "INSERT INTO group_members (sdk_app_id, group_id, user_id, join_time, name_card,
                                        msg_flag, read_seq, last_send_time)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8
             WHERE EXISTS (SELECT 1 FROM accounts WHERE sdk_app_id = $1 AND user_id = $3)
             ON CONFLICT (sdk_app_id, group_id, user_id) DO UPDATE SET
                 join_time = $4, name_card = $5, msg_flag = $6, read_seq = $7, last_send_time = $8",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user)
        .bind(i64::from(member.join_time))
        .bind(&member.name_card)
        .bind(&member.msg_flag)
        .bind(i64::from(member.read_seq))
        .bind(i64::from(member.last_send_time)),
        GroupChange::RemoveMember(user) => sqlx::query(
            "DELETE FROM group_members WHERE sdk_app_id = $1 AND group_id = $2 AND user_id = $3",
        )
        .bind(key.app)
        .bind(key.group_id)
        .bind(user),
    };
    query.execute(tx).await?;
    Ok(())
}

async fn write_profile(
    tx: &mut SqliteConnection,
    key: Key<'_>,
    patch: &GroupPatch,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE groups SET
             name = COALESCE($3, name),
             introduction = COALESCE($4, introduction),
             notification = COALESCE($5, notification),
             face_url = COALESCE($6, face_url),
             owner = COALESCE($7, owner),
             apply_join_option = COALESCE($8, apply_join_option),
             max_member_num = COALESCE($9, max_member_num),
             mute_all = COALESCE($10, mute_all),
             last_info_time = $11,
             info_seq = info_seq + 1
         WHERE sdk_app_id = $1 AND group_id = $2",
    )
    .bind(key.app)
    .bind(key.group_id)
    .bind(&patch.name)
    .bind(&patch.introduction)
    .bind(&patch.notification)
    .bind(&patch.face_url)
    .bind(&patch.owner)
    .bind(&patch.apply_join_option)
    .bind(patch.max_member_num.map(i64::from))
    .bind(patch.mute_all.map(i64::from))
    .bind(to_db(now_s))
    .execute(&mut *tx)
    .await?;
    write_fields(tx, key, &patch.custom_fields).await
}

async fn write_fields(
    tx: &mut SqliteConnection,
    key: Key<'_>,
    fields: &BTreeMap<String, String>,
) -> Result<(), Error> {
    for (name, value) in fields {
        let query = if value.is_empty() {
            sqlx::query(
                "DELETE FROM group_field_values
                 WHERE sdk_app_id = $1 AND group_id = $2 AND name = $3",
            )
        } else {
            sqlx::query(
                "INSERT INTO group_field_values (sdk_app_id, group_id, name, value)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (sdk_app_id, group_id, name) DO UPDATE SET value = $4",
            )
        };
        let query = query.bind(key.app).bind(key.group_id).bind(name);
        let query = if value.is_empty() { query } else { query.bind(value) };
        query.execute(&mut *tx).await?;
    }
    Ok(())
}
