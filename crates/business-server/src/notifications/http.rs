//! Calls: how the events for the shop fare, and those that were given up.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::routes;

use super::event::Notification;
use super::store::{self, Dead, Figure};
use crate::Business;
use crate::http::{Api, Caller, PathOf, Problems, QueryOf, Role, page_of};
use crate::problem::Problem;
use crate::storage::{Error, Tx, from_db, to_db};

/// Events in one answer, and that are sent again by one call.
const PAGE: u32 = 100;

/// What is sent to the shop's own server.
#[derive(OpenApi)]
#[openapi(components(schemas(Notification<'_>)))]
struct Sent;

pub(crate) fn routes() -> Api {
    Api::with_openapi(Sent::openapi())
        .routes(routes!(figures))
        .routes(routes!(dead))
        .routes(routes!(retry))
        .routes(routes!(retry_all))
}

/// How the events for the shop's webhook fare.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct NotificationFigures {
    /// Whether a webhook is configured.
    pub(crate) on: bool,
    /// Events that wait for the receiver.
    pub(crate) waiting: u64,
    /// With so many waiting, further ones are dropped.
    pub(crate) limit: u64,
    /// Events that were given up and can be sent again.
    pub(crate) dead: u64,
    /// Events that were not kept because too many waited, ever.
    pub(crate) dropped: u64,
    /// Events that were given up and forgotten after a month, or before because there were too many
    /// of them, ever.
    pub(crate) forgotten: u64,
    /// Events that the receiver has taken since the start.
    pub(crate) delivered: u64,
    /// Attempts that have failed since the start.
    pub(crate) failed: u64,
    /// Events that were given up since the start.
    pub(crate) given_up: u64,
}

pub(crate) async fn read_figures(
    business: &Business,
    tx: &mut Tx,
) -> Result<NotificationFigures, Error> {
    let notifications = &business.notifications;
    let counters = &notifications.counters;
    Ok(NotificationFigures {
        on: notifications.receiver.is_some(),
        waiting: from_db(store::figure(tx, Figure::Waiting).await?),
        limit: from_db(store::figure(tx, Figure::Limit).await?),
        dead: from_db(store::count_dead(tx).await?),
        dropped: from_db(store::figure(tx, Figure::Dropped).await?),
        forgotten: from_db(store::figure(tx, Figure::Forgotten).await?),
        delivered: counters.delivered.load(Ordering::Relaxed),
        failed: counters.failed.load(Ordering::Relaxed),
        given_up: counters.given_up.load(Ordering::Relaxed),
    })
}

/// How the events for the shop's webhook fare. For administrators.
#[utoipa::path(get, path = "/notifications", tag = "notifications", security(("token" = [])),
    responses((status = 200, body = NotificationFigures), Problems))]
async fn figures(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<NotificationFigures>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    Ok(axum::Json(read_figures(&business, &mut tx).await?))
}

#[derive(Debug, Serialize, ToSchema)]
struct DeadNotifications {
    notifications: Vec<Dead>,
    /// There are more before this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// Events with smaller numbers than this.
    before: Option<u64>,
}

/// Events that were given up, the latest first, a hundred at most. For administrators.
#[utoipa::path(get, path = "/notifications/dead", tag = "notifications", params(Before),
    security(("token" = [])), responses((status = 200, body = DeadNotifications), Problems))]
async fn dead(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(Before { before }): QueryOf<Before>,
) -> Result<axum::Json<DeadNotifications>, Problem> {
    caller.require(Role::Admin)?;
    let before = to_db(before.unwrap_or(u64::MAX));
    let mut tx = business.database.read().await?;
    let found = store::dead(&mut tx, before, PAGE + 1).await?;
    let (notifications, next) = page_of(found, PAGE, |dead| dead.number);
    Ok(axum::Json(DeadNotifications { notifications, next }))
}

/// How many events wait again.
#[derive(Debug, Serialize, ToSchema)]
struct Retried {
    retried: u64,
}

/// Send an event again that was given up, behind what waits. For administrators.
#[utoipa::path(post, path = "/notifications/dead/{id}/retry", tag = "notifications",
    params(("id" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Retried), Problems))]
async fn retry(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(id): PathOf<String>,
) -> Result<axum::Json<Retried>, Problem> {
    caller.require(Role::Admin)?;
    require_webhook(&business)?;
    let mut tx = business.database.write().await?;
    if store::places(&mut tx).await? == 0 {
        return Err(too_many());
    }
    if !store::revive(&mut tx, &id, business.clock.now_ms()).await? {
        let detail = format!("no event {id} was given up: it waits, was taken, or was forgotten");
        return Err(Problem::not_found("notification", detail));
    }
    tx.commit().await?;
    Ok(axum::Json(Retried { retried: 1 }))
}

/// Send the oldest events again that were given up, a hundred at most: call it until it says 0. For
/// administrators.
#[utoipa::path(post, path = "/notifications/dead/retry", tag = "notifications",
    security(("token" = [])), responses((status = 200, body = Retried), Problems))]
async fn retry_all(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Retried>, Problem> {
    caller.require(Role::Admin)?;
    require_webhook(&business)?;
    let mut tx = business.database.write().await?;
    let places = store::places(&mut tx).await?;
    if places == 0 {
        return Err(too_many());
    }
    let ids = store::oldest_dead(&mut tx, places.min(i64::from(PAGE))).await?;
    let mut retried = 0;
    for id in ids {
        if store::revive(&mut tx, &id, business.clock.now_ms()).await? {
            retried += 1;
        }
    }
    tx.commit().await?;
    Ok(axum::Json(Retried { retried }))
}

fn require_webhook(business: &Business) -> Result<(), Problem> {
    if business.notifications.receiver.is_some() {
        return Ok(());
    }
    Err(Problem::conflict("no_webhook", "no webhook is configured: --shop-webhook-url"))
}

fn too_many() -> Problem {
    Problem::conflict("notifications_full", "too many events wait: try again when some are taken")
}
