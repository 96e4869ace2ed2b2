//! Broadcasts: one text to everybody in all rooms, by one way or the other.

use chat_server::application::Edition;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{sleep, timeout};

use crate::support::{ASSISTANT, Api, Opening, PATIENCE, ROOM, Shop, Watcher, business_of};

/// The next broadcast that reaches a watcher by the one call for all rooms.
async fn broadcast(watcher: &mut Watcher) -> Value {
    let frame = watcher.client.kind("broadcast").await;
    assert_eq!(frame["message"]["from"], ASSISTANT);
    business_of(&frame["message"]).unwrap()
}

/// How far the broadcast is when nothing more is to be done for it.
async fn done(admin: &Api, id: &str) -> Value {
    let asked = async {
        loop {
            let progress = admin.get_ok(&format!("/broadcasts/{id}")).await;
            if progress["state"] != "waiting" {
                return progress;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the broadcast is done in time")
}

async fn open_rooms(host: &Api, count: usize) -> Vec<String> {
    let mut rooms = Vec::new();
    for number in 0..count {
        let room = format!("room-{number}");
        host.made("/rooms", json!({"room": room, "title": "Another"})).await;
        host.put_ok(&format!("/rooms/{room}/status"), json!({"status": "live"})).await;
        rooms.push(room);
    }
    rooms
}

fn without_broadcasts() -> Opening {
    Opening { edition: Edition::Pro, ..Opening::default() }
}

#[tokio::test]
async fn a_broadcast_reaches_everybody_in_all_rooms_once() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    open_rooms(&host, 1).await;
    let mut mei = shop.watch("mei", ROOM).await;
    let mut li = shop.watch("li", "room-0").await;
    let first = json!({"id": "b1", "text": "Half an hour to go"});
    let answer = admin.post("/broadcasts", first.clone()).await.expect_status(202);
    assert_eq!((&answer["id"], &answer["made_by"]), (&json!("b1"), &json!("boss")));
    for watcher in [&mut mei, &mut li] {
        let said = broadcast(watcher).await;
        let expected = json!({"t": "announcement", "id": "b1", "kind": "broadcast",
            "text": "Half an hour to go"});
        assert_eq!(said, expected);
    }
    let progress = done(&admin, "b1").await;
    assert_eq!((&progress["way"], &progress["state"]), (&json!("broadcast"), &json!("done")));
    // A repeat of the call sends nothing: what comes next is the next one.
    let again = admin.post("/broadcasts", first).await.expect_status(202);
    assert_eq!(again, progress);
    shop.clock.advance_ms(1_000);
    admin.post("/broadcasts", json!({"id": "b2", "text": "Now"})).await.expect_status(202);
    for watcher in [&mut mei, &mut li] {
        assert_eq!(broadcast(watcher).await["id"], "b2");
    }
}

#[tokio::test]
async fn an_edition_without_broadcasts_tells_each_room_on_air_and_says_so() {
    let shop = Shop::open_with(without_broadcasts()).await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    open_rooms(&host, 1).await;
    host.put_ok("/rooms/room-0/status", json!({"status": "paused"})).await;
    host.made("/rooms", json!({"room": "dark", "title": "Not on air"})).await;
    let mut mei = shop.watch("mei", ROOM).await;
    let mut li = shop.watch("li", "room-0").await;
    admin.post("/broadcasts", json!({"id": "b1", "text": "One"})).await.expect_status(202);
    let progress = done(&admin, "b1").await;
    assert_eq!((&progress["way"], &progress["state"]), (&json!("rooms"), &json!("done")));
    assert!(progress["reason"].as_str().unwrap().contains("10007"), "{progress}");
    assert_eq!((&progress["rooms"], &progress["rooms_told"]), (&json!(2), &json!(2)));
    shop.clock.advance_ms(1_000);
    admin.post("/broadcasts", json!({"id": "b2", "text": "Two"})).await.expect_status(202);
    for watcher in [&mut mei, &mut li] {
        for id in ["b1", "b2"] {
            let said = watcher.business("announcement").await;
            assert_eq!((&said["id"], &said["kind"]), (&json!(id), &json!("broadcast")));
        }
    }
}

#[tokio::test]
async fn a_broadcast_room_by_room_goes_on_after_a_restart_and_tells_no_room_twice() {
    let shop = Shop::open_with(without_broadcasts()).await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    let rooms = open_rooms(&host, 14).await;
    let mut watchers = Vec::new();
    for (number, room) in rooms.iter().enumerate() {
        watchers.push(shop.watch(&format!("viewer-{number}"), room).await);
    }
    admin.post("/broadcasts", json!({"id": "b1", "text": "One"})).await.expect_status(202);
    // By now some rooms may have been told, and not all of them.
    let first = watchers[0].business("announcement").await;
    assert_eq!(first["id"], "b1");
    let shop = shop.business_restarted().await;
    let admin = shop.sign_in("boss", "admin").await;
    let progress = done(&admin, "b1").await;
    assert_eq!((&progress["rooms"], &progress["rooms_told"]), (&json!(15), &json!(15)));
    shop.clock.advance_ms(1_000);
    admin.post("/broadcasts", json!({"id": "b2", "text": "Two"})).await.expect_status(202);
    for (number, watcher) in watchers.iter_mut().enumerate() {
        let expected: &[&str] = if number == 0 { &["b2"] } else { &["b1", "b2"] };
        for id in expected {
            assert_eq!(watcher.business("announcement").await["id"], *id, "room {number}");
        }
    }
}

#[tokio::test]
async fn a_broadcast_waits_for_a_chat_service_that_is_away() {
    let shop = Shop::open_with(without_broadcasts()).await;
    let admin = shop.sign_in("boss", "admin").await;
    let made = admin.clone();
    let shop = shop
        .without_chat(async move |_| {
            let body = json!({"id": "b1", "text": "One"});
            let answer = made.post("/broadcasts", body).await.expect_status(202);
            assert_eq!(
                (&answer["way"], &answer["state"]),
                (&json!("undecided"), &json!("waiting"))
            );
        })
        .await;
    assert_eq!(done(&admin, "b1").await["state"], "done");
    drop(shop);
}

/// The chat service behind a proxy that fails broadcasts with `text` in them.
fn failing(text: &'static str) -> Opening {
    let configure = Box::new(move |config: &mut business_server::Config| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let chat = std::mem::replace(&mut config.chat.base_url, proxy);
        let forward = async move |uri: axum::http::Uri, body: String| {
            if uri.path().ends_with("send_broadcast_msg") && body.contains(text) {
                return Err(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
            }
            let answer = reqwest::Client::new().post(format!("{chat}{uri}")).body(body);
            Ok(answer.send().await.unwrap().text().await.unwrap())
        };
        let router = axum::Router::new().fallback(forward);
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
    });
    Opening { configure, ..Opening::default() }
}

#[tokio::test]
async fn a_broadcast_that_is_answered_neither_yes_nor_no_holds_up_no_other() {
    let shop = Shop::open_with(failing("stuck")).await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut mei = shop.watch("mei", ROOM).await;
    for (id, text) in [("b1", "stuck"), ("b2", "Now")] {
        admin.post("/broadcasts", json!({"id": id, "text": text})).await.expect_status(202);
    }
    assert_eq!(broadcast(&mut mei).await["id"], "b2");
    assert_eq!(admin.get_ok("/broadcasts/b1").await["state"], "waiting");
}

#[tokio::test]
async fn only_an_administrator_makes_broadcasts() {
    let shop = Shop::open().await;
    let body = json!({"id": "b1", "text": "Sale"});
    for (user, role) in [("mei", "viewer"), ("host", "host"), ("li", "moderator")] {
        let caller = shop.sign_in(user, role).await;
        assert_eq!(caller.post("/broadcasts", body.clone()).await.problem(403), "forbidden");
        assert_eq!(caller.get("/broadcasts/b1").await.problem(403), "forbidden");
    }
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(admin.get("/broadcasts/b1").await.problem(404), "broadcast");
    for (id, text) in [
        ("", "x"),
        ("a b", "x"),
        (&*"i".repeat(65), "x"),
        ("b", " "),
        ("b", &*"t".repeat(301)),
        ("b", "Sale\u{0}"),
        ("..", "x"),
    ] {
        let answer = admin.post("/broadcasts", json!({"id": id, "text": text})).await;
        assert_eq!(answer.problem(400), "invalid", "{id} {text}");
    }
    admin.post("/broadcasts", body).await.expect_status(202);
    let other = admin.post("/broadcasts", json!({"id": "b1", "text": "Other"})).await;
    assert_eq!(other.problem(409), "broadcast_exists");
}
