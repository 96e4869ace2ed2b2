//! Rooms and their live status.

use chat_types::rest::GroupIdOnly;
use serde_json::{Value, json};

use crate::events::{Events, soon};
use crate::gifts::{balance, give, giver};
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

#[tokio::test]
async fn only_some_statuses_follow_each_other() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let path = format!("/rooms/{ROOM}/status");
    let all = ["to_be_started", "live", "paused", "ended", "played_back"];
    for (status, next) in [
        ("live", &["live", "paused", "ended"][..]),
        ("paused", &["live", "paused", "ended"]),
        ("ended", &["to_be_started", "live", "ended", "played_back"]),
        ("to_be_started", &["to_be_started", "live", "ended", "played_back"]),
        ("ended", &["to_be_started", "live", "ended", "played_back"]),
        ("played_back", &["to_be_started", "live", "ended", "played_back"]),
    ] {
        host.put_ok(&path, json!({"status": status})).await;
        for other in all.iter().filter(|other| !next.contains(other)) {
            let answer = host.put(&path, json!({"status": other})).await;
            assert_eq!(answer.problem(409), "status", "{status} -> {other}");
        }
        assert_eq!(host.get_ok(&format!("/rooms/{ROOM}")).await["status"], status);
    }
}

#[tokio::test]
async fn a_room_whose_group_is_gone_ends_and_can_be_opened_anew() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mei = giver(&shop, "mei", 100).await;
    let (path, status) = (format!("/rooms/{ROOM}"), format!("/rooms/{ROOM}/status"));
    shop.administrator().destroy_group(&GroupIdOnly { group_id: ROOM.into() }).await.unwrap();
    soon("the room has ended", async || host.get_ok(&path).await["status"] == "ended").await;
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    assert_eq!(give(&mei, "k1", rose.clone()).await.problem(409), "not_live");
    let live = json!({"status": "live"});
    assert_eq!(host.put(&status, live.clone()).await.problem(409), "group_gone");
    let rival = shop.sign_in("rival", "host").await;
    let anew = json!({"room": ROOM, "title": "Anew"});
    assert_eq!(rival.post("/rooms", anew.clone()).await.problem(409), "room_exists");
    let room = host.made("/rooms", anew.clone()).await;
    assert_eq!((&room["title"], &room["status"]), (&json!("Anew"), &json!("to_be_started")));
    assert_eq!(host.post("/rooms", anew).await.problem(409), "room_exists");
    host.put_ok(&status, live).await;
    let mut viewer = shop.watch("li", ROOM).await;
    give(&mei, "k2", rose).await.expect_status(200);
    assert_eq!(viewer.business("gift").await["total"], 1);
}

#[tokio::test]
async fn a_room_that_was_never_on_ends_with_its_group_too_and_shows_nothing_any_more() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "later", "title": "Later"})).await;
    let group = GroupIdOnly { group_id: "later".into() };
    shop.administrator().destroy_group(&group).await.unwrap();
    let ended = async || host.get_ok("/rooms/later").await["status"] == "ended";
    soon("the room has ended", ended).await;
    let draw = json!({"keyword": "cup", "prize": "A cup", "winners": 1, "window_s": 5});
    assert_eq!(host.post("/rooms/later/draws", draw).await.problem(409), "group_gone");
    let slot = host.post("/rooms/later/slot", json!({"product": "cup"})).await;
    assert_eq!(slot.problem(409), "group_gone");
    assert_eq!(host.delete("/rooms/later/slot").await.problem(409), "group_gone");
    let queue = host.put("/rooms/later/slot/queue", json!(["cup"])).await;
    assert_eq!(queue.problem(409), "group_gone");
}

#[tokio::test]
async fn what_a_host_may_not_run_any_more_is_over_at_once() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    let host = json!({"name": "Host", "user_id": "host", "role": "host"});
    let viewer = json!({"name": "Host", "user_id": "host", "role": "viewer"});
    let mei = giver(&shop, "mei", 100).await;
    let (path, status) = (format!("/rooms/{ROOM}"), format!("/rooms/{ROOM}/status"));
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    let mut device = shop.watch("li", ROOM).await;
    for case in ["block", "role", "sign-in"] {
        shop.clock.advance_ms(1_000);
        boss.put_ok(&status, json!({"status": "live"})).await;
        give(&mei, &format!("{case}-before"), rose.clone()).await.expect_status(200);
        match case {
            "block" => boss.put_ok("/accounts/host/block", json!({})).await,
            "role" => boss.put_ok("/accounts/host/role", json!({"role": "viewer"})).await,
            _ => shop.stranger().post_ok("/sign-in", viewer.clone()).await,
        };
        assert_eq!(boss.get_ok(&path).await["status"], "ended", "{case}");
        let late = give(&mei, &format!("{case}-after"), rose.clone()).await;
        assert_eq!(late.problem(409), "not_live", "{case}");
        while device.business("live_status").await["status"] != "ended" {}
        boss.delete("/accounts/host/block").await.expect_status(200);
        boss.delete("/accounts/host/role").await.expect_status(200);
        shop.stranger().post_ok("/sign-in", host.clone()).await;
    }
}

async fn hand_on(shop: &Shop, to: &str) {
    let events = Events::of(shop).await;
    let event = json!({"CallbackCommand": "Group.CallbackAfterChangeGroupOwner", "GroupId": ROOM,
        "Type": "AVChatRoom", "Operator_Account": "administrator", "OldOwner_Account": "host",
        "NewOwner_Account": to, "EventTime": shop.clock.now_s() * 1_000});
    events.tell(&event).await;
    events.processed().await;
}

#[tokio::test]
async fn a_room_that_is_handed_on_is_the_new_owners_with_what_comes_in_from_then_on() {
    let shop = Shop::open().await;
    let (host, ann) = (shop.sign_in("host", "host").await, shop.sign_in("ann", "host").await);
    let mei = giver(&shop, "mei", 100).await;
    let roses = |count: u32| json!({"room": ROOM, "gift": "rose", "count": count});
    give(&mei, "k1", roses(3)).await.expect_status(200);
    hand_on(&shop, "ann").await;
    let room = host.get_ok(&format!("/rooms/{ROOM}")).await;
    assert_eq!((&room["owner"], &room["status"]), (&json!("ann"), &json!("live")));
    give(&mei, "k2", roses(4)).await.expect_status(200);
    let income = ann.get_ok(&format!("/rooms/{ROOM}/income")).await;
    assert_eq!((&income["coins"], &income["balance"]), (&json!(7), &json!(4)));
    let status = format!("/rooms/{ROOM}/status");
    assert_eq!(host.put(&status, json!({"status": "ended"})).await.problem(403), "forbidden");
    ann.put_ok(&status, json!({"status": "ended"})).await;
}

#[tokio::test]
async fn a_room_that_is_handed_on_to_who_runs_none_ends() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    hand_on(&shop, "mei").await;
    assert_eq!(viewer.business("live_status").await["status"], "ended");
    let room = host.get_ok(&format!("/rooms/{ROOM}")).await;
    assert_eq!((&room["owner"], &room["status"]), (&json!("mei"), &json!("ended")));
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    assert_eq!(give(&mei, "k1", rose).await.problem(409), "not_live");
    assert_eq!(balance(&mei).await, 100);
}
