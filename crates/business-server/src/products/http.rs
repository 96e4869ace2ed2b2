//! Calls: the catalogue.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::catalogue::{NewProduct, ProductDescription};
use super::{CatalogueEntry, Error, find, sales, slot, store};
use crate::Business;
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, Role};

/// Products in one answer, at most.
const PAGE: u32 = 100;

pub(crate) fn routes() -> Api {
    Api::new()
        .routes(routes!(list, add))
        .routes(routes!(one, change, remove))
        .routes(routes!(restock))
        .merge(slot::routes())
        .merge(sales::routes())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// Products whose ids come after this one.
    #[serde(default)]
    after: String,
}

/// Products by id, a hundred at most.
#[utoipa::path(get, path = "/products", tag = "products", params(After),
    security(("token" = [])), responses((status = 200, body = Vec<CatalogueEntry>), Problems))]
async fn list(
    State(business): State<Arc<Business>>,
    _: Caller,
    QueryOf(After { after }): QueryOf<After>,
) -> Result<axum::Json<Vec<CatalogueEntry>>, Problem> {
    let entries = store::list(&mut business.database.read().await?, &after, PAGE).await?;
    Ok(axum::Json(entries))
}

/// One product.
#[utoipa::path(get, path = "/products/{product}", tag = "products",
    params(("product" = String, Path)), security(("token" = [])),
    responses((status = 200, body = CatalogueEntry), Problems))]
async fn one(
    State(business): State<Arc<Business>>,
    _: Caller,
    PathOf(product): PathOf<String>,
) -> Result<axum::Json<CatalogueEntry>, Problem> {
    Ok(axum::Json(find(&mut business.database.read().await?, &product).await?))
}

/// Take a product into the catalogue: an administrator.
#[utoipa::path(post, path = "/products", tag = "products", request_body = NewProduct,
    security(("token" = [])), responses((status = 201, body = CatalogueEntry), Problems))]
async fn add(
    State(business): State<Arc<Business>>,
    caller: Caller,
    Body(body): Body<NewProduct>,
) -> Result<(StatusCode, axum::Json<CatalogueEntry>), Problem> {
    caller.require(Role::Admin)?;
    let entry = body.checked()?;
    let mut tx = business.database.write().await?;
    if !store::insert(&mut tx, &entry).await? {
        let detail = format!("there is a product {} already: change it with PUT", entry.id);
        return Err(Problem::conflict("product_exists", detail));
    }
    audit::note(&mut tx, &caller, Act::on(&entry.id).after(&entry)).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, axum::Json(entry)))
}

/// Change a product, all but its stock: an administrator. Rooms that show it see the change within
/// about a second.
#[utoipa::path(put, path = "/products/{product}", tag = "products",
    params(("product" = String, Path)), request_body = ProductDescription, security(("token" = [])),
    responses((status = 200, body = CatalogueEntry), Problems))]
async fn change(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(product): PathOf<String>,
    Body(body): Body<ProductDescription>,
) -> Result<axum::Json<CatalogueEntry>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.write().await?;
    let present = find(&mut tx, &product).await?;
    let entry = body.checked(product, present.stock)?;
    store::update(&mut tx, &entry).await?;
    audit::note(&mut tx, &caller, Act::on(&entry.id).before(&present).after(&entry)).await?;
    slot::product_changed(&mut tx, &entry.id).await?;
    tx.commit().await?;
    Ok(axum::Json(entry))
}

/// Take a product out of the catalogue: an administrator. It is taken down wherever it is shown.
#[utoipa::path(delete, path = "/products/{product}", tag = "products",
    params(("product" = String, Path)), security(("token" = [])),
    responses((status = 204), Problems))]
async fn remove(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(product): PathOf<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.write().await?;
    let present = find(&mut tx, &product).await?;
    if !store::delete(&mut tx, &product).await? {
        return Err(Error::Absent(product).into());
    }
    audit::note(&mut tx, &caller, Act::on(&product).before(present)).await?;
    slot::product_removed(&business, &mut tx, &product).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok(StatusCode::NO_CONTENT)
}

/// Either of the two.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StockChange {
    /// So many pieces are there; null when nobody counts them any more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    set: Option<Option<u32>>,
    /// So many more, or with a minus so many fewer, however many were sold meanwhile.
    #[serde(default)]
    add: Option<i64>,
}

/// Tells null from a member that is absent.
fn given<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

/// Set the stock of a product, or add to it: an administrator.
#[utoipa::path(post, path = "/products/{product}/stock", tag = "products",
    params(("product" = String, Path)), request_body = StockChange, security(("token" = [])),
    responses((status = 200, body = CatalogueEntry), Problems))]
async fn restock(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(product): PathOf<String>,
    Body(body): Body<StockChange>,
) -> Result<axum::Json<CatalogueEntry>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.write().await?;
    let present = find(&mut tx, &product).await?;
    let stock = match body {
        StockChange { set: Some(stock), add: None } => {
            store::set_stock(&mut tx, &product, stock).await?;
            stock
        }
        StockChange { set: None, add: Some(pieces) } => {
            let pieces = pieces.clamp(-i64::from(u32::MAX), i64::from(u32::MAX));
            let stock = store::add_stock(&mut tx, &product, pieces).await?;
            Some(stock.ok_or_else(|| not_added(&present, pieces))?)
        }
        _ => {
            return Err(Problem::invalid(
                r#"say either {"set":12}, {"set":null} when nobody counts, or {"add":-2}"#,
            ));
        }
    };
    let act = Act::on(&product);
    let act = act.before(json!({"stock": present.stock})).after(json!({"stock": stock}));
    audit::note(&mut tx, &caller, act).await?;
    slot::product_changed(&mut tx, &product).await?;
    tx.commit().await?;
    Ok(axum::Json(CatalogueEntry { stock, ..present }))
}

/// Why so many pieces cannot be added.
fn not_added(present: &CatalogueEntry, pieces: i64) -> Error {
    let product = present.id.clone();
    match present.stock {
        None => Error::Uncounted(product),
        Some(left) if pieces < 0 => Error::SoldOut { product, left },
        Some(_) => Error::TooMany(product),
    }
}
