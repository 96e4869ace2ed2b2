//! The ledger in the database.

use sqlx::Row;

use super::{Account, Booking};
use crate::storage::{Error, Tx, from_db, to_db};

/// An entry of an account, with what its transaction was for.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) transaction: u64,
    pub(super) kind: String,
    pub(super) reference: String,
    pub(super) amount: i64,
    pub(super) at_ms: u64,
}

/// 0 for an account that has no entries yet.
pub(crate) async fn balance(tx: &mut Tx, account: Account<'_>) -> Result<i64, Error> {
    let row = sqlx::query("SELECT balance FROM ledger_accounts WHERE account = $1")
        .bind(account.name())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map_or(0, |row| row.get("balance")))
}

/// Writes the two entries and keeps the balances; gives them, the paying account's first.
pub(super) async fn book(
    tx: &mut Tx,
    booking: Booking<'_>,
    now_ms: u64,
) -> Result<(i64, i64), Error> {
    let row = sqlx::query(
        "INSERT INTO ledger_transactions (number, kind, reference, at_ms)
         SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3 FROM ledger_transactions
         RETURNING number",
    )
    .bind(booking.kind.name())
    .bind(booking.reference)
    .bind(to_db(now_ms))
    .fetch_one(&mut **tx)
    .await?;
    let transaction: i64 = row.get("number");
    let paid = add(tx, transaction, booking.from, -booking.coins).await?;
    let got = add(tx, transaction, booking.to, booking.coins).await?;
    Ok((paid, got))
}

async fn add(
    tx: &mut Tx,
    transaction: i64,
    account: Account<'_>,
    amount: i64,
) -> Result<i64, Error> {
    let name = account.name();
    // The account exists before it is charged: a new row that stood below zero for the moment of
    // an upsert would break its CHECK.
    sqlx::query(
        "INSERT INTO ledger_accounts (account, balance) VALUES ($1, 0)
         ON CONFLICT (account) DO NOTHING",
    )
    .bind(&name)
    .execute(&mut **tx)
    .await?;
    let row = sqlx::query(
        "UPDATE ledger_accounts SET balance = balance + $2 WHERE account = $1 RETURNING balance",
    )
    .bind(&name)
    .bind(amount)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger_entries (transaction_number, account, amount) VALUES ($1, $2, $3)",
    )
    .bind(transaction)
    .bind(&name)
    .bind(amount)
    .execute(&mut **tx)
    .await?;
    Ok(row.get("balance"))
}

/// Up to `limit` entries of the account before the transaction `before`, newest first.
pub(super) async fn entries(
    tx: &mut Tx,
    account: Account<'_>,
    before: u64,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query(
        "SELECT t.number, t.kind, t.reference, t.at_ms, e.amount
         FROM ledger_entries e JOIN ledger_transactions t ON t.number = e.transaction_number
         WHERE e.account = $1 AND e.transaction_number < $2
         ORDER BY e.transaction_number DESC LIMIT $3",
    )
    .bind(account.name())
    .bind(to_db(before))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    let entry = |row: &sqlx::sqlite::SqliteRow| Entry {
        transaction: from_db(row.get("number")),
        kind: row.get("kind"),
        reference: row.get("reference"),
        amount: row.get("amount"),
        at_ms: from_db(row.get("at_ms")),
    };
    Ok(rows.iter().map(entry).collect())
}

/// Who got how many coins by the transaction of this reference: an account's name and an amount.
pub(super) async fn booked(tx: &mut Tx, reference: &str) -> Result<Option<(String, i64)>, Error> {
    let row = sqlx::query(
        "SELECT e.account, e.amount
         FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_number = t.number
         WHERE t.reference = $1 AND e.amount > 0",
    )
    .bind(reference)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.get("account"), row.get("amount"))))
}
