//! Gifts: paid once, told once, counted exactly.

use business_server::{BusinessServer, Config};
use chat_types::business::MAX_BUSINESS_ID_BYTES;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use crate::support::{Answer, Api, Opening, ROOM, Shop, Watcher};

/// A call that moves coins.
pub(crate) async fn with_key(api: &Api, path: &str, key: &str, body: Value) -> Answer {
    let call = api.request(Method::POST, path).header("Idempotency-Key", key);
    api.send(call.json(&body)).await
}

/// Fills the wallet up; gives what is in it then.
pub(crate) async fn top_up(api: &Api, key: &str, coins: i64) -> i64 {
    let answer = with_key(api, "/wallet/top-up", key, json!({"coins": coins})).await;
    answer.expect_status(200)["balance"].as_i64().unwrap()
}

pub(crate) async fn give(api: &Api, key: &str, body: Value) -> Answer {
    with_key(api, "/gifts", key, body).await
}

pub(crate) async fn balance(api: &Api) -> i64 {
    api.get_ok("/wallet").await["balance"].as_i64().unwrap()
}

/// Somebody with coins.
pub(crate) async fn giver(shop: &Shop, user: &str, coins: i64) -> Api {
    let api = shop.sign_in(user, "viewer").await;
    top_up(&api, "first", coins).await;
    api
}

/// An administrator gives an order back.
pub(crate) async fn refund(admin: &Api, order: &Value) -> Answer {
    let path = format!("/gifts/{}/refund", order.as_str().unwrap());
    admin.post(&path, json!({})).await
}

fn roses(count: u32) -> Value {
    json!({"room": ROOM, "gift": "rose", "count": count})
}

fn clicks(number: u32, combo: &str) -> Value {
    json!({"room": ROOM, "gift": "rose", "clicks": number, "combo": combo})
}

async fn income(shop: &Shop) -> Value {
    shop.sign_in("host", "host").await.get_ok(&format!("/rooms/{ROOM}/income")).await
}

/// Count and total of the next gift message.
async fn told(watcher: &mut Watcher) -> (u64, u64) {
    let gift = watcher.business("gift").await;
    (gift["count"].as_u64().unwrap(), gift["total"].as_u64().unwrap())
}

#[tokio::test]
async fn a_gift_is_paid_and_everybody_in_the_room_sees_it() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewers = [shop.watch("li", ROOM).await, shop.watch("bo", ROOM).await];
    let body = json!({"room": ROOM, "gift": "coffee", "count": 3, "combo": "c1"});
    let given = give(&mei, "k1", body).await.expect_status(200);
    assert_eq!((&given["balance"], &given["combo_total"]), (&json!(70), &json!(3)));
    let mut gift = json!({"order": given["order"], "combo": "c1", "gift": "coffee",
        "title": "Coffee", "count": 3, "total": 3, "user": "mei", "nick": "mei", "level": 0,
        "price": 10, "effect": "quiet"});
    assert_eq!(given["gift"], gift);
    gift["t"] = json!("gift");
    for viewer in &mut viewers {
        assert_eq!(viewer.business("gift").await, gift);
    }
    assert_eq!(balance(&mei).await, 70);
    let income = income(&shop).await;
    assert_eq!(income, json!({"gifts": 3, "coins": 30, "today": 30, "stream": 30, "balance": 30}));
}

#[tokio::test]
async fn gifts_are_told_by_the_administrator_with_high_priority() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    give(&mei, "k1", roses(1)).await.expect_status(200);
    let message = viewer.next_message().await;
    assert_eq!(message["from"], "administrator");
    assert_eq!(message["priority"], "High");
}

#[tokio::test]
async fn without_enough_coins_nothing_happens() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 5).await;
    assert_eq!(give(&mei, "k1", roses(6)).await.problem(402), "balance");
    assert_eq!(balance(&mei).await, 5);
    assert_eq!(income(&shop).await["coins"], 0);
    // The call was refused, so the key has not been used.
    top_up(&mei, "more", 1).await;
    let given = give(&mei, "k1", roses(6)).await.expect_status(200);
    assert_eq!(given["balance"], 0);
}

#[tokio::test]
async fn the_same_key_gets_the_first_answer_and_pays_nothing_more() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let first = give(&mei, "k1", roses(9)).await.expect_status(200);
    give(&mei, "k2", roses(1)).await.expect_status(200);
    let again = give(&mei, "k1", roses(9)).await.expect_status(200);
    assert_eq!(again, first);
    assert_eq!(balance(&mei).await, 90);
    assert_eq!(give(&mei, "k1", roses(8)).await.problem(409), "idempotency_key");
    let top_up = with_key(&mei, "/wallet/top-up", "k1", json!({"coins": 5})).await;
    assert_eq!(top_up.problem(409), "idempotency_key");
    // Keys of two people have nothing to do with each other.
    let li = giver(&shop, "li", 100).await;
    assert_eq!(give(&li, "k1", roses(8)).await.expect_status(200)["balance"], 92);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sends_with_one_key_at_once_are_one_debit() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    for round in 0..5 {
        let calls = (0..8).map(|_| {
            let mei = mei.clone();
            tokio::spawn(async move {
                give(&mei, &format!("k{round}"), roses(7)).await.expect_status(200)
            })
        });
        let mut answers = Vec::new();
        for call in Vec::from_iter(calls) {
            answers.push(call.await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1);
    }
    assert_eq!(balance(&mei).await, 65);
    assert_eq!(income(&shop).await["coins"], 35);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_races_to_spend_the_last_coins_never_falls_below_zero() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 30).await;
    let calls = (0..20).map(|number| {
        let mei = mei.clone();
        tokio::spawn(async move { give(&mei, &format!("k{number}"), roses(4)).await.status })
    });
    let mut statuses = Vec::new();
    for call in Vec::from_iter(calls) {
        statuses.push(call.await.unwrap());
    }
    let paid = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(paid, 7);
    assert_eq!(statuses.iter().filter(|status| **status == 402).count(), 13);
    assert_eq!(balance(&mei).await, 2);
    assert_eq!(income(&shop).await["coins"], 28);
}

#[tokio::test]
async fn a_count_chosen_in_advance_is_one_message() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    give(&mei, "k1", roses(99)).await.expect_status(200);
    give(&mei, "k2", roses(1)).await.expect_status(200);
    assert_eq!(told(&mut viewer).await, (99, 99));
    assert_eq!(told(&mut viewer).await, (1, 1));
}

#[tokio::test]
async fn ninety_nine_clicks_are_five_messages_with_an_exact_total() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    for click in 1..=99_u32 {
        let given = give(&mei, &format!("k{click}"), clicks(1, "c1")).await.expect_status(200);
        assert_eq!(given["combo_total"], click);
        assert_eq!(given["gift"]["total"], click);
    }
    for total in [20, 40, 60, 80] {
        assert_eq!(told(&mut viewer).await, (20, total));
    }
    // A second has not passed by the clock, so the rest is held back; then it has.
    shop.clock.advance_ms(1_000);
    assert_eq!(told(&mut viewer).await, (19, 99));
    assert_eq!(balance(&mei).await, 1);
    // What comes next is another message, so there was no sixth.
    give(&mei, "last", roses(1)).await.expect_status(200);
    assert_eq!(told(&mut viewer).await, (1, 1));
}

#[tokio::test]
async fn clicks_that_name_no_combo_go_on_with_the_last_one_for_a_while() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let body = || json!({"room": ROOM, "gift": "rose", "clicks": 1});
    let first = give(&mei, "k1", body()).await.expect_status(200);
    shop.clock.advance_ms(4_000);
    let second = give(&mei, "k2", body()).await.expect_status(200);
    assert_eq!(
        (&second["gift"]["combo"], second["combo_total"].as_u64()),
        (&first["gift"]["combo"], Some(2))
    );
    shop.clock.advance_ms(5_001);
    let third = give(&mei, "k3", body()).await.expect_status(200);
    assert_ne!(third["gift"]["combo"], first["gift"]["combo"]);
    assert_eq!(third["combo_total"], 1);
}

#[tokio::test]
async fn a_combo_belongs_to_one_person_and_one_gift() {
    let shop = Shop::open().await;
    let (mei, li) = (giver(&shop, "mei", 100).await, giver(&shop, "li", 100).await);
    give(&mei, "k1", clicks(1, "c1")).await.expect_status(200);
    assert_eq!(give(&li, "k1", clicks(1, "c1")).await.problem(409), "combo");
    let coffee = json!({"room": ROOM, "gift": "coffee", "clicks": 1, "combo": "c1"});
    assert_eq!(give(&mei, "k2", coffee).await.problem(409), "combo");
    assert_eq!((balance(&mei).await, balance(&li).await), (99, 100));
}

#[tokio::test]
async fn clicks_that_are_held_back_survive_a_restart() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    give(&mei, "k1", clicks(7, "c1")).await.expect_status(200);
    let shop = shop.business_restarted().await;
    let mut viewer = shop.watch("li", ROOM).await;
    shop.clock.advance_ms(1_000);
    assert_eq!(told(&mut viewer).await, (7, 7));
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nothing_up() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    give(&mei, "k1", clicks(7, "c1")).await.expect_status(200);
    shop.clock.step_wall(-3_600);
    assert_eq!(told(&mut viewer).await, (7, 7));
    give(&mei, "k2", clicks(30, "c1")).await.expect_status(200);
    assert_eq!(told(&mut viewer).await, (20, 27));
    shop.clock.step_wall(86_400);
    assert_eq!(told(&mut viewer).await, (10, 37));
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_its_reason() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let with = |name: &str, value: Value| {
        let mut body = roses(1);
        body[name] = value;
        body
    };
    for (body, status, code) in [
        (with("room", json!("nowhere")), 404, "room"),
        (with("gift", json!("nothing")), 404, "gift"),
        (with("count", json!(0)), 400, "invalid"),
        (with("count", json!(10_000)), 400, "invalid"),
        (with("count", json!(-1)), 422, "body"),
        (with("count", json!(1.5)), 422, "body"),
        (with("count", Value::Null), 400, "invalid"),
        (with("clicks", json!(1)), 400, "invalid"),
        (with("combo", json!("")), 400, "invalid"),
        (with("combo", json!("two words")), 400, "invalid"),
        (with("combo", json!("c".repeat(MAX_BUSINESS_ID_BYTES + 1))), 400, "invalid"),
    ] {
        assert_eq!(give(&mei, "k", body.clone()).await.problem(status), code, "{body}");
    }
    assert_eq!(mei.post("/gifts", roses(1)).await.problem(400), "idempotency_key");
    assert_eq!(give(&shop.stranger(), "k", roses(1)).await.problem(401), "token");
    assert_eq!(balance(&mei).await, 100);
}

#[tokio::test]
async fn gifts_go_to_rooms_that_are_on_or_pause() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let host = shop.sign_in("host", "host").await;
    let mut expected = 100;
    for (status, is_on) in
        [("paused", true), ("live", true), ("ended", false), ("played_back", false)]
    {
        host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": status})).await;
        let answer = give(&mei, status, roses(1)).await;
        if is_on {
            expected -= 1;
            assert_eq!(answer.expect_status(200)["balance"], expected);
        } else {
            assert_eq!(answer.problem(409), "not_live");
        }
    }
    host.made("/rooms", json!({"room": "new", "title": "New"})).await;
    let early = json!({"room": "new", "gift": "rose", "count": 1});
    assert_eq!(give(&mei, "early", early).await.problem(409), "not_live");
}

#[tokio::test]
async fn the_ranking_is_exact_and_who_gave_it_first_stands_first() {
    let shop = Shop::open().await;
    let path = |span: &str| format!("/rooms/{ROOM}/ranking?span={span}");
    let (mei, li, bo) = (
        giver(&shop, "mei", 100).await,
        giver(&shop, "li", 100).await,
        giver(&shop, "bo", 100).await,
    );
    give(&mei, "1", roses(10)).await.expect_status(200);
    give(&li, "1", roses(4)).await.expect_status(200);
    give(&bo, "1", roses(30)).await.expect_status(200);
    give(&li, "2", roses(6)).await.expect_status(200);
    let entry = |user: &str, coins: i64| json!({"user": user, "nick": user, "coins": coins});
    let first = json!([entry("bo", 30), entry("mei", 10), entry("li", 10)]);
    for span in ["today", "stream"] {
        assert_eq!(mei.get_ok(&path(span)).await, first);
    }
    // The next day belongs to the same stream.
    shop.clock.advance_ms(24 * 3_600_000);
    let li = shop.sign_in("li", "viewer").await;
    give(&li, "3", roses(1)).await.expect_status(200);
    assert_eq!(li.get_ok(&path("today")).await, json!([entry("li", 1)]));
    let all = json!([entry("bo", 30), entry("li", 11), entry("mei", 10)]);
    assert_eq!(li.get_ok(&path("stream")).await, all);
    // Another stream begins anew, and the last one is told until then.
    let host = shop.sign_in("host", "host").await;
    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "ended"})).await;
    assert_eq!(li.get_ok(&path("stream")).await, all);
    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "live"})).await;
    assert_eq!(li.get_ok(&path("stream")).await, json!([]));
    assert_eq!(li.get_ok(&path("today")).await, json!([entry("li", 1)]));
    assert_eq!(li.get(&path("year")).await.problem(400), "query");
}

#[tokio::test]
async fn an_order_is_given_back_once_and_counts_nowhere_any_more() {
    let shop = Shop::open().await;
    let (mei, li) = (giver(&shop, "mei", 100).await, giver(&shop, "li", 100).await);
    let order = give(&mei, "1", roses(40)).await.expect_status(200)["order"].clone();
    give(&mei, "2", roses(2)).await.expect_status(200);
    give(&li, "1", roses(5)).await.expect_status(200);
    let path = format!("/gifts/{}/refund", order.as_str().unwrap());
    for role in ["viewer", "host", "moderator"] {
        let api = shop.sign_in(&format!("a-{role}"), role).await;
        assert_eq!(api.post(&path, json!({})).await.problem(403), "forbidden");
    }
    let admin = shop.sign_in("boss", "admin").await;
    let refunded = refund(&admin, &order).await.expect_status(200);
    assert_eq!(refunded, json!({"order": order, "user": "mei", "coins": 40, "balance": 98}));
    assert_eq!(admin.post(&path, json!({})).await.problem(409), "refunded");
    assert_eq!(admin.post("/gifts/none/refund", json!({})).await.problem(404), "order");
    assert_eq!(balance(&mei).await, 98);
    let expected = json!({"gifts": 7, "coins": 7, "today": 7, "stream": 7, "balance": 7});
    assert_eq!(income(&shop).await, expected);
    let ranking = li.get_ok(&format!("/rooms/{ROOM}/ranking")).await;
    assert_eq!((&ranking[0]["user"], &ranking[0]["coins"]), (&json!("li"), &json!(5)));
    assert_eq!((&ranking[1]["user"], &ranking[1]["coins"]), (&json!("mei"), &json!(2)));
    let entries = mei.get_ok("/wallet/entries").await;
    assert_eq!(
        (&entries["entries"][0]["kind"], &entries["entries"][0]["coins"]),
        (&json!("refund"), &json!(40))
    );
    assert_eq!(entries["entries"][0]["reason"], "asked");
}

#[tokio::test]
async fn clicks_that_are_given_back_before_they_were_told_are_not_told() {
    let shop = Shop::open().await;
    let mut viewer = shop.watch("li", ROOM).await;
    let mei = giver(&shop, "mei", 100).await;
    let admin = shop.sign_in("boss", "admin").await;
    let given = async |key: &str, number, combo| {
        give(&mei, key, clicks(number, combo)).await.expect_status(200)["order"].clone()
    };
    let first = given("k1", 3, "c1").await;
    given("k2", 2, "c1").await;
    let alone = given("k3", 4, "c2").await;
    for order in [first, alone] {
        refund(&admin, &order).await.expect_status(200);
    }
    shop.clock.advance_ms(1_000);
    assert_eq!(told(&mut viewer).await, (2, 2));
    given("k4", 20, "c2").await;
    assert_eq!(told(&mut viewer).await, (20, 20));
    assert_eq!(balance(&mei).await, 78);
}

#[tokio::test]
async fn only_the_owner_and_administrators_see_the_income() {
    let shop = Shop::open().await;
    let path = format!("/rooms/{ROOM}/income");
    for (user, role) in [("mei", "viewer"), ("rival", "host"), ("mod", "moderator")] {
        let api = shop.sign_in(user, role).await;
        assert_eq!(api.get(&path).await.problem(403), "forbidden");
    }
    shop.sign_in("boss", "admin").await.get_ok(&path).await;
}

#[tokio::test]
async fn the_catalogue_is_the_shops_own_where_it_has_one() {
    let dir = tempfile::tempdir().unwrap();
    let gifts = json!([{"id": "cup", "title": "Cup", "price": 3, "art": "cup",
        "effect": "full", "combo": {"merge_count": 2, "merge_ms": 500}}]);
    std::fs::write(dir.path().join("products.json"), "[]").unwrap();
    std::fs::write(dir.path().join("gifts.json"), gifts.to_string()).unwrap();
    let folder = dir.path().to_owned();
    let opening = Opening {
        configure: Box::new(move |config| config.catalogue_dir = Some(folder.clone())),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let mei = giver(&shop, "mei", 100).await;
    let expected = json!([{"id": "cup", "title": "Cup", "price": 3, "art": "cup",
        "effect": "full", "combo": {"merge": true, "merge_count": 2, "merge_ms": 500}}]);
    assert_eq!(mei.get_ok("/gifts").await, expected);
    let mut viewer = shop.watch("li", ROOM).await;
    let body = json!({"room": ROOM, "gift": "cup", "clicks": 5, "combo": "c1"});
    assert_eq!(give(&mei, "k", body).await.expect_status(200)["balance"], 85);
    assert_eq!(told(&mut viewer).await, (2, 2));
    assert_eq!(told(&mut viewer).await, (2, 4));
    shop.clock.advance_ms(500);
    assert_eq!(told(&mut viewer).await, (1, 5));
}

#[tokio::test]
async fn a_catalogue_that_breaks_a_rule_stops_the_start_with_a_sentence() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let gifts = r#"[{"id":"cup","title":"Cup","price":0,"art":"cup"}]"#;
    std::fs::write(dir.path().join("gifts.json"), gifts).unwrap();
    let seen = Arc::new(Mutex::new(None));
    let of_config = Arc::clone(&seen);
    let opening = Opening {
        configure: Box::new(move |config| *of_config.lock().unwrap() = Some(config.clone())),
        ..Opening::default()
    };
    let _shop = Shop::closed_with(opening).await;
    let refused = async |catalogue: &std::path::Path| {
        let config = Config {
            catalogue_dir: Some(catalogue.to_owned()),
            data_dir: data.path().to_owned(),
            ..seen.lock().unwrap().clone().unwrap()
        };
        let Err(error) = BusinessServer::start(config).await else { panic!("it started") };
        error.to_string()
    };
    let said = refused(dir.path()).await;
    assert!(
        said.contains("gifts.json") && said.contains("cup") && said.contains("price"),
        "{said}"
    );
    let said = refused(&dir.path().join("misspelt")).await;
    assert!(said.contains("misspelt") && said.contains("--catalogue-dir"), "{said}");
}
