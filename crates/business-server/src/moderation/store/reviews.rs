//! Messages that a moderator has to look at.

use serde::Serialize;
use utoipa::ToSchema;

use crate::storage::{Error, Tx, next, to_db};

#[derive(Debug, Clone, Copy)]
pub(in crate::moderation) struct NewReview<'a> {
    pub(in crate::moderation) group_id: &'a str,
    pub(in crate::moderation) user_id: &'a str,
    pub(in crate::moderation) text: &'a str,
    pub(in crate::moderation) reason: &'a str,
    /// `Random` of the message.
    pub(in crate::moderation) random: u32,
    pub(in crate::moderation) at_s: u64,
}

/// A message that was let through and is to be looked at.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub(in crate::moderation) struct Review {
    #[sqlx(try_from = "i64")]
    pub(in crate::moderation) id: u64,
    #[serde(rename = "room")]
    pub(in crate::moderation) group_id: String,
    pub(in crate::moderation) user_id: String,
    pub(in crate::moderation) text: String,
    /// The rule, or list and word.
    pub(in crate::moderation) reason: String,
    /// Number of the message in its room; absent until it is known that it was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::moderation) msg_seq: Option<i64>,
    #[sqlx(try_from = "i64")]
    pub(in crate::moderation) at_s: u64,
    /// Absent while nobody has decided; `not_delivered` when nobody has to, because the room never
    /// saw the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::moderation) verdict: Option<String>,
    /// Who has decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::moderation) moderator: Option<String>,
}

/// False when the room has `most` open ones already; nothing is changed then.
pub(in crate::moderation) async fn insert_review(
    tx: &mut Tx,
    review: NewReview<'_>,
    most: u32,
) -> Result<bool, Error> {
    let id = next(tx, "moderation_reviews").await?;
    let done = sqlx::query(
        "INSERT INTO moderation_reviews (id, group_id, user_id, text, reason, random, at_s)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT COUNT(*) FROM moderation_reviews
                WHERE group_id = $2 AND verdict IS NULL) < $8",
    )
    .bind(to_db(id))
    .bind(review.group_id)
    .bind(review.user_id)
    .bind(review.text)
    .bind(review.reason)
    .bind(i64::from(review.random))
    .bind(to_db(review.at_s))
    .bind(i64::from(most))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A message was delivered under this number.
pub(in crate::moderation) async fn message_sent(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    random: u32,
    msg_seq: u32,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE moderation_reviews SET msg_seq = $4
         WHERE group_id = $1 AND user_id = $2 AND random = $3 AND msg_seq IS NULL",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(i64::from(random))
    .bind(i64::from(msg_seq))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A message that was let through was not delivered: whatever is open about it is closed.
pub(in crate::moderation) async fn message_left_out(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    random: u32,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE moderation_reviews SET verdict = 'not_delivered'
         WHERE group_id = $1 AND user_id = $2 AND random = $3
           AND msg_seq IS NULL AND verdict IS NULL",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(i64::from(random))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Open ones after one, oldest first, of a room or of all.
pub(in crate::moderation) async fn reviews(
    tx: &mut Tx,
    group_id: Option<&str>,
    after: u64,
    limit: u32,
) -> Result<Vec<Review>, Error> {
    let found = sqlx::query_as(
        "SELECT id, group_id, user_id, text, reason, msg_seq, at_s, verdict, moderator
         FROM moderation_reviews
         WHERE verdict IS NULL AND id > $1 AND ($2 = '' OR group_id = $2) ORDER BY id LIMIT $3",
    )
    .bind(to_db(after))
    .bind(group_id.unwrap_or_default())
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}

pub(in crate::moderation) async fn review(tx: &mut Tx, id: u64) -> Result<Option<Review>, Error> {
    let found = sqlx::query_as(
        "SELECT id, group_id, user_id, text, reason, msg_seq, at_s, verdict, moderator
         FROM moderation_reviews WHERE id = $1",
    )
    .bind(to_db(id))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found)
}

/// False when somebody has decided before; nothing is changed then.
pub(in crate::moderation) async fn close_review(
    tx: &mut Tx,
    id: u64,
    verdict: &str,
    moderator: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE moderation_reviews SET verdict = $2, moderator = $3
         WHERE id = $1 AND verdict IS NULL",
    )
    .bind(to_db(id))
    .bind(verdict)
    .bind(moderator)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
