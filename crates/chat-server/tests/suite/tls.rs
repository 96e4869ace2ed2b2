//! The service with a certificate. Slow readers over TLS are in `slow_reader`.

use chat_server::GatewayTimes;
use futures_util::SinkExt;
use serde_json::json;
use std::time::Duration;
use tls_transport::testing::Authority;
use tls_transport::{Reloaded, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::clients::{Client, PATIENCE, World, https};

async fn secure_world() -> World {
    let world = World::secure(GatewayTimes::default()).await;
    world.make_room().await;
    world
}

/// The TLS session of a client.
fn session(client: &mut Client) -> &mut rustls::ClientConnection {
    let Stream::Tls(stream) = client.socket.get_mut() else { unreachable!("TLS was asked for") };
    stream.get_mut().1
}

#[tokio::test]
async fn rest_and_gateway_speak_tls_and_say_so() {
    let world = secure_world().await;
    assert!(world.server.rest_url().starts_with("https://"));
    assert!(world.server.gateway_url().starts_with("wss://"));
    let mut talker = world.in_room("talker").await;
    let mut listener = world.in_room("listener").await;
    assert_eq!(talker.send_text("1", "hello").await["delivery"], "delivered");
    assert_eq!(listener.texts(1).await, ["hello"]);
    // Longer than a record of TLS, in both directions.
    listener.raw(json!({"t": "ping", "id": 7, "more": "x".repeat(15_000)}).to_string()).await;
    assert_eq!(listener.kind("pong").await["id"], 7);
    for number in 0..20 {
        world.say(number, &"x".repeat(11_000)).await;
    }
    let missed = json!({"t": "catch_up", "group_id": "r", "after_seq": 1});
    let history = talker.ask(missed).await;
    assert!(history.to_string().len() > 100_000, "{history}");
    assert_eq!(listener.texts(20).await.len(), 20);

    listener.socket.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
    let again = world.in_room("talker").await;
    assert_eq!(talker.close_code().await.1, 4002, "signed in elsewhere");
    drop(again);
    world.server.drain();
    let (frames, code) = listener.close_code().await;
    assert!(frames.iter().any(|frame| frame["t"] == "shutting_down"), "{frames:?}");
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn a_connection_that_ends_says_so_below_the_websocket_too() {
    let times = GatewayTimes { login: Duration::from_millis(50), ..GatewayTimes::default() };
    let world = World::secure(times).await;
    let mut client = world.connect().await;
    assert_eq!(client.close_code().await.1, 4004, "no login in time");
    client.socket.close(None).await.ok();
    let mut rest = Vec::new();
    let end = timeout(PATIENCE, client.socket.get_mut().read_to_end(&mut rest)).await.unwrap();
    assert_eq!(end.expect("not cut off"), 0);
}

#[tokio::test]
async fn whoever_speaks_the_other_language_is_told_so_and_hurts_nobody() {
    let secure = secure_world().await;
    let open = World::with_room().await;
    let mut witness = secure.in_room("witness").await;

    let mut plain = TcpStream::connect(secure.server.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: liveroom\r\n\r\n").await.unwrap();
    let mut heard = Vec::new();
    // A reset behind the alert is an end as well.
    let _ = timeout(PATIENCE, plain.read_to_end(&mut heard)).await.expect("an end in time");
    assert!(!String::from_utf8_lossy(&heard).contains("HTTP/"), "{heard:?}");
    secure.until_metric("liveroom_handshakes_failed_total 1").await;

    let port = open.server.address().port();
    let refused = timeout(PATIENCE, secure.trust.connect("127.0.0.1", port, true)).await.unwrap();
    assert!(refused.is_err());
    assert_eq!(open.in_room("viewer").await.ask(json!({"t": "ping"})).await["t"], "pong");
    assert_eq!(witness.ask(json!({"t": "ping"})).await["t"], "pong");
}

#[tokio::test]
async fn a_client_that_breaks_the_encryption_is_told_so_and_is_gone() {
    let world = secure_world().await;
    let mut witness = world.in_room("witness").await;
    let mut broken = world.signed_in("broken").await;
    let Stream::Tls(stream) = broken.socket.get_mut() else { unreachable!("TLS was asked for") };
    // A record that nobody has encrypted.
    let record = [&[0x17, 3, 3, 0, 32][..], &[7; 32]].concat();
    stream.get_mut().0.write_all(&record).await.unwrap();
    let mut heard = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("an end in time");
    let alert = end.unwrap_err().to_string();
    assert!(alert.contains("BadRecordMac") || alert.contains("DecryptError"), "{alert}");
    world.until_metric("liveroom_open_connections 1").await;
    assert_eq!(witness.ask(json!({"t": "ping"})).await["t"], "pong");
}

#[tokio::test]
async fn keys_that_are_changed_in_mid_stream_stop_nobody() {
    let world = secure_world().await;
    let mut talker = world.in_room("talker").await;
    let mut listener = world.in_room("listener").await;
    for number in 0..3 {
        for client in [&mut talker, &mut listener] {
            session(client).refresh_traffic_keys().unwrap();
        }
        let text = format!("with keys {number}");
        assert_eq!(talker.send_text(&text, &text).await["delivery"], "delivered");
        assert_eq!(listener.texts(1).await, [text]);
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_new_clients_and_old_ones_stay() {
    let world = secure_world().await;
    let mut old = world.in_room("old").await;
    let tls = world.tls.clone().unwrap();
    let renewed = Authority::new();
    renewed.issue_to(world.dir.path(), &["localhost", "127.0.0.1"]);
    assert!(matches!(tls.reload(), Reloaded::Replaced));

    let url = format!("{}/healthz", world.server.rest_url());
    let answer = https(&renewed.trust()).get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(https(&Authority::new().trust()).get(&url).send().await.is_err());
    assert_eq!(old.send_text("1", "still here").await["delivery"], "delivered");
}
