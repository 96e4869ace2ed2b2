//! Takes a person out of every table: what is only about the person goes, and what others rely on gets
//! another name. `tests/suite/persons.rs` looks through all tables for what was forgotten here.

use serde_json::Value;
use sqlx::Row;

use super::personal::{Erased, Step, TABLES};
use crate::storage::{Error, Tx, to_db};

/// A room of the account that has its group, if there is one.
pub(in crate::accounts) async fn room_of(
    tx: &mut Tx,
    user_id: &str,
) -> Result<Option<String>, Error> {
    let row = sqlx::query(
        "SELECT group_id FROM rooms WHERE owner = $1 AND gone_s IS NULL
         ORDER BY group_id LIMIT 1",
    )
    .bind(user_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| row.get("group_id")))
}

/// Coins that the account has: to spend, and as income.
pub(in crate::accounts) async fn coins_of(tx: &mut Tx, user_id: &str) -> Result<(i64, i64), Error> {
    let (mut wallet, mut income) = (0, 0);
    for (kind, coins) in [("wallet:", &mut wallet), ("income:", &mut income)] {
        let balance = sqlx::query_scalar("SELECT balance FROM ledger_accounts WHERE account = $1")
            .bind(format!("{kind}{user_id}"))
            .fetch_optional(&mut **tx)
            .await?;
        *coins = balance.unwrap_or(0);
    }
    Ok((wallet, income))
}

/// The name by which others know a person.
async fn nick_of(tx: &mut Tx, user_id: &str) -> Result<Option<String>, Error> {
    let nick = sqlx::query_scalar("SELECT nick FROM accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(nick)
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
    let nick = nick_of(tx, user_id).await?;
    let person = Person { names: [Some(user_id.to_owned()), nick], instead };
    for table in TABLES {
        match (&table.erased, table.name) {
            (Erased::By(steps), _) => {
                for step in *steps {
                    take(tx, step, user_id, instead, now_ms).await?;
                }
            }
            (Erased::Apart, "gift_combos") => take_out_of_combos(tx, user_id, &person).await?,
            (Erased::Apart, "outbox") => take_out_of_outbox(tx, &person).await?,
            (Erased::Apart, "notifications") => take_out_of_notifications(tx, &person).await?,
            (Erased::Apart, other) => {
                return Err(Error::Unreadable(format!("nothing erases {other}")));
            }
            (Erased::Not(_), _) => {}
        }
    }
    Ok(())
}

async fn take(
    tx: &mut Tx,
    step: &Step,
    user_id: &str,
    instead: &str,
    now_ms: u64,
) -> Result<(), Error> {
    let statement = match step {
        Step::Remove(text) => sqlx::query(*text).bind(user_id),
        Step::Rename(text) => sqlx::query(*text).bind(user_id).bind(instead),
        Step::End(text) => sqlx::query(*text).bind(user_id).bind(to_db(now_ms)),
    };
    statement.execute(&mut **tx).await?;
    Ok(())
}

/// What stands for somebody in a text, and what is to stand there.
struct Person<'a> {
    /// The id and the name.
    names: [Option<String>; 2],
    instead: &'a str,
}

impl Person<'_> {
    /// Patterns of texts in which one of the names stands, and of some others.
    fn patterns(&self) -> [String; 2] {
        let pattern = |name: &Option<String>| {
            // In JSON, and in JSON inside of a text.
            let name = name.as_deref().unwrap_or("\u{1}");
            let plain = name.split(['"', '\\', '%', '_', '!']).max_by_key(|part| part.len());
            format!("%{}%", plain.unwrap_or_default())
        };
        self.names.each_ref().map(pattern)
    }

    /// The JSON with another name wherever one of the person's is a text of its own. `None` when there
    /// is none to change.
    fn renamed(&self, text: &str) -> Option<String> {
        let mut value = serde_json::from_str::<Value>(text).ok()?;
        self.rename(&mut value).then(|| value.to_string())
    }

    /// Whether anything was changed.
    fn rename(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => {
                let is_name = self.names.iter().flatten().any(|name| name == text);
                if is_name {
                    self.instead.clone_into(text);
                }
                is_name
            }
            Value::Array(values) => self.rename_all(values.iter_mut()),
            Value::Object(members) => self.rename_all(members.values_mut()),
            _ => false,
        }
    }

    fn rename_all<'v>(&self, values: impl Iterator<Item = &'v mut Value>) -> bool {
        let mut is_changed = false;
        for value in values {
            is_changed |= self.rename(value);
        }
        is_changed
    }
}

/// Gifts that are paid and not told yet are told, under the other name.
async fn take_out_of_combos(tx: &mut Tx, user_id: &str, person: &Person<'_>) -> Result<(), Error> {
    sqlx::query("DELETE FROM gift_combos WHERE user_id = $1 AND due_ms IS NULL")
        .bind(user_id)
        .execute(&mut **tx)
        .await?;
    let due: Vec<(String, String, String)> =
        sqlx::query_as("SELECT group_id, combo, message FROM gift_combos WHERE user_id = $1")
            .bind(user_id)
            .fetch_all(&mut **tx)
            .await?;
    for (group_id, combo, message) in due {
        sqlx::query(
            "UPDATE gift_combos SET user_id = $3, message = $4 WHERE group_id = $1 AND combo = $2",
        )
        .bind(group_id)
        .bind(combo)
        .bind(person.instead)
        .bind(person.renamed(&message).unwrap_or(message))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What a room was never told says nothing any more: an administrator looks at why, and not at what.
/// What was delivered goes within a day.
async fn take_out_of_outbox(tx: &mut Tx, person: &Person<'_>) -> Result<(), Error> {
    let [id, nick] = person.patterns();
    sqlx::query(
        "UPDATE outbox SET body = '[]'
         WHERE state IN ('failed', 'out_of_date', 'cancelled') AND done_ms IS NOT NULL
           AND (body LIKE $1 OR body LIKE $2)",
    )
    .bind(id)
    .bind(nick)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the shop has not taken may be sent again, under the other name. What still waits goes, or is
/// given up, before the second erasure.
async fn take_out_of_notifications(tx: &mut Tx, person: &Person<'_>) -> Result<(), Error> {
    let [id, nick] = person.patterns();
    let dead: Vec<(i64, String)> = sqlx::query_as(
        "SELECT number, body FROM notifications
         WHERE state = 'dead' AND (body LIKE $1 OR body LIKE $2)",
    )
    .bind(id)
    .bind(nick)
    .fetch_all(&mut **tx)
    .await?;
    for (number, body) in dead {
        let Some(body) = person.renamed(&body) else { continue };
        sqlx::query("UPDATE notifications SET body = $2 WHERE number = $1")
            .bind(number)
            .bind(body)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
