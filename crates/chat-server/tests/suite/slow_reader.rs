use chat_server::GatewayTimes;
use serde_json::json;
use std::time::Duration;

use crate::clients::{PATIENCE, World};
use crate::watcher::Watcher;

const SEND: &str = "group_open_http_svc/send_group_msg";
const FIGURES: &str = "liveroom_ext/get_room_figures";

/// Messages of this size fill the socket buffers of a reader that has stopped soon.
fn large_text(n: u32) -> String {
    format!("{n:06}{}", "x".repeat(11_000))
}

/// Nobody is disconnected, however slow the machine is.
fn patient() -> GatewayTimes {
    let long = Duration::from_secs(600);
    GatewayTimes { heartbeat: long, write: long, ..GatewayTimes::default() }
}

fn impatient() -> GatewayTimes {
    GatewayTimes { write: Duration::from_millis(300), ..GatewayTimes::default() }
}

#[tokio::test]
async fn a_reader_that_stops_misses_frames_is_told_how_many_and_holds_nobody_up() {
    reader_stops(World::with_times(patient()).await).await;
}

#[tokio::test]
async fn a_reader_that_stops_misses_frames_is_told_how_many_and_holds_nobody_up_over_tls() {
    reader_stops(World::secure(patient()).await).await;
}

async fn reader_stops(world: World) {
    world.make_room().await;
    let mut slow = world.in_room("slow").await;
    let mut quick = world.in_room("quick").await;
    // Afterwards nothing but messages comes.
    slow.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
    let mut sent = 0;
    while world.server.counts().copies_missed_slow_reader < 10 {
        sent += 1;
        assert!(sent < 5_000, "the queue of a reader that reads nothing has to fill up");
        world.say(sent, &large_text(sent)).await;
        assert_eq!(quick.texts(1).await, [large_text(sent)], "a quick reader sees all at once");
    }
    let missed = world.server.counts().copies_missed_slow_reader;

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
    reader_is_stuck(World::with_times(impatient()).await).await;
}

#[tokio::test]
async fn a_reader_that_makes_no_progress_is_disconnected_and_counted_over_tls() {
    reader_is_stuck(World::secure(impatient()).await).await;
}

async fn reader_is_stuck(world: World) {
    world.make_room().await;
    let stuck = world.in_room("stuck").await;
    let mut sent = 0;
    while world.server.counts().connections_closed_slow_reader == 0 {
        sent += 1;
        assert!(sent < 20_000, "a stuck reader has to be disconnected");
        world.say(sent, &large_text(sent)).await;
    }
    let online = "group_open_http_svc/get_online_member_num";
    let left = async {
        while world.ok(online, json!({"GroupId": "r"})).await["OnlineMemberNum"] != 0 {
            world.clock.advance(1);
        }
    };
    tokio::time::timeout(PATIENCE, left).await.expect("it is out of the room after its grace");
    drop(stuck);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_behind_misses_likes_first_and_catches_everything_up() {
    reader_is_behind(World::with_times(patient()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_behind_misses_likes_first_and_catches_everything_up_over_tls() {
    reader_is_behind(World::secure(patient()).await).await;
}

async fn reader_is_behind(world: World) {
    world.make_room().await;
    let mut slow = Watcher::enter(&world, "slow").await;
    let mut quick = Watcher::enter(&world, "quick").await;
    let missed_of = async |class: &str| {
        let figures = world.ok(FIGURES, json!({"GroupId": "r"})).await["Figures"].clone();
        figures["classes"][class]["missed_copies"].as_u64().unwrap_or(0)
    };
    let mut sent = 0;
    while missed_of("low").await < 10 {
        for priority in ["Low", "Normal"] {
            sent += 1;
            assert!(sent <= 1_000, "the short history holds everything that was sent");
            world.clock.advance_ms(5);
            let element =
                json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": large_text(sent)}});
            let body = json!({"GroupId": "r", "Random": sent, "MsgPriority": priority,
                "MsgBody": [element]});
            world.ok(SEND, body).await;
        }
        quick.hear_until(|quick| quick.r().known == sent).await;
    }
    assert_eq!(missed_of("normal").await, 0, "likes were left");
    assert_eq!(quick.r().gaps, [], "nobody else is concerned");

    // It reads again, sees its holes, and fills them as the protocol says.
    slow.hear_until(|slow| slow.others.iter().any(|frame| frame["t"] == "missed")).await;
    let (hole, _) = slow.r().gaps[0];
    let notice = slow.others.iter().find(|frame| frame["t"] == "missed").unwrap();
    assert!(notice["count"].as_u64().unwrap() >= 10, "{notice}");
    assert_eq!(notice["group_ids"], json!(["r"]));
    let mut before = None;
    loop {
        let mut frame = json!({"t": "catch_up", "group_id": "r", "after_seq": hole});
        if let Some(before) = before {
            frame["before_seq"] = before;
        }
        // It is asked more often than ten times in a second.
        world.clock.advance_ms(100);
        let answer = slow.ask(frame).await;
        assert_eq!(answer["t"], "catch_up_ok", "{answer}");
        slow.rooms.get_mut("r").unwrap().fill(&answer["messages"]);
        if answer["complete"] == true {
            break;
        }
        before = Some(answer["messages"][0]["seq"].clone());
    }
    assert!(slow.r().texts().into_values().eq((1..=sent).map(large_text)), "nothing is missing");
    assert_eq!(slow.r().texts(), quick.r().texts());
}
