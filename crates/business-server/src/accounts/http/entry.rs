//! Calls: coming in.

use axum::extract::State;
use axum::http::StatusCode;
use chat_types::UserId;
use chat_types::business::api::{Entry, Exchange, SignIn};
use serde::Serialize;
use std::sync::Arc;
use usersig::SignRequest;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::accounts::store::Account;
use crate::accounts::{
    Person, Proof, Session, admit, check_open, cut_nick, levels, nick, store, subjects,
};
use crate::http::{Api, Body, Caller, ClientAddress, Problem, Problems, Role};
use crate::{Business, moderation};

pub(super) fn routes() -> Api {
    Api::new()
        .routes(routes!(sign_in))
        .routes(routes!(exchange))
        .routes(routes!(renew))
        .routes(routes!(sign_out))
        .routes(routes!(me))
}

/// Sign in with a name alone. Only in development.
#[utoipa::path(post, path = "/sign-in", tag = "accounts", request_body = SignIn,
    responses((status = 200, body = Entry), Problems))]
async fn sign_in(
    State(business): State<Arc<Business>>,
    ClientAddress(client): ClientAddress,
    Body(body): Body<SignIn>,
) -> Result<axum::Json<Entry>, Problem> {
    if !business.config.development {
        return Err(Problem::forbidden(
            "signing in with a name is for development: exchange a token of the identity server",
        ));
    }
    business.entry_rates.admit(client)?;
    let user_id = UserId::new(body.user_id).map_err(|error| Problem::invalid(error.info))?;
    if subjects::is_reserved(user_id.as_str()) {
        return Err(Problem::invalid("such ids stand for accounts that were deleted"));
    }
    let nick = nick(&body.name)?;
    moderation::check_name(&business, &nick).await?;
    enter(&business, &Person { user_id, nick, role: body.role, proof: None }).await
}

/// Exchange a token of the shop's identity server for one of this service.
#[utoipa::path(post, path = "/token-exchange", tag = "accounts", request_body = Exchange,
    responses((status = 200, body = Entry), Problems))]
async fn exchange(
    State(business): State<Arc<Business>>,
    ClientAddress(client): ClientAddress,
    Body(body): Body<Exchange>,
) -> Result<axum::Json<Entry>, Problem> {
    let Some(identity) = &business.identity else {
        return Err(Problem::forbidden("no identity server is configured"));
    };
    business.entry_rates.admit(client)?;
    let vouched = identity.verify(&body.token, business.clock.now_ms()).await?;
    let (subject, issued_ms) = (&vouched.subject, vouched.issued_ms);
    let known = subjects::account_of(&business, identity.issuer(), subject, issued_ms).await?;
    let nick = cut_nick(&vouched.name).unwrap_or_else(|| known.user_id.to_string());
    let person = Person {
        // Nobody can choose here what the identity server says.
        nick: moderation::public_name(&business, known.user_id.as_str(), nick).await?,
        user_id: known.user_id,
        role: vouched.role,
        proof: Some(Proof { digest: known.digest, issued_ms: vouched.issued_ms }),
    };
    enter(&business, &person).await
}

/// A new token and a new UserSig, before the old ones end and up to the end of the session.
#[utoipa::path(post, path = "/renew", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Entry), Problems))]
async fn renew(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Entry>, Problem> {
    let account = store::find(&mut business.database.read().await?, caller.user_id.as_str())
        .await?
        .ok_or_else(Problem::foreign_token)?;
    // It may have become an administrator of the application since it came in.
    check_open(&business, &account.user_id, Some(&account)).await?;
    // What was taken back while this call was on its way is not given anew.
    let account = store::find(&mut business.database.read().await?, caller.user_id.as_str())
        .await?
        .ok_or_else(Problem::foreign_token)?;
    account.check_session(caller.session_epoch)?;
    entry(&business, account, caller.session_ends_s)
}

/// End all tokens of the caller and its logins at the chat service, on every device.
#[utoipa::path(post, path = "/sign-out", tag = "accounts", security(("token" = [])),
    responses((status = 204), Problems))]
async fn sign_out(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let mut tx = business.database.write().await?;
    crate::accounts::sign_out(&mut tx, caller.user_id.as_str()).await?;
    tx.commit().await?;
    business.accounts.changed(caller.user_id.as_str());
    Ok(StatusCode::NO_CONTENT)
}

/// Who the caller is here.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    #[schema(value_type = String)]
    user_id: UserId,
    nick: String,
    role: Role,
    /// From watching, speaking and giving; never falls.
    experience: u64,
    level: u32,
    /// Experience at which the level began.
    level_from: u64,
    /// Experience at which the next level begins; absent on the highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_level_from: Option<u64>,
}

/// The account of the caller.
#[utoipa::path(get, path = "/me", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Me), Problems))]
async fn me(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Me>, Problem> {
    let account = store::find(&mut business.database.read().await?, caller.user_id.as_str())
        .await?
        .ok_or_else(Problem::foreign_token)?;
    let progress = levels::progress(&business.config.levels, account.experience);
    Ok(axum::Json(Me {
        user_id: account.user_id,
        nick: account.nick,
        role: account.role,
        experience: account.experience,
        level: progress.level,
        level_from: progress.level_from,
        next_level_from: progress.next_level_from,
    }))
}

async fn enter(business: &Business, person: &Person) -> Result<axum::Json<Entry>, Problem> {
    business.call_rates.admit(person.user_id.as_str())?;
    let account = admit(business, person).await?;
    let lifetime = business.config.session_lifetime(person.proof.is_some());
    entry(business, account, business.clock.now_s().saturating_add(lifetime.as_secs()))
}

/// What opens both services, for no longer than the session lasts.
fn entry(
    business: &Business,
    account: Account,
    session_ends_s: u64,
) -> Result<axum::Json<Entry>, Problem> {
    let now_s = business.clock.now_s();
    let session = Session {
        user_id: account.user_id.clone(),
        ends_s: session_ends_s,
        epoch: account.token_epoch,
    };
    let (token, token_ends_at_s) = business.tokens.make(&session, now_s)?;
    let chat = &business.config.chat;
    let left_s = session_ends_s.saturating_sub(now_s);
    let expire_s = business.config.user_sig_lifetime.as_secs().min(left_s);
    let user_sig = usersig::sign(&SignRequest {
        sdk_app_id: chat.sdk_app_id,
        key: chat.key.reveal(),
        identifier: account.user_id.as_str(),
        time_s: now_s,
        expire_s,
        userbuf: None,
    })
    .map_err(|error| {
        tracing::error!(%error, "UserSig not signed");
        Problem::internal()
    })?;
    Ok(axum::Json(Entry {
        user_id: account.user_id,
        nick: account.nick,
        role: account.role,
        at_s: now_s,
        token,
        token_ends_at_s,
        session_ends_at_s: session_ends_s,
        user_sig,
        user_sig_ends_at_s: now_s.saturating_add(expire_s),
        sdk_app_id: chat.sdk_app_id,
    }))
}
