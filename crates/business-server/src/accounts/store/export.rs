//! Everything that is kept of a person, section by section of [`super::personal`], in pages.

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
    pub(super) const fn by_number(name: &'static str, statement: &'static str) -> Self {
        Self { name, statement, by: By::Number }
    }

    pub(super) const fn by_text(name: &'static str, statement: &'static str) -> Self {
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
