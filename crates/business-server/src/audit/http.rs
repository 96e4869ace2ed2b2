//! Calls: who did what.

use axum::extract::State;
use chat_types::business::api::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::store::{self, Kept};
use crate::Business;
use crate::http::{Api, Caller, Problem, Problems, QueryOf, number, page_of};

/// Acts in one answer, at most.
const PAGE: u32 = 100;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(list))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Account that did it.
    #[serde(default)]
    actor: Option<String>,
    /// What it was done to: the id of an account, an order, a product, a draw.
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    room: Option<String>,
    /// Such as `PUT /rooms/{room}/status`.
    #[serde(default)]
    call: Option<String>,
    /// From this time on, in Unix seconds.
    #[serde(default, deserialize_with = "number")]
    from_s: Option<u64>,
    /// Up to this time, without it.
    #[serde(default, deserialize_with = "number")]
    to_s: Option<u64>,
    /// Acts before this one; the newest without it.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Acts {
    /// Newest first, at most 100.
    acts: Vec<ActView>,
    /// `before` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ActView {
    act: u64,
    at_s: u64,
    actor: String,
    /// What the account was when it did it.
    role: String,
    call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    target: String,
    /// How it was; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    before: Option<Value>,
    /// How it was afterwards; absent where nothing was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    after: Option<Value>,
    /// `X-Request-Id` of the call.
    request: String,
}

impl From<Kept> for ActView {
    fn from(kept: Kept) -> Self {
        let read = |state: String| serde_json::from_str(&state).unwrap_or(Value::String(state));
        Self {
            act: kept.number,
            at_s: kept.at_ms / 1_000,
            actor: kept.actor,
            role: kept.role,
            call: kept.call,
            room: kept.room,
            target: kept.target,
            before: kept.state_before.map(read),
            after: kept.state_after.map(read),
            request: kept.request,
        }
    }
}

/// What administrators, moderators and hosts did. For administrators.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Which), security(("token" = [])),
    responses((status = 200, body = Acts), Problems))]
async fn list(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(which): QueryOf<Which>,
) -> Result<axum::Json<Acts>, Problem> {
    caller.require(Role::Admin)?;
    let milliseconds = |seconds: u64| seconds.saturating_mul(1_000);
    let search = store::Search {
        actor: which.actor.as_deref(),
        target: which.target.as_deref(),
        room: which.room.as_deref(),
        call: which.call.as_deref(),
        from_ms: which.from_s.map_or(0, milliseconds),
        to_ms: which.to_s.map_or(u64::MAX, milliseconds),
        before: which.before.unwrap_or(u64::MAX),
    };
    let mut tx = business.database.read().await?;
    let found = store::search(&mut tx, &search, PAGE + 1).await?;
    let (found, next) = page_of(found, PAGE, |act| act.number);
    Ok(axum::Json(Acts { acts: found.into_iter().map(ActView::from).collect(), next }))
}
