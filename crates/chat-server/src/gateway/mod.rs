//! The WebSocket gateway: one task for each connection. The protocol is
//! described in `docs/gateway.md`; frames are defined in [`chat_types::gateway`].

mod c2c_requests;
mod connection;
mod guest;
mod history_requests;
mod joined;
mod presence_requests;
mod requests;
mod sending;
mod socket;
mod upgrade;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chat_types::gateway::MAX_CLIENT_FRAME_BYTES;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::service::Service;

/// Path of the gateway on the service's port.
pub(crate) const PATH: &str = "/gateway";
/// A frame longer than this ends the connection; one between this and
/// [`MAX_CLIENT_FRAME_BYTES`] is refused with an error and the connection goes on.
const HARD_FRAME_LIMIT_BYTES: usize = 4 * MAX_CLIENT_FRAME_BYTES;

/// How long the gateway waits for what.
#[derive(Debug, Clone, Copy)]
pub struct GatewayTimes {
    /// A client has to say something at least this often; silence of 2.5 times this ends the
    /// connection.
    pub heartbeat: Duration,
    /// From connecting to `login`.
    pub login: Duration,
    /// For the network to take anything at all before the reader counts as stuck.
    pub write: Duration,
    /// For the whole head of an HTTP request to arrive, also of the next one on the same connection.
    pub head: Duration,
    /// For a connection that ends until what it has sent is decided, and once more until its rooms and
    /// the application know. Rooms decide within five seconds.
    pub end: Duration,
}

impl Default for GatewayTimes {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(30),
            login: Duration::from_secs(10),
            write: Duration::from_secs(10),
            head: Duration::from_secs(60),
            end: Duration::from_secs(15),
        }
    }
}

/// What every connection shares.
pub(crate) struct Gateway {
    pub(crate) service: Arc<Service>,
    pub(crate) times: GatewayTimes,
    pub(crate) stopping: CancellationToken,
    pub(crate) connections: TaskTracker,
    max_connections: usize,
    open: AtomicUsize,
}

impl Gateway {
    pub(crate) fn new(
        service: Arc<Service>,
        times: GatewayTimes,
        max_connections: usize,
        stopping: CancellationToken,
    ) -> Self {
        let connections = TaskTracker::new();
        Self { service, times, stopping, connections, max_connections, open: AtomicUsize::new(0) }
    }

    /// Connections at this moment.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().route(PATH, get(come_in)).with_state(gateway)
}

/// Gives its place back when the connection is over, however it ended.
struct Place(Arc<Gateway>);

impl Place {
    fn take(gateway: &Arc<Gateway>) -> Option<Self> {
        let taken = gateway.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
            (open < gateway.max_connections).then_some(open + 1)
        });
        taken.ok().map(|_| Self(Arc::clone(gateway)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn come_in(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    if gateway.stopping.is_cancelled() {
        return unavailable("the service stops; come back later");
    }
    let Some(place) = Place::take(&gateway) else {
        return unavailable("too many connections; come back later");
    };
    let (answer, socket) = match upgrade::upgrade(&mut request) {
        Ok(upgraded) => upgraded,
        Err(refusal) => return *refusal,
    };
    // From here on, and not only from the first frame, a stop waits for the connection.
    let tracked = gateway.connections.token();
    tokio::spawn(async move {
        let serving = socket.await.map(|socket| connection::serve(gateway, socket, peer.ip()));
        if let Some(serving) = serving {
            serving.await;
        }
        drop(place);
        drop(tracked);
    });
    answer
}

fn unavailable(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}
