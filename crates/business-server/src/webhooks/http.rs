//! Calls: what the receiver has done.

use axum::extract::State;
use std::sync::Arc;
use utoipa_axum::routes;

use super::figures::WebhookFigures;
use crate::Business;
use crate::http::{Api, Caller, Problem, Problems, Role};

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(figures))
}

/// What the receiver of webhooks has taken, refused and lost since the start.
#[utoipa::path(get, path = "/webhooks/figures", tag = "webhooks", security(("token" = [])),
    responses((status = 200, body = WebhookFigures), Problems))]
async fn figures(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<WebhookFigures>, Problem> {
    caller.require(Role::Admin)?;
    Ok(axum::Json(business.webhooks.read_figures()))
}
