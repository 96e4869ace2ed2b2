//! Accepts the connections of the API, with TLS where the service has a certificate. Handshakes run
//! beside each other, and a client that does not finish its own holds up nobody.

use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tls_transport::{Acceptor, Refused, ServerStream, Stream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Connections that are not there yet: a further one waits in the system's own queue.
const MAX_HANDSHAKES: usize = 4_096;

type Shaken = (Result<ServerStream, Refused>, SocketAddr);

pub(crate) struct ApiListener {
    socket: TcpListener,
    acceptor: Option<Arc<Acceptor>>,
    handshakes: JoinSet<Shaken>,
}

impl ApiListener {
    pub(crate) fn new(socket: TcpListener, acceptor: Option<Acceptor>) -> Self {
        Self { socket, acceptor: acceptor.map(Arc::new), handshakes: JoinSet::new() }
    }
}

impl Listener for ApiListener {
    type Io = ServerStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (ServerStream, SocketAddr) {
        loop {
            let has_room = self.handshakes.len() < MAX_HANDSHAKES;
            tokio::select! {
                (socket, peer) = Listener::accept(&mut self.socket), if has_room => {
                    let Some(acceptor) = self.acceptor.clone() else {
                        return (Stream::Plain(socket), peer);
                    };
                    self.handshakes.spawn(async move { (acceptor.accept(socket).await, peer) });
                }
                Some(shaken) = self.handshakes.join_next() => match shaken {
                    Ok((Ok(stream), peer)) => return (stream, peer),
                    Ok((Err(refused), _)) => tracing::debug!(%refused, "no TLS on a connection"),
                    Err(error) => tracing::error!(%error, "a handshake was broken off"),
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}
