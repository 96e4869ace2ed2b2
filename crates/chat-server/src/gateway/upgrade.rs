//! From an HTTP request to a bare socket (RFC 6455, section 4.2). What the WebSocket libraries put
//! around a socket costs tens of kilobytes for each viewer and a wake-up for each message; the
//! gateway writes to the socket itself.

use axum::extract::Request;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tls_transport::ServerStream;
use tungstenite::handshake::derive_accept_key;

/// A socket, and what the client has sent before the answer reached it.
pub(super) struct Upgraded {
    pub(super) stream: ServerStream,
    pub(super) read: Bytes,
}

/// The answer to a WebSocket request, and the socket that comes after it.
///
/// # Errors
/// The answer to a request that is none: 400, or 426 for another version of the protocol.
pub(super) fn upgrade(
    request: &mut Request,
) -> Result<(Response, impl Future<Output = Option<Upgraded>> + use<>), Box<Response>> {
    let refuse = |status: StatusCode, why: &'static str| Box::new((status, why).into_response());
    let headers = request.headers();
    if !names(headers, CONNECTION, "upgrade") || !names(headers, UPGRADE, "websocket") {
        return Err(refuse(StatusCode::BAD_REQUEST, "this address speaks WebSocket only"));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut answer = refuse(StatusCode::UPGRADE_REQUIRED, "use version 13 of the protocol");
        answer
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, axum::http::HeaderValue::from_static("13"));
        return Err(answer);
    }
    let Some(key) = headers.get(SEC_WEBSOCKET_KEY) else {
        return Err(refuse(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing"));
    };
    let accept = derive_accept_key(key.as_bytes());
    let Some(on_upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return Err(refuse(StatusCode::UPGRADE_REQUIRED, "the connection cannot be upgraded"));
    };
    let answer = (
        StatusCode::SWITCHING_PROTOCOLS,
        [(CONNECTION, "upgrade"), (UPGRADE, "websocket"), (SEC_WEBSOCKET_ACCEPT, &accept)],
    );
    Ok((answer.into_response(), socket(on_upgrade)))
}

async fn socket(on_upgrade: OnUpgrade) -> Option<Upgraded> {
    // The client may go away before it has the answer.
    let upgraded = on_upgrade.await.ok()?;
    match upgraded.downcast::<TokioIo<ServerStream>>() {
        Ok(parts) => Some(Upgraded { stream: parts.io.into_inner(), read: parts.read_buf }),
        Err(_) => {
            tracing::error!("the listener gives something else than its own streams");
            None
        }
    }
}

/// Whether a header that is a list names this word, in whatever case.
fn names(headers: &HeaderMap, header: HeaderName, word: &str) -> bool {
    let values = headers.get_all(header);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|each| each.trim().eq_ignore_ascii_case(word))
}
