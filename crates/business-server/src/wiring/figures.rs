//! Calls: what has become of webhooks, by all who have a part in it.

use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::Business;
use crate::http::{Api, Caller, Problem, Problems, Role};
use crate::likes::LikeFigures;
use crate::moderation::ModerationFigures;
use crate::webhooks::{self, ReceiverFigures};

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(figures))
}

/// Counted since the start of the service.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookFigures {
    #[serde(flatten)]
    webhooks: ReceiverFigures,
    /// Events that are stored and not processed yet.
    unheard: u64,
    #[serde(flatten)]
    moderation: ModerationFigures,
    #[serde(flatten)]
    likes: LikeFigures,
}

/// What the receiver of webhooks has taken, refused and lost since the start.
#[utoipa::path(get, path = "/webhooks/figures", tag = "webhooks", security(("token" = [])),
    responses((status = 200, body = WebhookFigures), Problems))]
async fn figures(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<WebhookFigures>, Problem> {
    caller.require(Role::Admin)?;
    let unheard = webhooks::unprocessed(&mut business.database.read().await?).await?;
    Ok(axum::Json(WebhookFigures {
        webhooks: business.webhooks.figures(),
        unheard,
        moderation: business.moderation.figures.read(),
        likes: business.likes.figures.read(),
    }))
}
