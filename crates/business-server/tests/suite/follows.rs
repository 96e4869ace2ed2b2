//! Who follows the host: by the own hand, or by the word of the shop's server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Opening, PAYMENT_KEY, ROOM, Shop, signature};

const FOLLOW: &str = "/rooms/r/follow";

async fn tell(api: &Api, word: &Value) -> Answer {
    let body = word.to_string();
    let request = api.request(Method::POST, "/shop/follows");
    api.send(request.header("x-signature", signature(PAYMENT_KEY, &body)).body(body)).await
}

#[tokio::test]
async fn a_viewer_follows_the_host_once_and_may_stop() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let bo = shop.sign_in("bo", "viewer").await;
    let none = json!({"following": false, "followers": 0});
    assert_eq!(mei.get_ok(FOLLOW).await, none);
    for _ in 0..2 {
        let one = json!({"following": true, "followers": 1});
        assert_eq!(mei.put_ok(FOLLOW, json!({})).await, one);
    }
    assert_eq!(bo.get_ok(FOLLOW).await, json!({"following": false, "followers": 1}));
    let shop = shop.business_restarted().await;
    let mei = shop.sign_in("mei", "viewer").await;
    assert_eq!(mei.get_ok(FOLLOW).await["following"], true, "a restart forgets nobody");
    assert_eq!(mei.delete(FOLLOW).await.expect_status(200), none);
    let host = shop.sign_in("host", "host").await;
    assert_eq!(host.put(FOLLOW, json!({})).await.problem(409), "own_room");
    assert_eq!(mei.put("/rooms/none/follow", json!({})).await.problem(404), "room");
}

#[tokio::test]
async fn the_shops_own_server_tells_of_follows_and_an_older_word_changes_nothing() {
    let payment = Opening {
        configure: Box::new(|config| {
            config.payment_key = Some(business_server::Secret::new(PAYMENT_KEY));
        }),
        ..Opening::default()
    };
    let shop = Shop::open_with(payment).await;
    let mei = shop.sign_in("mei", "viewer").await;
    let now_s = shop.clock.now_s();
    let word = |following: bool, at_s: u64| json!({"user": "mei", "host": "host", "following": following, "at_s": at_s});
    for (word, taken, following) in [
        (word(true, now_s - 20), true, true),
        (word(false, now_s - 10), true, false),
        (word(true, now_s - 20), false, false),
        (word(true, now_s), true, true),
    ] {
        assert_eq!(tell(&mei, &word).await.expect_status(200)["taken"], taken, "{word}");
        assert_eq!(mei.get_ok(FOLLOW).await["following"], following, "{word}");
    }
    // A clock that is ahead holds nothing back.
    tell(&mei, &word(true, now_s + 250)).await.expect_status(200);
    assert_eq!(mei.delete(FOLLOW).await.expect_status(200)["following"], false);
    tell(&mei, &word(true, now_s + 1)).await.expect_status(200);
    for (user, host) in [("nobody", "host"), ("mei", "nobody")] {
        let strange = json!({"user": user, "host": host, "following": true, "at_s": now_s});
        assert_eq!(tell(&mei, &strange).await.problem(404), "account", "{strange}");
    }
    let oneself = json!({"user": "host", "host": "host", "following": true, "at_s": now_s});
    assert_eq!(tell(&mei, &oneself).await.problem(409), "own_room");
    assert_eq!(tell(&mei, &word(true, now_s - 600)).await.problem(401), "signature");
    let unsigned = mei.request(Method::POST, "/shop/follows").body(word(true, now_s).to_string());
    assert_eq!(mei.send(unsigned).await.problem(401), "signature");
    let strange = json!({"user": "mei", "host": "host", "following": true, "at_s": now_s, "x": 1});
    assert_eq!(tell(&mei, &strange).await.problem(422), "body");
    assert_eq!(mei.get_ok(&format!("/rooms/{ROOM}/follow")).await["followers"], 1);
}
