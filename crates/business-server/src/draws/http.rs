//! Calls: lucky draws.

use axum::extract::State as OfService;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chat_types::business::DrawConditions;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::keyword::Matching;
use super::opening::{self, Wish};
use super::store::{self, Draw, State};
use super::{closing, find, find_for_host};
use crate::Business;
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf};
use crate::rooms;
use crate::storage::{self, Tx};

/// Draws in one answer, at most.
const PAGE: u32 = 50;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(open, list)).routes(routes!(one, cancel)).routes(routes!(record))
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Match {
    /// The keyword stands anywhere in the comment.
    #[default]
    Contains,
    /// The comment is the keyword and nothing else.
    Equals,
}

/// Who of those that say the keyword takes part; looked at when the draw is closed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Filters {
    /// Accounts of this level or a higher one.
    min_level: u32,
    /// Accounts that have given a gift in this room since the stream began.
    must_have_gifted: bool,
    /// Accounts that follow the owner of the room.
    must_follow: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenDraw {
    /// What has to be said, 1 to 32 characters. Case and width of letters do not matter.
    #[schema(min_length = 1, max_length = 32)]
    keyword: String,
    #[serde(default)]
    matching: Match,
    /// 1 to 60 characters, shown as they stand.
    #[schema(min_length = 1, max_length = 60)]
    prize: String,
    /// 1 to 1000.
    #[schema(minimum = 1, maximum = 1_000)]
    winners: u32,
    /// Seconds to take part, 5 to 3600.
    #[schema(minimum = 5, maximum = 3_600)]
    window_s: u32,
    #[serde(default)]
    filters: Filters,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DrawState {
    /// Comments with the keyword take part.
    Open,
    /// Nobody can enter any more, and the winners are being drawn.
    Closing,
    Drawn,
    Cancelled,
}

#[derive(Debug, Serialize, ToSchema)]
struct WinnerView {
    user: String,
    nick: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct DrawView {
    draw: String,
    room: String,
    /// The stream that it belongs to; absent when none ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u64>,
    state: DrawState,
    keyword: String,
    prize: String,
    winners_wanted: u32,
    min_level: u32,
    must_have_gifted: bool,
    must_follow: bool,
    opened_at_s: u64,
    ends_at_s: u64,
    /// SHA-256 of the seed, in hexadecimal.
    commitment: String,
    /// Accounts that said the keyword in time.
    entrants: u64,
    /// Those of them that did not fulfil the conditions; known once the draw is closed.
    not_admitted: u64,
    /// Comments that came when the list was full.
    turned_away: u64,
    /// In the order in which they were drawn; empty until then.
    winners: Vec<WinnerView>,
    /// In hexadecimal; told once the draw is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_at_s: Option<u64>,
}

async fn view(tx: &mut Tx, draw: Draw) -> Result<DrawView, storage::Error> {
    let winners = match draw.state {
        State::Drawn => store::winners(tx, &draw.draw).await?,
        State::Open | State::Closing | State::Cancelled => Vec::new(),
    };
    Ok(DrawView {
        room: draw.group_id,
        stream: draw.stream,
        state: match draw.state {
            State::Open => DrawState::Open,
            State::Closing => DrawState::Closing,
            State::Drawn => DrawState::Drawn,
            State::Cancelled => DrawState::Cancelled,
        },
        keyword: draw.keyword,
        prize: draw.prize,
        winners_wanted: draw.winners,
        min_level: draw.conditions.min_level,
        must_have_gifted: draw.conditions.must_have_gifted,
        must_follow: draw.conditions.must_follow,
        opened_at_s: draw.opened_ms / 1_000,
        ends_at_s: draw.ends_ms / 1_000,
        commitment: draw.commitment,
        entrants: draw.entrants,
        not_admitted: draw.not_admitted,
        turned_away: draw.turned_away,
        winners: winners
            .into_iter()
            .map(|winner| WinnerView { user: winner.user, nick: winner.nick })
            .collect(),
        seed: (draw.state == State::Drawn).then(|| draw.seed.to_hex()),
        over_at_s: draw.over_ms.map(|ms| ms / 1_000),
        draw: draw.draw,
    })
}

/// Open a draw: the owner of the room, or an administrator. One at a time in a room.
#[utoipa::path(post, path = "/rooms/{room}/draws", tag = "draws", params(("room" = String, Path)),
    request_body = OpenDraw, security(("token" = [])),
    responses((status = 201, body = DrawView), Problems))]
async fn open(
    OfService(business): OfService<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(body): Body<OpenDraw>,
) -> Result<(StatusCode, axum::Json<DrawView>), Problem> {
    let Filters { min_level, must_have_gifted, must_follow } = body.filters;
    let wish = Wish {
        keyword: body.keyword,
        matching: match body.matching {
            Match::Contains => Matching::Contains,
            Match::Equals => Matching::Equals,
        },
        prize: body.prize,
        winners: body.winners,
        window_s: body.window_s,
        conditions: DrawConditions { min_level, must_have_gifted, must_follow },
    };
    let mut tx = business.database.write().await?;
    let draw = opening::open(&business, &mut tx, &room, &caller, wish).await?;
    let view = view(&mut tx, draw).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok((StatusCode::CREATED, axum::Json(view)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// Draws that were opened before this one.
    before: Option<String>,
}

/// The draws of a room, the newest first, fifty at most.
#[utoipa::path(get, path = "/rooms/{room}/draws", tag = "draws",
    params(("room" = String, Path), Before), security(("token" = [])),
    responses((status = 200, body = Vec<DrawView>), Problems))]
async fn list(
    OfService(business): OfService<Arc<Business>>,
    _: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(Before { before }): QueryOf<Before>,
) -> Result<axum::Json<Vec<DrawView>>, Problem> {
    let mut tx = business.database.read().await?;
    rooms::find(&mut tx, &room).await?;
    let before = match before {
        Some(draw) => find(&mut tx, &draw).await?.number,
        None => u64::MAX,
    };
    let mut views = Vec::new();
    for draw in store::list(&mut tx, &room, before, PAGE).await? {
        views.push(view(&mut tx, draw).await?);
    }
    Ok(axum::Json(views))
}

/// One draw: how many take part, and the result once it is over.
#[utoipa::path(get, path = "/draws/{draw}", tag = "draws", params(("draw" = String, Path)),
    security(("token" = [])), responses((status = 200, body = DrawView), Problems))]
async fn one(
    OfService(business): OfService<Arc<Business>>,
    _: Caller,
    PathOf(draw): PathOf<String>,
) -> Result<axum::Json<DrawView>, Problem> {
    let mut tx = business.database.read().await?;
    let draw = find(&mut tx, &draw).await?;
    Ok(axum::Json(view(&mut tx, draw).await?))
}

/// Cancel an open draw. The room is told, and nobody wins.
#[utoipa::path(delete, path = "/draws/{draw}", tag = "draws", params(("draw" = String, Path)),
    security(("token" = [])), responses((status = 200, body = DrawView), Problems))]
async fn cancel(
    OfService(business): OfService<Arc<Business>>,
    caller: Caller,
    PathOf(draw): PathOf<String>,
) -> Result<axum::Json<DrawView>, Problem> {
    let mut tx = business.database.write().await?;
    let draw = find_for_host(&mut tx, &draw, &caller).await?;
    opening::cancel(&business, &mut tx, &draw).await?;
    let cancelled = find(&mut tx, &draw.draw).await?;
    let view = view(&mut tx, cancelled).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok(axum::Json(view))
}

/// The public record of a draw that is over, entrants included. Anyone can draw again from it
/// with `liveroom draw verify`, or by the rule in `docs/draws.md`.
#[utoipa::path(get, path = "/draws/{draw}/record", tag = "draws",
    params(("draw" = String, Path)), security(("token" = [])),
    responses((status = 200, description = "A record of `docs/draws.md`", body = serde_json::Value), Problems))]
async fn record(
    OfService(business): OfService<Arc<Business>>,
    _: Caller,
    PathOf(draw): PathOf<String>,
) -> Result<Response, Problem> {
    let mut tx = business.database.read().await?;
    let draw = find(&mut tx, &draw).await?;
    Ok(axum::Json(closing::record(&mut tx, draw).await?).into_response())
}
