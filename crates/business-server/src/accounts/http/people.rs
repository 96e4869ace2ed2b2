//! Calls: what administrators see of accounts and do to them.

use axum::extract::State;
use axum::http::StatusCode;
use chat_types::UserId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::Business;
use crate::accounts::store::{self, Account, Search};
use crate::accounts::{self, levels};
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, Role};
use crate::rooms;
use crate::storage::Tx;

/// Accounts in one answer, at most.
const PAGE: u32 = 100;

pub(super) fn routes() -> Api {
    Api::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(set_role, unset_role))
        .routes(routes!(block, unblock))
        .routes(routes!(end_tokens))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// What the id begins with, or the name in capital or small letters.
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    #[param(inline)]
    role: Option<Role>,
    /// Whether the account is kept out.
    #[serde(default)]
    blocked: Option<bool>,
    /// Accounts whose ids come after this one.
    #[serde(default)]
    after: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Accounts {
    /// By id, at most 100.
    accounts: Vec<AccountView>,
    /// `after` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AccountView {
    user_id: String,
    nick: String,
    role: Role,
    /// An administrator has set the role, and sign-ins do not change it.
    role_is_set: bool,
    /// Since when the account is kept out; absent for one that is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_since_s: Option<u64>,
    /// It is an administrator of the chat application, and gets no UserSig here.
    application_admin: bool,
    created_s: u64,
    experience: u64,
    level: u32,
}

fn view(business: &Business, account: Account) -> AccountView {
    AccountView {
        role_is_set: account.has_set_role(),
        blocked_since_s: account.blocked_since_s(),
        application_admin: account.is_barred(),
        level: levels::level_of(&business.config.levels, account.experience),
        user_id: account.user_id.into(),
        nick: account.nick,
        role: account.role,
        created_s: account.created_s,
        experience: account.experience,
    }
}

/// The account, or 404.
pub(super) async fn find(tx: &mut Tx, user_id: &str) -> Result<Account, Problem> {
    let found = store::find(tx, user_id).await?;
    found.ok_or_else(|| Problem::not_found("account", format!("there is no account {user_id}")))
}

/// Accounts by id. For administrators.
#[utoipa::path(get, path = "/accounts", tag = "people", params(Which), security(("token" = [])),
    responses((status = 200, body = Accounts), Problems))]
async fn list(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(which): QueryOf<Which>,
) -> Result<axum::Json<Accounts>, Problem> {
    caller.require(Role::Admin)?;
    let search = Search {
        prefix: &which.prefix,
        role: which.role,
        blocked: which.blocked,
        after: &which.after,
    };
    let mut tx = business.database.read().await?;
    // One more than the page, to know whether there is another.
    let mut found = store::search(&mut tx, &search, PAGE + 1).await?;
    let has_more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let next = found.last().map(|account| account.user_id.to_string()).filter(|_| has_more);
    let accounts = found.into_iter().map(|account| view(&business, account)).collect();
    Ok(axum::Json(Accounts { accounts, next }))
}

/// One account. For administrators.
#[utoipa::path(get, path = "/accounts/{user}", tag = "people", params(("user" = String, Path)),
    security(("token" = [])), responses((status = 200, body = AccountView), Problems))]
async fn one(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    caller.require(Role::Admin)?;
    let account = find(&mut business.database.read().await?, &user).await?;
    Ok(axum::Json(view(&business, account)))
}

/// 403 unless the caller is an administrator, 409 for what would shut the caller out.
pub(super) fn check_other(
    business: &Business,
    caller: &Caller,
    user_id: &UserId,
) -> Result<(), Problem> {
    caller.require(Role::Admin)?;
    if caller.user_id == *user_id {
        return Err(Problem::conflict(
            "self",
            "this is your own account: ask another administrator",
        ));
    }
    if business.config.chat.is_own(user_id.as_str()) {
        return Err(Problem::forbidden("this account belongs to the service itself"));
    }
    Ok(())
}

/// An id that may be one of an account.
pub(super) fn id(text: String) -> Result<UserId, Problem> {
    UserId::new(text).map_err(|error| Problem::invalid(error.info))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetRole {
    role: Role,
}

/// Set what an account may do. It holds from the next call on, and whatever the account signs in with
/// later. For administrators.
#[utoipa::path(put, path = "/accounts/{user}/role", tag = "people",
    params(("user" = String, Path)), request_body = SetRole, security(("token" = [])),
    responses((status = 200, body = AccountView), Problems))]
async fn set_role(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
    Body(SetRole { role }): Body<SetRole>,
) -> Result<axum::Json<AccountView>, Problem> {
    change_role(&business, &caller, user, Some(role)).await
}

/// Let the sign-ins of an account say again what it may do, as the last one did. For administrators.
#[utoipa::path(delete, path = "/accounts/{user}/role", tag = "people",
    params(("user" = String, Path)), security(("token" = [])),
    responses((status = 200, body = AccountView), Problems))]
async fn unset_role(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    change_role(&business, &caller, user, None).await
}

async fn change_role(
    business: &Business,
    caller: &Caller,
    user: String,
    role: Option<Role>,
) -> Result<axum::Json<AccountView>, Problem> {
    let user_id = id(user)?;
    check_other(business, caller, &user_id)?;
    let mut tx = business.database.write().await?;
    let before = find(&mut tx, user_id.as_str()).await?;
    store::set_role(&mut tx, user_id.as_str(), role).await?;
    rooms::end_unless_host(business, &mut tx, user_id.as_str()).await?;
    let after = find(&mut tx, user_id.as_str()).await?;
    let state = |account: &Account| json!({"role": account.role, "set": account.has_set_role()});
    let act = Act::on(user_id.as_str()).before(state(&before)).after(state(&after));
    audit::note(&mut tx, caller, act).await?;
    tx.commit().await?;
    business.accounts.changed(user_id.as_str());
    business.outbox.wake();
    Ok(axum::Json(view(business, after)))
}

/// Keep an account out of everything: its tokens end, its logins at the chat service end, it neither
/// signs in nor speaks nor comes into a room. For administrators.
#[utoipa::path(put, path = "/accounts/{user}/block", tag = "people",
    params(("user" = String, Path)), security(("token" = [])),
    responses((status = 200, body = AccountView), Problems))]
async fn block(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    change_block(&business, &caller, user, true).await
}

/// Let an account in again; it has to sign in anew. For administrators.
#[utoipa::path(delete, path = "/accounts/{user}/block", tag = "people",
    params(("user" = String, Path)), security(("token" = [])),
    responses((status = 200, body = AccountView), Problems))]
async fn unblock(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    change_block(&business, &caller, user, false).await
}

async fn change_block(
    business: &Business,
    caller: &Caller,
    user: String,
    blocked: bool,
) -> Result<axum::Json<AccountView>, Problem> {
    let user_id = id(user)?;
    check_other(business, caller, &user_id)?;
    let mut tx = business.database.write().await?;
    let before = find(&mut tx, user_id.as_str()).await?;
    let since_s = blocked.then(|| business.clock.now_s());
    store::set_blocked(&mut tx, user_id.as_str(), since_s).await?;
    if blocked {
        revoke(business, &mut tx, user_id.as_str()).await?;
        rooms::end_unless_host(business, &mut tx, user_id.as_str()).await?;
    }
    let after = find(&mut tx, user_id.as_str()).await?;
    let state = |account: &Account| json!({"blocked_since_s": account.blocked_since_s()});
    let act = Act::on(user_id.as_str()).before(state(&before)).after(state(&after));
    audit::note(&mut tx, caller, act).await?;
    tx.commit().await?;
    business.accounts.changed(user_id.as_str());
    business.outbox.wake();
    Ok(axum::Json(view(business, after)))
}

/// End all tokens of an account and its logins at the chat service. Tokens that the identity server
/// issued before open nothing any more. For administrators.
#[utoipa::path(delete, path = "/accounts/{user}/tokens", tag = "people",
    params(("user" = String, Path)), security(("token" = [])),
    responses((status = 204), Problems))]
async fn end_tokens(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let user_id = id(user)?;
    check_other(&business, &caller, &user_id)?;
    let mut tx = business.database.write().await?;
    find(&mut tx, user_id.as_str()).await?;
    revoke(&business, &mut tx, user_id.as_str()).await?;
    audit::note(&mut tx, &caller, Act::on(user_id.as_str())).await?;
    tx.commit().await?;
    business.accounts.changed(user_id.as_str());
    Ok(StatusCode::NO_CONTENT)
}

/// Ends what an account has, and what the identity server has given out for it so far.
async fn revoke(business: &Business, tx: &mut Tx, user_id: &str) -> Result<(), Problem> {
    accounts::sign_out(tx, user_id).await?;
    // What was issued in this very millisecond is of before.
    store::refuse_before(tx, user_id, business.clock.now_ms().saturating_add(1)).await?;
    Ok(())
}
