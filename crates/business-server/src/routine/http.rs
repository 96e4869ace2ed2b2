//! Calls: how the routines of this process do.

use axum::extract::State;
use std::sync::Arc;
use utoipa_axum::routes;

use super::state::RoutineState;
use crate::Business;
use crate::http::{Api, Caller, Problem, Problems, Role};

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(routines))
}

/// What the service does by itself: what of it this process runs, and what has failed.
#[utoipa::path(get, path = "/routines", tag = "service", security(("token" = [])),
    responses((status = 200, body = Vec<RoutineState>), Problems))]
async fn routines(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Vec<RoutineState>>, Problem> {
    caller.require(Role::Admin)?;
    Ok(axum::Json(business.routines.list()))
}
