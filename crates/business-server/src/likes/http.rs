//! Calls: how many likes a room has.

use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::record::day;
use super::store::{self, Totals};
use crate::Business;
use crate::http::{Api, Caller, PathOf, Problem, Problems};
use crate::rooms;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(likes))
}

#[derive(Debug, Serialize, ToSchema)]
struct Likes {
    room: String,
    total: u64,
    /// Of this day, UTC.
    today: u64,
    /// Of the stream that runs; absent when none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u64>,
}

/// The likes of a room, exact. In an application without group counters clients ask for them when
/// they come in and every ten seconds or so.
#[utoipa::path(get, path = "/rooms/{room}/likes", tag = "likes", params(("room" = String, Path)),
    security(("token" = [])), responses((status = 200, body = Likes), Problems))]
async fn likes(
    State(business): State<Arc<Business>>,
    _: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Likes>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find(&mut tx, &room).await?.group_id;
    let open = rooms::store::open_stream(&mut tx, &room).await?;
    let today = day(business.clock.now_s());
    let Totals { total, today, stream } = store::totals(&mut tx, &room, today, open).await?;
    Ok(axum::Json(Likes { room, total, today, stream: open.map(|_| stream) }))
}
