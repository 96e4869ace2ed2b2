//! Names that are shown to a room, and those that are not.

use serde_json::{Value, json};

use crate::events::{in_time, soon};
use crate::gifts::{give, giver};
use crate::support::{Api, ROOM, Shop};

async fn refuse(admin: &Api, room: Option<&str>, word: &str) {
    let list = json!({"name": word, "action": "refuse", "words": [word]});
    admin.put_ok("/moderation/words", json!({"room": room, "list": list})).await;
}

async fn sign_in(shop: &Shop, name: &str, user: &str) -> crate::support::Answer {
    let body = json!({"name": name, "user_id": user, "role": "viewer"});
    shop.stranger().post("/sign-in", body).await
}

#[tokio::test]
async fn a_name_that_is_shown_to_nobody_is_refused_where_it_is_set() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    refuse(&admin, None, "scam").await;
    for name in ["ＳＣＡＭ king", "t.me/spam", "www.example.com"] {
        assert_eq!(sign_in(&shop, name, "mei").await.problem(400), "name", "{name}");
    }
    for name in ["Mei", "Mr.Li", "St.Anna"] {
        sign_in(&shop, name, "mei").await.expect_status(200);
    }
}

#[tokio::test]
async fn gifts_and_rankings_show_a_neutral_name_in_place_of_one_that_the_room_refuses() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    refuse(&admin, Some(ROOM), "mei").await;
    let body = json!({"room": ROOM, "gift": "rose", "count": 3});
    give(&mei, "k1", body).await.expect_status(200);
    let shown = viewer.business("gift").await["nick"].clone();
    assert!(shown.as_str().unwrap().starts_with("Guest "), "{shown}");
    let ranking = admin.get_ok(&format!("/rooms/{ROOM}/ranking")).await;
    assert_eq!((&ranking[0]["user"], &ranking[0]["nick"]), (&json!("mei"), &shown));
}

#[tokio::test]
async fn a_draw_is_won_under_a_neutral_name_where_the_room_refuses_the_own_one() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    shop.sign_in("mei", "viewer").await;
    let mut mei = shop.watch("mei", ROOM).await;
    refuse(&admin, Some(ROOM), "mei").await;
    let draw = json!({"keyword": "cup", "prize": "A cup", "winners": 1, "window_s": 60});
    let draw = host.made(&format!("/rooms/{ROOM}/draws"), draw).await;
    let path = format!("/draws/{}", draw["draw"].as_str().unwrap());
    assert_eq!(mei.say("c1", "cup").await["t"], "send_ok");
    soon("one takes part", async || host.get_ok(&path).await["entrants"] == 1).await;
    let drawn = async || host.get_ok(&path).await["state"] == "drawn";
    in_time(&shop.clock, "the draw is over", drawn).await;
    let result = mei.business("draw_result").await;
    let winner = &result["winners"][0];
    assert_eq!(winner["user"], "mei");
    assert!(winner["nick"].as_str().unwrap().starts_with("Guest "), "{winner}");
}

#[tokio::test]
async fn the_assistant_greets_nobody_by_a_name_that_the_room_refuses() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    refuse(&admin, None, "scam").await;
    let links = json!({"links": "refuse"});
    host.put_ok(&format!("/rooms/{ROOM}/moderation"), links).await;
    let greeting = json!({"greeting": {"on": true, "text": "Hi {names}", "text_many": "Hi {names} {more}",
        "every_s": 1}});
    host.put_ok(&format!("/rooms/{ROOM}/assistant"), greeting).await;
    let mut viewer = shop.watch("host", ROOM).await;
    // Its id is its name: it never came here.
    shop.watch("t.me/spam", ROOM).await;
    let greeted = viewer.business("announcement").await["text"].clone();
    assert!(greeted.as_str().unwrap().starts_with("Hi Guest "), "{greeted}");
}

#[tokio::test]
async fn who_is_banned_or_muted_gives_nothing_and_pays_nothing() {
    let shop = Shop::open().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let mei = giver(&shop, "mei", 100).await;
    shop.watch("mei", ROOM).await;
    let measure = async |kind: &str, seconds: u32| -> Value {
        let body = json!({"user_id": "mei", "seconds": seconds});
        moderator.post(&format!("/rooms/{ROOM}/{kind}"), body).await.expect_status(202)
    };
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    for (kind, code) in [("mutes", "muted"), ("bans", "banned")] {
        measure(kind, 600).await;
        assert_eq!(give(&mei, code, rose.clone()).await.problem(403), code);
        assert_eq!(mei.get_ok("/wallet").await["balance"], 100);
    }
    measure("bans", 0).await;
    assert_eq!(give(&mei, "k3", rose.clone()).await.problem(403), "muted");
    shop.clock.advance_ms(600_000);
    give(&mei, "k4", rose).await.expect_status(200);
}
