//! What administrators, moderators and hosts did is written down.

use serde_json::{Value, json};

use crate::events::soon;
use crate::gifts::{give, giver};
use crate::support::{Api, ROOM, Shop};

async fn acts(boss: &Api, query: &str) -> Vec<Value> {
    boss.get_ok(&format!("/audit?{query}")).await["acts"].as_array().unwrap().clone()
}

/// The newest act, which has to be this one.
async fn newest(boss: &Api, actor: &str, call: &str, target: &str) -> Value {
    let act = acts(boss, "").await.remove(0);
    let found = (act["actor"].as_str(), act["call"].as_str(), act["target"].as_str());
    assert_eq!(found, (Some(actor), Some(call), Some(target)));
    act
}

#[tokio::test]
async fn every_act_is_written_down_with_what_it_changed() {
    let shop = Shop::open().await;
    let (boss, host) = (shop.sign_in("boss", "admin").await, shop.sign_in("host", "host").await);
    let mo = shop.sign_in("mo", "moderator").await;
    let mei = giver(&shop, "mei", 100).await;
    let order = give(&mei, "k1", json!({"room": ROOM, "gift": "rose", "count": 5})).await;
    let order = order.expect_status(200)["order"].as_str().unwrap().to_owned();

    // While the room is being told, it is refused.
    soon("it is given back", async || {
        boss.post(&format!("/gifts/{order}/refund"), json!({})).await.status == 200
    })
    .await;
    let act = newest(&boss, "boss", "POST /gifts/{order}/refund", &order).await;
    assert_eq!(act["after"], json!({"refunded": 5}));

    boss.post_ok("/products/cup/stock", json!({"set": 3})).await;
    boss.post_ok("/products/cup/stock", json!({"add": 4})).await;
    let act = newest(&boss, "boss", "POST /products/{product}/stock", "cup").await;
    assert_eq!((&act["before"], &act["after"]), (&json!({"stock": 3}), &json!({"stock": 7})));
    boss.delete("/products/cup").await.expect_status(204);
    let act = newest(&boss, "boss", "DELETE /products/{product}", "cup").await;
    assert_eq!((&act["before"]["stock"], &act["after"]), (&json!(7), &Value::Null));

    boss.put_ok("/accounts/mei/role", json!({"role": "host"})).await;
    let act = newest(&boss, "boss", "PUT /accounts/{user}/role", "mei").await;
    assert_eq!(act["before"]["role"], "viewer");
    assert_eq!(act["after"]["role"], "host");
    boss.put_ok("/accounts/mei/block", json!({})).await;
    newest(&boss, "boss", "PUT /accounts/{user}/block", "mei").await;
    boss.delete("/accounts/mei/block").await.expect_status(200);

    let list = json!({"name": "own", "action": "drop", "words": ["blah"]});
    boss.put_ok("/moderation/words", json!({"list": list})).await;
    newest(&boss, "boss", "PUT /moderation/words", "own").await;

    mo.post(&format!("/rooms/{ROOM}/mutes"), json!({"user_id": "mei", "seconds": 60})).await;
    let act = newest(&boss, "mo", "POST /rooms/{room}/mutes", "mei").await;
    assert_eq!((&act["role"], &act["room"]), (&json!("moderator"), &json!(ROOM)));

    let draw = json!({"keyword": "cup", "prize": "A cup", "winners": 1, "window_s": 60});
    let draw = host.made(&format!("/rooms/{ROOM}/draws"), draw).await;
    let draw = draw["draw"].as_str().unwrap();
    newest(&boss, "host", "POST /rooms/{room}/draws", draw).await;
    host.delete(&format!("/draws/{draw}")).await.expect_status(200);
    newest(&boss, "host", "DELETE /draws/{draw}", draw).await;

    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "paused"})).await;
    let act = newest(&boss, "host", "PUT /rooms/{room}/status", ROOM).await;
    assert_eq!(act["before"]["status"], "live");

    let broadcast = json!({"id": "b1", "text": "Sale"});
    boss.post("/broadcasts", broadcast).await.expect_status(202);
    newest(&boss, "boss", "POST /broadcasts", "b1").await;
    let request = boss.request(reqwest::Method::POST, "/wallet/top-up");
    let request = request.header("idempotency-key", "t1").json(&json!({"coins": 9}));
    boss.send(request).await.expect_status(200);
    newest(&boss, "boss", "POST /wallet/top-up", "boss").await;
}

#[tokio::test]
async fn what_notes_nothing_itself_is_noted_all_the_same() {
    let shop = Shop::open().await;
    let (boss, host) = (shop.sign_in("boss", "admin").await, shop.sign_in("host", "host").await);
    let slot = format!("/rooms/{ROOM}/slot");
    let shown = host.post(&slot, json!({"product": "cup"})).await;
    assert!(shown.status < 300, "{}", shown.text);
    let act = newest(&boss, "host", "POST /rooms/{room}/slot", &slot).await;
    assert_eq!(act["room"], ROOM);
}

#[tokio::test]
async fn what_was_refused_or_only_looked_at_is_not_written_down() {
    let shop = Shop::open().await;
    let (boss, mei) = (shop.sign_in("boss", "admin").await, shop.sign_in("mei", "viewer").await);
    let before = acts(&boss, "").await.len();
    mei.put(&format!("/rooms/{ROOM}/status"), json!({"status": "ended"})).await.problem(403);
    boss.post("/products/moon/stock", json!({"set": 3})).await.problem(404);
    boss.get_ok("/outbox").await;
    mei.post_ok("/renew", json!({})).await;
    assert_eq!(acts(&boss, "").await.len(), before);
}

#[tokio::test]
async fn the_list_is_filtered_and_paged_and_names_the_request() {
    let shop = Shop::open().await;
    let (boss, other) = (shop.sign_in("boss", "admin").await, shop.sign_in("other", "admin").await);
    for number in 0..101 {
        boss.post_ok("/products/cup/stock", json!({"set": number})).await;
    }
    let request = other.request(reqwest::Method::POST, "/products/bowl/stock");
    let request = request.header("x-request-id", "shop-7").json(&json!({"set": 1}));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "shop-7");
    assert_eq!(acts(&boss, "target=bowl").await[0]["request"], "shop-7");
    assert_eq!(acts(&boss, "actor=other").await.len(), 1);
    assert_eq!(acts(&boss, &format!("room={ROOM}&actor=boss")).await.len(), 0);
    assert_eq!(acts(&boss, "call=POST%20/products/%7Bproduct%7D/stock&actor=other").await.len(), 1);
    let now_s = shop.clock.now_s();
    assert_eq!(acts(&boss, &format!("to_s={now_s}")).await.len(), 0);
    let first = boss.get_ok("/audit?actor=boss").await;
    assert_eq!(first["acts"].as_array().unwrap().len(), 100);
    let rest = boss.get_ok(&format!("/audit?actor=boss&before={}", first["next"])).await;
    assert_eq!(rest["acts"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
}
