//! One-to-one messages and how far they are read.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{Error, Sqlite, from_json, to_db, to_json, to_u32};
use crate::storage::{
    C2c, C2cChange, C2cPlace, C2cRange, SentChange, StoredC2c, StoredConversation,
};

/// Behind every place that a message can have.
const END: C2cPlace = C2cPlace { time_s: u32::MAX, seq: u32::MAX, number: i64::MAX };

/// The newest message of each conversation of an account. The two places that the account can have
/// in a conversation are searched one by one, each with its index.
pub(super) const CONVERSATIONS: &str = "
    WITH mine AS (
        SELECT low, high, number,
               ROW_NUMBER() OVER (PARTITION BY low, high
                                  ORDER BY time_s DESC, seq DESC, number DESC) AS place
        FROM (
            SELECT low, high, number, time_s, seq FROM c2c_messages
            WHERE sdk_app_id = $1 AND low = $2 AND expire_time > $3
              AND listed = 1 AND (to_user = $2 OR for_sender = 1)
            UNION ALL
            SELECT low, high, number, time_s, seq FROM c2c_messages
            WHERE sdk_app_id = $1 AND high = $2 AND low <> $2 AND expire_time > $3
              AND listed = 1 AND (to_user = $2 OR for_sender = 1)
        ) AS either_place
    )
    SELECT m.* FROM mine
    JOIN c2c_messages m ON m.sdk_app_id = $1 AND m.low = mine.low AND m.high = mine.high
                       AND m.number = mine.number
    WHERE mine.place = 1
    ORDER BY m.time_s DESC, m.seq DESC, m.low, m.high LIMIT $4";

pub(super) const UNREAD: &str = "
    SELECT m.from_user, COUNT(*) FROM c2c_messages m
    LEFT JOIN c2c_reads r
      ON r.sdk_app_id = m.sdk_app_id AND r.user_id = m.to_user AND r.peer = m.from_user
    WHERE m.sdk_app_id = $1 AND m.to_user = $2 AND m.from_user <> $2
      AND m.expire_time > $3 AND m.withdrawn = 0 AND m.counts = 1
      AND m.number > COALESCE(r.read_number, 0)
    GROUP BY m.from_user ORDER BY m.from_user";

/// The two accounts of a conversation in the order in which they are stored.
fn low_high<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    if one <= other { (one, other) } else { (other, one) }
}

#[async_trait]
impl C2c for Sqlite {
    async fn insert_c2c(&self, sdk_app_id: u32, messages: &[StoredC2c]) -> Result<(), Error> {
        let mut tx = self.write().await?;
        for message in messages {
            insert(&mut tx, i64::from(sdk_app_id), message).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn c2c_messages(
        &self,
        sdk_app_id: u32,
        range: C2cRange<'_>,
    ) -> Result<Vec<StoredC2c>, Error> {
        let (low, high) = low_high(range.account, range.peer);
        let before = range.before.unwrap_or(END);
        let rows = sqlx::query(
            "SELECT * FROM c2c_messages
             WHERE sdk_app_id = $1 AND low = $2 AND high = $3
               AND (time_s, seq, number) < ($4, $5, $6)
               AND time_s >= $7 AND time_s <= $8 AND expire_time > $9
               AND (for_sender = 1 OR to_user = $10)
             ORDER BY time_s DESC, seq DESC, number DESC LIMIT $11",
        )
        .bind(i64::from(sdk_app_id))
        .bind(low)
        .bind(high)
        .bind(i64::from(before.time_s))
        .bind(i64::from(before.seq))
        .bind(before.number)
        .bind(i64::from(range.min_time))
        .bind(i64::from(range.max_time))
        .bind(i64::from(range.now_s))
        .bind(range.account)
        .bind(i64::from(range.limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    async fn c2c_message(
        &self,
        sdk_app_id: u32,
        one: &str,
        other: &str,
        key: &str,
        now_s: u64,
    ) -> Result<Option<StoredC2c>, Error> {
        let (low, high) = low_high(one, other);
        let row = sqlx::query(
            "SELECT * FROM c2c_messages
             WHERE sdk_app_id = $1 AND low = $2 AND high = $3 AND msg_key = $4 AND expire_time > $5
             ORDER BY number DESC LIMIT 1",
        )
        .bind(i64::from(sdk_app_id))
        .bind(low)
        .bind(high)
        .bind(key)
        .bind(to_db(now_s))
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(read).transpose()
    }

    async fn c2c_by_client_id(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        client_id: &str,
        since_s: u64,
    ) -> Result<Option<StoredC2c>, Error> {
        let row = sqlx::query(
            "SELECT * FROM c2c_messages
             WHERE sdk_app_id = $1 AND from_user = $2 AND client_id = $3 AND client_id <> ''
               AND to_user = $4 AND time_s >= $5
             ORDER BY number DESC LIMIT 1",
        )
        .bind(i64::from(sdk_app_id))
        .bind(from)
        .bind(client_id)
        .bind(to)
        .bind(to_db(since_s))
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(read).transpose()
    }

    async fn withdraw_c2c(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        key: &str,
        now_s: u64,
    ) -> Result<SentChange, Error> {
        let mut tx = self.write().await?;
        let number = match sent(&mut tx, sdk_app_id, from, to, key, now_s).await? {
            Sent::Standing(number) => number,
            Sent::Gone(why) => return Ok(why),
        };
        let (low, high) = low_high(from, to);
        sqlx::query(
            "UPDATE c2c_messages SET withdrawn = 1, elements = '[]', cloud_custom_data = ''
             WHERE sdk_app_id = $1 AND low = $2 AND high = $3 AND number = $4",
        )
        .bind(i64::from(sdk_app_id))
        .bind(low)
        .bind(high)
        .bind(number)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(SentChange::Done)
    }

    async fn modify_c2c(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        key: &str,
        change: &C2cChange,
        now_s: u64,
    ) -> Result<SentChange, Error> {
        let mut tx = self.write().await?;
        let number = match sent(&mut tx, sdk_app_id, from, to, key, now_s).await? {
            Sent::Standing(number) => number,
            Sent::Gone(why) => return Ok(why),
        };
        let (low, high) = low_high(from, to);
        sqlx::query(
            "UPDATE c2c_messages SET elements = COALESCE($5, elements),
                 cloud_custom_data = COALESCE($6, cloud_custom_data)
             WHERE sdk_app_id = $1 AND low = $2 AND high = $3 AND number = $4",
        )
        .bind(i64::from(sdk_app_id))
        .bind(low)
        .bind(high)
        .bind(number)
        .bind(change.elements.as_ref().map(to_json).transpose()?)
        .bind(&change.cloud_custom_data)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(SentChange::Done)
    }

    // Nothing is written when there is nothing new, so that reading again and again costs nobody a
    // place in the queue of the writers.
    async fn read_c2c(&self, sdk_app_id: u32, user_id: &str, peer: &str) -> Result<bool, Error> {
        let mut reader = self.read().await?;
        let (newest, read) = newest_and_read(&mut reader, sdk_app_id, user_id, peer).await?;
        drop(reader);
        if newest <= read {
            return Ok(false);
        }
        let (low, high) = low_high(user_id, peer);
        let mut tx = self.write().await?;
        let (newest, read) = newest_and_read(&mut tx, sdk_app_id, user_id, peer).await?;
        let of_peer: Option<i64> = sqlx::query_scalar(
            "SELECT number FROM c2c_messages
             WHERE sdk_app_id = $1 AND low = $2 AND high = $3 AND number > $4
               AND from_user = $5 AND withdrawn = 0 AND counts = 1
             LIMIT 1",
        )
        .bind(i64::from(sdk_app_id))
        .bind(low)
        .bind(high)
        .bind(read)
        .bind(peer)
        .fetch_optional(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO c2c_reads (sdk_app_id, user_id, peer, read_number) VALUES ($1, $2, $3, $4)
             ON CONFLICT (sdk_app_id, user_id, peer) DO UPDATE SET read_number = $4",
        )
        .bind(i64::from(sdk_app_id))
        .bind(user_id)
        .bind(peer)
        .bind(newest.max(read))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(of_peer.is_some())
    }

    async fn conversations(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        now_s: u64,
        limit: u32,
    ) -> Result<Vec<StoredConversation>, Error> {
        let mut tx = self.read().await?;
        let rows = sqlx::query(CONVERSATIONS)
            .bind(i64::from(sdk_app_id))
            .bind(user_id)
            .bind(to_db(now_s))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await?;
        let unread = unread(&mut tx, sdk_app_id, user_id, now_s).await?;
        let mut conversations = Vec::with_capacity(rows.len());
        for row in &rows {
            let last = read(row)?;
            let peer = if last.from == user_id { last.to.clone() } else { last.from.clone() };
            let unread = unread.iter().find(|(from, _)| *from == peer).map_or(0, |(_, n)| *n);
            conversations.push(StoredConversation { peer, unread, last });
        }
        Ok(conversations)
    }

    async fn unread_c2c(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        now_s: u64,
    ) -> Result<Vec<(String, u32)>, Error> {
        let mut reader = self.readers.acquire().await?;
        unread(&mut reader, sdk_app_id, user_id, now_s).await
    }
}

/// The number of the newest message of a conversation, and the number up to which one of the two has
/// read it; 0 when there is none.
async fn newest_and_read(
    connection: &mut SqliteConnection,
    sdk_app_id: u32,
    user_id: &str,
    peer: &str,
) -> Result<(i64, i64), Error> {
    let (low, high) = low_high(user_id, peer);
    let numbers = sqlx::query_as(
        "SELECT
             COALESCE((SELECT MAX(number) FROM c2c_messages
                       WHERE sdk_app_id = $1 AND low = $2 AND high = $3), 0),
             COALESCE((SELECT read_number FROM c2c_reads
                       WHERE sdk_app_id = $1 AND user_id = $4 AND peer = $5), 0)",
    )
    .bind(i64::from(sdk_app_id))
    .bind(low)
    .bind(high)
    .bind(user_id)
    .bind(peer)
    .fetch_one(connection)
    .await?;
    Ok(numbers)
}

/// Unread messages of an account by the peer that has sent them.
async fn unread(
    reader: &mut SqliteConnection,
    sdk_app_id: u32,
    user_id: &str,
    now_s: u64,
) -> Result<Vec<(String, u32)>, Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(UNREAD)
        .bind(i64::from(sdk_app_id))
        .bind(user_id)
        .bind(to_db(now_s))
        .fetch_all(reader)
        .await?;
    Ok(rows.into_iter().map(|(peer, count)| (peer, to_u32(count))).collect())
}

async fn insert(tx: &mut SqliteConnection, app: i64, message: &StoredC2c) -> Result<(), Error> {
    let (low, high) = low_high(&message.from, &message.to);
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO c2c_numbers (sdk_app_id, low, high, last) VALUES ($1, $2, $3, 1)
         ON CONFLICT (sdk_app_id, low, high) DO UPDATE SET last = c2c_numbers.last + 1
         RETURNING last",
    )
    .bind(app)
    .bind(low)
    .bind(high)
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO c2c_messages (sdk_app_id, low, high, number, msg_key, from_user, to_user,
             seq, random, time_s, expire_time, for_sender, counts, listed, withdrawn, client_id,
             elements, cloud_custom_data)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(app)
    .bind(low)
    .bind(high)
    .bind(number)
    .bind(&message.key)
    .bind(&message.from)
    .bind(&message.to)
    .bind(i64::from(message.seq))
    .bind(i64::from(message.random))
    .bind(i64::from(message.time_s))
    .bind(i64::from(message.expire_time))
    .bind(i64::from(message.for_sender))
    .bind(i64::from(message.counts))
    .bind(i64::from(message.listed))
    .bind(i64::from(message.withdrawn))
    .bind(&message.client_id)
    .bind(to_json(&message.elements)?)
    .bind(&message.cloud_custom_data)
    .execute(tx)
    .await?;
    Ok(())
}

/// A message that is to be changed.
enum Sent {
    Standing(i64),
    Gone(SentChange),
}

/// The message with this key that `from` has sent to `to`.
async fn sent(
    tx: &mut SqliteConnection,
    sdk_app_id: u32,
    from: &str,
    to: &str,
    key: &str,
    now_s: u64,
) -> Result<Sent, Error> {
    let (low, high) = low_high(from, to);
    let found: Option<(i64, i64)> = sqlx::query_as(
        "SELECT number, withdrawn FROM c2c_messages
         WHERE sdk_app_id = $1 AND low = $2 AND high = $3 AND msg_key = $4 AND from_user = $5
           AND expire_time > $6
         ORDER BY number DESC LIMIT 1",
    )
    .bind(i64::from(sdk_app_id))
    .bind(low)
    .bind(high)
    .bind(key)
    .bind(from)
    .bind(to_db(now_s))
    .fetch_optional(tx)
    .await?;
    Ok(match found {
        None => Sent::Gone(SentChange::Absent),
        Some((_, withdrawn)) if withdrawn != 0 => Sent::Gone(SentChange::Before),
        Some((number, _)) => Sent::Standing(number),
    })
}

fn read(row: &SqliteRow) -> Result<StoredC2c, Error> {
    let number = |column| row.try_get::<i64, _>(column).map(to_u32);
    Ok(StoredC2c {
        number: row.try_get("number")?,
        key: row.try_get("msg_key")?,
        from: row.try_get("from_user")?,
        to: row.try_get("to_user")?,
        seq: number("seq")?,
        random: number("random")?,
        time_s: number("time_s")?,
        expire_time: number("expire_time")?,
        for_sender: number("for_sender")? != 0,
        counts: number("counts")? != 0,
        listed: number("listed")? != 0,
        withdrawn: number("withdrawn")? != 0,
        client_id: row.try_get("client_id")?,
        elements: from_json(&row.try_get::<String, _>("elements")?)?,
        cloud_custom_data: row.try_get("cloud_custom_data")?,
    })
}
