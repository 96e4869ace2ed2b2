//! Rooms in which the accounts of the service may not speak: what has to be told waits, and what is
//! only of its moment goes.

use chat_rest::{Client, Config, Secret};
use chat_types::rest::ForbidSendMsg;
use serde_json::{Value, json};

use crate::events::soon;
use crate::gifts::{give, giver};
use crate::support::{ASSISTANT, Api, Opening, ROOM, Shop, Watcher};
use chat_server::application::Edition;

/// The chat service mutes an account in the room, or lets it speak again.
pub(crate) async fn mute(shop: &Shop, user: &str, seconds: u32) {
    let key = Secret::new(shop.app.key.reveal());
    let client = Client::new(Config::new(shop.chat.rest_url(), shop.app.sdk_app_id, key)).unwrap();
    let forbid = ForbidSendMsg {
        group_id: ROOM.to_owned(),
        members_account: vec![user.to_owned()],
        mute_time: seconds,
    };
    client.forbid_send_msg(&forbid).await.unwrap();
}

async fn mute_all(host: &mut Watcher, on: bool) {
    let change = json!({"t": "modify_group", "group_id": ROOM, "mute_all": on});
    let answer = host.client.ask(change).await;
    assert_ne!(answer["t"], "error", "{answer}");
}

/// Keys of what is held back; each with the reason of the chat service.
pub(crate) async fn held_back(admin: &Api) -> Vec<String> {
    let outbox = admin.get_ok("/outbox").await;
    let held_back = outbox["held_back"].as_array().unwrap();
    let key = |posting: &Value| {
        assert!(posting["reason"].as_str().unwrap().contains("10017"), "{posting}");
        posting["key"].as_str().unwrap().to_owned()
    };
    held_back.iter().map(key).collect()
}

#[tokio::test]
async fn a_paid_gift_waits_for_an_administrator_who_may_speak() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    mute(&shop, "administrator", 3_600).await;
    let body = json!({"room": ROOM, "gift": "rose", "count": 3});
    let given = give(&mei, "k1", body).await.expect_status(200);
    soon("the gift is held back", async || {
        held_back(&admin).await == [format!("gift:{}", given["order"].as_str().unwrap())]
    })
    .await;
    // Neither a restart nor a long time makes it go.
    shop.clock.advance_ms(1_800_000);
    let shop = shop.business_restarted().await;
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(held_back(&admin).await.len(), 1);
    mute(&shop, "administrator", 0).await;
    assert_eq!(viewer.business("gift").await["order"], given["order"]);
    soon("nothing waits", async || admin.get_ok("/outbox").await["waiting"] == 0).await;
    let outbox = admin.get_ok("/outbox").await;
    assert_eq!((&outbox["failed"], &outbox["held_back"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn in_a_room_where_everybody_is_muted_the_slot_changes_and_only_its_last_notice_waits() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut viewer = shop.watch("li", ROOM).await;
    let mut owner = shop.watch("host", ROOM).await;
    mute_all(&mut owner, true).await;
    for product in ["cup", "vase", "bowl"] {
        host.post_ok(&format!("/rooms/{ROOM}/slot"), json!({"product": product})).await;
    }
    soon("the field shows the last product", async || {
        let fields = &shop.watch("late", ROOM).await.joined["group"]["custom_fields"];
        fields["product"].as_str().is_some_and(|product| product.contains("bowl"))
    })
    .await;
    soon("one notice is held back", async || {
        let outbox = admin.get_ok("/outbox").await;
        outbox["waiting"] == 1 && held_back(&admin).await.len() == 1
    })
    .await;
    let outbox = admin.get_ok("/outbox").await;
    assert_eq!((&outbox["out_of_date"], &outbox["failed"]), (&json!(2), &json!(0)));
    mute_all(&mut owner, false).await;
    assert_eq!(viewer.business("product").await["product"]["id"], "bowl");
}

#[tokio::test]
async fn what_the_assistant_could_not_say_in_its_moment_it_does_not_say() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    let path = format!("/rooms/{ROOM}/assistant");
    let rules = json!({"rules": [{"keyword": "shipping", "answer": "Two days", "cool_down_s": 1}]});
    host.put_ok(&path, rules).await;
    let mut viewer = shop.watch("li", ROOM).await;
    mute(&shop, ASSISTANT, 86_400).await;
    assert_eq!(viewer.say("c1", "shipping?").await["t"], "send_ok");
    soon("the answer is held back", async || held_back(&admin).await.len() == 1).await;
    shop.clock.advance_ms(60_000);
    soon("the answer is given up", async || admin.get_ok("/outbox").await["out_of_date"] == 1)
        .await;
    mute(&shop, ASSISTANT, 0).await;
    host.put_ok(&path, json!({"rules": [{"keyword": "shipping", "answer": "Three days"}]})).await;
    assert_eq!(viewer.say("c2", "shipping?").await["t"], "send_ok");
    assert_eq!(viewer.business("announcement").await["text"], "Three days");
}

#[tokio::test]
async fn a_broadcast_has_told_the_rooms_that_took_it() {
    let shop = Shop::open_with(Opening { edition: Edition::Pro, ..Opening::default() }).await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    host.put_ok("/rooms/other/status", json!({"status": "live"})).await;
    let mut viewer = shop.watch("li", ROOM).await;
    mute(&shop, ASSISTANT, 600).await;
    admin.post("/broadcasts", json!({"id": "b1", "text": "One"})).await.expect_status(202);
    let progress = async || admin.get_ok("/broadcasts/b1").await;
    soon("the message of the muted room is held back", async || {
        held_back(&admin).await.len() == 1 && progress().await["rooms_told"] == 1
    })
    .await;
    let held = progress().await;
    assert_eq!((&held["rooms"], &held["state"]), (&json!(2), &json!("waiting")));
    mute(&shop, ASSISTANT, 0).await;
    assert_eq!(viewer.business("announcement").await["id"], "b1");
    soon("all rooms have been told", async || progress().await["rooms_told"] == 2).await;
    assert_eq!(progress().await["state"], "done");
    // Another is held back until it is of no use, and its room was not told.
    shop.clock.advance_ms(1_000);
    mute(&shop, ASSISTANT, 86_400).await;
    admin.post("/broadcasts", json!({"id": "b2", "text": "Two"})).await.expect_status(202);
    soon("it is held back", async || held_back(&admin).await.len() == 1).await;
    shop.clock.advance_ms(3_600_000);
    soon("it is given up", async || admin.get_ok("/broadcasts/b2").await["state"] == "done").await;
    assert_eq!(admin.get_ok("/broadcasts/b2").await["rooms_told"], 1);
}
