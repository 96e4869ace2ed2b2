//! Calls: wallets.

use axum::extract::State;
use chat_types::UserId;
use chat_types::business::api::{MAX_TOP_UP, TopUp, Wallet};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::payment::{self, Paid, Payment};
use super::store::Entry;
use super::{Account, Booking, Kind, balance_of, book, store, support};
use crate::Business;
use crate::audit::{self, Act};
use crate::gifts::idempotency::{self, IdempotencyKey};
use crate::http::{Api, Body, Caller, Problem, Problems, QueryOf, Role, Signed, number, page_of};
use crate::storage::Tx;

/// Entries in one answer, at most.
pub(super) const PAGE: u32 = 50;

pub(crate) fn routes() -> Api {
    Api::new()
        .routes(routes!(wallet))
        .routes(routes!(entries))
        .routes(routes!(top_up))
        .routes(routes!(pay))
        .merge(support::routes())
}

/// The wallet of the caller.
#[utoipa::path(get, path = "/wallet", tag = "wallet", security(("token" = [])),
    responses((status = 200, body = Wallet), Problems))]
async fn wallet(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Wallet>, Problem> {
    let balance = balance_of(&mut business.database.read().await?, &caller.user_id).await?;
    Ok(axum::Json(Wallet { balance, may_top_up: business.config.development }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Before {
    /// Entries before this one; the newest without it.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Entries {
    /// Newest first, at most 50.
    entries: Vec<Entry>,
    /// `before` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// What went into the caller's wallet and out of it.
#[utoipa::path(get, path = "/wallet/entries", tag = "wallet", params(Before),
    security(("token" = [])), responses((status = 200, body = Entries), Problems))]
async fn entries(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(before): QueryOf<Before>,
) -> Result<axum::Json<Entries>, Problem> {
    let mut tx = business.database.read().await?;
    Ok(axum::Json(entries_of(&mut tx, &caller.user_id, before).await?))
}

/// A page of the entries of this account's wallet.
pub(super) async fn entries_of(
    tx: &mut Tx,
    user: &UserId,
    Before { before }: Before,
) -> Result<Entries, Problem> {
    let account = Account::Wallet(user.as_str());
    let found = store::entries(tx, account, before.unwrap_or(u64::MAX), PAGE + 1).await?;
    let (entries, next) = page_of(found, PAGE, |entry| entry.number);
    Ok(Entries { entries, next })
}

/// Fill up the caller's wallet, for nothing. Only in development.
#[utoipa::path(post, path = "/wallet/top-up", tag = "wallet", request_body = TopUp,
    params(IdempotencyKey), security(("token" = [])),
    responses((status = 200, body = Wallet), Problems))]
async fn top_up(
    State(business): State<Arc<Business>>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<TopUp>,
) -> Result<axum::Json<Wallet>, Problem> {
    if !business.config.development {
        return Err(Problem::forbidden("wallets are filled up by the shop's payment"));
    }
    if !(1..=MAX_TOP_UP).contains(&body.coins) {
        return Err(Problem::invalid(format!("coins are 1 to {MAX_TOP_UP}")));
    }
    let call = key.of(&caller.user_id, "wallet/top-up", &body)?;
    let mut tx = business.database.write().await?;
    if let Some(answer) = idempotency::answered(&mut tx, &call).await? {
        return Ok(axum::Json(answer));
    }
    let now_ms = business.clock.now_ms();
    let booking = Booking {
        kind: Kind::TopUp,
        reference: &format!("top_up:{}:{}:{now_ms}", caller.user_id, call.key()),
        reason: None,
        from: Account::Development,
        to: Account::Wallet(caller.user_id.as_str()),
        coins: body.coins,
    };
    let (_, balance) = book(&mut tx, booking, now_ms).await?;
    if caller.role > Role::Viewer {
        let state = json!({"coins": body.coins, "balance": balance});
        audit::note(&mut tx, &caller, Act::on(caller.user_id.as_str()).after(state)).await?;
    }
    let answer = Wallet { balance, may_top_up: true };
    idempotency::keep(&mut tx, &call, &answer, now_ms).await?;
    tx.commit().await?;
    Ok(axum::Json(answer))
}

/// Fill up a wallet with what somebody has paid for. The shop's payment signs the raw body:
/// `X-Signature` is its HMAC-SHA256 with the payment key, in hexadecimal.
#[utoipa::path(post, path = "/payments/top-up", tag = "wallet", request_body = Payment,
    params(("X-Signature" = String, Header)),
    responses((status = 200, body = Paid), Problems))]
async fn pay(
    State(business): State<Arc<Business>>,
    Signed(payment): Signed<Payment>,
) -> Result<axum::Json<Paid>, Problem> {
    let mut tx = business.database.write().await?;
    let paid = payment::take(&mut tx, payment, business.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(axum::Json(paid))
}
