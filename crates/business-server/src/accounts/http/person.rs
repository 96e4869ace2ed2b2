//! Calls: what is kept of a person, and the end of it.

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chat_types::UserId;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::people::{check_other, find, id};
use crate::Business;
use crate::accounts::{erasure, export};
use crate::audit::{self, Act};
use crate::http::{Api, Caller, PathOf, Problem, Problems, QueryOf, Role};

pub(super) fn routes() -> Api {
    Api::new()
        .routes(routes!(export_me))
        .routes(routes!(delete_me))
        .routes(routes!(export_one))
        .routes(routes!(delete_one))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// Whether coins in the wallet and the income may be lost.
    #[serde(default)]
    forfeit: bool,
}

/// Everything that is kept of the caller: a JSON object with a list for each subject.
#[utoipa::path(get, path = "/me/export", tag = "people", security(("token" = [])),
    responses((status = 200, content_type = "application/json"), Problems))]
async fn export_me(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<Response, Problem> {
    written(&business, caller.user_id)
}

/// Everything that is kept of a person. For administrators.
#[utoipa::path(get, path = "/accounts/{user}/export", tag = "people",
    params(("user" = String, Path)), security(("token" = [])),
    responses((status = 200, content_type = "application/json"), Problems))]
async fn export_one(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    let user_id = id(user)?;
    let mut tx = business.database.write().await?;
    find(&mut tx, user_id.as_str()).await?;
    // Only looked at, but at everything.
    audit::note(&mut tx, &caller, Act::on(user_id.as_str())).await?;
    tx.commit().await?;
    written(&business, user_id)
}

fn written(business: &Arc<Business>, user_id: UserId) -> Result<Response, Problem> {
    let body = Body::from_stream(export::export(business, user_id)?);
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"export.json\""),
    ];
    Ok((headers, body).into_response())
}

/// Delete the caller, here and at the chat service. Numbers of the ledger, orders and draws stay under
/// another name.
#[utoipa::path(delete, path = "/me", tag = "people", params(How), security(("token" = [])),
    responses((status = 204), Problems))]
async fn delete_me(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(How { forfeit }): QueryOf<How>,
) -> Result<StatusCode, Problem> {
    let mut tx = business.database.write().await?;
    erasure::delete(&business, &mut tx, &caller.user_id, forfeit).await?;
    tx.commit().await?;
    business.accounts.changed(caller.user_id.as_str());
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a person, here and at the chat service. For administrators.
#[utoipa::path(delete, path = "/accounts/{user}", tag = "people",
    params(("user" = String, Path), How), security(("token" = [])),
    responses((status = 204), Problems))]
async fn delete_one(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
    QueryOf(How { forfeit }): QueryOf<How>,
) -> Result<StatusCode, Problem> {
    let user_id = id(user)?;
    check_other(&business, &caller, &user_id)?;
    let mut tx = business.database.write().await?;
    let instead = erasure::delete(&business, &mut tx, &user_id, forfeit).await?;
    // Who it was is to be forgotten.
    audit::note(&mut tx, &caller, Act::on(&instead)).await?;
    tx.commit().await?;
    business.accounts.changed(user_id.as_str());
    Ok(StatusCode::NO_CONTENT)
}
