//! Takes a person out of every table: what is only about the person goes, and what others rely on gets
//! another name. `tests/suite/persons.rs` looks through all tables for what was forgotten here.

use sqlx::Row;

use super::decisions;
use crate::storage::{Error, Tx, to_db};

/// Each takes the account.
const REMOVED: &[&str] = &[
    "DELETE FROM idempotency_keys WHERE user_id = $1",
    "DELETE FROM experience_caps WHERE user_id = $1",
    "DELETE FROM levels_to_write WHERE user_id = $1",
    "DELETE FROM watching WHERE user_id = $1",
    "DELETE FROM statistics_presence WHERE user_id = $1",
    "DELETE FROM like_runs WHERE user_id = $1",
    // What is due is told within a second.
    "DELETE FROM gift_combos WHERE user_id = $1 AND due_ms IS NULL",
    "UPDATE follow_sums SET followers = followers - 1
     WHERE host IN (SELECT host FROM follows WHERE user_id = $1 AND following = 1)",
    "DELETE FROM follows WHERE user_id = $1",
    "DELETE FROM follows WHERE host = $1",
    "DELETE FROM follow_sums WHERE host = $1",
    // The id stays: the hash of the list is in the draw's ticket, and anybody may draw again.
    "UPDATE draw_winners SET nick = '' WHERE user_id = $1",
    "UPDATE moderation_versions SET version = version + 1
     WHERE group_id IN (SELECT group_id FROM room_moderators WHERE user_id = $1)",
    "DELETE FROM room_moderators WHERE user_id = $1",
    decisions::KEEP,
    "DELETE FROM accounts WHERE user_id = $1",
];

/// Each takes the account and the name that it gets instead.
const RENAMED: &[&str] = &[
    "UPDATE gift_orders SET user_id = $2 WHERE user_id = $1",
    "UPDATE gift_orders SET owner = $2 WHERE owner = $1",
    "UPDATE gift_sums SET user_id = $2 WHERE user_id = $1",
    "UPDATE shop_orders SET user_id = $2 WHERE user_id = $1",
    "UPDATE product_clicks SET user_id = $2 WHERE user_id = $1",
    "UPDATE statistics_chatters SET user_id = $2 WHERE user_id = $1",
    "UPDATE moderation_log SET user_id = $2, text = '' WHERE user_id = $1",
    "UPDATE moderation_log SET reason = 'moderator ' || $2 WHERE reason = 'moderator ' || $1",
    "UPDATE moderation_reviews SET user_id = $2, text = '' WHERE user_id = $1",
    "UPDATE moderation_reviews SET moderator = $2 WHERE moderator = $1",
    "UPDATE moderation_measures SET reason = 'moderator ' || $2 WHERE reason = 'moderator ' || $1",
    "UPDATE room_moderators SET added_by = $2 WHERE added_by = $1",
    "UPDATE showings SET shown_by = $2 WHERE shown_by = $1",
    "UPDATE draws SET opened_by = $2 WHERE opened_by = $1",
    "UPDATE broadcasts SET made_by = $2 WHERE made_by = $1",
    "UPDATE audit SET actor = $2 WHERE actor = $1",
    "UPDATE audit SET target = $2 WHERE target = $1",
];

/// Each takes an account of the ledger and its new name.
const LEDGER: &[&str] = &[
    "INSERT INTO ledger_accounts (account, balance)
     SELECT $2, balance FROM ledger_accounts WHERE account = $1",
    "UPDATE ledger_entries SET account = $2 WHERE account = $1",
];

/// A room of the account, if it has one.
pub(in crate::accounts) async fn room_of(
    tx: &mut Tx,
    user_id: &str,
) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT group_id FROM rooms WHERE owner = $1 ORDER BY group_id LIMIT 1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|row| row.get("group_id")))
}

/// Coins that the account has to spend.
pub(in crate::accounts) async fn coins_of(tx: &mut Tx, user_id: &str) -> Result<i64, Error> {
    let row = sqlx::query("SELECT balance FROM ledger_accounts WHERE account = 'wallet:' || $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map_or(0, |row| row.get("balance")))
}

/// Takes a person out, in one transaction. Mutes and bans that hold stay until they end, and what an
/// administrator decided of the account stays, so that nobody escapes them by coming back under the
/// same id.
pub(in crate::accounts) async fn erase(
    tx: &mut Tx,
    user_id: &str,
    instead: &str,
    now_ms: u64,
) -> Result<(), Error> {
    for statement in RENAMED {
        sqlx::query(*statement).bind(user_id).bind(instead).execute(&mut **tx).await?;
    }
    for statement in REMOVED {
        sqlx::query(*statement).bind(user_id).execute(&mut **tx).await?;
    }
    sqlx::query("DELETE FROM moderation_measures WHERE user_id = $1 AND until_s <= $2")
        .bind(user_id)
        .bind(to_db(now_ms / 1_000))
        .execute(&mut **tx)
        .await?;
    for kind in ["wallet", "income"] {
        let (from, to) = (format!("{kind}:{user_id}"), format!("{kind}:{instead}"));
        for statement in LEDGER {
            sqlx::query(*statement).bind(&from).bind(&to).execute(&mut **tx).await?;
        }
        sqlx::query("DELETE FROM ledger_accounts WHERE account = $1")
            .bind(&from)
            .execute(&mut **tx)
            .await?;
    }
    rename_top_ups(tx, user_id, instead).await?;
    sqlx::query(
        "UPDATE account_subjects SET issuer = NULL, subject = NULL, user_id = NULL,
             newest_ms = CASE WHEN newest_ms < $2 THEN $2 ELSE newest_ms END
         WHERE user_id = $1",
    )
    .bind(user_id)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Top-ups in development are named after the account.
async fn rename_top_ups(tx: &mut Tx, user_id: &str, instead: &str) -> Result<(), Error> {
    sqlx::query(
        "UPDATE ledger_transactions SET reference = $2 || substr(reference, length($1) + 1)
         WHERE number IN (SELECT transaction_number FROM ledger_entries
                          WHERE account = 'wallet:' || $3)
           AND substr(reference, 1, length($1)) = $1",
    )
    .bind(format!("top_up:{user_id}:"))
    .bind(format!("top_up:{instead}:"))
    .bind(instead)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
