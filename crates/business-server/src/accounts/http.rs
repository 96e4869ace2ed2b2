//! Calls: coming in.

use axum::extract::State;
use chat_types::UserId;
use chat_types::business::api::{Entry, SignIn};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use usersig::SignRequest;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Person, admit, check_open, levels, nick, store};
use crate::http::{Api, Body, Caller, ClientAddress, Problem, Problems, Role};
use crate::{Business, moderation};

pub(crate) fn routes() -> Api {
    Api::new()
        .routes(routes!(sign_in))
        .routes(routes!(exchange))
        .routes(routes!(renew))
        .routes(routes!(me))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Exchange {
    /// JSON Web Token of the shop's identity server.
    token: String,
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
    let nick = nick(&body.name)?;
    moderation::check_name(&business, &nick).await?;
    enter(&business, &Person { user_id, nick, role: body.role }).await
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
    let person = identity.verify(&body.token, business.clock.now_ms()).await?;
    // Nobody can choose here what the identity server says.
    let nick = moderation::public_name(&business, person.user_id.as_str(), person.nick).await?;
    let person = Person { nick, ..person };
    enter(&business, &person).await
}

/// A new token and a new UserSig, before the old ones end.
#[utoipa::path(post, path = "/renew", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Entry), Problems))]
async fn renew(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Entry>, Problem> {
    let account = store::find(&mut business.database.read().await?, caller.user_id.as_str())
        .await?
        .ok_or_else(|| Problem::not_found("account", "the account is gone: sign in"))?;
    // It may have become an administrator of the application since it came in.
    check_open(&business, &account.user_id, Some(&account)).await?;
    let person = Person { user_id: account.user_id, nick: account.nick, role: account.role };
    entry(&business, &person)
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
        .ok_or_else(|| Problem::not_found("account", "the account is gone: sign in"))?;
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
    admit(business, person).await?;
    entry(business, person)
}

fn entry(business: &Business, person: &Person) -> Result<axum::Json<Entry>, Problem> {
    let now_s = business.clock.now_s();
    let (token, token_ends_at_s) = business.tokens.make(&person.user_id, now_s)?;
    let chat = &business.config.chat;
    let expire_s = business.config.user_sig_lifetime.as_secs();
    let user_sig = usersig::sign(&SignRequest {
        sdk_app_id: chat.sdk_app_id,
        key: chat.key.reveal(),
        identifier: person.user_id.as_str(),
        time_s: now_s,
        expire_s,
        userbuf: None,
    })
    .map_err(|error| {
        tracing::error!(%error, "UserSig not signed");
        Problem::internal()
    })?;
    Ok(axum::Json(Entry {
        user_id: person.user_id.clone(),
        nick: person.nick.clone(),
        role: person.role,
        token,
        token_ends_at_s,
        user_sig,
        user_sig_ends_at_s: now_s.saturating_add(expire_s),
        sdk_app_id: chat.sdk_app_id,
    }))
}
