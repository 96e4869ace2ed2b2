//! Start, and orderly shutdown.

use data_folder::Lock;
use futures_util::FutureExt;
use ingress::{Exposed, Exposure, TrustedProxies};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tls_transport::{Acceptor, HandshakeLimits, ServerTls, Trust};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SystemClock};
use crate::counters::Counts;
use crate::faults::Faults;
pub use crate::gateway::GatewayTimes;
use crate::gateway::{self, Gateway};
use crate::health::{self, Health};
use crate::listener::{self, Entrance, Limits, Places};
use crate::open_files;
use crate::panics::{PANIC_PAUSE, caught};
use crate::rest;
use crate::service::Service;
use crate::storage::{self, Storage};

/// How long an orderly stop waits for connections to take their last frames, unless told otherwise.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections at once, unless told otherwise.
const MAX_CONNECTIONS: usize = 20_000;
/// Connections of each kind on a listener for this machine or its operator alone.
const BESIDE: usize = 32;
/// Connections of one address at once, unless told otherwise: a whole house behind one address.
const PER_ADDRESS: u32 = 500;
/// New connections of one address in a second, unless told otherwise. Ten times as many at once are
/// all that it may have.
const PER_ADDRESS_S: u32 = 50;
/// What running calls have at least, however long the connections took.
const LAST_CALLS: Duration = Duration::from_secs(3);
/// How often a running service looks for a changed configuration.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How often what is too old is removed from the database.
const PURGE_EVERY: Duration = Duration::from_secs(600);
/// How often a changed online count is told to a room, at most.
const ROOMS_EVERY: Duration = Duration::from_secs(1);
/// How often clients that ask for nothing any more are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked for members whose connection is gone for too long.
const REPORT_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("{listen} cannot be listened on: {source}; choose another address or port")]
    Listen { listen: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Exposed(#[from] Exposed),
    #[error(
        "the PROXY protocol is taken from named proxies only: name them with --trusted-proxies"
    )]
    NoProxies,
}

/// How a service runs.
#[derive(Clone)]
pub struct ServerConfig {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where an operator's tools ask `/readyz` and `/metrics`, which nobody else needs to reach.
    /// Without it nobody is answered these.
    pub operator_listen: Option<SocketAddr>,
    pub data_dir: PathBuf,
    pub times: GatewayTimes,
    /// Connections that have signed in; a further one is answered 503. Fewer are taken where the
    /// system lets the process have too few files open, which the log says.
    pub max_connections: usize,
    /// Connections of one address at once (of an IPv6 address its /64). This machine is not limited.
    pub connections_per_address: u32,
    /// New connections of one address in a second; ten times as many at once.
    pub connects_per_address_s: u32,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Every connection begins with the header of the PROXY protocol, from a trusted proxy.
    pub proxy_protocol: bool,
    /// Listens beyond this machine without encryption, for everybody.
    pub insecure_plain_text: bool,
    /// How long a stop waits for connections to take their last frames.
    pub drain_timeout: Duration,
    /// With a certificate the REST API is `https` and the gateway `wss`, and nothing else. Whoever
    /// gives it looks after its renewal ([`ServerTls::watch`]).
    pub tls: Option<Arc<ServerTls>>,
    /// Whom the service believes when it calls a receiver of webhooks over `https`.
    pub trust: Trust,
    pub clock: Arc<dyn Clock>,
    /// What tests let fail.
    #[doc(hidden)]
    pub faults: Faults,
}

impl ServerConfig {
    pub fn new(listen: SocketAddr, data_dir: PathBuf) -> Self {
        Self {
            listen,
            operator_listen: None,
            data_dir,
            times: GatewayTimes::default(),
            max_connections: MAX_CONNECTIONS,
            connections_per_address: PER_ADDRESS,
            connects_per_address_s: PER_ADDRESS_S,
            trusted_proxies: TrustedProxies::default(),
            proxy_protocol: false,
            insecure_plain_text: false,
            drain_timeout: DRAIN_TIMEOUT,
            tls: None,
            trust: Trust::platform(),
            clock: Arc::new(SystemClock),
            faults: Faults::default(),
        }
    }

    fn exposure(&self) -> Exposure {
        Exposure {
            listen: self.listen,
            encrypted: self.tls.is_some(),
            behind_proxies: !self.trusted_proxies.is_empty(),
            plain_text: self.insecure_plain_text,
        }
    }

    /// As far as files are there for them.
    fn limits(&self) -> Limits {
        let shares = open_files::raise(self.max_connections);
        Limits {
            signed_in: shares.signed_in,
            newcomers: shares.newcomers,
            callers: shares.callers,
            per_address: self.connections_per_address,
            per_address_s: self.connects_per_address_s,
        }
    }
}

/// A running service. Dropping it does not stop it; call [`Server::shutdown`].
pub struct Server {
    address: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    /// Where an operator's tools ask, if they may.
    operator: Option<SocketAddr>,
    /// Where calls from this machine go, if not to `address`.
    inner: Option<SocketAddr>,
    service: Arc<Service>,
    gateway: Arc<Gateway>,
    /// The service takes no new client and lets the present ones go.
    draining: CancellationToken,
    /// The listener closes.
    closing: CancellationToken,
    drain_timeout: Duration,
    http: Vec<JoinHandle<()>>,
    /// What the service does by itself, all ended by `draining`.
    routines: Vec<JoinHandle<()>>,
    /// Delivers after-webhooks, until the last call has ended.
    courier: JoinHandle<()>,
    courier_stops: CancellationToken,
    /// The last to go: the next service may start when everything is stored.
    _lock: Lock,
}

impl Server {
    /// Opens the database, listens, and answers from the moment this returns.
    pub async fn start(config: ServerConfig) -> Result<Self, Error> {
        config.exposure().check()?;
        if config.proxy_protocol && config.trusted_proxies.is_empty() {
            return Err(Error::NoProxies);
        }
        let lock =
            Lock::take(&config.data_dir, storage::LOCK_FILE).map_err(storage::Error::from)?;
        let stores = storage::open_all(&config.data_dir).await?;
        let listener = listen(config.listen)?;
        let operator = config.operator_listen.map(listen).transpose()?;
        // No proxy stands between the service and its own machine.
        let inner = config.proxy_protocol.then(|| listen(this_machine())).transpose()?;
        // A receiver of this process shows the same certificate.
        let trust = match &config.tls {
            Some(own) => config.trust.clone().with_own_server(own),
            None => config.trust.clone(),
        };
        let (clock, faults) = (Arc::clone(&config.clock), config.faults.clone());
        let (service, courier) = Service::new(stores, clock, faults, trust).await?;
        let draining = CancellationToken::new();
        let closing = CancellationToken::new();
        let gateway =
            Arc::new(Gateway::new(Arc::clone(&service), config.times, draining.child_token()));
        let calls = rest::router(Arc::clone(&service)).merge(health::public_router());
        let router = calls.clone().merge(gateway::router(Arc::clone(&gateway)));
        let health = Arc::new(Health::new(Arc::clone(&gateway)));
        let entrance = Arc::new(entrance(&config, config.limits(), &service));
        let places = Arc::clone(&entrance.places);
        let mut http = Vec::new();
        let mut serve = |(listener, address): (TcpListener, SocketAddr), tls, router, entrance| {
            let stop = closing.child_token();
            http.push(tokio::spawn(listener::serve(listener, tls, router, entrance, stop)));
            address
        };
        let tls = config.tls.clone();
        let tls = tls.map(|tls| Arc::new(Acceptor::new(tls, HandshakeLimits::default())));
        let address = serve(listener, tls, router, entrance);
        let beside = || Arc::new(beside_entrance(&config, &service));
        let inner = inner.map(|inner| serve(inner, None, calls, beside()));
        let operator_router = health::operator_router(Arc::clone(&health));
        let operator = operator.map(|operator| serve(operator, None, operator_router, beside()));
        let mut routines = routines(&service, &places, &draining);
        routines.push(tokio::spawn(health.keep_trying(draining.child_token())));
        let courier_stops = CancellationToken::new();
        let courier = tokio::spawn(courier.run(courier_stops.clone()));
        tracing::info!(%address, "service listens");
        Ok(Self {
            address,
            tls: config.tls,
            operator,
            inner,
            service,
            gateway,
            draining,
            closing,
            drain_timeout: config.drain_timeout,
            http,
            routines,
            courier,
            courier_stops,
            _lock: lock,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that the service shows; `None` where it speaks without TLS.
    pub fn tls(&self) -> Option<&Arc<ServerTls>> {
        self.tls.as_ref()
    }

    /// Where an operator's tools ask `/readyz` and `/metrics`: `http://ADDR:PORT`.
    pub fn operator_url(&self) -> Option<String> {
        self.operator.map(|address| format!("http://{address}"))
    }

    /// Base of the REST API for programs on this machine, which no proxy brings.
    pub fn inner_rest_url(&self) -> String {
        self.inner.map_or_else(|| self.rest_url(), |address| format!("http://{address}"))
    }

    /// Base of the REST API: `http://ADDR:PORT`, or `https` where there is a certificate.
    pub fn rest_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Address of the gateway: `ws://ADDR:PORT/gateway`, or `wss` where there is a certificate.
    pub fn gateway_url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.address, gateway::PATH)
    }

    pub fn storage(&self) -> &dyn Storage {
        &*self.service.storage
    }

    pub fn counts(&self) -> Counts {
        self.service.counters.read()
    }

    /// The first half of a stop: `/readyz` answers 503, the gateway takes nobody any more and tells
    /// every client that the service stops. Calls are still answered.
    pub fn drain(&self) {
        self.draining.cancel();
        self.gateway.connections.close();
    }

    /// Drains, waits a bounded time for the clients to be told, then takes no new call, lets the
    /// running ones end, and closes the database.
    pub async fn shutdown(self) {
        self.drain();
        let deadline = Instant::now() + self.drain_timeout;
        if timeout_at(deadline, self.gateway.connections.wait()).await.is_err() {
            tracing::warn!(open = self.gateway.open(), "stopped with open connections");
        }
        self.closing.cancel();
        let deadline = deadline.max(Instant::now() + LAST_CALLS);
        self.service.calls.close();
        let ended = timeout_at(deadline, async {
            self.service.calls.wait().await;
            // A panic in a task is logged by the runtime; the stop goes on all the same.
            for listener in self.http {
                let _ = listener.await;
            }
            for routine in self.routines {
                let _ = routine.await;
            }
        });
        if ended.await.is_err() {
            tracing::warn!("stopped in the middle of calls");
        }
        self.service.stop_rooms().await;
        self.service.stop_recording().await;
        // Events that wait stay in the database for the next start.
        self.courier_stops.cancel();
        let _ = self.courier.await;
        self.service.store_sequence_numbers().await;
        self.service.storage.close().await;
        let counts = self.service.counters.read();
        tracing::info!(
            connections_opened = counts.connections_opened,
            messages_accepted = counts.messages_accepted,
            copies_missed_slow_reader = counts.copies_missed_slow_reader,
            "service stopped"
        );
    }
}

fn this_machine() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A listener, and the address that it got.
fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let in_use = |source| Error::Listen { listen: address, source };
    let listener = listener::bind(address).map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    Ok((listener, address))
}

/// A way in that only programs of this machine, or of its operator, can reach.
fn beside_entrance(config: &ServerConfig, service: &Service) -> Entrance {
    let mut beside = ServerConfig::new(this_machine(), config.data_dir.clone());
    beside.times = config.times;
    beside.clock = Arc::clone(&config.clock);
    let (newcomers, callers) = (BESIDE, BESIDE);
    let (per_address, per_address_s) = (u32::MAX, u32::MAX);
    let limits = Limits { signed_in: 0, newcomers, callers, per_address, per_address_s };
    entrance(&beside, limits, service)
}

/// A way in from the network.
fn entrance(config: &ServerConfig, limits: Limits, service: &Service) -> Entrance {
    let counters = Arc::clone(&service.counters);
    Entrance {
        places: Places::new(limits, Arc::clone(&config.clock), Arc::clone(&counters)),
        exposure: config.exposure(),
        proxies: config.trusted_proxies.clone(),
        proxy_protocol: config.proxy_protocol,
        head: config.times.head,
        keep_alive: config.times.keep_alive,
        counters,
        told: AtomicBool::new(false),
    }
}

fn routines(
    service: &Arc<Service>,
    places: &Arc<Places>,
    stopping: &CancellationToken,
) -> Vec<JoinHandle<()>> {
    let rooms = |service: Arc<Service>| async move {
        service.look_after_rooms().await;
    };
    let report = |service: Arc<Service>| async move { service.report_offline().await };
    let refresh = |service: Arc<Service>| async move {
        if let Err(error) = service.directory.refresh(&*service.storage).await {
            tracing::error!(%error, "configuration not read; the last one stays in force");
        }
    };
    let purge = |service: Arc<Service>| async move { service.purge().await };
    // Goes through all that are known, which takes milliseconds when there are very many.
    let places = Arc::clone(places);
    let tidy = move |service: Arc<Service>| {
        let (admission, places) = (Arc::clone(&service.admission), Arc::clone(&places));
        let tidying = spawn_blocking(move || {
            admission.tidy();
            places.tidy();
        });
        tidying.map(drop)
    };
    vec![
        tokio::spawn(tell_presence(Arc::clone(service), stopping.clone())),
        tokio::spawn(every("rooms", ROOMS_EVERY, Arc::clone(service), stopping.clone(), rooms)),
        tokio::spawn(every("report", REPORT_EVERY, Arc::clone(service), stopping.clone(), report)),
        tokio::spawn(every(
            "refresh",
            REFRESH_EVERY,
            Arc::clone(service),
            stopping.clone(),
            refresh,
        )),
        tokio::spawn(every("purge", PURGE_EVERY, Arc::clone(service), stopping.clone(), purge)),
        tokio::spawn(every("tidy", TIDY_EVERY, Arc::clone(service), stopping.clone(), tidy)),
    ]
}

/// Tells followers of accounts what has changed; a panic ends one telling.
async fn tell_presence(service: Arc<Service>, stopping: CancellationToken) {
    let panics = &service.counters.panics_routines;
    while caught("presence", panics, service.tell_presence(&stopping)).await.is_none() {
        sleep(PANIC_PAUSE).await;
    }
}

/// Does something again and again; a panic ends the one turn.
async fn every<F: Future<Output = ()>>(
    routine: &'static str,
    period: Duration,
    service: Arc<Service>,
    stopping: CancellationToken,
    work: impl Fn(Arc<Service>) -> F,
) {
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = tick.tick() => {}
        }
        let turn = async {
            service.faults.at(Faults::ROUTINE, routine);
            work(Arc::clone(&service)).await;
        };
        caught(routine, &service.counters.panics_routines, turn).await;
    }
}
