//! Everything that is kept of a person, table by table, in pages.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _};

use crate::storage::{Error, Tx};

/// One table's rows of a person, as far as the person is concerned.
pub(in crate::accounts) struct Section {
    pub(in crate::accounts) name: &'static str,
    /// Takes the account, the place after which to go on, and how many rows; the first column is the
    /// place of a row.
    statement: &'static str,
    by: By,
}

/// What the rows of a section are sorted by: a member of each that no other row of the person has.
#[derive(Debug, Clone, Copy)]
enum By {
    Number,
    Text,
}

/// Where a page begins.
#[derive(Debug, Clone)]
pub(in crate::accounts) enum Place {
    Number(i64),
    Text(String),
}

impl Section {
    const fn by_number(name: &'static str, statement: &'static str) -> Self {
        Self { name, statement, by: By::Number }
    }

    const fn by_text(name: &'static str, statement: &'static str) -> Self {
        Self { name, statement, by: By::Text }
    }

    /// Before all rows.
    pub(in crate::accounts) fn start(&self) -> Place {
        match self.by {
            By::Number => Place::Number(i64::MIN),
            By::Text => Place::Text(String::new()),
        }
    }
}

pub(in crate::accounts) const SECTIONS: &[Section] = &[
    Section::by_text(
        "account",
        "SELECT user_id AS place, user_id, nick, role, experience, created_s, blocked_s
         FROM accounts WHERE user_id = $1 AND user_id > $2 LIMIT $3",
    ),
    Section::by_text(
        "identity",
        "SELECT digest AS place, issuer, subject FROM account_subjects
         WHERE user_id = $1 AND digest > $2 LIMIT $3",
    ),
    Section::by_text(
        "rooms",
        "SELECT group_id AS place, group_id AS room, title, created_s FROM rooms
         WHERE owner = $1 AND group_id > $2 ORDER BY group_id LIMIT $3",
    ),
    Section::by_text(
        "moderates",
        "SELECT group_id AS place, group_id AS room, added_s FROM room_moderators
         WHERE user_id = $1 AND group_id > $2 ORDER BY group_id LIMIT $3",
    ),
    Section::by_number(
        "wallet",
        "SELECT t.number AS place, t.kind, t.reference,
             e.amount AS coins, t.at_ms
         FROM ledger_entries e JOIN ledger_transactions t ON t.number = e.transaction_number
         WHERE e.account = 'wallet:' || $1
           AND e.transaction_number > $2
         ORDER BY e.transaction_number LIMIT $3",
    ),
    Section::by_number(
        "income",
        "SELECT t.number AS place, t.kind, t.reference,
             e.amount AS coins, t.at_ms
         FROM ledger_entries e JOIN ledger_transactions t ON t.number = e.transaction_number
         WHERE e.account = 'income:' || $1
           AND e.transaction_number > $2
         ORDER BY e.transaction_number LIMIT $3",
    ),
    Section::by_text(
        "gifts",
        "SELECT order_id AS place, order_id, group_id AS room, gift, count, coins, at_ms,
             refunded_ms
         FROM gift_orders WHERE user_id = $1 AND order_id > $2 ORDER BY order_id LIMIT $3",
    ),
    Section::by_text(
        "shop_orders",
        "SELECT order_id AS place, order_id, product, quantity, group_id AS room, taken_s
         FROM shop_orders WHERE user_id = $1 AND order_id > $2 ORDER BY order_id LIMIT $3",
    ),
    Section::by_text(
        "products_opened",
        "SELECT group_id || '/' || stream || '/' || product AS place, group_id AS room, stream,
             product
         FROM product_clicks
         WHERE user_id = $1 AND group_id || '/' || stream || '/' || product > $2
         ORDER BY 1 LIMIT $3",
    ),
    Section::by_text(
        "follows",
        "SELECT host AS place, host, following, told_s FROM follows
         WHERE user_id = $1 AND host > $2 ORDER BY host LIMIT $3",
    ),
    Section::by_text(
        "streams_commented",
        "SELECT group_id || '/' || stream AS place, group_id AS room, stream, minute
         FROM statistics_chatters WHERE user_id = $1 AND group_id || '/' || stream > $2
         ORDER BY 1 LIMIT $3",
    ),
    Section::by_number(
        "moderated",
        "SELECT id AS place, group_id AS room, text, reason,
             action, at_s
         FROM moderation_log
         WHERE user_id = $1 AND id > $2
         ORDER BY id LIMIT $3",
    ),
    Section::by_number(
        "reviews",
        "SELECT id AS place, group_id AS room, text, reason,
             verdict, at_s
         FROM moderation_reviews
         WHERE user_id = $1 AND id > $2
         ORDER BY id LIMIT $3",
    ),
    Section::by_text(
        "measures",
        "SELECT group_id || '/' || measure AS place, group_id AS room, measure, until_s
         FROM moderation_measures WHERE user_id = $1 AND group_id || '/' || measure > $2
         ORDER BY 1 LIMIT $3",
    ),
    Section::by_text(
        "draws_entered",
        "SELECT draw AS place, draw, said_ms FROM draw_entrants
         WHERE user_id = $1 AND draw > $2 ORDER BY draw LIMIT $3",
    ),
    Section::by_text(
        "draws_won",
        "SELECT draw AS place, draw, place AS rank, nick FROM draw_winners
         WHERE user_id = $1 AND draw > $2 ORDER BY draw LIMIT $3",
    ),
    Section::by_number(
        "acts",
        "SELECT number AS place, at_ms, call, room, target
         FROM audit
         WHERE actor = $1 AND number > $2
         ORDER BY number LIMIT $3",
    ),
];

/// Some rows of a section.
pub(in crate::accounts) struct Page {
    pub(in crate::accounts) rows: Vec<Value>,
    /// Where the next page begins, if there may be one.
    pub(in crate::accounts) next: Option<Place>,
}

/// Up to `limit` rows of a person after a place.
pub(in crate::accounts) async fn page(
    tx: &mut Tx,
    section: &Section,
    user_id: &str,
    after: &Place,
    limit: usize,
) -> Result<Page, Error> {
    let query = sqlx::query(section.statement).bind(user_id);
    let query = match after {
        Place::Number(number) => query.bind(*number),
        Place::Text(text) => query.bind(text.as_str()),
    };
    let query = query.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = query.fetch_all(&mut **tx).await?;
    let place = |row: &SqliteRow| match section.by {
        By::Number => row.try_get(0).map(Place::Number),
        By::Text => row.try_get(0).map(Place::Text),
    };
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = last.map(place).transpose()?;
    Ok(Page { rows: rows.iter().map(members).collect::<Result<_, _>>()?, next })
}

/// All columns but the first. There are numbers and texts, and nothing else.
fn members(row: &SqliteRow) -> Result<Value, sqlx::Error> {
    let mut members = Map::new();
    for column in row.columns().iter().skip(1) {
        let place = column.ordinal();
        let value = match row.try_get::<Option<i64>, _>(place) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(row.try_get::<Option<String>, _>(place)?),
        };
        members.insert(column.name().to_owned(), value);
    }
    Ok(members.into())
}
