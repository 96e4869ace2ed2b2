//! The catalogue in the database.

use sqlx::FromRow;

use super::CatalogueEntry;
use crate::storage::{Error, Optional, Tx};

#[derive(FromRow)]
struct Row {
    product: String,
    title: String,
    #[sqlx(try_from = "i64")]
    price_minor: u32,
    currency: String,
    picture: String,
    link: String,
    #[sqlx(try_from = "Optional")]
    stock: Option<u32>,
}

impl From<Row> for CatalogueEntry {
    fn from(row: Row) -> Self {
        let Row { product: id, title, price_minor, currency, picture, link, stock } = row;
        Self { id, title, price_minor, currency, picture, link, stock }
    }
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

/// Adds pieces to a stock, or takes some away. `None` when nobody counts them, or there would be
/// fewer than none or more than can be counted; nothing is changed then.
pub(super) async fn add_stock(
    tx: &mut Tx,
    product: &str,
    added: i64,
) -> Result<Option<u32>, Error> {
    let stock: Option<i64> = sqlx::query_scalar(
        "UPDATE products SET stock = stock + $2
         WHERE product = $1 AND stock >= -$2 AND stock <= $3 - $2 RETURNING stock",
    )
    .bind(product)
    .bind(added)
    .bind(i64::from(u32::MAX))
    .fetch_optional(&mut **tx)
    .await?;
    let unreadable = |_| Error::Unreadable(format!("the stock of product {product}"));
    stock.map(u32::try_from).transpose().map_err(unreadable)
}

/// What became of the stock by a sale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sale {
    /// Pieces that are left; `None` when nobody counts them.
    pub(super) stock: Option<u32>,
    /// There were fewer than were sold, or there is no such product.
    pub(super) oversold: bool,
}

/// Takes pieces off the stock, as many as are there.
pub(super) async fn sell(tx: &mut Tx, product: &str, quantity: u32) -> Result<Sale, Error> {
    if let Some(stock) = add_stock(tx, product, -i64::from(quantity)).await? {
        return Ok(Sale { stock: Some(stock), oversold: false });
    }
    let emptied = sqlx::query("UPDATE products SET stock = 0 WHERE product = $1 AND stock < $2")
        .bind(product)
        .bind(i64::from(quantity))
        .execute(&mut **tx)
        .await?;
    if emptied.rows_affected() == 1 {
        return Ok(Sale { stock: Some(0), oversold: true });
    }
    let is_there = find(tx, product).await?.is_some();
    Ok(Sale { stock: None, oversold: !is_there })
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
    let row: Option<Row> = sqlx::query_as("SELECT * FROM products WHERE product = $1")
        .bind(product)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(CatalogueEntry::from))
}

/// Up to `limit` products whose ids come after `after`, by id.
pub(super) async fn list(
    tx: &mut Tx,
    after: &str,
    limit: u32,
) -> Result<Vec<CatalogueEntry>, Error> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT * FROM products WHERE product > $1 ORDER BY product LIMIT $2")
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows.into_iter().map(CatalogueEntry::from).collect())
}
