//! Accepts connections and speaks HTTP/1.1 on them, until they turn into something else or end.
//!
//! Nobody holds a place for nothing: the head of a request has to arrive in time, also the next one
//! on a connection that stays open, and there are only so many connections at once.

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::counters::{Counters, add};

/// The machine has no file or memory left for a further connection: others may give some back.
const EXHAUSTED_PAUSE: Duration = Duration::from_secs(1);

/// Who is let in, and for how long.
pub(crate) struct Limits {
    /// HTTP connections at once; one that has become a WebSocket is none any more. A further one is
    /// closed at once.
    pub(crate) connections: usize,
    /// For the whole head of a request to arrive.
    pub(crate) head: Duration,
}

/// Answers every connection with `router` until `stopping`; then lets the running requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    counters: Arc<Counters>,
    stopping: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            add(&counters.connections_turned_away, 1);
            continue;
        };
        // Frames are small and go out when they are due; without this they wait for each other.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the socket collects small frames");
        }
        let answering = answer(stream, peer, router.clone(), limits.head, stopping.clone());
        connections.spawn(async move {
            answering.await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Answers the requests of one connection.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head: Duration,
    stopping: CancellationToken,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        // Webhooks tell where a request came from.
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// A client that has gone before it was accepted concerns nobody else; anything else is a matter of
/// the machine.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection can be accepted");
        sleep(EXHAUSTED_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    /// Far longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Asks and is answered; `None` when the connection is closed.
    async fn ask(stream: &mut TcpStream) -> Option<()> {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.ok()?;
        let mut answer = [0; 1_000];
        let length = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().ok()?;
        let answer = String::from_utf8_lossy(&answer[..length]);
        answer.ends_with("hello").then_some(())
    }

    #[tokio::test]
    async fn a_connection_too_many_is_closed_at_once_and_a_stop_waits_for_running_requests() {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(tokio::sync::Notify::new());
        let answer = Arc::new(tokio::sync::Notify::new());
        let slow = {
            let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
            async move || {
                asked.notify_one();
                answer.notified().await;
                "late"
            }
        };
        let router = Router::new().route("/", get(async || "hello")).route("/slow", get(slow));
        let counters = Arc::new(Counters::default());
        let stopping = CancellationToken::new();
        let limits = Limits { connections: 2, head: PATIENCE };
        let serving =
            tokio::spawn(serve(socket, router, limits, Arc::clone(&counters), stopping.clone()));

        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut first).await.is_some());
        assert!(ask(&mut second).await.is_some());
        assert!(ask(&mut second).await.is_some(), "a connection takes several requests");
        let mut third = TcpStream::connect(address).await.unwrap();
        let mut nothing = Vec::new();
        timeout(PATIENCE, third.read_to_end(&mut nothing)).await.unwrap().unwrap();
        assert!(nothing.is_empty());
        assert_eq!(counters.read().connections_turned_away, 1);

        drop(first);
        let coming = async {
            loop {
                let mut stream = TcpStream::connect(address).await.unwrap();
                if ask(&mut stream).await.is_some() {
                    return stream;
                }
            }
        };
        let mut again = timeout(PATIENCE, coming).await.expect("a place is free again");
        again.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        timeout(PATIENCE, asked.notified()).await.expect("the request runs");
        stopping.cancel();
        timeout(PATIENCE, second.read_to_end(&mut nothing)).await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
        answer.notify_one();
        let mut late = Vec::new();
        timeout(PATIENCE, again.read_to_end(&mut late)).await.unwrap().unwrap();
        assert!(late.ends_with(b"late"));
        timeout(PATIENCE, serving).await.unwrap().unwrap();
    }
}
