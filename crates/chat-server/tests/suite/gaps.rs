//! Gaps: what `catch_up` gives to whom, and that nobody sees a gap where there is none.

use axum::routing::post;
use axum::{Json, Router};
use chat_server::application;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

use crate::clients::World;
use crate::watcher::{Told, Watcher, delivered, texts_of};

const BEFORE: &str = "Group.CallbackBeforeSendMsg";

impl Watcher {
    async fn catch_up(&mut self, after: u32, before: Option<u32>) -> Value {
        let mut frame = json!({"t": "catch_up", "group_id": "r", "after_seq": after});
        if let Some(before) = before {
            frame["before_seq"] = before.into();
        }
        self.ask(frame).await
    }
}

/// Numbers of an answer, and whether it is complete.
fn numbers(answer: &Value) -> (Vec<u64>, bool) {
    assert_eq!(answer["t"], "catch_up_ok", "{answer}");
    let messages = answer["messages"].as_array().unwrap();
    let numbers = messages.iter().map(|message| message["seq"].as_u64().unwrap());
    (numbers.collect(), answer["complete"].as_bool().unwrap())
}

#[tokio::test]
async fn a_gap_is_filled_with_exactly_what_was_said_in_it() {
    let world = World::with_room().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    sender.pour("r", "Normal", texts_of("sender", 10), 10).await;
    assert_eq!(numbers(&reader.catch_up(3, Some(7)).await), (vec![4, 5, 6], true));
    assert_eq!(numbers(&reader.catch_up(7, None).await), (vec![8, 9, 10], true));
    assert_eq!(numbers(&reader.catch_up(10, None).await), (vec![], true));
    assert_eq!(numbers(&reader.catch_up(7, Some(3)).await), (vec![], true));
    assert_eq!(numbers(&sender.catch_up(7, Some(9)).await), (vec![8], true), "also its own");
    let recall = json!({"t": "recall", "group_id": "r", "seq": 5});
    assert_eq!(sender.ask(recall).await["t"], "done");
    let filled = reader.catch_up(3, Some(7)).await;
    assert_eq!(numbers(&filled), (vec![4, 6], true), "what was recalled is no gap");
    assert_eq!(filled["messages"][0]["elements"][0]["MsgContent"]["Text"], "sender:3");
}

#[tokio::test]
async fn an_answer_says_when_the_short_history_does_not_reach_back() {
    let world = World::with_room().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    sender.pour("r", "Normal", texts_of("sender", 1_005), 32).await;
    let (given, complete) = numbers(&reader.catch_up(0, None).await);
    assert_eq!((given.first(), given.len(), complete), (Some(&6), 1_000, false));
    assert_eq!(numbers(&reader.catch_up(5, Some(9)).await), (vec![6, 7, 8], true));

    let long = "x".repeat(11_000);
    for random in 0..30 {
        world.say(random, &long).await;
    }
    let (newest, complete) = numbers(&reader.catch_up(1_005, None).await);
    assert!(newest.len() < 30 && !complete, "so much does not fit into one answer");
    let first = u32::try_from(newest[0]).unwrap();
    let (older, complete) = numbers(&reader.catch_up(1_005, Some(first)).await);
    assert!(complete);
    assert!(older.into_iter().chain(newest).eq(1_006..=1_035), "two answers have it all");

    world.clock.advance(301);
    assert_eq!(numbers(&reader.catch_up(1_030, None).await), (vec![], false), "it is too old");
    world.say(99, "fresh").await;
    assert_eq!(numbers(&reader.catch_up(1_035, None).await), (vec![1_036], true));
}

#[tokio::test]
async fn only_who_is_in_the_room_catches_up_and_nobody_what_was_before_them() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    let mut early = Watcher::enter(&world, "early").await;
    for random in 0..30 {
        world.say(random, "hello").await;
    }
    let mut late = Watcher::of(world.signed_in("late").await);
    assert_eq!(late.catch_up(0, None).await["code"], 9002);
    let joined = late.join("r", Some(0)).await;
    let first = joined["messages"][0]["seq"].as_u64().unwrap();
    assert_eq!((first, &joined["complete"]), (11, &json!(false)));
    let (given, _) = numbers(&late.catch_up(0, None).await);
    assert!(given.into_iter().eq(11..=30));
    // Coming in twice makes nobody older.
    let again = late.join("r", Some(0)).await;
    assert_eq!(again["messages"][0]["seq"], 11);
    let (given, _) = numbers(&late.catch_up(0, None).await);
    assert!(given.into_iter().eq(11..=30));
    assert_eq!(numbers(&early.catch_up(0, None).await).0.len(), 30);

    assert_eq!(late.ask(json!({"t": "leave", "group_id": "r"})).await["t"], "leave_ok");
    assert_eq!(late.catch_up(0, None).await["code"], 9002);
    let ban = json!({"GroupId": "r", "Members_Account": ["early"], "Duration": 60});
    world.ok("group_open_http_svc/ban_group_member", ban).await;
    assert_eq!(early.catch_up(0, None).await["code"], 9002);
}

#[tokio::test]
async fn whoever_asks_for_gaps_without_end_is_told_when_to_ask_again() {
    let world = World::with_room().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut asked = Vec::new();
    for _ in 0..60 {
        let frame = json!({"t": "catch_up", "group_id": "r", "after_seq": 0});
        asked.push(reader.request(frame).await);
    }
    let mut refused = None;
    for id in asked {
        let answer = reader.answer_to(id).await;
        if answer["t"] == "error" {
            assert_eq!(answer["code"], 9013, "{answer}");
            refused = answer["retry_after_ms"].as_u64();
        }
    }
    let wait_ms = refused.expect("sixty at once are too many");
    assert!((1..=1_000).contains(&wait_ms), "{wait_ms}");
    world.clock.advance_ms(wait_ms);
    assert_eq!(reader.catch_up(0, None).await["t"], "catch_up_ok");
}

/// A receiver of webhooks that silently drops messages that begin with `drop`.
async fn drop_some(world: &World) {
    let decide = async |Json(body): Json<Value>| {
        let text = body["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap();
        let code = if text.starts_with("drop") { 2 } else { 0 };
        Json(json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": code}))
    };
    let router = Router::new().route("/hooks", post(decide));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_callback_url(storage, app, &url, None).await.unwrap();
    application::switch_callback(storage, app, BEFORE, true).await.unwrap();
    world.ok("group_open_http_svc/get_appid_group_list", json!({})).await;
}

#[tokio::test]
async fn own_dropped_and_recalled_messages_and_skipped_numbers_are_no_gaps() {
    let world = World::with_room().await;
    drop_some(&world).await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut senders = [Watcher::enter(&world, "a").await, Watcher::enter(&world, "b").await];
    let texts = |user: &'static str| {
        (0..40).map(move |number| match number % 3 {
            0 => format!("drop:{user}:{number}"),
            _ => format!("keep:{user}:{number}"),
        })
    };
    let [a, b] = &mut senders;
    let (mut told, of_b) =
        tokio::join!(a.pour("r", "Normal", texts("a"), 16), b.pour("r", "High", texts("b"), 16));
    told.extend(of_b);
    let all: Vec<u32> = told.iter().filter_map(Told::seq).collect();
    assert_eq!(all.len(), 80, "nobody learns that a message was dropped");
    let all = delivered(&told);
    told.retain(|told| told.text.starts_with("keep"));
    let kept = delivered(&told);
    let (seq, text) = kept.iter().find(|(_, text)| text.starts_with("keep:a")).unwrap();
    let recall = json!({"t": "recall", "group_id": "r", "seq": seq});
    assert_eq!(senders[0].ask(recall).await["t"], "done", "{text}");
    world.say(1, "the end").await;
    let names = ["a", "b", "reader"];
    for (watcher, name) in senders.iter_mut().chain([&mut reader]).zip(names) {
        watcher.hear_until(|watcher| watcher.r().has_text("the end")).await;
        assert_eq!(watcher.r().gaps, []);
        assert_eq!(watcher.r().again, [0; 0]);
        let mut heard = watcher.r().texts();
        heard.extend(watcher.r().own.iter().map(|(id, seq)| (*seq, id.clone())));
        heard.retain(|_, text| text != "the end");
        // Of those that were dropped, everybody hears the numbers of its own, as of any other.
        let mut expected = all.clone();
        let own_drop = format!("drop:{name}:");
        expected.retain(|_, text| text.starts_with("keep") || text.starts_with(&own_drop));
        assert_eq!(heard, expected);
    }

    // A crash skips numbers.
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::switch_callback(storage, app, BEFORE, false).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let after_crash = world.on_copy(copy).await;
    let mut back = Watcher::of(after_crash.signed_in("reader").await);
    let known = reader.r().known;
    let joined = back.join("r", Some(known)).await;
    assert!(joined["last_seq"].as_u64().unwrap() > known.into());
    after_crash.say(2, "new numbers").await;
    back.hear_until(|back| back.r().has_text("new numbers")).await;
    assert_eq!(back.r().gaps, []);
}
