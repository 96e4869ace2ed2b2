//! Of what the shop's own server is told.

use business_server::{EventKind, ShopWebhook};
use chat_types::rest::GroupIdOnly;
use serde_json::{Value, json};

use crate::gifts::{give, giver, refund};
use crate::notifications::{Receiver, open, webhook};
use crate::support::{Api, PAYMENT_KEY, ROOM, Shop, signature};

/// A shop that is told of these kinds alone.
async fn told_of(kinds: &[EventKind]) -> (Shop, Receiver) {
    let receiver = Receiver::start().await;
    let shop = open(ShopWebhook { kinds: kinds.to_vec(), ..webhook(&receiver) }).await;
    (shop, receiver)
}

async fn expect(receiver: &mut Receiver, kind: &str, data: &Value) {
    let event = receiver.taken().await;
    assert_eq!((&event["kind"], &event["data"]), (&json!(kind), data));
    assert_eq!(event["room"], ROOM);
}

#[tokio::test]
async fn a_gift_is_told_when_it_is_paid_and_when_it_is_given_back() {
    let (shop, mut receiver) = told_of(&[EventKind::GiftPaid, EventKind::GiftRefunded]).await;
    let mei = giver(&shop, "mei", 10).await;
    let roses = json!({"room": ROOM, "gift": "rose", "count": 2});
    let order = give(&mei, "k", roses.clone()).await.expect_status(200)["order"].clone();
    // The repeat of a call is no second gift, and one that is not paid is none at all.
    give(&mei, "k", roses).await.expect_status(200);
    let dear = json!({"room": ROOM, "gift": "rose", "count": 9});
    assert_eq!(give(&mei, "dear", dear).await.problem(402), "balance");
    let admin = shop.sign_in("boss", "admin").await;
    refund(&admin, &order).await.expect_status(200);
    assert_eq!(refund(&admin, &order).await.problem(409), "refunded");
    let gift = json!({"order": order, "user": "mei", "owner": "host", "gift": "rose", "count": 2,
        "coins": 2});
    expect(&mut receiver, "gift_paid", &gift).await;
    let mut refunded = gift.clone();
    refunded["reason"] = json!("asked");
    expect(&mut receiver, "gift_refunded", &refunded).await;
    let last = json!({"room": ROOM, "gift": "rose", "count": 1});
    let last = give(&mei, "last", last).await.expect_status(200);
    assert_eq!(receiver.taken().await["data"]["order"], last["order"], "and nothing in between");
}

#[tokio::test]
async fn a_draw_is_told_with_its_winners_when_it_is_over() {
    let (shop, mut receiver) = told_of(&[EventKind::DrawClosed]).await;
    let host = shop.sign_in("host", "host").await;
    shop.sign_in("mei", "viewer").await;
    let mut mei = shop.watch("mei", ROOM).await;
    let wish = json!({"keyword": "cup", "prize": "A cup", "winners": 2, "window_s": 60});
    let draw = host.made(&format!("/rooms/{ROOM}/draws"), wish).await["draw"].clone();
    assert_eq!(mei.say("1", "cup").await["t"], "send_ok");
    let path = format!("/draws/{}", draw.as_str().unwrap());
    crate::events::soon("mei takes part", async || host.get_ok(&path).await["entrants"] == 1).await;
    let drawn = async || host.get_ok(&path).await["state"] == "drawn";
    crate::events::in_time(&shop.clock, "the draw is over", drawn).await;
    let record = format!("/api/v1{path}/record");
    let closed = json!({"draw": draw, "prize": "A cup", "entrants": 1, "winners": ["mei"],
        "winners_total": 1, "record": record});
    expect(&mut receiver, "draw_closed", &closed).await;
    assert_eq!(host.get(&format!("{path}/record")).await.status, 200);
}

async fn measure(moderator: &Api, kind: &str, seconds: u32) {
    let body = json!({"user_id": "mei", "seconds": seconds});
    moderator.post(&format!("/rooms/{ROOM}/{kind}"), body).await.expect_status(202);
}

#[tokio::test]
async fn mutes_and_bans_are_told_when_they_are_set_and_lifted() {
    let kinds = [EventKind::Muted, EventKind::Unmuted, EventKind::Banned, EventKind::Unbanned];
    let (shop, mut receiver) = told_of(&kinds).await;
    shop.sign_in("mei", "viewer").await;
    let _mei = shop.watch("mei", ROOM).await;
    let moderator = shop.sign_in("mo", "moderator").await;
    shop.clock.advance_ms(789);
    for (call, set, lifted) in [("mutes", "muted", "unmuted"), ("bans", "banned", "unbanned")] {
        measure(&moderator, call, 600).await;
        measure(&moderator, call, 0).await;
        let until_s = shop.clock.now_s() + 600;
        for (kind, until_s) in [(set, until_s), (lifted, 0)] {
            let event = receiver.taken().await;
            let data = &event["data"];
            assert_eq!((&event["kind"], &event["room"]), (&json!(kind), &json!(ROOM)));
            assert_eq!(event["at_ms"].as_u64().unwrap() % 1_000, 789);
            assert_eq!((&data["user"], &data["until_s"]), (&json!("mei"), &json!(until_s)));
            assert!(data["reason"].as_str().unwrap().contains("mo"), "{data}");
        }
    }
}

#[tokio::test]
async fn an_order_that_the_shop_reports_is_told_once() {
    let (shop, mut receiver) = told_of(&[EventKind::OrderRecorded]).await;
    let anybody = shop.stranger();
    shop.clock.advance_ms(789);
    for (id, quantity) in [("o1", 3), ("o1", 3), ("o2", 1_000)] {
        let body = json!({"order_id": id, "product": "cup", "quantity": quantity, "room": ROOM,
            "user": "mei", "at_s": shop.clock.now_s()});
        let body = body.to_string();
        let request = anybody.request(reqwest::Method::POST, "/shop/orders");
        let signed = request.header("x-signature", signature(PAYMENT_KEY, &body)).body(body);
        anybody.send(signed).await.expect_status(200);
    }
    for (id, quantity, oversold) in [("o1", 3, false), ("o2", 1_000, true)] {
        let order = json!({"order_id": id, "product": "cup", "quantity": quantity, "user": "mei",
            "oversold": oversold});
        let event = receiver.taken().await;
        assert_eq!((&event["kind"], &event["data"]), (&json!("order_recorded"), &order));
        assert_eq!(
            event["at_ms"].as_u64().unwrap() % 1_000,
            789,
            "no event is earlier than it was"
        );
    }
}

#[tokio::test]
async fn a_room_that_loses_its_group_and_is_opened_anew_has_its_statuses_told() {
    let (shop, mut receiver) = told_of(&[EventKind::RoomStatus]).await;
    let host = shop.sign_in("host", "host").await;
    expect(&mut receiver, "room_status", &json!({"status": "live"})).await;
    shop.administrator().destroy_group(&GroupIdOnly { group_id: ROOM.into() }).await.unwrap();
    expect(&mut receiver, "room_status", &json!({"status": "ended"})).await;
    host.made("/rooms", json!({"room": ROOM, "title": "Anew"})).await;
    expect(&mut receiver, "room_status", &json!({"status": "to_be_started"})).await;
}
