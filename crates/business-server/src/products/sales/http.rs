//! Calls: a viewer opens a link, the shop reports an order, the host reads the figures.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Order, store, take_order};
use crate::Business;
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, Signed, number};
use crate::products::find;
use crate::products::slot::stream_of_now;
use crate::rooms;

/// Longest order id, in bytes.
const MAX_ORDER_ID_BYTES: usize = 64;
/// Longest account id of the shop, in bytes.
const MAX_USER_BYTES: usize = 64;
/// Pieces in one order, at most.
const MAX_QUANTITY: u32 = 10_000;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(click)).routes(routes!(report)).routes(routes!(conversions))
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
    let stream = stream_of_now(&mut tx, &room.group_id).await?;
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
    /// The room in which the product was found.
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
    /// Pieces that are left; null when nobody counts them.
    stock: Option<u32>,
}

/// The shop reports an order. Its pieces come off the stock; 409 `sold_out` when there are fewer,
/// and then nothing is changed.
#[utoipa::path(post, path = "/shop/orders", tag = "sales",
    params(("X-Signature" = String, Header,
        description = "HMAC-SHA256 of the body with the key of payments, in hexadecimal")),
    request_body = ShopOrder, responses((status = 200, body = ShopOrderTaken), Problems))]
async fn report(
    State(business): State<Arc<Business>>,
    Signed(report): Signed<ShopOrder>,
) -> Result<axum::Json<ShopOrderTaken>, Problem> {
    let now_s = business.clock.now_s();
    let order = checked(report)?;
    let mut tx = business.database.write().await?;
    if let Some(room) = &order.room {
        rooms::find(&mut tx, room).await?;
    }
    let taken = take_order(&mut tx, &order, now_s).await?;
    tx.commit().await?;
    let Order { order_id, .. } = order;
    Ok(axum::Json(ShopOrderTaken { order_id, repeat: taken.repeat, stock: taken.stock }))
}

fn checked(report: ShopOrder) -> Result<Order, Problem> {
    let ShopOrder { order_id, product, quantity, room, user, .. } = report;
    let printable = |text: &str| text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if !(1..=MAX_ORDER_ID_BYTES).contains(&order_id.len()) || !printable(&order_id) {
        return Err(Problem::invalid(format!(
            "an order id has 1 to {MAX_ORDER_ID_BYTES} bytes of printable ASCII without spaces"
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

/// What a product has brought in one stream.
#[derive(Debug, Serialize, ToSchema)]
struct ProductConversion {
    product: String,
    /// Accounts that opened its link.
    clicks: u64,
    orders: u64,
    pieces: u64,
}

/// What each product has brought in a stream: the owner of the room, or an administrator.
#[utoipa::path(get, path = "/rooms/{room}/conversions", tag = "sales",
    params(("room" = String, Path), OfStream), security(("token" = [])),
    responses((status = 200, body = Vec<ProductConversion>), Problems))]
async fn conversions(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(OfStream { stream }): QueryOf<OfStream>,
) -> Result<axum::Json<Vec<ProductConversion>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let stream = match stream {
        Some(stream) => stream,
        None => stream_of_now(&mut tx, &room.group_id).await?,
    };
    let figures = store::figures(&mut tx, &room.group_id, stream).await?;
    let figures = figures.into_iter().map(|figures| ProductConversion {
        product: figures.product,
        clicks: figures.clicks,
        orders: figures.orders,
        pieces: figures.pieces,
    });
    Ok(axum::Json(figures.collect()))
}
