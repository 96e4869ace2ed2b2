//! TLS before the first request, where the service has a certificate.

use tls_transport::{Acceptor, Refused, ServerStream, Stream};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::counters::{Counters, add};

/// What the requests of a connection are read from; `None` when its handshake failed, or was not
/// over when the service stopped.
pub(super) async fn secured(
    socket: TcpStream,
    acceptor: Option<&Acceptor>,
    counters: &Counters,
    stopping: &CancellationToken,
) -> Option<ServerStream> {
    let Some(acceptor) = acceptor else { return Some(Stream::Plain(socket)) };
    let accepted = tokio::select! {
        accepted = acceptor.accept(socket) => accepted,
        () = stopping.cancelled() => return None,
    };
    match accepted {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use tls_transport::HandshakeLimits;
    use tls_transport::testing::Authority;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_client_that_never_says_hello() {
        let dir = tempfile::tempdir().unwrap();
        let long = Duration::from_secs(600);
        let limits = HandshakeLimits { within: long, ..HandshakeLimits::default() };
        let tls = Authority::new().serve_loopback(dir.path());
        let acceptor = Acceptor::new(Arc::clone(&tls), limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (silent, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (counters, stopping) = (Counters::default(), CancellationToken::new());
        let securing = secured(accepted.unwrap().0, Some(&acceptor), &counters, &stopping);
        stopping.cancel();
        let stream = timeout(Duration::from_secs(20), securing).await.expect("it ends");
        assert!(stream.is_none());
        assert_eq!(counters.read().handshakes_failed, 0, "it was not the client's fault");
        drop(silent);
    }
}
