//! The catalogue in the database.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::CatalogueEntry;
use crate::storage::{Error, Tx};

fn small(row: &SqliteRow, column: &str, product: &str) -> Result<u32, Error> {
    u32::try_from(row.get::<i64, _>(column))
        .map_err(|_| Error::Unreadable(format!("{column} of product {product}")))
}

fn read(row: &SqliteRow) -> Result<CatalogueEntry, Error> {
    let id: String = row.get("product");
    let stock = match row.get::<Option<i64>, _>("stock") {
        Some(_) => Some(small(row, "stock", &id)?),
        None => None,
    };
    Ok(CatalogueEntry {
        title: row.get("title"),
        price_minor: small(row, "price_minor", &id)?,
        currency: row.get("currency"),
        picture: row.get("picture"),
        link: row.get("link"),
        stock,
        id,
    })
}

/// False when the entry of this id was taken over before.
pub(super) async fn note_seeded(tx: &mut Tx, product: &str) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO seeded_products (product) VALUES ($1) ON CONFLICT (product) DO NOTHING",
    )
    .bind(product)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False when there is a product of this id already; nothing is changed then.
pub(super) async fn insert(tx: &mut Tx, entry: &CatalogueEntry) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO products (product, title, price_minor, currency, picture, link, stock)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (product) DO NOTHING",
    )
    .bind(&entry.id)
    .bind(&entry.title)
    .bind(i64::from(entry.price_minor))
    .bind(&entry.currency)
    .bind(&entry.picture)
    .bind(&entry.link)
    .bind(entry.stock.map(i64::from))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes everything but the stock, which orders change at the same time. False when there is no
/// such product.
pub(super) async fn update(tx: &mut Tx, entry: &CatalogueEntry) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE products SET title = $2, price_minor = $3, currency = $4, picture = $5, link = $6
         WHERE product = $1",
    )
    .bind(&entry.id)
    .bind(&entry.title)
    .bind(i64::from(entry.price_minor))
    .bind(&entry.currency)
    .bind(&entry.picture)
    .bind(&entry.link)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_stock(tx: &mut Tx, product: &str, stock: Option<u32>) -> Result<(), Error> {
    sqlx::query("UPDATE products SET stock = $2 WHERE product = $1")
        .bind(product)
        .bind(stock.map(i64::from))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// False when there is no such product.
pub(super) async fn delete(tx: &mut Tx, product: &str) -> Result<bool, Error> {
    let done = sqlx::query("DELETE FROM products WHERE product = $1")
        .bind(product)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find(tx: &mut Tx, product: &str) -> Result<Option<CatalogueEntry>, Error> {
    let row = sqlx::query(
        "SELECT product, title, price_minor, currency, picture, link, stock
         FROM products WHERE product = $1",
    )
    .bind(product)
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Up to `limit` products whose ids come after `after`, by id.
pub(super) async fn list(
    tx: &mut Tx,
    after: &str,
    limit: u32,
) -> Result<Vec<CatalogueEntry>, Error> {
    let rows = sqlx::query(
        "SELECT product, title, price_minor, currency, picture, link, stock
         FROM products WHERE product > $1 ORDER BY product LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read).collect()
}
