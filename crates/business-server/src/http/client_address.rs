//! From where a call comes.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::Business;

const FORWARDED: &str = "x-forwarded-for";

/// The client's own address, also behind proxies that are trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<Arc<Business>> for ClientAddress {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        business: &Arc<Business>,
    ) -> Result<Self, StatusCode> {
        // The listener tells it of every connection.
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) = peer.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        let forwarded = parts.headers.get_all(FORWARDED).iter().map(|value| value.as_bytes());
        Ok(Self(business.config.trusted_proxies.client(peer.ip(), forwarded)))
    }
}
