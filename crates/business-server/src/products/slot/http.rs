//! Calls: the slot of a room, its prepared list, its schedule and its history.

use axum::extract::State;
use chat_types::business::Product;
use chat_types::business::api::Recommendation;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::plan::{PlanState, Planned, PlannedEntry};
use super::store::{self, Showing};
use super::{Left, Offer, clear_field, show, show_next, take_down};
use crate::Business;
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, number};
use crate::products::find;
use crate::rooms;
use crate::storage::{self, Tx};

/// Showings in one answer, at most.
const PAGE: u32 = 100;
/// Products in a prepared list and entries in a schedule, at most.
const MAX_PREPARED: usize = 100;
/// Longest countdown.
const MAX_COUNTDOWN_S: u64 = 7 * 86_400;
/// A schedule reaches at most so far ahead.
const MAX_AHEAD_S: u64 = 366 * 86_400;

pub(crate) fn routes() -> Api {
    Api::new()
        .routes(routes!(slot, recommend, clear))
        .routes(routes!(next))
        .routes(routes!(prepare))
        .routes(routes!(planned, plan))
        .routes(routes!(history))
}

/// A product that is or was in the slot.
#[derive(Debug, Serialize, ToSchema)]
struct SlotShowing {
    /// From 1 in each room.
    showing: u64,
    /// The stream that it belongs to: the one that ran, or the next one.
    stream: u64,
    product: String,
    title: String,
    /// As it was shown, in the smallest unit of the currency.
    price_minor: u32,
    currency: String,
    /// Whether the price was a special one.
    special: bool,
    ends_at_s: Option<u64>,
    /// As the room was told last.
    stock: Option<u32>,
    shown_s: u64,
    /// Account of the host; null for the schedule.
    shown_by: Option<String>,
    left_s: Option<u64>,
    left_why: Option<Left>,
}

impl TryFrom<Showing> for SlotShowing {
    type Error = storage::Error;

    fn try_from(showing: Showing) -> Result<Self, storage::Error> {
        let told = Product::read(&showing.value)
            .map_err(|error| storage::Error::Unreadable(format!("a field of a slot: {error}")))?;
        Ok(Self {
            showing: showing.showing,
            stream: showing.stream,
            product: showing.product,
            title: told.title,
            price_minor: told.price_minor,
            currency: told.currency,
            special: showing.special_minor.is_some(),
            ends_at_s: showing.ends_at_s,
            stock: told.stock,
            shown_s: showing.shown_s,
            shown_by: showing.shown_by,
            left_s: showing.left_s,
            left_why: showing.left_why,
        })
    }
}

/// The slot of a room.
#[derive(Debug, Serialize, ToSchema)]
struct Slot {
    /// Null when nothing is being sold.
    now: Option<SlotShowing>,
    /// Products of the prepared list, what comes next first.
    queue: Vec<String>,
}

async fn read(tx: &mut Tx, group_id: &str) -> Result<Slot, Problem> {
    let now = store::present(tx, group_id).await?;
    let queue = store::queue(tx, group_id).await?;
    Ok(Slot { now: now.map(SlotShowing::try_from).transpose()?, queue })
}

/// What is being sold, and what comes next.
#[utoipa::path(get, path = "/rooms/{room}/slot", tag = "slot", params(("room" = String, Path)),
    security(("token" = [])), responses((status = 200, body = Slot), Problems))]
async fn slot(
    State(business): State<Arc<Business>>,
    _: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Slot>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find(&mut tx, &room).await?;
    Ok(axum::Json(read(&mut tx, &room.group_id).await?))
}

fn check_countdown(ends_in_s: Option<u64>) -> Result<(), Problem> {
    if ends_in_s.is_none_or(|seconds| (1..=MAX_COUNTDOWN_S).contains(&seconds)) {
        return Ok(());
    }
    Err(Problem::invalid(format!("an offer lasts 1 to {MAX_COUNTDOWN_S} seconds")))
}

/// Recommend a product: the owner of the room, or an administrator. What is in the slot leaves it.
#[utoipa::path(post, path = "/rooms/{room}/slot", tag = "slot", params(("room" = String, Path)),
    request_body = Recommendation, security(("token" = [])),
    responses((status = 200, body = Slot), Problems))]
async fn recommend(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(body): Body<Recommendation>,
) -> Result<axum::Json<Slot>, Problem> {
    check_countdown(body.ends_in_s)?;
    let mut tx = business.database.write().await?;
    let room = rooms::find_with_group_for_host(&mut tx, &room, &caller).await?;
    let now_s = business.clock.now_s();
    let offer = Offer {
        product: &body.product,
        special_minor: body.price_minor,
        ends_at_s: body.ends_in_s.map(|seconds| now_s.saturating_add(seconds)),
        by: Some(&caller.user_id),
    };
    show(&business, &mut tx, &room.group_id, offer).await?;
    changed(&business, tx, &room.group_id).await
}

/// Take the product down: the owner of the room, or an administrator. When nothing is shown, the
/// field of the room is emptied all the same: somebody else may have written it.
#[utoipa::path(delete, path = "/rooms/{room}/slot", tag = "slot", params(("room" = String, Path)),
    security(("token" = [])), responses((status = 200, body = Slot), Problems))]
async fn clear(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Slot>, Problem> {
    let mut tx = business.database.write().await?;
    let room = rooms::find_with_group_for_host(&mut tx, &room, &caller).await?;
    if !take_down(&business, &mut tx, &room.group_id, Left::TakenDown).await? {
        clear_field(&business, &mut tx, &room.group_id).await?;
    }
    changed(&business, tx, &room.group_id).await
}

/// Show the next product of the prepared list: the owner of the room, or an administrator. Products
/// that are sold out or gone are passed over; 409 `queue_empty` when there is none to show.
#[utoipa::path(post, path = "/rooms/{room}/slot/next", tag = "slot",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Slot), Problems))]
async fn next(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Slot>, Problem> {
    let mut tx = business.database.write().await?;
    let room = rooms::find_with_group_for_host(&mut tx, &room, &caller).await?;
    show_next(&business, &mut tx, &room.group_id, &caller.user_id).await?;
    changed(&business, tx, &room.group_id).await
}

/// Prepare the list that `next` takes from: the owner of the room, or an administrator.
#[utoipa::path(put, path = "/rooms/{room}/slot/queue", tag = "slot",
    params(("room" = String, Path)), request_body = Vec<String>, security(("token" = [])),
    responses((status = 200, body = Slot), Problems))]
async fn prepare(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(products): Body<Vec<String>>,
) -> Result<axum::Json<Slot>, Problem> {
    check_count(products.len())?;
    let mut tx = business.database.write().await?;
    let room = rooms::find_with_group_for_host(&mut tx, &room, &caller).await?;
    for product in &products {
        find(&mut tx, product).await?;
    }
    store::set_queue(&mut tx, &room.group_id, &products).await?;
    changed(&business, tx, &room.group_id).await
}

fn check_count(count: usize) -> Result<(), Problem> {
    if count <= MAX_PREPARED {
        return Ok(());
    }
    Err(Problem::invalid(format!(
        "a list has at most {MAX_PREPARED} entries, and this has {count}"
    )))
}

async fn changed(
    business: &Business,
    mut tx: Tx,
    group_id: &str,
) -> Result<axum::Json<Slot>, Problem> {
    let slot = read(&mut tx, group_id).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok(axum::Json(slot))
}

/// The schedule, by time: the owner of the room, or an administrator.
#[utoipa::path(get, path = "/rooms/{room}/slot/schedule", tag = "slot",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Vec<PlannedEntry>), Problems))]
async fn planned(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Vec<PlannedEntry>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    Ok(axum::Json(store::schedule(&mut tx, &room.group_id).await?))
}

/// Replace the schedule, what of it is past included: the owner of the room, or an administrator.
/// Each entry has a second of its own.
#[utoipa::path(put, path = "/rooms/{room}/slot/schedule", tag = "slot",
    params(("room" = String, Path)), request_body = Vec<Planned>,
    security(("token" = [])), responses((status = 200, body = Vec<PlannedEntry>), Problems))]
async fn plan(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(plan): Body<Vec<Planned>>,
) -> Result<axum::Json<Vec<PlannedEntry>>, Problem> {
    let plan = checked_plan(plan, business.clock.now_s())?;
    let mut tx = business.database.write().await?;
    let room = rooms::find_with_group_for_host(&mut tx, &room, &caller).await?;
    for planned in &plan {
        find(&mut tx, &planned.product).await?;
    }
    store::set_schedule(&mut tx, &room.group_id, &plan).await?;
    tx.commit().await?;
    let entry = |planned| PlannedEntry { planned, state: PlanState::Waiting };
    Ok(axum::Json(plan.into_iter().map(entry).collect()))
}

/// By time.
fn checked_plan(mut plan: Vec<Planned>, now_s: u64) -> Result<Vec<Planned>, Problem> {
    check_count(plan.len())?;
    let latest_s = now_s.saturating_add(MAX_AHEAD_S);
    for planned in &plan {
        if planned.at_s <= now_s || planned.at_s > latest_s {
            let detail = format!("at_s has to be later than {now_s} and at most {latest_s}");
            return Err(Problem::invalid(detail));
        }
        check_countdown(planned.ends_in_s)?;
    }
    plan.sort_by_key(|planned| planned.at_s);
    if plan.windows(2).any(|pair| pair[0].at_s == pair[1].at_s) {
        return Err(Problem::invalid("two products have the same at_s"));
    }
    Ok(plan)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// Showings before the one with this number.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

/// What was in the slot, the newest first, a hundred at most: the owner of the room, or an
/// administrator.
#[utoipa::path(get, path = "/rooms/{room}/slot/history", tag = "slot",
    params(("room" = String, Path), Before), security(("token" = [])),
    responses((status = 200, body = Vec<SlotShowing>), Problems))]
async fn history(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(Before { before }): QueryOf<Before>,
) -> Result<axum::Json<Vec<SlotShowing>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let before = before.unwrap_or(u64::MAX);
    let showings = store::history(&mut tx, &room.group_id, before, PAGE).await?;
    let showings: Result<Vec<SlotShowing>, _> =
        showings.into_iter().map(SlotShowing::try_from).collect();
    Ok(axum::Json(showings?))
}
