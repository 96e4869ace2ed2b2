//! Calls: orders, for who gave, for who got, and for support.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::store::{self, Order, Wanted};
use super::wallet::RefundReason;
use crate::http::{Api, Caller, PathOf, Problem, Problems, QueryOf, Role, page_of};
use crate::storage::Tx;
use crate::{Business, rooms};

/// Orders in one answer, at most.
const PAGE: u32 = 50;

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(orders)).routes(routes!(order))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GiftOrder)]
struct View {
    order: String,
    room: String,
    stream: u64,
    /// Who gave.
    user: String,
    /// Whose income it was.
    owner: String,
    gift: String,
    combo: String,
    count: u32,
    coins: i64,
    at_s: u64,
    /// Gifts of it that the room was not told of, because it was given back before.
    untold: u32,
    /// When it was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_reason: Option<RefundReason>,
}

impl From<Order> for View {
    fn from(order: Order) -> Self {
        Self {
            order: order.order_id,
            room: order.group_id,
            stream: order.stream,
            user: order.user_id,
            owner: order.owner,
            gift: order.gift,
            combo: order.combo,
            count: order.count,
            coins: order.coins,
            at_s: order.at_ms / 1_000,
            untold: order.withdrawn,
            refunded_s: order.refunded_ms.map(|at_ms| at_ms / 1_000),
            refund_reason: order.refund_reason,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of this room.
    room: Option<String>,
    /// Given by this account.
    user: Option<String>,
    /// Those before this order; the newest without it.
    before: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GiftOrders)]
struct Page {
    /// Newest first, at most 50.
    orders: Vec<View>,
    /// `before` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Gifts that were paid, newest first: one's own, those of a room for its owner, and all of them for
/// administrators. Without anything said they are one's own.
#[utoipa::path(get, path = "/gifts/orders", tag = "gifts", params(Which),
    security(("token" = [])), responses((status = 200, body = Page), Problems))]
async fn orders(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(Which { room, user, before }): QueryOf<Which>,
) -> Result<axum::Json<Page>, Problem> {
    let mut tx = business.database.read().await?;
    let own = caller.user_id.to_string();
    let user = if room.is_none() { user.or_else(|| Some(own.clone())) } else { user };
    if user.as_ref() != Some(&own) && caller.role < Role::Admin {
        let Some(room) = &room else {
            return Err(Problem::forbidden("these are somebody else's orders"));
        };
        rooms::find_for_host(&mut tx, room, &caller).await?;
    }
    let before = match before {
        Some(order) => Some(found(&mut tx, &order).await?.number),
        None => None,
    };
    let wanted = Wanted { room, user, before };
    let found = store::orders(&mut tx, &wanted, PAGE + 1).await?;
    let (orders, next) = page_of(found, PAGE, |order| order.order_id.clone());
    Ok(axum::Json(Page { orders: orders.into_iter().map(View::from).collect(), next }))
}

/// One order, for who gave it, for whose income it was, and for administrators.
#[utoipa::path(get, path = "/gifts/{order}", tag = "gifts", params(("order" = String, Path)),
    security(("token" = [])), responses((status = 200, body = View), Problems))]
async fn order(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(order): PathOf<String>,
) -> Result<axum::Json<View>, Problem> {
    let order = found(&mut business.database.read().await?, &order).await?;
    let own = caller.user_id.as_str();
    if order.user_id != own && order.owner != own && caller.role < Role::Admin {
        return Err(Problem::forbidden("this is somebody else's order"));
    }
    Ok(axum::Json(order.into()))
}

async fn found(tx: &mut Tx, order: &str) -> Result<Order, Problem> {
    let found = store::order(tx, order).await?;
    found.ok_or_else(|| Problem::not_found("order", format!("there is no order {order}")))
}
