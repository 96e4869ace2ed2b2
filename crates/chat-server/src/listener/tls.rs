//! TLS before the first request, where the service has a certificate.

use tls_transport::{Acceptor, Refused, ServerStream, Stream};
use tokio::net::TcpStream;

use crate::counters::{Counters, add};

/// What the requests of a connection are read from; `None` when its handshake failed.
pub(super) async fn secured(
    socket: TcpStream,
    acceptor: Option<&Acceptor>,
    counters: &Counters,
) -> Option<ServerStream> {
    let Some(acceptor) = acceptor else { return Some(Stream::Plain(socket)) };
    match acceptor.accept(socket).await {
        Ok(stream) => Some(stream),
        Err(refused) => {
            let counter = match refused {
                Refused::Displaced => &counters.handshakes_displaced,
                Refused::TooLate | Refused::Failed(_) => &counters.handshakes_failed,
            };
            add(counter, 1);
            tracing::debug!(%refused, "no TLS on a connection");
            None
        }
    }
}
