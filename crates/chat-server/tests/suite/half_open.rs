//! Sockets on which nothing comes any more, at every stage of a connection.

use chat_server::GatewayTimes;
use serde_json::json;
use std::time::Duration;
use tls_transport::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use crate::clients::{Client, PATIENCE, World};
use crate::watcher::{Watcher, say};

/// So many of each kind.
const EACH: usize = 20;

async fn after_saying(world: &World, words: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    stream
}

async fn ended(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("an end in time");
    assert!(!String::from_utf8_lossy(&rest).contains("101 "), "{rest:?}");
}

/// Begins a text of a hundred bytes.
async fn begin_frame(client: &mut Client) {
    let Stream::Plain(stream) = client.socket.get_mut() else {
        unreachable!("there is no TLS here")
    };
    stream.write_all(&[0x81, 0x80 | 100, 1, 2, 3, 4, b'{']).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_that_say_nothing_more_are_closed_and_hold_nobody_up() {
    let times = GatewayTimes {
        login: Duration::from_secs(2),
        head: Duration::from_secs(2),
        heartbeat: Duration::from_secs(1),
        ..GatewayTimes::default()
    };
    let world = World::with_times(times).await;
    world.make_room().await;
    let mut plain = Vec::new();
    let mut greeted = Vec::new();
    let mut members = Vec::new();
    for number in 0..EACH {
        for words in [
            "",
            "POST /v4/group_open_http_svc/get_gr",
            "GET /gateway HTTP/1.1\r\nHost: liveroom\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
        ] {
            plain.push(after_saying(&world, words).await);
        }
        greeted.push(world.connect().await);
        let mut member = world.in_room(&format!("member{number}")).await;
        begin_frame(&mut member).await;
        members.push(member);
    }
    // Others are served all the time.
    let mut talker = Watcher::enter(&world, "talker").await;
    let mut listener = Watcher::enter(&world, "listener").await;
    let ending = async {
        for stream in plain {
            ended(stream).await;
        }
        for mut client in greeted {
            assert_eq!(client.close_code().await.1, 4004, "no login in time");
        }
        for mut member in members {
            assert_eq!(member.close_code().await.1, 4004, "nothing heard for too long");
        }
    };
    tokio::pin!(ending);
    let mut tick = interval(Duration::from_millis(200));
    let mut said = 0;
    loop {
        tokio::select! {
            () = &mut ending => break,
            _ = tick.tick() => {
                said += 1;
                let text = format!("talker:{said}");
                assert_eq!(talker.ask(say("r", "Normal", &text)).await["delivery"], "delivered");
                listener.hear_until(|listener| listener.r().has_text(&text)).await;
                listener.ask(json!({"t": "ping"})).await;
                world.ok("group_open_http_svc/get_group_info", json!({"GroupIdList": ["r"]})).await;
            }
        }
    }
    assert!(listener.r().gaps.is_empty());
    assert_eq!(world.server.counts().connections_closed_silent, EACH as u64);
    world.grace_is_over(2).await;
    world.until_metric("liveroom_online_members 2").await;
}

#[tokio::test]
async fn a_handshake_that_promises_more_than_it_brings_holds_no_place() {
    let times = GatewayTimes { login: Duration::from_millis(500), ..GatewayTimes::default() };
    let world = World::with_times(times).await;
    let stream = after_saying(
        &world,
        "GET /gateway HTTP/1.1\r\nHost: liveroom\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Content-Length: 100\r\n\r\nabc",
    )
    .await;
    let gone = async {
        let mut look = interval(Duration::from_millis(20));
        while !world.metrics().await.contains("liveroom_open_connections 0\n")
            || world.server.counts().connections_opened == 0
        {
            look.tick().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the place is free again");
    drop(stream);
}
