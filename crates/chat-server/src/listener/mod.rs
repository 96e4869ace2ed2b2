//! Accepts connections and speaks HTTP/1.1 on them, until they turn into something else or end.
//!
//! Nobody holds a place for nothing: the first request has to arrive in time, there are only so many
//! connections of one address, and whoever has proven nothing makes way when others wait.

mod places;
mod proxy;
mod spare;

pub(crate) use places::{Limits, Place, Places};
pub(crate) use proxy::read as read_proxy_header;

mod tls;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ingress::{Exposure, TrustedProxies};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tls_transport::Acceptor;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::counters::{Counters, add};
use spare::Spare;

/// Connections that the kernel keeps until they are accepted. With fewer the first packets of a
/// crowd that comes back at once are lost, and come again after one, three and seven seconds.
const BACKLOG: u32 = 4_096;
/// What of a request is kept before it is understood: its whole head has to fit.
const HEAD_BYTES: usize = 32 * 1024;
const FORWARDED: &str = "x-forwarded-for";

/// From where a request comes: the client's own address, also behind proxies that are trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Who is let in, and for how long.
pub(crate) struct Entrance {
    pub(crate) places: Arc<Places>,
    pub(crate) exposure: Exposure,
    pub(crate) proxies: TrustedProxies,
    /// Every connection begins with the header of the PROXY protocol.
    pub(crate) proxy_protocol: bool,
    /// From the accept to the end of the first request's head.
    pub(crate) head: Duration,
    /// From one request of a connection to the end of the next one's head.
    pub(crate) keep_alive: Duration,
    pub(crate) counters: Arc<Counters>,
    /// Somebody was refused who came past the proxies, and the log says so.
    pub(crate) told: AtomicBool,
}

impl Entrance {
    /// A place for a peer that has connected to the address `local`, and as whom it speaks, unless
    /// it may not be here.
    fn let_in(&self, peer: IpAddr, local: IpAddr) -> Option<(Arc<Place>, IpAddr)> {
        let Some(peer) = self.exposure.takes(&self.proxies, peer, local) else {
            add(&self.counters.connections_refused_plain_text, 1);
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    %peer,
                    "a connection in plain text came past the proxies and is refused, as all such \
                     ones are: name it with --trusted-proxies if it is one"
                );
            }
            return None;
        };
        let trusted = self.proxies.contains(peer);
        if !trusted && self.proxy_protocol {
            add(&self.counters.connections_refused_proxy, 1);
            tracing::debug!(%peer, "no trusted proxy, so the PROXY protocol is not taken from it");
            return None;
        }
        // Whose connection a proxy brings is not known yet.
        let place = self.places.enter((!trusted).then_some(peer)).ok()?;
        Some((place, peer))
    }

    /// Whose connection it is, as far as the connection itself says; nothing when it may not go on.
    async fn client(
        &self,
        stream: &mut TcpStream,
        peer: IpAddr,
        place: &Place,
        deadline: Instant,
    ) -> Option<IpAddr> {
        if !self.proxy_protocol {
            return Some(peer);
        }
        let Ok(header) = timeout_at(deadline, read_proxy_header(stream)).await else {
            add(&self.counters.connections_late, 1);
            return None;
        };
        let client = match header {
            Ok(client) => client.unwrap_or(peer),
            Err(error) => {
                add(&self.counters.connections_refused_proxy, 1);
                tracing::debug!(%peer, %error, "connection refused");
                return None;
            }
        };
        // Behind one proxy may be another one, which says in the request for whom it speaks.
        if !self.proxies.contains(client) {
            place.comes_from(client).ok()?;
        }
        Some(client)
    }
}

/// Listens, with a queue that holds a crowd.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A service that starts again takes its port over from connections that are still ending.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers every connection with `router` until `stopping`; then lets the running requests end.
/// With an acceptor all of them speak TLS.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: Option<Arc<Acceptor>>,
    router: Router,
    entrance: Arc<Entrance>,
    stopping: CancellationToken,
) {
    let connections = TaskTracker::new();
    let mut spare = Spare::new();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if spare.after(&error, &listener).await {
                    add(&entrance.counters.connections_refused_files, 1);
                }
                continue;
            }
        };
        spare.went_well();
        // A client that has gone already has no addresses any more.
        let Ok(local) = stream.local_addr() else { continue };
        let Some((place, peer)) = entrance.let_in(peer.ip(), local.ip()) else { continue };
        // Frames are small and go out when they are due; without this they wait for each other.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the socket collects small frames");
        }
        let (router, entrance) = (router.clone(), Arc::clone(&entrance));
        let (acceptor, stopping) = (acceptor.clone(), stopping.clone());
        connections.spawn(async move {
            let acceptor = acceptor.as_deref();
            let answering = answer(stream, peer, &place, acceptor, router, entrance, stopping);
            tokio::select! {
                () = answering => {}
                () = place.displaced() => {}
            }
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Answers the requests of one connection.
async fn answer(
    mut stream: TcpStream,
    peer: IpAddr,
    place: &Arc<Place>,
    acceptor: Option<&Acceptor>,
    router: Router,
    entrance: Arc<Entrance>,
    stopping: CancellationToken,
) {
    let deadline = Instant::now() + entrance.head;
    let before_requests = async {
        let client = entrance.client(&mut stream, peer, place, deadline).await?;
        let stream = tls::secured(stream, acceptor, &entrance.counters).await?;
        Some((client, stream))
    };
    let ready = tokio::select! {
        biased;
        ready = before_requests => ready,
        // What a client says before its first request is nothing that a stop waits for.
        () = stopping.cancelled() => None,
    };
    let Some((client, stream)) = ready else { return };
    let router = TowerToHyperService::new(router);
    let asked = Arc::new(AtomicBool::new(false));
    let service = {
        let (entrance, place, asked) =
            (Arc::clone(&entrance), Arc::clone(place), Arc::clone(&asked));
        service_fn(move |mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let forwarded = request.headers().get_all(FORWARDED).iter();
            let client = entrance.proxies.client(client, forwarded.map(|value| value.as_bytes()));
            request.extensions_mut().insert(ClientAddress(client));
            request.extensions_mut().insert(Arc::clone(&place));
            router.call(request)
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(entrance.keep_alive)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut late = pin!(sleep_until(deadline));
    let (mut looked, mut stops) = (false, false);
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = late.as_mut(), if !looked => {
                looked = true;
                if !asked.load(Ordering::Relaxed) {
                    add(&entrance.counters.connections_late, 1);
                    return;
                }
            }
            () = stopping.cancelled(), if !stops => {
                stops = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

#[cfg(test)]
mod tests;
