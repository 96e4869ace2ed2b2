//! What rooms have to be told gets there: in order, once, whatever the chat service does meanwhile.

use chat_types::rest::GroupIdOnly;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use crate::gifts::{balance, give, giver};
use crate::proxy::{Fault, Proxy, figures};
use crate::silence::mute;
use crate::support::{Api, Opening, ROOM, Shop, Watcher};

pub(crate) fn roses(count: u32, combo: &str) -> Value {
    json!({"room": ROOM, "gift": "rose", "count": count, "combo": combo})
}

/// The orders of the next gift messages.
pub(crate) async fn orders(watcher: &mut Watcher, number: usize) -> Vec<Value> {
    let mut orders = Vec::new();
    for _ in 0..number {
        orders.push(watcher.business("gift").await["order"].clone());
    }
    orders
}

pub(crate) async fn given(api: &Api, key: &str, body: Value) -> Value {
    give(api, key, body).await.expect_status(200)["order"].clone()
}

#[tokio::test]
async fn gifts_of_a_combo_keep_their_order_through_failures() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    use Fault::{AnswerLost, Away, None};
    proxy.fail(&[Away, AnswerLost, None, AnswerLost, Away, Away, None, Away]);
    let mut paid = Vec::new();
    for number in 0..6 {
        paid.push(given(&mei, &format!("k{number}"), roses(1, "c1")).await);
    }
    assert_eq!(orders(&mut viewer, 6).await, paid);
    let after = figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!(after["failed"], 0);
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_message() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    shop.without_word_of_messages().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerLost; 3]);
    let first = given(&mei, "k1", roses(1, "c1")).await;
    let sent = proxy.message().await;
    for _ in 0..3 {
        assert_eq!(proxy.message().await, sent, "a repeat has the same Random and body");
    }
    let second = given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(orders(&mut viewer, 2).await, [first, second]);
}

#[tokio::test]
async fn a_message_that_a_crowded_room_left_out_comes_with_another_random() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::LeftOut, Fault::LeftOut]);
    let first = given(&mei, "k1", roses(1, "c1")).await;
    let second = given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(orders(&mut viewer, 2).await, [first, second]);
    let mut randoms = HashSet::new();
    for total in [1, 1, 1, 2] {
        let (random, gift) = proxy.message().await;
        assert_eq!(gift["total"], total);
        assert!(randoms.insert(random.to_string()), "no message of the outbox has it as well");
    }
}

#[tokio::test]
async fn a_combo_that_gets_no_answer_holds_no_other_up() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let stuck = given(&mei, "k1", roses(1, "c1")).await;
    proxy.message().await;
    assert_eq!(orders(&mut viewer, 1).await, [stuck]);
    for number in 2..5 {
        let order = given(&mei, &format!("k{number}"), roses(1, &format!("c{number}"))).await;
        assert_eq!(orders(&mut viewer, 1).await, [order]);
    }
}

#[tokio::test]
async fn a_message_that_was_sent_and_not_noted_is_sent_again_and_seen_once() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    shop.without_word_of_messages().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let first = given(&mei, "k1", roses(1, "c1")).await;
    let sent = proxy.message().await;
    // The chat service has it, and the business service ends before it knows.
    assert_eq!(orders(&mut viewer, 1).await, [first]);
    let shop = shop.business_restarted().await;
    assert_eq!(proxy.message().await, sent, "the repeat has the same Random and body");
    let mei = shop.sign_in("mei", "viewer").await;
    let second = given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(orders(&mut viewer, 1).await, [second]);
    let after = figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!(after["failed"], 0);
}

#[tokio::test]
async fn gifts_are_taken_while_the_chat_service_is_away_and_told_in_order_when_it_is_back() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let paid = Arc::new(Mutex::new(Vec::new()));
    let (giver, kept) = (mei.clone(), Arc::clone(&paid));
    // Until somebody watches again.
    proxy.inner.is_away.store(true, SeqCst);
    let shop = shop
        .without_chat(async move |_| {
            for number in 0..5 {
                let order = given(&giver, &format!("k{number}"), roses(1, "c1")).await;
                kept.lock().unwrap().push(order);
            }
        })
        .await;
    assert_eq!(balance(&mei).await, 95);
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.inner.is_away.store(false, SeqCst);
    assert_eq!(orders(&mut viewer, 5).await, *paid.lock().unwrap());
}

#[tokio::test]
async fn gifts_of_different_combos_come_in_their_order_as_far_as_several_go_at_once() {
    const GIFTS: usize = 40;
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let paid = Arc::new(Mutex::new(Vec::new()));
    let (giver, kept) = (mei.clone(), Arc::clone(&paid));
    proxy.inner.is_away.store(true, SeqCst);
    let shop = shop
        .without_chat(async move |_| {
            for number in 0..GIFTS {
                let combo = format!("c{number}");
                let order = given(&giver, &combo, roses(1, &combo)).await;
                kept.lock().unwrap().push(order);
            }
        })
        .await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.inner.is_away.store(false, SeqCst);
    let told = orders(&mut viewer, GIFTS).await;
    let paid = paid.lock().unwrap();
    for (place, order) in told.iter().enumerate() {
        let given = paid.iter().position(|paid| paid == order).unwrap();
        // Eight are on their way at once, and one was the first to find the chat service back.
        assert!(given.abs_diff(place) <= 2 * 8, "{given} was told as {place}: {told:?}");
    }
}

#[tokio::test]
async fn what_waits_outlives_a_restart() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.inner.is_away.store(true, SeqCst);
    let mut paid = Vec::new();
    for number in 0..3 {
        paid.push(given(&mei, &format!("k{number}"), roses(1, "c1")).await);
    }
    let shop = shop.business_restarted().await;
    let waiting = figures(&shop, |_| true).await["waiting"].clone();
    assert_eq!(waiting, 3);
    proxy.inner.is_away.store(false, SeqCst);
    assert_eq!(orders(&mut viewer, 3).await, paid);
}

#[tokio::test]
async fn a_room_whose_group_is_gone_holds_nobody_else_up() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    host.put_ok("/rooms/other/status", json!({"status": "live"})).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", "other").await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let chat = shop.administrator();
    chat.destroy_group(&GroupIdOnly { group_id: ROOM.into() }).await.unwrap();
    // Before the room has ended it may be paid, and is given back then.
    let lost = give(&mei, "k1", roses(1, "c1")).await;
    assert!(lost.status == 200 || lost.problem(409) == "not_live");
    let other = json!({"room": "other", "gift": "rose", "count": 2});
    let told = given(&mei, "k2", other).await;
    assert_eq!(orders(&mut viewer, 1).await, [told]);
    figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!(balance(&mei).await, 98);
}

#[tokio::test]
async fn a_room_in_which_nobody_may_speak_fills_its_own_places_only() {
    let opening = Opening {
        configure: Box::new(|config| {
            config.outbox_limit = 3;
            config.outbox_total_limit = 2;
        }),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    host.put_ok("/rooms/other/status", json!({"status": "live"})).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", "other").await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    mute(&shop, "administrator", 3_600).await;
    for number in 1..=3 {
        let name = format!("c{number}");
        given(&mei, &name, roses(1, &name)).await;
        let held = |figures: &Value| figures["held_back"].as_array().unwrap().len() == number;
        figures(&shop, held).await;
    }
    assert_eq!(give(&mei, "k4", roses(1, "c4")).await.problem(503), "outbox_full");
    for number in 0..5 {
        let other = json!({"room": "other", "gift": "rose", "count": 1});
        let order = given(&mei, &format!("o{number}"), other).await;
        assert_eq!(orders(&mut viewer, 1).await, [order]);
        figures(&shop, |figures| figures["waiting"] == 3).await;
    }
    assert_eq!(balance(&mei).await, 92);
    mute(&shop, "administrator", 0).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    given(&mei, "k5", roses(1, "c4")).await;
}

#[tokio::test]
async fn everything_that_waits_for_a_sender_who_may_not_speak_is_held() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    mute(&shop, "administrator", 3_600).await;
    for number in 0..3 {
        given(&mei, &format!("a{number}"), roses(1, "c1")).await;
        given(&mei, &format!("b{number}"), roses(1, &format!("d{number}"))).await;
    }
    let held = figures(&shop, |figures| figures["held"] != 0).await;
    assert_eq!((&held["waiting"], &held["held"]), (&json!(6), &json!(6)));
    assert_eq!(held["held_back"].as_array().unwrap().len(), 6);
    mute(&shop, "administrator", 0).await;
    assert_eq!(figures(&shop, |figures| figures["waiting"] == 0).await["held"], 0);
}

#[tokio::test]
async fn all_rooms_together_have_a_bound_too() {
    let opening = Opening {
        configure: Box::new(|config| config.outbox_total_limit = 2),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    host.put_ok("/rooms/other/status", json!({"status": "live"})).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    shop.without_chat(async move |_| {
        given(&mei, "k1", roses(1, "c1")).await;
        given(&mei, "k2", json!({"room": "other", "gift": "rose", "count": 1})).await;
        for room in [ROOM, "other"] {
            let body = json!({"room": room, "gift": "rose", "count": 1});
            let refused = give(&mei, "k3", body).await;
            assert_eq!(refused.problem(503), "outbox_full_everywhere");
        }
        assert_eq!(balance(&mei).await, 98);
    })
    .await;
}

#[tokio::test]
async fn when_too_much_waits_gifts_are_refused_and_nothing_is_paid() {
    let opening =
        Opening { configure: Box::new(|config| config.outbox_limit = 3), ..Opening::default() };
    let shop = Shop::open_with(opening).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let api = mei.clone();
    let shop = shop
        .without_chat(async move |_| {
            given(&api, "k1", roses(1, "c1")).await;
            given(&api, "k2", roses(1, "c2")).await;
            // What is held back counts too.
            let clicks = json!({"room": ROOM, "gift": "rose", "clicks": 1, "combo": "c3"});
            let first = give(&api, "k3", clicks.clone()).await.expect_status(200);
            let refused = give(&api, "k4", roses(1, "c4")).await;
            assert_eq!(refused.problem(503), "outbox_full");
            assert!(refused.json()["retry_after_ms"].as_u64().unwrap() > 0);
            assert_eq!(balance(&api).await, 97);
            let again = give(&api, "k3", clicks).await.expect_status(200);
            assert_eq!(again, first, "a repeat has its answer also now");
        })
        .await;
    shop.clock.advance_ms(1_000);
    let after = figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!((&after["limit"], &after["refused_full"]), (&json!(3), &json!(1)));
    let given = give(&mei, "k4", roses(1, "c4")).await.expect_status(200);
    assert_eq!(given["balance"], 96);
}

#[tokio::test]
async fn only_administrators_see_the_outbox() {
    let shop = Shop::open().await;
    for role in ["viewer", "host", "moderator"] {
        let api = shop.sign_in(&format!("a-{role}"), role).await;
        assert_eq!(api.get("/outbox").await.problem(403), "forbidden");
    }
}
