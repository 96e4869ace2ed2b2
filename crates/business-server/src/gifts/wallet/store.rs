//! The ledger in the database.

use serde::Serialize;
use sqlx::{FromRow, QueryBuilder, Sqlite};
use utoipa::ToSchema;

use super::{Account, Booking, Kind, RefundReason};
use crate::storage::{Error, Tx, next, to_db};

/// An entry of an account, with what its transaction was for.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
#[schema(as = EntryView)]
pub(super) struct Entry {
    #[serde(rename = "entry")]
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    kind: Kind,
    /// What it was for, such as `gift:ORDER` or `payment:ID`.
    reference: String,
    /// Of a refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<RefundReason>,
    /// Below zero for what was spent.
    coins: i64,
    #[sqlx(try_from = "i64")]
    at_s: u64,
}

/// 0 for an account that has no entries yet.
pub(crate) async fn balance(tx: &mut Tx, account: Account<'_>) -> Result<i64, Error> {
    let balance = sqlx::query_scalar("SELECT balance FROM ledger_accounts WHERE account = $1")
        .bind(account.name())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(balance.unwrap_or(0))
}

/// Adds coins to an account, unless it would have more than `most` then. Gives its balance.
pub(super) async fn add(
    tx: &mut Tx,
    account: Account<'_>,
    coins: i64,
    most: i64,
) -> Result<Option<i64>, Error> {
    open(tx, account).await?;
    let balance = sqlx::query_scalar(
        "UPDATE ledger_accounts SET balance = balance + $2
         WHERE account = $1 AND balance <= $3 RETURNING balance",
    )
    .bind(account.name())
    .bind(coins)
    .bind(most - coins)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(balance)
}

/// Takes coins from an account, unless it may not fall below zero and has fewer. Gives its balance.
pub(super) async fn take(
    tx: &mut Tx,
    account: Account<'_>,
    coins: i64,
) -> Result<Option<i64>, Error> {
    open(tx, account).await?;
    let balance = sqlx::query_scalar(
        "UPDATE ledger_accounts SET balance = balance - $2
         WHERE account = $1 AND (balance >= $2 OR $3) RETURNING balance",
    )
    .bind(account.name())
    .bind(coins)
    .bind(account.may_fall_below_zero())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(balance)
}

/// The account exists before it is changed: a row that an upsert made below zero would break its
/// CHECK.
async fn open(tx: &mut Tx, account: Account<'_>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO ledger_accounts (account, balance) VALUES ($1, 0)
         ON CONFLICT (account) DO NOTHING",
    )
    .bind(account.name())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes the transaction and its two entries.
pub(super) async fn enter(tx: &mut Tx, booking: Booking<'_>, now_ms: u64) -> Result<(), Error> {
    let number = to_db(next(tx, "ledger_transactions").await?);
    sqlx::query(
        "INSERT INTO ledger_transactions (number, kind, reference, reason, at_ms)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(number)
    .bind(booking.kind)
    .bind(booking.reference)
    .bind(booking.reason)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger_entries (transaction_number, account, amount)
         VALUES ($1, $2, -$4), ($1, $3, $4)",
    )
    .bind(number)
    .bind(booking.from.name())
    .bind(booking.to.name())
    .bind(booking.coins)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` entries of the account before the transaction `before`, newest first.
pub(super) async fn entries(
    tx: &mut Tx,
    account: Account<'_>,
    before: u64,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let entries = sqlx::query_as(
        "SELECT t.number, t.kind, t.reference, t.reason, e.amount AS coins,
             t.at_ms / 1000 AS at_s
         FROM ledger_entries e JOIN ledger_transactions t ON t.number = e.transaction_number
         WHERE e.account = $1 AND e.transaction_number < $2
         ORDER BY e.transaction_number DESC LIMIT $3",
    )
    .bind(account.name())
    .bind(to_db(before))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(entries)
}

/// Who got how many coins by the transaction of this reference: an account's name and an amount.
pub(super) async fn booked(tx: &mut Tx, reference: &str) -> Result<Option<(String, i64)>, Error> {
    let booked = sqlx::query_as(
        "SELECT e.account, e.amount
         FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_number = t.number
         WHERE t.reference = $1 AND e.amount > 0",
    )
    .bind(reference)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(booked)
}

/// Coins that the shop's payment has sold.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Payment {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    pub(super) reference: String,
    #[sqlx(try_from = "i64")]
    pub(super) at_ms: u64,
    pub(super) account: String,
    pub(super) amount: i64,
}

/// Up to `limit` payments before the transaction `before`, for this wallet or for all, newest first.
pub(super) async fn payments(
    tx: &mut Tx,
    wallet: Option<Account<'_>>,
    before: u64,
    limit: u32,
) -> Result<Vec<Payment>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT t.number, t.reference, t.at_ms, w.account, w.amount
         FROM ledger_entries p JOIN ledger_transactions t ON t.number = p.transaction_number
             JOIN ledger_entries w ON w.transaction_number = t.number AND w.account <> p.account
         WHERE p.account = ",
    );
    query.push_bind(Account::Payment.name());
    query.push(" AND p.transaction_number < ").push_bind(to_db(before));
    if let Some(wallet) = wallet {
        query.push(" AND w.account = ").push_bind(wallet.name());
    }
    query.push(" ORDER BY p.transaction_number DESC LIMIT ").push_bind(i64::from(limit));
    Ok(query.build_query_as().fetch_all(&mut **tx).await?)
}

/// The payment of this reference.
pub(super) async fn payment(tx: &mut Tx, reference: &str) -> Result<Option<Payment>, Error> {
    let payment = sqlx::query_as(
        "SELECT t.number, t.reference, t.at_ms, w.account, w.amount
         FROM ledger_transactions t JOIN ledger_entries w ON w.transaction_number = t.number
         WHERE t.reference = $1 AND w.amount > 0",
    )
    .bind(reference)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(payment)
}
