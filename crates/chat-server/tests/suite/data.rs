//! Group attributes and counters.

use chat_server::application::{self, Edition};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::clients::{Client, World, refusal};

const GROUPS: &str = "group_open_http_svc";

async fn attributes(world: &World) -> BTreeMap<String, String> {
    let answer = world.ok("group_open_attr_http_svc/get_group_attr", json!({"GroupId": "r"})).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = answer["GroupAttrAry"].as_array().unwrap();
    all.iter().map(|attr| (text(&attr["key"]), text(&attr["value"]))).collect()
}

fn attr(pairs: &[(&str, &str)]) -> Value {
    let pairs = pairs.iter().map(|(key, value)| json!({"key": key, "value": value}));
    json!({"GroupId": "r", "GroupAttr": pairs.collect::<Vec<_>>()})
}

/// Never faster than attributes may be written.
async fn write(world: &World, command: &str, body: Value) -> Value {
    world.clock.advance_ms(200);
    world.call(&format!("{GROUPS}/{command}"), body).await
}

async fn written(world: &World, command: &str, body: Value) {
    let answer = write(world, command, body).await;
    assert_eq!(answer["ErrorCode"], 0, "{command} answered {answer}");
}

#[tokio::test]
async fn attributes_are_added_replaced_deleted_and_cleared_and_members_see_the_whole_map() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    let mut told = async |expected: Value| {
        let frame = viewer.kind("attributes_changed").await;
        assert_eq!(
            frame,
            json!({"t": "attributes_changed", "group_id": "r", "attributes": expected})
        );
    };
    written(&world, "modify_group_attr", attr(&[("topic", "cups"), ("seat", "1")])).await;
    told(json!({"topic": "cups", "seat": "1"})).await;
    written(&world, "modify_group_attr", attr(&[("seat", "2")])).await;
    told(json!({"topic": "cups", "seat": "2"})).await;
    written(&world, "set_group_attr", attr(&[("price", "9"), ("seat", "3")])).await;
    told(json!({"price": "9", "seat": "3"})).await;
    let delete = json!({"GroupId": "r", "GroupAttr": [{"key": "price"}]});
    written(&world, "delete_group_attr", delete).await;
    told(json!({"seat": "3"})).await;

    let mut late = world.signed_in("late").await;
    let joined = late.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["attributes"], json!({"seat": "3"}), "a newcomer has them from the start");
    written(&world, "clear_group_attr", json!({"GroupId": "r"})).await;
    assert_eq!(late.kind("attributes_changed").await["attributes"], json!({}));
    assert!(attributes(&world).await.is_empty());
}

#[tokio::test]
async fn a_write_over_a_limit_of_attributes_changes_nothing() {
    let world = World::with_room().await;
    let value = "v".repeat(4_000);
    let all: Vec<(String, &str)> = (0..4).map(|n| (format!("k{n}"), value.as_str())).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    written(&world, "set_group_attr", attr(&all)).await;
    let before = attributes(&world).await;
    let twelve: Vec<String> = (0..13).map(|n| format!("n{n}")).collect();
    let twelve: Vec<(&str, &str)> = twelve.iter().map(|key| (key.as_str(), "")).collect();
    let (long_key, long_value) = ("k".repeat(33), "v".repeat(4_001));
    let delete = json!({"GroupId": "r", "GroupAttr": [{"key": "k0"}, {"key": "absent"}]});
    for (command, body, code) in [
        ("modify_group_attr", attr(&[("ok", "1"), (&long_key, "1")]), 10045),
        ("modify_group_attr", attr(&[("ok", "1"), ("k1", &long_value)]), 10046),
        ("modify_group_attr", attr(&twelve), 10047),
        ("modify_group_attr", attr(&[("more", "x")]), 10048),
        ("delete_group_attr", delete, 10050),
        ("modify_group_attr", attr(&[("k1", "x"), ("k1", "y")]), 10004),
        ("clear_group_attr", json!({"GroupId": "nope"}), 10015),
    ] {
        assert_eq!(refusal(command, &write(&world, command, body).await), code, "{command}");
    }
    assert_eq!(attributes(&world).await, before);
}

#[tokio::test]
async fn attributes_of_a_group_are_written_five_times_a_second() {
    let world = World::with_room().await;
    let path = format!("{GROUPS}/modify_group_attr");
    world.clock.hold();
    for n in 0..5 {
        world.ok(&path, attr(&[("n", &n.to_string())])).await;
    }
    let clear = format!("{GROUPS}/clear_group_attr");
    assert_eq!(world.refused(&clear, json!({"GroupId": "r"})).await, 10049, "all writes count");
    assert_eq!(attributes(&world).await["n"], "4");
    let other = json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "other"});
    world.ok(&format!("{GROUPS}/create_group"), other).await;
    world.ok(&clear, json!({"GroupId": "other"})).await;
    world.clock.advance(1);
    world.ok(&clear, json!({"GroupId": "r"})).await;
}

fn counter(mode: Option<&str>, pairs: &[(&str, i64)]) -> Value {
    let pairs = pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    let mut body = json!({"GroupId": "r", "GroupCounter": pairs.collect::<Vec<_>>()});
    if let Some(mode) = mode {
        body["Mode"] = mode.into();
    }
    body
}

async fn counters(world: &World) -> Value {
    let answer = world.ok(&format!("{GROUPS}/get_group_counter"), json!({"GroupId": "r"})).await;
    let all = answer["GroupCounter"].as_array().unwrap().iter();
    all.map(|entry| (entry["Key"].as_str().unwrap().to_owned(), entry["Value"].clone())).collect()
}

async fn counter_told(viewer: &mut Client) -> (String, i64) {
    let frame = viewer.kind("counter_changed").await;
    (frame["key"].as_str().unwrap().to_owned(), frame["value"].as_i64().unwrap())
}

#[tokio::test]
async fn counters_are_set_counted_up_and_down_and_deleted_and_each_change_is_told() {
    let world = World::with_room().await;
    let update = format!("{GROUPS}/update_group_counter");
    let mut viewer = world.in_room("viewer").await;
    let answer = world.ok(&update, counter(Some("Increase"), &[("likes", 37), ("gifts", 2)])).await;
    let expected = json!([{"Key": "likes", "Value": 37}, {"Key": "gifts", "Value": 2}]);
    assert_eq!(answer["GroupCounter"], expected, "an absent counter starts from 0");
    assert_eq!(counter_told(&mut viewer).await, ("gifts".into(), 2));
    assert_eq!(counter_told(&mut viewer).await, ("likes".into(), 37));
    world.ok(&update, counter(Some("Decrease"), &[("likes", 40)])).await;
    assert_eq!(counter_told(&mut viewer).await, ("likes".into(), -3));
    world.ok(&update, counter(None, &[("gifts", 2), ("likes", 5)])).await;
    assert_eq!(counter_told(&mut viewer).await, ("likes".into(), 5), "only what is different");

    let some = json!({"GroupId": "r", "GroupCounterKeys": ["gifts", "absent"]});
    let answer = world.ok(&format!("{GROUPS}/get_group_counter"), some.clone()).await;
    assert_eq!(answer["GroupCounter"], json!([{"Key": "gifts", "Value": 2}]));
    let mut late = world.signed_in("late").await;
    let joined = late.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["counters"], json!({"gifts": 2, "likes": 5}));
    world.ok(&format!("{GROUPS}/delete_group_counter"), some).await;
    assert_eq!(counter_told(&mut late).await, ("gifts".into(), 0));
    assert_eq!(counters(&world).await, json!({"likes": 5}));
    world.ok(&format!("{GROUPS}/delete_group_counter"), json!({"GroupId": "r"})).await;
    assert_eq!(counters(&world).await, json!({}), "without keys all are deleted");
}

#[tokio::test]
async fn a_call_that_breaks_a_rule_of_counters_changes_none_of_them() {
    let world = World::with_room().await;
    let update = format!("{GROUPS}/update_group_counter");
    let names: Vec<String> = (0..19).map(|n| format!("c{n}")).collect();
    let full: Vec<(&str, i64)> = names.iter().map(|key| (key.as_str(), 1)).collect();
    world.ok(&update, counter(None, &full)).await;
    world.ok(&update, counter(None, &[("most", i64::MAX)])).await;
    let before = counters(&world).await;
    let long = "k".repeat(129);
    for (body, code) in [
        (counter(Some("Increase"), &[("c0", 1), ("most", 1)]), 10004),
        (counter(Some("Decrease"), &[("c0", i64::MIN)]), 10004),
        (counter(None, &[("c0", 9), ("one_more", 1)]), 10063),
        (counter(None, &[(&long, 1)]), 10004),
        (counter(None, &[("c0", 2), ("c0", 3)]), 10004),
        (counter(Some("increase"), &[("c0", 1)]), 10004),
    ] {
        assert_eq!(world.refused(&update, body.clone()).await, code, "{body}");
    }
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_edition(storage, app, Edition::Pro).await.unwrap();
    for command in ["update_group_counter", "get_group_counter", "delete_group_counter"] {
        let body = counter(None, &[("c0", 2)]);
        assert_eq!(world.refused(&format!("{GROUPS}/{command}"), body).await, 10059, "{command}");
    }
    application::set_edition(storage, app, Edition::Ultimate).await.unwrap();
    assert_eq!(counters(&world).await, before);
}

#[tokio::test]
async fn no_increase_of_many_at_once_is_lost_neither_by_the_others_nor_by_a_kill() {
    let world = World::with_room().await;
    let (path, query) = (format!("{GROUPS}/update_group_counter"), world.query("administrator"));
    let body = counter(Some("Increase"), &[("likes", 3), ("taps", 1)]).to_string();
    for _ in 0..2 {
        let calls = (0..150).map(|_| world.post(&path, &query, body.clone()));
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer["ErrorCode"], 0, "{answer}");
        }
        world.clock.advance(1);
    }
    let expected = json!({"likes": 900, "taps": 300});
    assert_eq!(counters(&world).await, expected);
    written(&world, "set_group_attr", attr(&[("topic", "cups")])).await;
    // What stands on the disk at this moment is what a killed service leaves behind.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let killed = world.on_copy(copy).await;
    assert_eq!(counters(&killed).await, expected);
    assert_eq!(attributes(&killed).await["topic"], "cups");
    let world = world.restarted().await;
    assert_eq!(counters(&world).await, expected);
    assert_eq!(attributes(&world).await["topic"], "cups");
}
