//! Experience, levels, and the badge beside a name.

use chat_rest::{Client, Config, Secret};
use chat_types::rest::{PortraitGet, tag};
use serde_json::{Value, json};

use crate::events::{Events, soon};
use crate::gifts::{give, giver};
use crate::support::{Api, Opening, ROOM, Shop};

const MINUTE_MS: u64 = 60_000;

fn gift(order: &str, user: &str, count: u32, price: u32) -> Value {
    json!({"t": "gift", "order": order, "combo": "c", "gift": "rose", "title": "Rose",
        "count": count, "total": count, "user": user, "nick": user, "price": price})
}

async fn experience(api: &Api) -> u64 {
    api.get_ok("/me").await["experience"].as_u64().unwrap()
}

/// Levels that a few comments reach.
fn low_levels() -> Opening {
    Opening {
        configure: Box::new(|config| {
            config.levels.comment = 10;
            config.levels.thresholds = vec![10, 30, 1_000];
        }),
        ..Opening::default()
    }
}

async fn profile_level(shop: &Shop, user: &str) -> u64 {
    let key = Secret::new(shop.app.key.reveal());
    let client = Client::new(Config::new(shop.chat.rest_url(), shop.app.sdk_app_id, key)).unwrap();
    let wanted =
        PortraitGet { to_account: vec![user.to_owned()], tag_list: vec![tag::LEVEL.to_owned()] };
    let answer = client.portrait_get(&wanted).await.unwrap();
    let items = answer.user_profile_item[0].profile_item.as_deref().unwrap_or_default();
    items.first().and_then(|item| item.value.as_u64()).unwrap_or(0)
}

#[tokio::test]
async fn speaking_watching_and_giving_make_an_account_rise() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let events = Events::of(&shop).await;
    let start_ms = shop.clock.now_s() * 1_000;
    let newcomer = mei.get_ok("/me").await;
    assert_eq!((&newcomer["level"], &newcomer["next_level_from"]), (&json!(0), &json!(50)));
    events.joined(ROOM, "mei", start_ms).await;
    events.said(ROOM, "mei", "hello", start_ms + 1).await;
    events.left(ROOM, "mei", start_ms + 5 * MINUTE_MS + 59_000).await;
    events.sent(ROOM, "administrator", &gift("o1", "mei", 20, 3), start_ms + 2).await;
    events.processed().await;
    // Five full minutes, one comment of two, sixty coins.
    let me = mei.get_ok("/me").await;
    assert_eq!((&me["experience"], &me["level"]), (&json!(67), &json!(1)));
    assert_eq!((&me["level_from"], &me["next_level_from"]), (&json!(50), &json!(200)));
}

#[tokio::test]
async fn a_gift_that_nobody_paid_or_that_is_told_twice_is_worth_nothing_more() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let events = Events::of(&shop).await;
    let now_ms = shop.clock.now_s() * 1_000;
    events.sent(ROOM, "mei", &gift("forged", "mei", 1_000, 1_000), now_ms).await;
    events.processed().await;
    assert_eq!(experience(&mei).await, 0);
    for at_ms in [now_ms, now_ms + 600_000] {
        events.sent(ROOM, "administrator", &gift("o1", "mei", 1, 10), at_ms).await;
    }
    events.sent(ROOM, "administrator", &gift("o2", "nobody", 1, 10), now_ms).await;
    events.processed().await;
    assert_eq!(experience(&mei).await, 10);
}

#[tokio::test]
async fn a_gift_that_was_paid_makes_its_giver_rise() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 500).await;
    let body = json!({"room": ROOM, "gift": "coffee", "count": 6});
    give(&mei, "k1", body).await.expect_status(200);
    soon("sixty coins count", async || experience(&mei).await == 60).await;
    assert_eq!(mei.get_ok("/me").await["level"], 1);
}

#[tokio::test]
async fn nobody_rises_by_repeating_comments_or_by_staying_for_ever() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let events = Events::of(&shop).await;
    // Noon of a day, so that the sitting lies within it.
    let noon_ms = shop.clock.now_s() / 86_400 * 86_400_000 + 43_200_000;
    for _ in 0..8 {
        events.said(ROOM, "mei", "hi", noon_ms).await;
    }
    events.processed().await;
    assert_eq!(experience(&mei).await, 10, "five comments of a minute count");
    events.joined(ROOM, "mei", noon_ms).await;
    events.left(ROOM, "mei", noon_ms + 300 * MINUTE_MS).await;
    events.processed().await;
    assert_eq!(experience(&mei).await, 250, "four hours of a day count");
    events.joined(ROOM, "mei", noon_ms + 300 * MINUTE_MS).await;
    events.left(ROOM, "mei", noon_ms + 400 * MINUTE_MS).await;
    events.processed().await;
    assert_eq!(experience(&mei).await, 250);
}

#[tokio::test]
async fn time_without_a_connection_is_no_time_in_the_room() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let events = Events::of(&shop).await;
    let start_ms = shop.clock.now_s() / 86_400 * 86_400_000;
    let at = |minute: u64| start_ms + minute * MINUTE_MS;
    events.joined(ROOM, "mei", at(0)).await;
    events.state("mei", "Disconnect", at(2)).await;
    events.state("mei", "Login", at(5)).await;
    events.left(ROOM, "mei", at(6)).await;
    events.processed().await;
    assert_eq!(experience(&mei).await, 3, "two minutes before and one after");
    events.joined(ROOM, "mei", at(10)).await;
    events.state("mei", "Disconnect", at(11)).await;
    events.state("mei", "Login", at(20)).await;
    events.left(ROOM, "mei", at(30)).await;
    events.processed().await;
    assert_eq!(experience(&mei).await, 4, "who was away for long has to come in again");
}

#[tokio::test]
async fn a_new_level_is_found_in_the_profile() {
    let shop = Shop::open_with(low_levels()).await;
    shop.sign_in("mei", "viewer").await;
    let mut mei = shop.watch("mei", ROOM).await;
    for client_id in ["c1", "c2", "c3"] {
        assert_eq!(mei.say(client_id, client_id).await["t"], "send_ok");
    }
    soon("level 2 stands in the profile", async || profile_level(&shop, "mei").await == 2).await;
}

#[tokio::test]
async fn a_level_waits_for_a_chat_service_that_is_away() {
    let shop = Shop::open_with(low_levels()).await;
    let mei = shop.sign_in("mei", "viewer").await;
    let events = Events::of(&shop).await;
    let shop = shop
        .without_chat(async |clock| {
            for _ in 0..3 {
                events.said(ROOM, "mei", "hi", clock.now_s() * 1_000).await;
            }
            events.processed().await;
            assert_eq!(mei.get_ok("/me").await["level"], 2);
        })
        .await;
    soon("level 2 stands in the profile", async || {
        // What was put off is due sooner or later; the clock of a test stands still by itself.
        shop.clock.advance_ms(1_000);
        profile_level(&shop, "mei").await == 2
    })
    .await;
}

#[tokio::test]
async fn a_message_carries_the_badge_of_its_sender_and_no_other() {
    let shop = Shop::open_with(low_levels()).await;
    for (user, role) in [("li", "moderator"), ("mei", "viewer")] {
        shop.sign_in(user, role).await;
    }
    let mut watcher = shop.watch("watcher", ROOM).await;
    let mut badge_of = async |user: &str, data: &str| {
        let mut sender = shop.watch(user, ROOM).await;
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}});
        let request = json!({"t": "send", "group_id": ROOM, "client_id": format!("c{data}"),
            "elements": [element], "cloud_custom_data": data});
        assert_eq!(sender.client.ask(request).await["t"], "send_ok");
        loop {
            let message = watcher.next_message().await;
            if message["from"] == user {
                return message["cloud_custom_data"].as_str().unwrap_or_default().to_owned();
            }
        }
    };
    assert_eq!(badge_of("host", "").await, r#"{"level":0,"badges":["host"]}"#);
    assert_eq!(badge_of("li", "").await, r#"{"level":0,"badges":["moderator"]}"#);
    assert_eq!(badge_of("mei", "").await, "", "there is nothing to tell");
    assert_eq!(badge_of("host", "mine").await, "mine", "no reader takes it for a badge");
    assert_eq!(badge_of("mei", r#"{"badges":["admin"],"level":99}"#).await, "{}");
    // This service reads no such number, and a browser does.
    assert_eq!(badge_of("mei", r#"{"badges":["admin"],"x":1e999}"#).await, "{}");
    let hosts = badge_of("host", r#"{"badges":["admin"],"x":"\ud800"}"#).await;
    assert_eq!(hosts, r#"{"level":0,"badges":["host"]}"#);
}

#[tokio::test]
async fn a_like_carries_no_badge() {
    let shop = Shop::open().await;
    let mut watcher = shop.watch("watcher", ROOM).await;
    let mut mei = shop.watch("mei", ROOM).await;
    for (batch, data, carried) in [
        ("b1", r#"{"level":99,"badges":["admin"],"colour":"red"}"#, r#"{"colour":"red"}"#),
        ("b2", r#"{"level":1e999}"#, "{}"),
        ("b3", "red", "red"),
    ] {
        let like = json!({"t": "like", "batch": batch, "count": 1}).to_string();
        let element = json!({"MsgType": "TIMCustomElem",
            "MsgContent": {"Data": like, "Desc": "like", "Ext": "", "Sound": ""}});
        let request = json!({"t": "send", "group_id": ROOM, "client_id": batch,
            "elements": [element], "cloud_custom_data": data});
        assert_eq!(mei.client.ask(request).await["t"], "send_ok");
        let message = loop {
            let message = watcher.next_message().await;
            if message["from"] == "mei" {
                break message;
            }
        };
        assert_eq!(message["cloud_custom_data"], carried, "{message}");
    }
}
