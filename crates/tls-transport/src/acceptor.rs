//! Handshakes of a server. Whoever does not finish one holds up nobody: it has a time, and when
//! there are too many at once, the one that has lasted longest makes room for the next.

use rustls::server::Acceptor as Hello;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;

use crate::{ServerStream, ServerTls, Stream};

/// What handshakes may take.
#[derive(Debug, Clone, Copy)]
pub struct HandshakeLimits {
    /// From the first byte that is waited for to the last one.
    pub within: Duration,
    /// At once, of clients that have said hello: the server has signed for each, and keeps some
    /// kilobytes until the client answers, which is one way there and back over the network.
    pub at_once: usize,
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self { within: Duration::from_secs(5), at_once: 4_096 }
    }
}

/// Why a connection is not there.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the handshake took too long")]
    TooLate,
    #[error("there were too many handshakes at once, and this one was the oldest")]
    Displaced,
    #[error("the handshake failed: {0}")]
    Failed(#[from] io::Error),
}

/// Accepts the TLS of a server's connections.
#[derive(Debug)]
pub struct Acceptor {
    tls: Arc<ServerTls>,
    limits: HandshakeLimits,
    running: Mutex<Running>,
}

/// The handshakes of one moment, by their age.
#[derive(Debug, Default)]
struct Running {
    next: u64,
    by_age: BTreeMap<u64, Arc<Notify>>,
}

/// One handshake of a client that has said hello.
struct Place<'a> {
    acceptor: &'a Acceptor,
    number: u64,
    displaced: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.acceptor.running().by_age.remove(&self.number);
    }
}

impl Acceptor {
    pub fn new(tls: Arc<ServerTls>, limits: HandshakeLimits) -> Self {
        Self { tls, limits, running: Mutex::default() }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// [`Refused`]; the socket is closed then.
    pub async fn accept(&self, socket: TcpStream) -> Result<ServerStream, Refused> {
        let shaking = async {
            let hello = LazyConfigAcceptor::new(Hello::default(), socket).await?;
            let place = self.place();
            let finishing = hello.into_stream(self.tls.config());
            tokio::select! {
                finished = finishing => Ok(Stream::Tls(Box::new(finished?))),
                () = place.displaced.notified() => Err(Refused::Displaced),
            }
        };
        timeout(self.limits.within, shaking).await.unwrap_or(Err(Refused::TooLate))
    }

    fn place(&self) -> Place<'_> {
        let displaced = Arc::new(Notify::new());
        let mut running = self.running();
        let number = running.next;
        running.next += 1;
        running.by_age.insert(number, Arc::clone(&displaced));
        if running.by_age.len() > self.limits.at_once
            && let Some((_, oldest)) = running.by_age.pop_first()
        {
            oldest.notify_one();
        }
        Place { acceptor: self, number, displaced }
    }
}
