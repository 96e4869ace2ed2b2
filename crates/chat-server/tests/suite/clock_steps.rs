//! Somebody sets the clock on the wall.

use serde_json::{Value, json};
use std::time::Instant;

use crate::clients::World;
use crate::watcher::{Watcher, delivered, say};

const HOUR_S: i64 = 3_600;

#[tokio::test]
async fn a_step_of_the_clock_lets_no_flood_pass_and_locks_nobody_out() {
    let world = World::with_room().await;
    world.set("room_budget", "5").await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let begun = Instant::now();
    let mut told = Vec::new();
    for (round, step) in [HOUR_S, -HOUR_S, -HOUR_S, HOUR_S].into_iter().enumerate() {
        let texts = (0..20).map(|number| format!("{round}:{number}"));
        told.extend(talker.pour("r", "Low", texts, 20).await);
        world.clock.step_wall(step);
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    let out = delivered(&told).len();
    assert!((1..=5 * seconds).contains(&out), "{out} in {seconds} s");
    // After one second of real time everything is as before.
    for (round, step) in [HOUR_S, -HOUR_S].into_iter().enumerate() {
        world.clock.step_wall(step);
        world.clock.advance_ms(1_000);
        let texts = (0..5).map(|number| format!("later {round}:{number}"));
        let told = talker.pour("r", "Normal", texts, 5).await;
        assert_eq!(delivered(&told).len(), 5, "{told:?}");
    }
}

#[tokio::test]
async fn slow_mode_and_the_rate_of_a_sender_go_by_the_time_that_passes() {
    let world = World::with_room().await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let slow = json!({"GroupId": "r", "Rules": {"slow_mode_s": 30}});
    world.ok("liveroom_ext/modify_room_rules", slow).await;
    assert_eq!(talker.ask(say("r", "Normal", "one")).await["t"], "send_ok");
    for step in [HOUR_S, -2 * HOUR_S] {
        world.clock.step_wall(step);
        let answer = talker.ask(say("r", "Normal", "two")).await;
        assert_eq!(answer["code"], 9009, "{answer}");
        assert!(answer["retry_after_ms"].as_u64().unwrap() <= 30_000, "{answer}");
    }
    world.clock.advance(31);
    assert_eq!(talker.ask(say("r", "Normal", "two")).await["t"], "send_ok");
}

#[tokio::test]
async fn a_step_of_the_clock_gives_no_call_back_and_takes_none_away() {
    let world = World::with_room().await;
    let list = async || world.call("group_open_http_svc/get_appid_group_list", json!({})).await;
    world.clock.hold();
    while list().await["ErrorCode"] == 0 {}
    for step in [-HOUR_S, 2 * HOUR_S, -HOUR_S] {
        world.clock.step_wall(step);
        assert_eq!(list().await["ErrorCode"], 60007, "no time has passed");
    }
    world.clock.step_wall(-HOUR_S);
    world.clock.advance(1);
    assert_eq!(list().await["ErrorCode"], 0, "a second has passed");
}

#[tokio::test]
async fn a_mute_ends_when_the_clock_on_the_wall_says_so() {
    let world = World::with_room().await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let mute = json!({"GroupId": "r", "Members_Account": ["talker"], "MuteTime": 60});
    world.ok("group_open_http_svc/forbid_send_msg", mute).await;
    let mut says = async |text: &str| talker.ask(say("r", "Normal", text)).await;
    assert_eq!(says("muted").await["code"], 10017);
    world.clock.step_wall(61);
    assert_eq!(says("free").await["t"], "send_ok");
    world.clock.step_wall(-61);
    assert_eq!(says("muted again").await["code"], 10017);
    world.clock.advance(61);
    assert_eq!(says("free again").await["t"], "send_ok");
}

#[tokio::test]
async fn the_short_history_never_claims_to_be_whole_when_a_step_has_shortened_it() {
    let world = World::with_room().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut gap = async || -> (Vec<Value>, bool) {
        let answer = reader.ask(json!({"t": "catch_up", "group_id": "r", "after_seq": 0})).await;
        assert_eq!(answer["t"], "catch_up_ok", "{answer}");
        let numbers = answer["messages"].as_array().unwrap().iter();
        let numbers = numbers.map(|message| message["seq"].clone()).collect();
        (numbers, answer["complete"].as_bool().unwrap())
    };
    world.say(1, "one").await;
    world.say(2, "two").await;
    world.clock.step_wall(HOUR_S);
    assert_eq!(gap().await, (vec![], false), "they count as too old");
    world.say(3, "three").await;
    assert_eq!(gap().await, (vec![json!(3)], false));
    world.clock.step_wall(-HOUR_S);
    world.say(4, "four").await;
    let (numbers, complete) = gap().await;
    assert!(numbers.ends_with(&[json!(3), json!(4)]), "{numbers:?}");
    assert_eq!(complete, numbers.len() == 4, "{numbers:?}");
}
