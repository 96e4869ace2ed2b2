//! Servers and clients of this crate on real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tls_transport::testing::Authority;
use tls_transport::{
    Acceptor, CertificateFiles, ClientStream, Error, HandshakeLimits, Refused, Reloaded, ServerTls,
    Stream, Trust,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Far longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that says `hello` to everybody, and tells of everybody whom it refuses.
struct Hello {
    address: SocketAddr,
    refused: mpsc::UnboundedReceiver<Refused>,
}

impl Hello {
    async fn with(tls: Arc<ServerTls>, limits: HandshakeLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = Arc::new(Acceptor::new(tls, limits));
        let (telling, refused) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, telling) = (Arc::clone(&acceptor), telling.clone());
                tokio::spawn(async move {
                    match acceptor.accept(socket).await {
                        // A client that does not believe the server does not hear it either.
                        Ok(mut stream) => {
                            let _ = stream.write_all(b"hello").await;
                            let _ = stream.shutdown().await;
                        }
                        Err(refused) => telling.send(refused).unwrap(),
                    }
                });
            }
        });
        Self { address, refused }
    }

    async fn new(tls: &Arc<ServerTls>) -> Self {
        Self::with(Arc::clone(tls), HandshakeLimits::default()).await
    }

    async fn greets(&self, trust: &Trust, host: &str) -> io::Result<String> {
        let mut stream = trust.connect(host, self.address.port(), true).await?;
        let mut heard = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut heard)).await.unwrap()?;
        Ok(heard)
    }

    async fn refusal(&mut self) -> Refused {
        timeout(PATIENCE, self.refused.recv()).await.unwrap().unwrap()
    }
}

/// The certificate that a server has shown.
fn shown(stream: &ClientStream) -> Vec<u8> {
    let Stream::Tls(stream) = stream else { unreachable!("TLS was asked for") };
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

fn load(certificate: &Path, key: &Path) -> Result<ServerTls, Error> {
    ServerTls::load(CertificateFiles { certificate: certificate.into(), key: key.into() })
}

#[tokio::test]
async fn a_private_authority_is_believed_by_whoever_was_given_it_and_by_nobody_else() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = Hello::new(&authority.serve_loopback(dir.path())).await;
    let file = authority.write_to(dir.path());
    let given = Trust::platform().with_authorities_of(&file).unwrap();
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(server.greets(&given, host).await.unwrap(), "hello", "{host}");
        assert!(server.greets(&Trust::platform(), host).await.is_err(), "{host}");
        assert!(server.greets(&Trust::nobody(), host).await.is_err(), "{host}");
        assert!(server.greets(&Authority::new().trust(), host).await.is_err(), "{host}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_believed_of_the_own_server_alone_and_under_digits() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = authority.issue_to(dir.path(), &["live.example"]);
    let tls = Arc::new(ServerTls::load(files).unwrap());
    let server = Hello::new(&tls).await;
    let own = Trust::nobody().with_own_server(&tls);
    assert!(server.greets(&authority.trust(), "127.0.0.1").await.is_err(), "the name is wrong");
    assert_eq!(server.greets(&own, "127.0.0.1").await.unwrap(), "hello");
    assert!(server.greets(&own, "localhost").await.is_err(), "under a name the usual rules hold");

    // Another server with a certificate of the same authority is not the own one.
    let elsewhere = tempfile::tempdir().unwrap();
    let files = authority.issue_to(elsewhere.path(), &["live.example"]);
    let other = Hello::new(&Arc::new(ServerTls::load(files).unwrap())).await;
    assert!(other.greets(&own, "127.0.0.1").await.is_err());

    // The own one is known through a renewal.
    authority.issue_to(dir.path(), &["live.example"]);
    assert!(matches!(tls.reload(), Reloaded::Replaced));
    assert_eq!(server.greets(&own, "127.0.0.1").await.unwrap(), "hello");
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_the_next_client_and_a_broken_one_to_nobody() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let tls = authority.serve_loopback(dir.path());
    let server = Hello::new(&tls).await;
    let connect = async || {
        // A trust of its own: a session that is taken up again shows no certificate.
        authority.trust().connect("localhost", server.address.port(), true).await.unwrap()
    };
    let first = shown(&connect().await);
    assert!(matches!(tls.reload(), Reloaded::Unchanged));

    authority.issue_to(dir.path(), &["localhost"]);
    assert!(matches!(tls.reload(), Reloaded::Replaced));
    let second = shown(&connect().await);
    assert_ne!(first, second);

    let key = dir.path().join("key.pem");
    let mended = std::fs::read(&key).unwrap();
    std::fs::write(&key, authority.issue(&["localhost"]).1).unwrap();
    let Reloaded::Kept(error) = tls.reload() else { panic!("the key is another certificate's") };
    assert!(error.to_string().contains("key.pem"), "{error}");
    assert!(matches!(tls.reload(), Reloaded::Unchanged), "it is told once");
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(tls.reload(), Reloaded::Kept(Error::Unreadable { .. })));
    assert!(matches!(tls.reload(), Reloaded::Unchanged), "it is told once");
    assert_eq!(shown(&connect().await), second, "the last good one stays");

    std::fs::write(&key, mended).unwrap();
    assert!(matches!(tls.reload(), Reloaded::Replaced));
    assert_eq!(shown(&connect().await), second);
}

#[test]
fn files_that_cannot_be_used_are_refused_by_name() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let CertificateFiles { certificate, key } = authority.issue_to(dir.path(), &["localhost"]);
    let absent = dir.path().join("absent.pem");
    let other = dir.path().join("other.pem");
    std::fs::write(&other, authority.issue(&["localhost"]).1).unwrap();
    assert!(load(&certificate, &key).is_ok());
    for (certificate, key, named, reason) in [
        (&absent, &key, "absent.pem", "cannot be read"),
        (&certificate, &absent, "absent.pem", "cannot be read"),
        (&key, &key, "key.pem", "no certificate"),
        (&certificate, &certificate, "cert.pem", "no private key"),
        (&certificate, &other, "other.pem", "cannot be used with"),
    ] {
        let refused = load(certificate, key).unwrap_err().to_string();
        assert!(refused.contains(named) && refused.contains(reason), "{refused}");
    }
    let no_authority = Trust::platform().with_authorities_of(&key).unwrap_err().to_string();
    assert!(no_authority.contains("key.pem"), "{no_authority}");
}

#[tokio::test]
async fn whoever_speaks_no_tls_is_told_so_at_once() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let mut server = Hello::new(&authority.serve_loopback(dir.path())).await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut heard = Vec::new();
    // A reset behind the alert is an end as well.
    let _ = timeout(PATIENCE, plain.read_to_end(&mut heard)).await.unwrap();
    assert!(matches!(server.refusal().await, Refused::Failed(_)));
    assert_eq!(server.greets(&authority.trust(), "localhost").await.unwrap(), "hello");
}

#[tokio::test]
async fn whoever_says_nothing_has_a_time_for_it() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let limits = HandshakeLimits { within: Duration::from_millis(50), at_once: 1 };
    let mut server = Hello::with(authority.serve_loopback(dir.path()), limits).await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    assert!(matches!(server.refusal().await, Refused::TooLate));
}

#[tokio::test]
async fn the_oldest_of_too_many_unfinished_handshakes_makes_room() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let limits = HandshakeLimits { within: PATIENCE, at_once: 2 };
    let mut server = Hello::with(authority.serve_loopback(dir.path()), limits).await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        waiting.push(half_a_handshake(server.address).await);
    }
    assert_eq!(server.greets(&authority.trust(), "localhost").await.unwrap(), "hello");
    assert!(matches!(server.refusal().await, Refused::Displaced));
    let mut nothing = [0];
    let oldest = timeout(PATIENCE, waiting[0].read(&mut nothing)).await.unwrap();
    assert!(matches!(oldest, Ok(0) | Err(_)), "it was closed: {oldest:?}");
}

/// Says hello, hears the server out, and does not answer.
async fn half_a_handshake(address: SocketAddr) -> TcpStream {
    let config = Trust::platform().client_config().unwrap();
    let name = "localhost".try_into().unwrap();
    let mut client = tls_transport::rustls::ClientConnection::new(config, name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(&hello).await.unwrap();
    let mut flight = vec![0; 16 * 1024];
    let heard = timeout(PATIENCE, socket.read(&mut flight)).await.unwrap().unwrap();
    assert!(heard > 0);
    socket
}
