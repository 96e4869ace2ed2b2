//! Wallets: how coins come in, and what is told of them.

use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use crate::gifts::{give, top_up, with_key};
use crate::support::{Answer, Api, Opening, PAYMENT_KEY, ROOM, Shop, signature};

/// As the shop's payment calls.
async fn pay(stranger: &Api, payment: &Value) -> Answer {
    let body = payment.to_string();
    let signature = signature(PAYMENT_KEY, &body);
    let call = stranger.request(Method::POST, "/payments/top-up");
    stranger.send(call.header("X-Signature", signature).body(body)).await
}

fn payment(shop: &Shop, id: &str, user: &str, coins: i64) -> Value {
    json!({"payment_id": id, "user": user, "coins": coins, "at_s": shop.clock.now_s()})
}

#[tokio::test]
async fn in_development_a_wallet_is_filled_with_a_button() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    assert_eq!(mei.get_ok("/wallet").await, json!({"balance": 0, "may_top_up": true}));
    assert_eq!(top_up(&mei, "k1", 100).await, 100);
    assert_eq!(top_up(&mei, "k1", 100).await, 100, "the same key is the same top-up");
    assert_eq!(top_up(&mei, "k2", 1_000_000).await, 1_000_100);
    for coins in [0, -5, 1_000_001] {
        let answer = with_key(&mei, "/wallet/top-up", "k3", json!({"coins": coins})).await;
        assert_eq!(answer.problem(400), "invalid");
    }
    let other = with_key(&mei, "/wallet/top-up", "k1", json!({"coins": 7})).await;
    assert_eq!(other.problem(409), "idempotency_key");
    let keyless = mei.post("/wallet/top-up", json!({"coins": 7})).await;
    assert_eq!(keyless.problem(400), "idempotency_key");
    let long = with_key(&mei, "/wallet/top-up", &"k".repeat(65), json!({"coins": 7})).await;
    assert_eq!(long.problem(400), "idempotency_key");
    assert_eq!(mei.get_ok("/wallet").await["balance"], 1_000_100);
}

#[tokio::test]
async fn in_production_there_is_no_button() {
    let is_production = Arc::new(AtomicBool::new(false));
    let of_config = Arc::clone(&is_production);
    let opening = Opening {
        configure: Box::new(move |config| config.development = !of_config.load(SeqCst)),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let mei = shop.sign_in("mei", "viewer").await;
    is_production.store(true, SeqCst);
    let shop = shop.business_restarted().await;
    let mut api = shop.stranger();
    api.token = mei.token;
    let answer = with_key(&api, "/wallet/top-up", "k1", json!({"coins": 5})).await;
    assert_eq!(answer.problem(403), "forbidden");
}

#[tokio::test]
async fn a_payment_is_booked_once_however_often_it_is_told() {
    let shop = Shop::open().await;
    let (mei, stranger) = (shop.sign_in("mei", "viewer").await, shop.stranger());
    let told = payment(&shop, "p1", "mei", 500);
    for _ in 0..3 {
        let paid = pay(&stranger, &told).await.expect_status(200);
        assert_eq!(paid, json!({"payment_id": "p1", "user": "mei", "coins": 500, "balance": 500}));
    }
    shop.clock.advance_ms(3_600_000);
    let much_later = payment(&shop, "p1", "mei", 500);
    assert_eq!(pay(&stranger, &much_later).await.expect_status(200)["balance"], 500);
    for other in [payment(&shop, "p1", "mei", 501), payment(&shop, "p1", "host", 500)] {
        assert_eq!(pay(&stranger, &other).await.problem(409), "payment");
    }
    assert_eq!(mei.get_ok("/wallet").await["balance"], 500);
    let entries = mei.get_ok("/wallet/entries").await;
    assert_eq!(entries["entries"].as_array().unwrap().len(), 1);
    assert_eq!(entries["entries"][0]["reference"], "payment:p1");
}

#[tokio::test]
async fn one_payment_that_is_told_by_many_at_once_is_booked_once() {
    let shop = Shop::open().await;
    let (mei, stranger) = (shop.sign_in("mei", "viewer").await, shop.stranger());
    let told = payment(&shop, "p1", "mei", 500);
    let calls = (0..8).map(|_| {
        let (stranger, told) = (stranger.clone(), told.clone());
        tokio::spawn(async move { pay(&stranger, &told).await.expect_status(200) })
    });
    for call in Vec::from_iter(calls) {
        assert_eq!(call.await.unwrap()["balance"], 500);
    }
    assert_eq!(mei.get_ok("/wallet").await["balance"], 500);
}

#[tokio::test]
async fn what_is_no_payment_of_the_shop_moves_nothing() {
    let shop = Shop::open().await;
    let (mei, stranger) = (shop.sign_in("mei", "viewer").await, shop.stranger());
    let body = payment(&shop, "p1", "mei", 500).to_string();
    let call = || stranger.request(Method::POST, "/payments/top-up").body(body.clone());
    assert_eq!(stranger.send(call()).await.problem(401), "signature");
    let forged = call().header("X-Signature", signature("another key", &body));
    assert_eq!(stranger.send(forged).await.problem(401), "signature");
    let mut old = payment(&shop, "p1", "mei", 500);
    old["at_s"] = json!(shop.clock.now_s() - 301);
    assert_eq!(pay(&stranger, &old).await.problem(401), "signature");
    assert_eq!(pay(&stranger, &json!({"coins": 5})).await.problem(400), "invalid");
    let timed = json!({"coins": 5, "at_s": shop.clock.now_s()});
    assert_eq!(pay(&stranger, &timed).await.problem(422), "body");
    assert_eq!(pay(&stranger, &payment(&shop, "p1", "nobody", 5)).await.problem(404), "account");
    for wrong in [
        payment(&shop, "", "mei", 5),
        payment(&shop, &"p".repeat(65), "mei", 5),
        payment(&shop, "p1", "", 5),
        payment(&shop, "p1", "mei", 0),
        payment(&shop, "p1", "mei", -5),
        payment(&shop, "p1", "mei", 1_000_000_001),
    ] {
        assert_eq!(pay(&stranger, &wrong).await.problem(400), "invalid", "{wrong}");
    }
    assert_eq!(mei.get_ok("/wallet").await["balance"], 0);
}

#[tokio::test]
async fn entries_are_told_page_by_page_newest_first() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    top_up(&mei, "k", 1_000).await;
    for number in 0..60 {
        let body = json!({"room": ROOM, "gift": "rose", "count": 1});
        give(&mei, &format!("g{number}"), body).await.expect_status(200);
    }
    let first = mei.get_ok("/wallet/entries").await;
    let entries = first["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 50);
    assert!(entries.iter().all(|entry| entry["coins"] == -1 && entry["kind"] == "gift"));
    let rest = mei.get_ok(&format!("/wallet/entries?before={}", first["next"])).await;
    let rest_entries = rest["entries"].as_array().unwrap();
    assert_eq!(rest_entries.len(), 11);
    assert_eq!(rest_entries[10]["coins"], 1_000);
    assert!(rest.get("next").is_none());
    let numbers = entries.iter().chain(rest_entries).map(|entry| entry["entry"].as_u64().unwrap());
    assert!(numbers.is_sorted_by(|a, b| a > b));
    let others = shop.sign_in("li", "viewer").await.get_ok("/wallet/entries").await;
    assert_eq!(others, json!({"entries": []}));
}

#[tokio::test]
async fn without_a_key_of_payments_or_with_an_empty_one_the_shop_tells_nothing() {
    for key in [None, Some("")] {
        let configure = Box::new(move |config: &mut business_server::Config| {
            config.payment_key = key.map(business_server::Secret::new);
        });
        let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
        let stranger = shop.stranger();
        let body = json!({"at_s": shop.clock.now_s()}).to_string();
        for path in ["/payments/top-up", "/shop/orders", "/shop/follows"] {
            let call = stranger.request(Method::POST, path).body(body.clone());
            let call = call.header("X-Signature", signature("", &body));
            assert_eq!(stranger.send(call).await.problem(403), "forbidden", "{path}");
        }
    }
}

#[tokio::test]
async fn administrators_see_wallets_and_payments_of_others() {
    let shop = Shop::open().await;
    let (mei, admin) = (shop.sign_in("mei", "viewer").await, shop.sign_in("boss", "admin").await);
    shop.sign_in("li", "viewer").await;
    let stranger = shop.stranger();
    for number in 0..52 {
        let told = payment(&shop, &format!("m{number}"), "mei", 1);
        pay(&stranger, &told).await.expect_status(200);
    }
    pay(&stranger, &payment(&shop, "l1", "li", 7)).await.expect_status(200);
    top_up(&mei, "k", 10).await;
    assert_eq!(admin.get_ok("/accounts/mei/wallet").await["balance"], 62);
    let entries = admin.get_ok("/accounts/mei/wallet/entries").await;
    assert_eq!(entries, mei.get_ok("/wallet/entries").await);
    assert_eq!(admin.get("/accounts/nobody/wallet").await.problem(404), "account");
    let all = admin.get_ok("/payments").await;
    let newest = &all["payments"][0];
    assert_eq!(
        (&newest["payment_id"], &newest["user"], &newest["coins"]),
        (&json!("l1"), &json!("li"), &json!(7))
    );
    let first = admin.get_ok("/payments?user=mei").await;
    assert_eq!(first["payments"].as_array().unwrap().len(), 50);
    assert_eq!(first["payments"][0]["payment_id"], "m51");
    let rest = admin.get_ok(&format!("/payments?user=mei&before={}", first["next"])).await;
    assert_eq!(rest["payments"].as_array().unwrap().len(), 2);
    assert!(rest.get("next").is_none());
    assert_eq!(admin.get_ok("/payments/l1").await, *newest);
    assert_eq!(admin.get("/payments/none").await.problem(404), "payment");
    for path in
        ["/accounts/mei/wallet", "/accounts/mei/wallet/entries", "/payments", "/payments/l1"]
    {
        assert_eq!(mei.get(path).await.problem(403), "forbidden", "{path}");
    }
}
