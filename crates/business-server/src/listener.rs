//! Accepts the connections of the API, with TLS where the service has a certificate. Handshakes run
//! beside each other, and a client that does not finish its own holds up nobody. Behind proxies that
//! encrypt, nobody but these and this machine is let in.

use axum::serve::Listener;
use ingress::{Exposure, TrustedProxies};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tls_transport::{Acceptor, Refused, ServerStream, Stream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Config;

/// Connections that are not there yet: a further one waits in the system's own queue.
const MAX_HANDSHAKES: usize = 4_096;

type Shaken = (Result<ServerStream, Refused>, SocketAddr);

/// Who may connect.
pub(crate) struct Entrance {
    exposure: Exposure,
    proxies: TrustedProxies,
    /// Somebody was refused who came past the proxies, and the log says so.
    told: bool,
}

impl Entrance {
    pub(crate) fn of(config: &Config) -> Self {
        let (exposure, proxies) = (config.exposure(), config.trusted_proxies.clone());
        Self { exposure, proxies, told: false }
    }

    /// As whom a peer speaks that has connected to the address `local`; `None` when it may not.
    fn admit(&mut self, peer: IpAddr, local: IpAddr) -> Option<IpAddr> {
        let admitted = self.exposure.takes(&self.proxies, peer, local);
        if admitted.is_none() && !std::mem::replace(&mut self.told, true) {
            tracing::warn!(
                %peer,
                "a connection in plain text came past the proxies and is refused, as all such ones \
                 are: name it with --trusted-proxies if it is one"
            );
        }
        admitted
    }
}

pub(crate) struct ApiListener {
    socket: TcpListener,
    entrance: Entrance,
    acceptor: Option<Arc<Acceptor>>,
    handshakes: JoinSet<Shaken>,
}

impl ApiListener {
    pub(crate) fn new(socket: TcpListener, entrance: Entrance, acceptor: Option<Acceptor>) -> Self {
        let (acceptor, handshakes) = (acceptor.map(Arc::new), JoinSet::new());
        Self { socket, entrance, acceptor, handshakes }
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
                    // A client that has gone already has no addresses any more.
                    let Ok(local) = socket.local_addr() else { continue };
                    let admitted = self.entrance.admit(peer.ip(), local.ip());
                    let Some(address) = admitted else { continue };
                    let peer = SocketAddr::new(address, peer.port());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChatAccess;
    use chat_rest::Secret;
    use chat_types::UserId;

    fn config() -> Config {
        let chat = ChatAccess {
            base_url: "http://10.0.0.7:8700".into(),
            sdk_app_id: 1,
            key: Secret::new("key"),
            admin: UserId::new("administrator").unwrap(),
            assistant: UserId::new("assistant").unwrap(),
        };
        Config::new("10.0.0.5:8701".parse().unwrap(), "data".into(), chat)
    }

    #[test]
    fn behind_proxies_nobody_but_these_and_this_machine_connects_in_plain_text() {
        let mut config = config();
        config.trusted_proxies = "10.0.0.9".parse().unwrap();
        let local = "10.0.0.5".parse().unwrap();
        let admits = |config: &Config, peer: &str| {
            let admitted = Entrance::of(config).admit(peer.parse().unwrap(), local);
            admitted.map(|address| address.to_string())
        };
        assert_eq!(admits(&config, "203.0.113.9"), None);
        assert_eq!(admits(&config, "10.0.0.9").unwrap(), "10.0.0.9");
        assert_eq!(admits(&config, "127.0.0.1").unwrap(), "127.0.0.1");
        assert_eq!(admits(&config, "10.0.0.5").unwrap(), "127.0.0.1", "this machine");
        config.insecure_plain_text = true;
        assert_eq!(admits(&config, "203.0.113.9").unwrap(), "203.0.113.9");
    }
}
