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
mod sign_in;
mod socket;
mod transport;
mod upgrade;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chat_types::gateway::MAX_CLIENT_FRAME_BYTES;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::counters::add;
use crate::listener::{ClientAddress, Place};
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
    /// From connecting to the end of the first request's head.
    pub head: Duration,
    /// For a connection that ends until what it has sent is answered, and once more until its rooms and
    /// the application know. Then its place is free. Rooms decide within five seconds and storage may
    /// take longer: what is not answered by then is seen through all the same.
    pub end: Duration,
    /// From one request to the end of the next one's head on the same connection.
    pub keep_alive: Duration,
}

impl Default for GatewayTimes {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(30),
            login: Duration::from_secs(10),
            write: Duration::from_secs(10),
            end: Duration::from_secs(15),
            head: Duration::from_secs(10),
            // Longer than proxies keep a connection that they do not need, so that they end it.
            keep_alive: Duration::from_secs(75),
        }
    }
}

/// What every connection shares.
pub(crate) struct Gateway {
    pub(crate) service: Arc<Service>,
    pub(crate) times: GatewayTimes,
    pub(crate) stopping: CancellationToken,
    pub(crate) connections: TaskTracker,
    open: AtomicUsize,
}

impl Gateway {
    pub(crate) fn new(
        service: Arc<Service>,
        times: GatewayTimes,
        stopping: CancellationToken,
    ) -> Self {
        let connections = TaskTracker::new();
        Self { service, times, stopping, connections, open: AtomicUsize::new(0) }
    }

    /// Connections at this moment.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().route(PATH, get(come_in)).with_state(gateway)
}

/// Counted among the open connections until it is over, however it ended.
struct Open(Arc<Gateway>);

impl Open {
    fn count(gateway: &Arc<Gateway>) -> Self {
        gateway.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(gateway))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn come_in(
    State(gateway): State<Arc<Gateway>>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    Extension(place): Extension<Arc<Place>>,
    mut request: Request,
) -> Response {
    if gateway.stopping.is_cancelled() {
        return unavailable("the service stops; come back later");
    }
    if place.is_full() {
        add(&gateway.service.counters.connections_turned_away, 1);
        return unavailable("too many connections; come back later");
    }
    // Behind a proxy it comes out only now whose connection this is.
    if place.comes_from(client).is_err() {
        let why = "too many connections from your address; come back later";
        return (StatusCode::TOO_MANY_REQUESTS, why).into_response();
    }
    let (answer, socket) = match upgrade::upgrade(&mut request) {
        Ok(upgraded) => upgraded,
        Err(refusal) => return *refusal,
    };
    // From here on, and not only from the first frame, a stop waits for the connection.
    let tracked = gateway.connections.token();
    let open = Open::count(&gateway);
    tokio::spawn(async move {
        let serving = async {
            let Some(socket) = socket.await else { return };
            connection::serve(gateway, socket, client, &place).await;
        };
        tokio::select! {
            () = serving => {}
            // Only before the login: nothing has begun that would have to be brought to an end.
            () = place.displaced() => {}
        }
        drop(open);
        drop(tracked);
    });
    answer
}

fn unavailable(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}
