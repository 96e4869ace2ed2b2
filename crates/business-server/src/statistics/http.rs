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
use crate::http::{Api, Caller, PathOf, Problem, Problems, QueryOf, number};
use crate::rooms;

/// Streams in one answer, at most.
const STREAMS_PAGE: u32 = 100;
/// Minutes in one answer, at most: a week.
const MINUTES_PAGE: u32 = 7 * 24 * 60;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(statistics)).routes(routes!(streams))
}

#[derive(Debug, Serialize, ToSchema)]
struct StreamView {
    /// Counts the streams of a room from 1.
    stream: u64,
    began_at_s: u64,
    /// Absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at_s: Option<u64>,
}

impl From<Stream> for StreamView {
    fn from(stream: Stream) -> Self {
        let Stream { stream, began_s, ended_s } = stream;
        Self { stream, began_at_s: began_s, ended_at_s: ended_s }
    }
}

/// One minute. What happened before the stream and after the one before it belongs to it, but for
/// likes, which are counted while one runs.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(super) struct MinuteView {
    /// Its beginning, in Unix seconds.
    pub(super) minute_s: u64,
    /// Online when it was counted; absent when the chat service did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) viewers: Option<u64>,
    pub(super) joins: u64,
    pub(super) leaves: u64,
    pub(super) comments: u64,
    /// Accounts that commented for the first time in the stream.
    pub(super) new_chatters: u64,
    pub(super) likes: u64,
    pub(super) gifts: u64,
    /// Coins of the gifts, without what was refunded.
    pub(super) income: u64,
    /// Orders of products that the shop reported.
    pub(super) orders: u64,
    /// Pieces in these orders.
    pub(super) pieces: u64,
    /// Messages that were refused.
    pub(super) refused: u64,
    /// Messages for which the room was too crowded.
    pub(super) left_out: u64,
}

impl MinuteView {
    fn new(minute: u64, at: Minute) -> Self {
        let Minute { viewers, counts, trade } = at;
        Self {
            minute_s: minute.saturating_mul(60),
            viewers,
            joins: counts.joins,
            leaves: counts.leaves,
            comments: counts.comments,
            new_chatters: counts.new_chatters,
            likes: counts.likes,
            gifts: trade.gifts,
            income: trade.income,
            orders: trade.orders,
            pieces: trade.pieces,
            refused: counts.refused,
            left_out: counts.left_out,
        }
    }
}

/// The whole stream.
#[derive(Debug, Serialize, ToSchema)]
struct TotalsView {
    /// Most viewers of all minutes that were counted.
    peak_viewers: u64,
    joins: u64,
    leaves: u64,
    comments: u64,
    /// Different accounts that commented.
    chatters: u64,
    likes: u64,
    gifts: u64,
    income: u64,
    /// Accounts that opened the link of a product, for each product.
    product_clicks: u64,
    orders: u64,
    pieces: u64,
    refused: u64,
    left_out: u64,
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        let Totals { peak_viewers, counts, chatters, trade, clicks } = totals;
        Self {
            peak_viewers,
            joins: counts.joins,
            leaves: counts.leaves,
            comments: counts.comments,
            chatters,
            likes: counts.likes,
            gifts: trade.gifts,
            income: trade.income,
            product_clicks: clicks,
            orders: trade.orders,
            pieces: trade.pieces,
            refused: counts.refused,
            left_out: counts.left_out,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct StatisticsView {
    room: String,
    #[serde(flatten)]
    stream: StreamView,
    totals: TotalsView,
    /// Minutes in which anything was counted, a week of them at most.
    minutes: Vec<MinuteView>,
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
    let page = usize::try_from(MINUTES_PAGE).unwrap_or(usize::MAX);
    let is_more = found.len() > page;
    let minutes: Vec<MinuteView> =
        found.into_iter().take(page).map(|(minute, at)| MinuteView::new(minute, at)).collect();
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
            let totals = store::totals(&mut tx, group_id, stream.stream).await?.into();
            let more_after_s = minutes.last().filter(|_| is_more).map(|minute| minute.minute_s);
            let room = room.group_id;
            let stream = stream.into();
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
    responses((status = 200, body = Vec<StreamView>), Problems))]
async fn streams(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(Before { before }): QueryOf<Before>,
) -> Result<axum::Json<Vec<StreamView>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let before = before.unwrap_or(u64::MAX);
    let streams = store::streams(&mut tx, &room.group_id, before, STREAMS_PAGE).await?;
    Ok(axum::Json(streams.into_iter().map(StreamView::from).collect()))
}
