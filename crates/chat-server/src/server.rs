//! Listening, and orderly shutdown.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SystemClock};
use crate::counters::Counts;
pub use crate::gateway::GatewayTimes;
use crate::gateway::{self, Gateway};
use crate::rest;
use crate::service::Service;
use crate::storage::{self, ServiceLock, Storage};

/// How long an orderly stop waits for connections to take their last frames.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a changed online count is told to a room, at most.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("{listen} cannot be listened on: {source}; choose another address or port")]
    Listen { listen: SocketAddr, source: std::io::Error },
}

/// How a service runs.
#[derive(Clone)]
pub struct ServerConfig {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub times: GatewayTimes,
    pub clock: Arc<dyn Clock>,
}

impl ServerConfig {
    pub fn new(listen: SocketAddr, data_dir: PathBuf) -> Self {
        Self { listen, data_dir, times: GatewayTimes::default(), clock: Arc::new(SystemClock) }
    }
}

/// A running service. Dropping it does not stop it; call [`Server::shutdown`].
pub struct Server {
    address: SocketAddr,
    service: Arc<Service>,
    gateway: Arc<Gateway>,
    stopping: CancellationToken,
    http: JoinHandle<()>,
    announcer: JoinHandle<()>,
    /// The last to go: the next service may start when everything is stored.
    _lock: ServiceLock,
}

impl Server {
    /// Opens the database, listens, and answers from the moment this returns.
    pub async fn start(config: ServerConfig) -> Result<Self, Error> {
        let lock = ServiceLock::take(&config.data_dir)?;
        let storage = Storage::open(&config.data_dir).await?;
        let in_use = |source| Error::Listen { listen: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(in_use)?;
        let address = listener.local_addr().map_err(in_use)?;
        let service = Arc::new(Service::new(storage, config.clock));
        let stopping = CancellationToken::new();
        let gateway =
            Arc::new(Gateway::new(Arc::clone(&service), config.times, stopping.child_token()));
        let router =
            rest::router(Arc::clone(&service)).merge(gateway::router(Arc::clone(&gateway)));
        let http = tokio::spawn(serve(listener, router, stopping.child_token()));
        let announcer = tokio::spawn(announce(Arc::clone(&service), stopping.child_token()));
        tracing::info!(%address, "service listens");
        Ok(Self { address, service, gateway, stopping, http, announcer, _lock: lock })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base of the REST API: `http://ADDR:PORT`.
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Address of the gateway: `ws://ADDR:PORT/gateway`.
    pub fn gateway_url(&self) -> String {
        format!("ws://{}{}", self.address, gateway::PATH)
    }

    pub fn storage(&self) -> &Storage {
        &self.service.storage
    }

    pub fn counts(&self) -> Counts {
        self.service.counters.read()
    }

    /// Takes no new connection, lets running calls end, tells every client that the service stops,
    /// waits a bounded time for them to be told, and closes the database.
    pub async fn shutdown(self) {
        self.stopping.cancel();
        self.gateway.connections.close();
        let drained = timeout(DRAIN_TIMEOUT, async {
            self.gateway.connections.wait().await;
            // A panic in a task is logged by the runtime; the stop goes on all the same.
            let _ = self.http.await;
            let _ = self.announcer.await;
        });
        if drained.await.is_err() {
            tracing::warn!(open = self.gateway.connections.len(), "stopped with open connections");
        }
        self.service.store_sequence_numbers().await;
        self.service.storage.close().await;
        tracing::info!(counts = ?self.service.counters.read(), "service stopped");
    }
}

async fn serve(listener: TcpListener, router: axum::Router, stopping: CancellationToken) {
    let served = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!(%error, "listener failed");
    }
}

async fn announce(service: Arc<Service>, stopping: CancellationToken) {
    let mut tick = interval(ANNOUNCE_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = tick.tick() => service.announce_online(),
        }
    }
}
