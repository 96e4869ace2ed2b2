//! Who may connect, and that nobody locks the door for others.

use chat_server::application::{self, Edition};
use chat_server::server::Error;
use chat_server::{Server, ServerConfig};
use futures_util::future::join_all;
use serde_json::json;
use std::net::SocketAddr;
use tls_transport::ClientStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, http::StatusCode};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::clients::{PATIENCE, World, sign};
use crate::listener::Listener;

type Socket = WebSocketStream<ClientStream>;

/// Connects as a proxy does for somebody else.
async fn forwarded(world: &World, client: &str) -> Result<Socket, tungstenite::Error> {
    let mut request = world.server.gateway_url().into_client_request().unwrap();
    request.headers_mut().insert("x-forwarded-for", client.parse().unwrap());
    let stream = TcpStream::connect(world.server.address()).await.unwrap();
    client_async(request, ClientStream::Plain(stream)).await.map(|(socket, _)| socket)
}

fn status(refused: Result<Socket, tungstenite::Error>) -> StatusCode {
    match refused {
        Err(tungstenite::Error::Http(answer)) => answer.status(),
        other => unreachable!("the connection has to be refused: {other:?}"),
    }
}

#[tokio::test]
async fn connections_that_say_nothing_keep_neither_viewers_nor_newcomers_out() {
    let world = World::configured(|config| {
        config.max_connections = 4;
        // Nobody goes for being late, only for making way.
        (config.times.head, config.times.login) = (PATIENCE, PATIENCE);
    })
    .await;
    world.make_room().await;
    let mut viewer = world.in_room("viewer").await;
    // More than may wait, and twice as many as there are places in all; some are WebSockets.
    let address = world.server.address();
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(world.connect().await);
    }
    let mut newcomer = world.in_room("newcomer").await;
    assert_eq!(newcomer.send_text("c1", "hello").await["t"], "send_ok");
    assert_eq!(viewer.texts(1).await, ["hello"]);
    let ends = idle.into_iter().map(|mut stream| async move {
        let mut nothing = Vec::new();
        // A reset is an end, too.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut nothing)).await.expect("the end");
    });
    join_all(ends).await;
    let counts = world.server.counts();
    assert!(counts.connections_displaced >= 300, "{counts:?}");
    assert_eq!(counts.connections_turned_away, 0);
}

#[tokio::test]
async fn one_address_behind_a_proxy_has_its_share_and_others_have_theirs() {
    let world = World::configured(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        config.connections_per_address = 2;
    })
    .await;
    let first = forwarded(&world, "203.0.113.9").await.unwrap();
    let _second = forwarded(&world, "6.6.6.6, 203.0.113.9").await.unwrap();
    let third = forwarded(&world, "203.0.113.9").await;
    assert_eq!(status(third), StatusCode::TOO_MANY_REQUESTS);
    let _other = forwarded(&world, "203.0.113.10").await.unwrap();
    assert_eq!(world.server.counts().connections_refused_address, 1);
    drop(first);
    let free = async { while forwarded(&world, "203.0.113.9").await.is_err() {} };
    timeout(PATIENCE, free).await.expect("a place is free again");
}

#[tokio::test]
async fn webhooks_tell_the_address_of_the_client_and_not_that_of_the_proxy() {
    let trusted = "127.0.0.1,10.0.0.0/8".parse().unwrap();
    let world = World::configured(|config| config.trusted_proxies = trusted).await;
    world.make_room().await;
    let mut told = Listener::to(&world, "State.StateChange").await;
    for (forwarded_for, client) in
        [("6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"), ("2001:db8::7", "2001:db8::7")]
    {
        let socket = forwarded(&world, forwarded_for).await.unwrap();
        let mut viewer = world.over(socket);
        let answer = viewer.login(&world, "viewer", &world.sig("viewer")).await;
        assert_eq!(answer["t"], "login_ok");
        let (query, _) = told.next().await;
        let shown = client.replace(':', "%3A");
        assert!(query.contains(&format!("ClientIP={shown}&")), "{query}");
        viewer.ask(json!({"t": "ping"})).await;
        viewer.raw(r#"{"t":"logout","id":9}"#).await;
        told.next().await;
    }
}

#[tokio::test]
async fn a_caller_without_a_signature_is_answered_although_its_body_never_comes() {
    let world = World::new().await;
    let path = "/v4/group_open_http_svc/get_group_info";
    let unsigned = format!("sdkappid={}&identifier=administrator", world.app.sdk_app_id);
    for (method, path, query) in [
        ("POST", path, unsigned.as_str()),
        ("POST", path, &world.query("a_viewer")),
        ("POST", path, "sdkappid=1&identifier=a&usersig=x"),
        ("PUT", path, &world.query("administrator")),
        ("POST", "/nowhere", ""),
    ] {
        let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
        let head = format!(
            "{method} {path}?{query} HTTP/1.1\r\nHost: liveroom\r\nContent-Length: 1000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b'x'; 1_000]).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
            assert_ne!(read.expect("an answer").unwrap(), 0, "{method} {path}?{query}");
        }
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(r#""ActionStatus":"FAIL""#), "{answer}");
    }
}

#[tokio::test]
async fn a_key_and_an_administrator_count_from_the_next_call_on() {
    let world = World::with_room().await;
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    let path = "group_open_http_svc/get_group_info";
    let body = || json!({"GroupIdList": ["r"]}).to_string();
    let mei = world.query("mei");
    assert_eq!(world.post(path, &mei, body()).await["ErrorCode"], 60010);
    application::add_admin(storage, &*world.clock, app, "mei").await.unwrap();
    assert_eq!(world.post(path, &mei, body()).await["ErrorCode"], 0);
    application::remove_admin(storage, app, "mei").await.unwrap();
    assert_eq!(world.post(path, &mei, body()).await["ErrorCode"], 60010);
    // Of another application: known from the moment that it was made.
    let made = application::create(storage, &*world.clock, "other", Edition::Free).await.unwrap();
    let id = made.sdk_app_id;
    let sig = sign(id, made.key.reveal(), "administrator", world.clock_s(), 3_600);
    let query = format!("sdkappid={id}&identifier=administrator&usersig={sig}");
    assert_eq!(world.post(path, &query, body()).await["ErrorCode"], 0);
}

#[tokio::test]
async fn plain_text_beyond_this_machine_needs_a_proxy_or_somebody_who_means_it() {
    let dir = tempfile::tempdir().unwrap();
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let config = || ServerConfig::new(everywhere, dir.path().to_owned());
    let Err(refused) = Server::start(config()).await else { unreachable!("it has to be refused") };
    assert!(matches!(refused, Error::Exposed(_)), "{refused}");
    let proxies = "10.0.0.0/8".parse().unwrap();
    for allowed in [
        ServerConfig { trusted_proxies: proxies, ..config() },
        ServerConfig { insecure_plain_text: true, ..config() },
    ] {
        Server::start(allowed).await.unwrap().shutdown().await;
    }
    let nobody = ServerConfig { proxy_protocol: true, insecure_plain_text: true, ..config() };
    assert!(matches!(Server::start(nobody).await, Err(Error::NoProxies)));
}
