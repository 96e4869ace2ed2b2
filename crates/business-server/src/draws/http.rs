//! Calls: lucky draws.

use axum::extract::State as OfService;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::opening::{self, OpenDraw};
use super::record::{self, PAGE_ENTRANTS};
use super::store::{self, Draw, State, WinnerRow};
use super::{find, find_for_host};
use crate::Business;
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, number};
use crate::rooms;
use crate::storage::{Tx, from_db};

/// Draws in one answer, at most.
const PAGE: u32 = 50;
/// Winners beside a draw, at most; all are in pages of their own.
const WINNERS_SHOWN: u32 = 20;
/// Winners in one page.
const WINNERS_PAGE: u32 = 100;

pub(crate) fn routes() -> Api {
    Api::new()
        .routes(routes!(open, list))
        .routes(routes!(one, cancel))
        .routes(routes!(winners))
        .routes(routes!(entrants))
        .routes(routes!(record))
}

#[derive(Debug, Serialize, ToSchema)]
struct WinnerView {
    user: String,
    nick: String,
}

impl From<WinnerRow> for WinnerView {
    fn from(WinnerRow { user_id: user, nick, .. }: WinnerRow) -> Self {
        Self { user, nick }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct DrawView {
    draw: String,
    room: String,
    /// The stream that it belongs to; absent when none ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u64>,
    state: State,
    keyword: String,
    prize: String,
    winners_wanted: u32,
    min_level: u32,
    must_have_gifted: bool,
    must_follow: bool,
    /// By the chat service's clock.
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
    /// Comments in time of which the service was told only when the list stood.
    came_late: u64,
    /// SHA-256 of the list, in hexadecimal; known once the draw is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrants_hash: Option<String>,
    /// How many were drawn; 0 until then.
    winners_drawn: u64,
    /// The first twenty of them, in the order in which they were drawn.
    winners: Vec<WinnerView>,
    /// In hexadecimal; told once the record stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_at_s: Option<u64>,
}

fn view(draw: Draw, winners: Vec<WinnerRow>) -> DrawView {
    let conditions = draw.conditions();
    let is_drawn = draw.state == State::Drawn;
    DrawView {
        winners_drawn: if is_drawn { draw.admitted().min(draw.winners.into()) } else { 0 },
        seed: draw.is_recorded().then(|| draw.seed.to_hex()),
        room: draw.group_id,
        stream: draw.stream.map(from_db),
        state: draw.state,
        keyword: draw.keyword,
        prize: draw.prize,
        winners_wanted: draw.winners,
        min_level: conditions.min_level,
        must_have_gifted: conditions.must_have_gifted,
        must_follow: conditions.must_follow,
        opened_at_s: draw.opened_ms / 1_000,
        ends_at_s: draw.ends_ms / 1_000,
        commitment: draw.commitment,
        entrants: draw.entrants,
        not_admitted: draw.not_admitted,
        turned_away: draw.turned_away,
        came_late: draw.came_late,
        entrants_hash: draw.entrants_hash,
        winners: winners.into_iter().map(WinnerView::from).collect(),
        over_at_s: draw.over_ms.map(|ms| from_db(ms) / 1_000),
        draw: draw.draw,
    }
}

async fn view_of(tx: &mut Tx, draw: Draw) -> Result<DrawView, Problem> {
    let winners = store::winners(tx, &draw.draw, 0, WINNERS_SHOWN).await?;
    Ok(view(draw, winners))
}

/// Open a draw: the owner of the room, or an administrator. One at a time in a room.
#[utoipa::path(post, path = "/rooms/{room}/draws", tag = "draws", params(("room" = String, Path)),
    request_body = OpenDraw, security(("token" = [])),
    responses((status = 201, body = DrawView), Problems))]
async fn open(
    OfService(business): OfService<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(request): Body<OpenDraw>,
) -> Result<(StatusCode, axum::Json<DrawView>), Problem> {
    let mut tx = business.database.write().await?;
    let draw = opening::open(&business, &mut tx, &room, &caller, request).await?;
    let view = view(draw, Vec::new());
    // The seed is not told before the draw is over, and to nobody.
    let state = json!({"keyword": view.keyword, "prize": view.prize,
        "winners": view.winners_wanted, "ends_at_s": view.ends_at_s});
    audit::note(&mut tx, &caller, Act::on(&view.draw).in_room(&view.room).after(state)).await?;
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
    let draws = store::list(&mut tx, &room, before, PAGE).await?;
    let (Some(newest), Some(oldest)) = (draws.first(), draws.last()) else {
        return Ok(axum::Json(Vec::new()));
    };
    let (first, last) = (oldest.number, newest.number);
    let won = store::winners_of_list(&mut tx, &room, first, last, WINNERS_SHOWN).await?;
    let mut winners = HashMap::<String, Vec<WinnerRow>>::new();
    for winner in won {
        winners.entry(winner.draw.clone()).or_default().push(winner);
    }
    let mut views = Vec::with_capacity(draws.len());
    for draw in draws {
        let winners = winners.remove(&draw.draw).unwrap_or_default();
        views.push(view(draw, winners));
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
    Ok(axum::Json(view_of(&mut tx, draw).await?))
}

/// Cancel an open draw before its end. The room is told, nobody wins, and list and seed are shown.
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
    let view = view(cancelled, Vec::new());
    let act = Act::on(&view.draw).in_room(&view.room);
    audit::note(&mut tx, &caller, act.after(json!({"state": view.state}))).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok(axum::Json(view))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageFrom {
    /// `next` of the page before; without it the first page.
    #[serde(default, deserialize_with = "number")]
    from: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WinnersPage {
    winners: Vec<WinnerView>,
    /// `from` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// The winners of a draw in the order in which they were drawn, in pages of a hundred.
#[utoipa::path(get, path = "/draws/{draw}/winners", tag = "draws",
    params(("draw" = String, Path), PageFrom), security(("token" = [])),
    responses((status = 200, body = WinnersPage), Problems))]
async fn winners(
    OfService(business): OfService<Arc<Business>>,
    _: Caller,
    PathOf(draw): PathOf<String>,
    QueryOf(PageFrom { from }): QueryOf<PageFrom>,
) -> Result<axum::Json<WinnersPage>, Problem> {
    let from = from.unwrap_or_default();
    let mut tx = business.database.read().await?;
    let draw = find(&mut tx, &draw).await?;
    let mut won = store::winners(&mut tx, &draw.draw, from, WINNERS_PAGE + 1).await?;
    let beyond = won.split_off(won.len().min(WINNERS_PAGE as usize));
    Ok(axum::Json(WinnersPage {
        winners: won.into_iter().map(WinnerView::from).collect(),
        next: beyond.first().map(|winner| winner.place),
    }))
}

#[derive(Debug, Serialize, ToSchema)]
struct EntrantsPage {
    /// Account ids, in the order of the record.
    entrants: Vec<String>,
    /// `from` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// The list of a draw that is over, in pages of a thousand.
#[utoipa::path(get, path = "/draws/{draw}/entrants", tag = "draws",
    params(("draw" = String, Path), PageFrom), security(("token" = [])),
    responses((status = 200, body = EntrantsPage), Problems))]
async fn entrants(
    OfService(business): OfService<Arc<Business>>,
    _: Caller,
    PathOf(draw): PathOf<String>,
    QueryOf(PageFrom { from }): QueryOf<PageFrom>,
) -> Result<axum::Json<EntrantsPage>, Problem> {
    let page = from.unwrap_or_default();
    let draw = find(&mut business.database.read().await?, &draw).await?;
    record::check_recorded(&draw)?;
    let entrants = record::entrants_page(&business, &draw.draw, page).await?;
    let next = page.saturating_add(1);
    let shown = next.saturating_mul(PAGE_ENTRANTS);
    let next = (shown < draw.admitted()).then_some(next);
    Ok(axum::Json(EntrantsPage { entrants, next }))
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
    let draw = find(&mut business.database.read().await?, &draw).await?;
    record::check_recorded(&draw)?;
    let body = record::whole(business, draw.draw).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
