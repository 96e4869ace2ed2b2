//! Calls: figures of streams.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::csv_page;
use super::store::{self, Minute, Stream, Totals};
use crate::Business;
use crate::http::{Api, Caller, PathOf, Problem, Problems, QueryOf, number, page_of};
use crate::rooms;

/// Streams in one answer, at most.
const STREAMS_PAGE: u32 = 100;
/// Minutes in one answer, at most: a week.
const MINUTES_PAGE: u32 = 7 * 24 * 60;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(statistics)).routes(routes!(streams))
}

#[derive(Debug, Serialize, ToSchema)]
struct StatisticsView {
    room: String,
    #[serde(flatten)]
    stream: Stream,
    totals: Totals,
    /// Minutes in which anything was counted, a week of them at most.
    minutes: Vec<Minute>,
    /// There are more: ask with this as `after_s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_after_s: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Csv,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The newest one when it is absent.
    #[serde(default, deserialize_with = "number")]
    stream: Option<u64>,
    /// `json` with totals, or `csv` with the minutes alone.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// Minutes that begin after this time, in Unix seconds.
    #[serde(default, deserialize_with = "number")]
    after_s: u64,
}

/// The figures of a stream: the owner of the room, or an administrator.
#[utoipa::path(get, path = "/rooms/{room}/statistics", tag = "statistics",
    params(("room" = String, Path), Asked), security(("token" = [])),
    responses((status = 200, content((StatisticsView = "application/json"), (String = "text/csv"))),
        Problems))]
async fn statistics(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(asked): QueryOf<Asked>,
) -> Result<Response, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let group_id = room.group_id.as_str();
    let stream = store::find_stream(&mut tx, group_id, asked.stream).await?.ok_or_else(|| {
        Problem::not_found("stream", format!("room {group_id} has had no such stream"))
    })?;
    let after_minute = asked.after_s / 60;
    let found =
        store::minutes(&mut tx, group_id, stream.stream, after_minute, MINUTES_PAGE + 1).await?;
    let (minutes, more_after_s) = page_of(found, MINUTES_PAGE, |minute| minute.minute_s);
    match asked.format {
        Format::Csv => {
            let table = csv_page::page(group_id, &room.title, stream.stream, &minutes);
            let table = table.map_err(|error| {
                tracing::error!(%error, "table not written");
                Problem::internal()
            })?;
            let name = format!("attachment; filename=\"statistics-{}.csv\"", stream.stream);
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            Ok((headers, table).into_response())
        }
        Format::Json => {
            let totals = store::totals(&mut tx, group_id, stream.stream).await?;
            let room = room.group_id;
            let view = StatisticsView { room, stream, totals, minutes, more_after_s };
            Ok(axum::Json(view).into_response())
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// Streams with smaller numbers than this.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

/// The streams of a room, the newest first, a hundred at most: the owner of the room, or an
/// administrator.
#[utoipa::path(get, path = "/rooms/{room}/streams", tag = "statistics",
    params(("room" = String, Path), Before), security(("token" = [])),
    responses((status = 200, body = Vec<Stream>), Problems))]
async fn streams(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(Before { before }): QueryOf<Before>,
) -> Result<axum::Json<Vec<Stream>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let before = before.unwrap_or(u64::MAX);
    Ok(axum::Json(store::streams(&mut tx, &room.group_id, before, STREAMS_PAGE).await?))
}
