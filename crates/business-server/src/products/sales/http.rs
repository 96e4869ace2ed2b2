//! Calls: a viewer opens a link, the shop reports an order, the host reads the figures.

use axum::extract::State;
use chat_types::business::MAX_BUSINESS_ID_BYTES;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::store::{self, Figures, Stored, Wanted};
use super::{Order, Taken, take_order};
use crate::Business;
use crate::http::{
    Api, Body, Caller, PathOf, Problem, Problems, QueryOf, Role, Signed, number, page_of,
};
use crate::products::find;
use crate::rooms::{self, store::open_or_next_stream};

/// Longest order id, in bytes.
const MAX_ORDER_ID_BYTES: usize = 64;
/// Longest account id of the shop, in bytes.
const MAX_USER_BYTES: usize = 64;
/// Pieces in one order, at most.
const MAX_QUANTITY: u32 = 10_000;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(click)).routes(routes!(report, orders)).routes(routes!(conversions))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProductClick {
    /// Where the viewer was.
    room: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProductClicked {
    /// False when this account was counted for this product in this stream before.
    counted: bool,
    /// Where the product is bought; null when there is no such page.
    link: Option<String>,
}

/// A viewer opens the link of a product.
#[utoipa::path(post, path = "/products/{product}/click", tag = "sales",
    params(("product" = String, Path)), request_body = ProductClick, security(("token" = [])),
    responses((status = 200, body = ProductClicked), Problems))]
async fn click(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(product): PathOf<String>,
    Body(body): Body<ProductClick>,
) -> Result<axum::Json<ProductClicked>, Problem> {
    let mut tx = business.database.write().await?;
    let room = rooms::find(&mut tx, &body.room).await?;
    let entry = find(&mut tx, &product).await?;
    let stream = open_or_next_stream(&mut tx, &room.group_id).await?;
    let user = caller.user_id.as_str();
    let counted = store::insert_click(&mut tx, &room.group_id, stream, &entry.id, user).await?;
    tx.commit().await?;
    let link = Some(entry.link).filter(|link| !link.is_empty());
    Ok(axum::Json(ProductClicked { counted, link }))
}

/// The shop has sold something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShopOrder {
    /// The shop's own, 1 to 64 bytes of printable ASCII. A repeat of the report has the same.
    order_id: String,
    product: String,
    /// Pieces, 1 to 10,000.
    quantity: u32,
    /// The room in which the product was found. One that is not known is left out.
    #[serde(default)]
    room: Option<String>,
    /// Who bought it, at most 64 bytes.
    #[serde(default)]
    user: Option<String>,
    /// When the report was made, in Unix seconds: not more than five minutes away.
    #[serde(rename = "at_s")]
    _at_s: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ShopOrderTaken {
    order_id: String,
    /// The order was reported before; nothing was changed now.
    repeat: bool,
    /// There were fewer pieces than were sold, or the product is not in the catalogue.
    oversold: bool,
    /// Pieces that are left; null when nobody counts them.
    stock: Option<u32>,
}

/// The shop reports an order. Its pieces come off the stock. What is sold is sold: an order of more
/// pieces than there are, or of a product that is not in the catalogue, is taken and marked.
#[utoipa::path(post, path = "/shop/orders", tag = "sales",
    params(("X-Signature" = String, Header,
        description = "HMAC-SHA256 of the body with the key of payments, in hexadecimal")),
    request_body = ShopOrder, responses((status = 200, body = ShopOrderTaken), Problems))]
async fn report(
    State(business): State<Arc<Business>>,
    Signed(report): Signed<ShopOrder>,
) -> Result<axum::Json<ShopOrderTaken>, Problem> {
    let now_ms = business.clock.now_ms();
    let mut order = checked(report)?;
    let mut tx = business.database.write().await?;
    // The shop would tell it again and again, and what is sold is sold wherever it was found.
    if let Some(room) = &order.room
        && rooms::store::find(&mut tx, room).await?.is_none()
    {
        tracing::warn!(order_id = order.order_id, room, "an order of a room that is not known");
        order.room = None;
    }
    let taken = take_order(&mut tx, &order, now_ms).await?;
    tx.commit().await?;
    if taken.oversold && !taken.repeat {
        let Order { order_id, product, .. } = &order;
        tracing::warn!(order_id, product, "the shop sold more than there is");
    }
    let (order_id, Taken { repeat, oversold, stock }) = (order.order_id, taken);
    Ok(axum::Json(ShopOrderTaken { order_id, repeat, oversold, stock }))
}

fn checked(report: ShopOrder) -> Result<Order, Problem> {
    let ShopOrder { order_id, product, quantity, room, user, .. } = report;
    let printable = |text: &str| text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if !(1..=MAX_ORDER_ID_BYTES).contains(&order_id.len()) || !printable(&order_id) {
        return Err(Problem::invalid(format!(
            "an order id has 1 to {MAX_ORDER_ID_BYTES} bytes of printable ASCII without spaces"
        )));
    }
    if !(1..=MAX_BUSINESS_ID_BYTES).contains(&product.len()) || !printable(&product) {
        return Err(Problem::invalid(format!(
            "a product has 1 to {MAX_BUSINESS_ID_BYTES} bytes of printable ASCII without spaces"
        )));
    }
    if !(1..=MAX_QUANTITY).contains(&quantity) {
        return Err(Problem::invalid(format!("an order has 1 to {MAX_QUANTITY} pieces")));
    }
    if user.as_ref().is_some_and(|user| user.len() > MAX_USER_BYTES) {
        return Err(Problem::invalid(format!("user has at most {MAX_USER_BYTES} bytes")));
    }
    Ok(Order { order_id, product, quantity, room, user })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfStream {
    /// Number of the stream; absent for the one that runs, or the next one when none does.
    #[serde(default, deserialize_with = "number")]
    stream: Option<u64>,
}

/// What each product has brought in a stream: the owner of the room, or an administrator.
#[utoipa::path(get, path = "/rooms/{room}/conversions", tag = "sales",
    params(("room" = String, Path), OfStream), security(("token" = [])),
    responses((status = 200, body = Vec<Figures>), Problems))]
async fn conversions(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(OfStream { stream }): QueryOf<OfStream>,
) -> Result<axum::Json<Vec<Figures>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let stream = match stream {
        Some(stream) => stream,
        None => open_or_next_stream(&mut tx, &room.group_id).await?,
    };
    Ok(axum::Json(store::figures(&mut tx, &room.group_id, stream).await?))
}

/// Orders in one answer, at most.
const PAGE: u32 = 50;

#[derive(Debug, Serialize, ToSchema)]
struct ShopOrders {
    /// Newest first, at most 50.
    orders: Vec<Stored>,
    /// `before` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// What the shop has reported, newest first. For administrators.
#[utoipa::path(get, path = "/shop/orders", tag = "sales", params(Wanted),
    security(("token" = [])), responses((status = 200, body = ShopOrders), Problems))]
async fn orders(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(wanted): QueryOf<Wanted>,
) -> Result<axum::Json<ShopOrders>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let found = store::orders(&mut tx, &wanted, PAGE + 1).await?;
    let (orders, next) = page_of(found, PAGE, |order| order.number);
    Ok(axum::Json(ShopOrders { orders, next }))
}
