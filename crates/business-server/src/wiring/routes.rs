//! What is answered, and by whom.

use axum::Router;
use axum::middleware::from_fn_with_state;
use std::sync::Arc;

use super::figures;
use crate::{
    Business, accounts, assistant, audit, broadcast, draws, follows, gifts, http, likes,
    moderation, notifications, operator, outbox, products, rooms, routine, statistics, webhooks,
};

/// Everything that is answered, and the document that describes it.
pub(crate) fn router(business: &Arc<Business>) -> (Router, utoipa::openapi::OpenApi) {
    let beside = webhooks::router().merge(operator::public_router());
    let (router, document) = http::router(business, subjects(), beside);
    (router.layer(from_fn_with_state(Arc::clone(business), audit::keep)), document)
}

/// The calls of all subjects.
fn subjects() -> impl Iterator<Item = http::Api> {
    [
        accounts::http::routes(),
        assistant::http::routes(),
        audit::http::routes(),
        broadcast::http::routes(),
        draws::http::routes(),
        follows::routes(),
        gifts::http::routes(),
        likes::http::routes(),
        moderation::http::routes(),
        notifications::http::routes(),
        outbox::http::routes(),
        products::routes(),
        rooms::http::routes(),
        routine::http::routes(),
        statistics::http::routes(),
        figures::routes(),
    ]
    .into_iter()
}
