//! Calls: wallets and payments of others, for administrators.

use axum::extract::State;
use chat_types::UserId;
use chat_types::business::api::Wallet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::http::{Before, Entries, PAGE, entries_of};
use super::store::{self, Payment};
use super::{Account, balance_of};
use crate::Business;
use crate::accounts;
use crate::http::{Api, Caller, PathOf, Problem, Problems, QueryOf, Role, number, page_of};
use crate::storage::Tx;

pub(super) fn routes() -> Api {
    Api::new()
        .routes(routes!(wallet_of))
        .routes(routes!(entries_of_account))
        .routes(routes!(payments))
        .routes(routes!(payment))
}

/// The account, or 404.
async fn known(tx: &mut Tx, user: String) -> Result<UserId, Problem> {
    let absent = || Problem::not_found("account", format!("there is no account {user}"));
    let account = accounts::store::find(tx, &user).await?;
    account.map(|account| account.user_id).ok_or_else(absent)
}

/// The wallet of an account. For administrators.
#[utoipa::path(get, path = "/accounts/{user}/wallet", tag = "wallet",
    params(("user" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Wallet), Problems))]
async fn wallet_of(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<axum::Json<Wallet>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let user = known(&mut tx, user).await?;
    let balance = balance_of(&mut tx, &user).await?;
    Ok(axum::Json(Wallet { balance, may_top_up: business.config.development }))
}

/// What went into the wallet of an account and out of it. For administrators.
#[utoipa::path(get, path = "/accounts/{user}/wallet/entries", tag = "wallet",
    params(("user" = String, Path), Before), security(("token" = [])),
    responses((status = 200, body = Entries), Problems))]
async fn entries_of_account(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
    QueryOf(before): QueryOf<Before>,
) -> Result<axum::Json<Entries>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let user = known(&mut tx, user).await?;
    Ok(axum::Json(entries_of(&mut tx, &user, before).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WantedPayments {
    /// For this account.
    user: Option<String>,
    /// Those before this entry; the newest without it.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Payments {
    /// Newest first, at most 50.
    payments: Vec<PaymentView>,
    /// `before` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PaymentView {
    /// Its entry in the ledger.
    entry: u64,
    payment_id: String,
    user: String,
    coins: i64,
    at_s: u64,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        let without = |text: String, prefix: &str| {
            text.strip_prefix(prefix).map(str::to_owned).unwrap_or(text)
        };
        Self {
            entry: payment.number,
            payment_id: without(payment.reference, "payment:"),
            user: without(payment.account, "wallet:"),
            coins: payment.amount,
            at_s: payment.at_ms / 1_000,
        }
    }
}

/// What the shop's payment has sold. For administrators.
#[utoipa::path(get, path = "/payments", tag = "wallet", params(WantedPayments),
    security(("token" = [])), responses((status = 200, body = Payments), Problems))]
async fn payments(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(WantedPayments { user, before }): QueryOf<WantedPayments>,
) -> Result<axum::Json<Payments>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let wallet = user.as_deref().map(Account::Wallet);
    let before = before.unwrap_or(u64::MAX);
    let found = store::payments(&mut tx, wallet, before, PAGE + 1).await?;
    let (found, next) = page_of(found, PAGE, |payment| payment.number);
    Ok(axum::Json(Payments { payments: found.into_iter().map(Into::into).collect(), next }))
}

/// One payment. For administrators.
#[utoipa::path(get, path = "/payments/{payment}", tag = "wallet",
    params(("payment" = String, Path)), security(("token" = [])),
    responses((status = 200, body = PaymentView), Problems))]
async fn payment(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(payment): PathOf<String>,
) -> Result<axum::Json<PaymentView>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let found = store::payment(&mut tx, &format!("payment:{payment}")).await?;
    let absent = || Problem::not_found("payment", format!("there is no payment {payment}"));
    Ok(axum::Json(found.ok_or_else(absent)?.into()))
}
