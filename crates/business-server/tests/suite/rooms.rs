//! Rooms and their live status.

use serde_json::{Value, json};

use crate::support::{ROOM, Shop};

#[tokio::test]
async fn going_live_is_seen_by_who_is_there_and_found_by_who_comes_later() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "second", "title": " Cups "})).await;
    let mut early = shop.watch("early", "second").await;
    let answer = host.put_ok("/rooms/second/status", json!({"status": "live"})).await;
    assert_eq!((&answer["status"], &answer["title"]), (&json!("live"), &json!("Cups")));
    assert_eq!(early.business("live_status").await["status"], "live");
    let late = shop.watch("late", "second").await;
    assert_eq!(late.joined["group"]["custom_fields"]["live_status"], "live");
}

#[tokio::test]
async fn changes_arrive_in_their_order_also_when_the_chat_service_was_away() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let path = format!("/rooms/{ROOM}/status");
    let shop = shop
        .without_chat(async move |_| {
            for status in ["paused", "live", "ended"] {
                host.put_ok(&path, json!({"status": status})).await;
            }
        })
        .await;
    // The chat service starts with nobody in its rooms, and delivery goes on by itself.
    let mut watcher = shop.watch("mei", ROOM).await;
    let found = watcher.joined["group"]["custom_fields"]["live_status"].clone();
    if found != "ended" {
        while watcher.business("live_status").await["status"] != "ended" {}
    }
    let late = shop.watch("late", ROOM).await;
    assert_eq!(late.joined["group"]["custom_fields"]["live_status"], "ended");
}

#[tokio::test]
async fn only_the_owner_or_an_administrator_runs_a_room() {
    let shop = Shop::open().await;
    let path = format!("/rooms/{ROOM}/status");
    let paused = json!({"status": "paused"});
    for (user, role) in [("mei", "viewer"), ("bo", "host"), ("li", "moderator")] {
        let caller = shop.sign_in(user, role).await;
        assert_eq!(caller.put(&path, paused.clone()).await.problem(403), "forbidden", "{role}");
    }
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(admin.put_ok(&path, paused).await["status"], "paused");
    assert_eq!(admin.put(&path, json!({"status": "asleep"})).await.problem(422), "body");
    let viewer = shop.sign_in("mei", "viewer").await;
    let opened = viewer.post("/rooms", json!({"room": "mine", "title": "Mine"})).await;
    assert_eq!(opened.problem(403), "forbidden");
}

#[tokio::test]
async fn a_room_is_opened_once_and_found_in_the_list() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let again = json!({"room": ROOM, "title": "Again"});
    assert_eq!(host.post("/rooms", again).await.problem(409), "room_exists");
    for (room, title) in [
        ("", "Title"),
        (".", "Title"),
        ("..", "Title"),
        ("ok", "a\0b"),
        ("@TGS#1", "Title"),
        ("ok", " "),
        ("ok", &*"t".repeat(101)),
    ] {
        let body = json!({"room": room, "title": title});
        assert_eq!(host.post("/rooms", body).await.problem(400), "invalid", "{room} {title}");
    }
    host.made("/rooms", json!({"room": "a", "title": "First"})).await;
    let names = |list: serde_json::Value| {
        let rooms = list.as_array().unwrap().clone();
        rooms.into_iter().map(|room| room["room"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(host.get_ok("/rooms").await), ["a", ROOM]);
    assert_eq!(names(host.get_ok("/rooms?after=a").await), [ROOM]);
    assert_eq!(host.get("/rooms/none").await.problem(404), "room");
}

#[tokio::test]
async fn a_group_of_somebody_else_does_not_become_a_room() {
    let shop = Shop::open().await;
    let bo = shop.sign_in("bo", "host").await;
    bo.made("/rooms", json!({"room": "bos", "title": "Bo"})).await;
    // The business service forgets it; the chat service does not.
    let host = shop.sign_in("host", "host").await;
    let body = json!({"room": "bos", "title": "Mine now"});
    assert_eq!(host.post("/rooms", body).await.problem(409), "room_exists");
}

#[tokio::test]
async fn a_group_that_is_there_already_can_be_taken_over_and_stays_as_it_was_left() {
    let shop = Shop::open().await;
    let adopt = async || shop.business.adopt_room("demo", "host", "Demo", Some("cup")).await;
    adopt().await.unwrap();
    let host = shop.sign_in("host", "host").await;
    assert_eq!(host.get_ok("/rooms/demo").await["status"], "live");
    assert_eq!(host.get_ok("/rooms/demo/slot").await["now"]["product"], "cup");
    host.delete("/rooms/demo/slot").await.expect_status(200);
    host.put_ok("/rooms/demo/status", json!({"status": "ended"})).await;
    adopt().await.unwrap();
    assert_eq!(host.get_ok("/rooms/demo").await["status"], "ended");
    assert_eq!(host.get_ok("/rooms/demo/slot").await["now"], Value::Null);
}
