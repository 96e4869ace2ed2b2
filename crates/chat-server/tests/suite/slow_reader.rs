use chat_server::GatewayTimes;
use serde_json::json;
use std::time::Duration;

use crate::clients::{PATIENCE, World};

/// Messages of this size fill the socket buffers of a reader that has stopped soon.
fn large_text(n: u32) -> String {
    format!("{n:06}{}", "x".repeat(11_000))
}

#[tokio::test]
async fn a_reader_that_stops_misses_frames_is_told_how_many_and_holds_nobody_up() {
    // Nobody is disconnected here, however slow the machine is.
    let long = Duration::from_secs(600);
    let times = GatewayTimes { heartbeat: long, write: long, ..GatewayTimes::default() };
    let world = World::with_times(times).await;
    world.make_room().await;
    let mut slow = world.in_room("slow").await;
    let mut quick = world.in_room("quick").await;
    let mut sent = 0;
    while world.server.counts().frames_missed_slow_reader < 10 {
        sent += 1;
        assert!(sent < 5_000, "the queue of a reader that reads nothing has to fill up");
        world.say(sent, &large_text(sent)).await;
        assert_eq!(quick.texts(1).await, [large_text(sent)], "a quick reader sees all at once");
    }
    let missed = world.server.counts().frames_missed_slow_reader;

    let mut seen = 0;
    let mut told = 0;
    while seen + told < u64::from(sent) {
        let frame = slow.until(|frame| frame["t"] != "online").await;
        match frame["t"].as_str() {
            Some("messages") => seen += 1,
            Some("missed") => told += frame["count"].as_u64().unwrap(),
            other => unreachable!("unexpected {other:?}"),
        }
    }
    assert_eq!(
        seen + told,
        u64::from(sent),
        "every message was either read or announced as missed"
    );
    assert!(told >= 10 && told <= missed + 1, "told {told}, counted {missed}");
    assert_eq!(slow.ask(json!({"t": "ping"})).await["t"], "pong", "and it may go on");
}

#[tokio::test]
async fn a_reader_that_makes_no_progress_is_disconnected_and_counted() {
    let times = GatewayTimes { write: Duration::from_millis(300), ..GatewayTimes::default() };
    let world = World::with_times(times).await;
    world.make_room().await;
    let stuck = world.in_room("stuck").await;
    let mut sent = 0;
    while world.server.counts().connections_closed_slow_reader == 0 {
        sent += 1;
        assert!(sent < 20_000, "a stuck reader has to be disconnected");
        world.say(sent, &large_text(sent)).await;
    }
    let online = "group_open_http_svc/get_online_member_num";
    let left =
        async { while world.ok(online, json!({"GroupId": "r"})).await["OnlineMemberNum"] != 0 {} };
    tokio::time::timeout(PATIENCE, left).await.expect("it is out of the room");
    drop(stuck);
}
