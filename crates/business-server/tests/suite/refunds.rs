//! Orders that are given back: by an administrator, or because the room cannot be told of them.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use tokio::runtime::Runtime;

use crate::gifts::{balance, giver, refund};
use crate::outbox::{given, orders, roses};
use crate::proxy::{Fault, Proxy, figures};
use crate::silence::mute;
use crate::support::{ROOM, Shop, Watcher};

#[tokio::test]
async fn a_gift_of_which_the_room_cannot_be_told_is_given_back_by_itself() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let host = shop.sign_in("host", "host").await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    let before = figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.fail(&[Fault::Refused]);
    let lost = given(&mei, "k1", roses(3, "c1")).await;
    let after = figures(&shop, |figures| figures["made_good"] == 1).await;
    assert_eq!(after["failed"].as_u64(), before["failed"].as_u64().map(|failed| failed + 1));
    assert_eq!(after["last_failed"][0]["key"], format!("gift:{}", lost.as_str().unwrap()));
    assert_eq!(after["last_failed"][0]["room"], ROOM);
    assert!(after["last_failed"][0]["reason"].as_str().unwrap().contains("send_group_msg"));
    assert_eq!(balance(&mei).await, 100);
    let entry = mei.get_ok("/wallet/entries").await["entries"][0].clone();
    assert_eq!(
        (&entry["kind"], &entry["coins"], &entry["reason"]),
        (&json!("refund"), &json!(3), &json!("untold"))
    );
    let order = mei.get_ok(&format!("/gifts/{}", lost.as_str().unwrap())).await;
    assert_eq!((&order["refund_reason"], &order["untold"]), (&json!("untold"), &json!(3)));
    let income = host.get_ok(&format!("/rooms/{ROOM}/income")).await;
    assert_eq!((&income["coins"], &income["balance"]), (&json!(0), &json!(0)));
    // The combo goes on, and counts only what is paid.
    given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(viewer.business("gift").await["total"], 1);
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(refund(&admin, &lost).await.problem(409), "refunded");
}

#[tokio::test]
async fn all_orders_of_a_message_that_cannot_be_told_are_given_back_with_what_comes_after_it() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.inner.is_away.store(true, SeqCst);
    let clicks =
        |number: u32| json!({"room": ROOM, "gift": "rose", "clicks": number, "combo": "c"});
    // Messages: 20 of the first order; 5 of the first and 15 of the second; 15 of the second and 5 of
    // the third; and 7 of the third are held back.
    for (key, number) in [("k1", 25), ("k2", 30), ("k3", 12)] {
        given(&mei, key, clicks(number)).await;
    }
    figures(&shop, |figures| figures["waiting"] == 3).await;
    proxy.fail(&[Fault::None, Fault::Refused]);
    proxy.inner.is_away.store(false, SeqCst);
    shop.clock.advance_ms(1_000);
    let mut told = Vec::new();
    while told.iter().sum::<u64>() < 32 {
        let gift = viewer.business("gift").await;
        told.push(gift["count"].as_u64().unwrap());
        assert_eq!(gift["total"].as_u64().unwrap(), told.iter().sum::<u64>());
    }
    // What was told of the first stays said; of the third everything is.
    assert_eq!(told, [20, 5, 7]);
    figures(&shop, |figures| figures["waiting"] == 0 && figures["made_good"] == 1).await;
    assert_eq!(balance(&mei).await, 88);
    given(&mei, "k4", roses(1, "c")).await;
    assert_eq!(viewer.business("gift").await["total"], 33);
}

#[tokio::test]
async fn what_waits_is_not_told_after_it_was_given_back() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let mei = giver(&shop, "mei", 1_000).await;
    let mut viewer = shop.watch("li", ROOM).await;
    let clicks =
        |number: u32| json!({"room": ROOM, "gift": "rose", "clicks": number, "combo": "c"});
    mute(&shop, "administrator", 3_600).await;
    let alone = given(&mei, "k1", roses(5, "alone")).await;
    let mut orders = Vec::new();
    for (key, number) in [("k2", 25), ("k3", 30), ("k4", 12)] {
        orders.push(given(&mei, key, clicks(number)).await);
    }
    figures(&shop, |figures| figures["held_back"].as_array().unwrap().len() == 4).await;
    for order in [&alone, &orders[1]] {
        refund(&admin, order).await.expect_status(200);
    }
    assert_eq!(balance(&mei).await, 1_000 - 25 - 12);
    let view = mei.get_ok(&format!("/gifts/{}", orders[1].as_str().unwrap())).await;
    assert_eq!((&view["refund_reason"], &view["untold"]), (&json!("asked"), &json!(30)));
    let outbox = admin.get_ok("/outbox").await;
    assert_eq!(outbox["held"], 3, "nothing waits of the other");
    // It is not told after a restart either.
    let shop = shop.business_restarted().await;
    shop.clock.advance_ms(1_000);
    mute(&shop, "administrator", 0).await;
    let (mut told, mut counts) = (0, Vec::new());
    while told < 37 {
        let gift = viewer.business("gift").await;
        assert_eq!(gift["combo"], "c", "{gift}");
        told += gift["count"].as_u64().unwrap();
        counts.push(gift["count"].as_u64().unwrap());
        assert_eq!(gift["total"], told);
    }
    assert_eq!(counts, [20, 5, 5, 7]);
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let mei = shop.sign_in("mei", "viewer").await;
    given(&mei, "k5", roses(1, "c")).await;
    assert_eq!(viewer.business("gift").await["total"], 38);
}

#[tokio::test]
async fn what_waits_for_a_chat_service_that_is_away_is_given_back_untold() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let admin = shop.sign_in("boss", "admin").await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let api = mei.clone();
    let shop = shop
        .without_chat(async move |_| {
            let order = given(&api, "k1", roses(2, "c1")).await;
            given(&api, "k2", roses(3, "c1")).await;
            refund(&admin, &order).await.expect_status(200);
            assert_eq!(balance(&api).await, 97);
        })
        .await;
    let mut viewer = shop.watch("li", ROOM).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    given(&mei, "k3", roses(1, "c1")).await;
    // Whether somebody was there for the second or not: the first counts nowhere.
    let gift = viewer.business("gift").await;
    let last = if gift["total"] == 3 { viewer.business("gift").await } else { gift };
    assert_eq!(last["total"], 4);
}

#[tokio::test]
async fn what_is_being_told_is_not_given_back_until_it_is_told() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    shop.without_word_of_messages().await;
    let mei = giver(&shop, "mei", 100).await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let order = given(&mei, "k1", roses(4, "c1")).await;
    proxy.message().await;
    let early = refund(&admin, &order).await;
    assert_eq!(early.problem(409), "being_told");
    assert!(early.json()["retry_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(balance(&mei).await, 96);
    // Nobody knows after a crash either whether it was told.
    let shop = shop.business_restarted().await;
    assert_eq!(orders(&mut viewer, 1).await[0], order);
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(refund(&admin, &order).await.expect_status(200)["balance"], 100);
    let view = admin.get_ok(&format!("/gifts/{}", order.as_str().unwrap())).await;
    assert_eq!(view["untold"], 0, "it was told, and stays said");
}

/// Sends gifts whose answer never comes, into a room in which the administrator may not speak from
/// then on, so that nothing is learnt from sending them again.
async fn unclear_gift(
    shop: Shop,
    proxy: &mut Proxy,
    gifts: &[(&str, Value)],
) -> (Shop, Vec<Value>) {
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let mut orders = Vec::new();
    for (key, gift) in gifts {
        orders.push(given(&mei, key, gift.clone()).await);
    }
    proxy.message().await;
    proxy.fail(&[Fault::Muted; 1_000]);
    let shop = shop.business_restarted().await;
    (shop, orders)
}

#[tokio::test]
async fn a_gift_without_an_answer_was_told_if_the_chat_service_tells_of_its_message() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let gift = given(&mei, "k1", roses(4, "c1")).await;
    proxy.message().await;
    // Nothing is learnt from sending it again.
    proxy.fail(&[Fault::Muted; 1_000]);
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(refund(&admin, &gift).await.expect_status(200)["balance"], 100);
    let order = admin.get_ok(&format!("/gifts/{}", gift.as_str().unwrap())).await;
    assert_eq!((&order["refund_reason"], &order["untold"]), (&json!("asked"), &json!(0)));
}

#[tokio::test]
async fn a_gift_of_which_nobody_knows_whether_it_was_told_is_given_back_after_ten_minutes() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    shop.without_word_of_messages().await;
    let mut viewer = shop.watch("li", ROOM).await;
    let (shop, gifts) = unclear_gift(shop, &mut proxy, &[("k1", roses(4, "c1"))]).await;
    assert_eq!(orders(&mut viewer, 1).await, gifts);
    figures(&shop, |figures| figures["held"] == 1).await;
    let admin = shop.sign_in("boss", "admin").await;
    shop.clock.advance_ms(10 * 60_000 - 1);
    assert_eq!(refund(&admin, &gifts[0]).await.problem(409), "being_told");
    shop.clock.advance_ms(60_000);
    assert_eq!(refund(&admin, &gifts[0]).await.expect_status(200)["balance"], 100);
    let order = admin.get_ok(&format!("/gifts/{}", gifts[0].as_str().unwrap())).await;
    assert_eq!((&order["refund_reason"], &order["untold"]), (&json!("unclear"), &json!(0)));
    assert_eq!(admin.get_ok("/outbox").await["waiting"], 0, "it is not told again");
    // Somebody may have seen the four, so the combo goes on behind them.
    proxy.fail(&[]);
    let mei = shop.sign_in("mei", "viewer").await;
    given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(viewer.business("gift").await["total"], 5);
}

#[tokio::test]
async fn what_an_unclear_message_tells_of_other_orders_is_still_told() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    shop.without_word_of_messages().await;
    let mut viewer = shop.watch("li", ROOM).await;
    let clicks =
        |number: u32| json!({"room": ROOM, "gift": "rose", "clicks": number, "combo": "c"});
    let both = [("k1", clicks(12)), ("k2", clicks(8))];
    let (shop, gifts) = unclear_gift(shop, &mut proxy, &both).await;
    assert_eq!(viewer.business("gift").await["count"], 20);
    figures(&shop, |figures| figures["held"] == 1).await;
    shop.clock.advance_ms(11 * 60_000);
    let admin = shop.sign_in("boss", "admin").await;
    refund(&admin, &gifts[0]).await.expect_status(200);
    proxy.fail(&[]);
    let rest = viewer.business("gift").await;
    assert_eq!((&rest["count"], &rest["total"]), (&json!(8), &json!(20)));
    let mei = shop.sign_in("mei", "viewer").await;
    assert_eq!(balance(&mei).await, 92);
}

#[tokio::test]
async fn a_gift_that_may_have_been_told_before_it_was_refused_for_good_is_not_given_back_by_itself()
{
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    shop.without_word_of_messages().await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    let before = figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.fail(&[Fault::AnswerLost, Fault::Refused]);
    let told = given(&mei, "k1", roses(3, "c1")).await;
    assert_eq!(orders(&mut viewer, 1).await, std::slice::from_ref(&told));
    let failed = before["failed"].as_u64().unwrap() + 1;
    let after = figures(&shop, |figures| figures["failed"] == failed).await;
    assert_eq!(after["made_good"], 0);
    assert_eq!(balance(&mei).await, 97);
    // An administrator decides.
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(refund(&admin, &told).await.expect_status(200)["balance"], 100);
}

#[tokio::test]
async fn orders_are_listed_for_who_gave_for_who_got_and_for_administrators() {
    let shop = Shop::open().await;
    let (mei, li) = (giver(&shop, "mei", 100).await, giver(&shop, "li", 100).await);
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    for number in 0..52 {
        given(&mei, &format!("m{number}"), roses(1, "c1")).await;
    }
    let of_li = given(&li, "l1", roses(2, "c2")).await;
    let ids = |page: &Value| {
        let orders = page["orders"].as_array().unwrap().iter();
        orders.map(|order| order["order"].clone()).collect::<Vec<_>>()
    };
    let first = mei.get_ok("/gifts/orders").await;
    assert_eq!(ids(&first).len(), 50);
    let next = format!("/gifts/orders?before={}", first["next"].as_str().unwrap());
    let rest = mei.get_ok(&next).await;
    assert_eq!(ids(&rest).len(), 2);
    assert!(rest.get("next").is_none());
    let of_room = host.get_ok(&format!("/gifts/orders?room={ROOM}")).await;
    assert_eq!(ids(&of_room)[0], of_li);
    let both = host.get_ok(&format!("/gifts/orders?room={ROOM}&user=li")).await;
    assert_eq!(ids(&both), std::slice::from_ref(&of_li));
    let by_admin = admin.get_ok("/gifts/orders?user=li").await;
    assert_eq!(ids(&by_admin), std::slice::from_ref(&of_li));
    assert_eq!(ids(&admin.get_ok("/gifts/orders").await), Vec::<Value>::new());
    let one = format!("/gifts/{}", of_li.as_str().unwrap());
    for api in [&li, &host, &admin] {
        let order = api.get_ok(&one).await;
        assert_eq!(
            (&order["user"], &order["owner"], &order["coins"], &order["room"]),
            (&json!("li"), &json!("host"), &json!(2), &json!(ROOM))
        );
        assert!(order.get("refunded_s").is_none());
    }
    assert_eq!(mei.get(&one).await.problem(403), "forbidden");
    assert_eq!(mei.get("/gifts/orders?user=li").await.problem(403), "forbidden");
    assert_eq!(mei.get(&format!("/gifts/orders?room={ROOM}")).await.problem(403), "forbidden");
    assert_eq!(admin.get("/gifts/none").await.problem(404), "order");
}

#[derive(Debug, Clone)]
enum Step {
    Give { combo: u8, clicks: Option<u32> },
    Refund { which: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let clicks = prop_oneof![1 => Just(None), 3 => (1..45_u32).prop_map(Some)];
    let step = prop_oneof![
        3 => (0..2_u8, clicks).prop_map(|(combo, clicks)| Step::Give { combo, clicks }),
        2 => (0..12_usize).prop_map(|which| Step::Refund { which }),
    ];
    prop::collection::vec(step, 1..20)
}

/// Gives and refunds while nobody in the room can be told of it, and listens when that is over.
async fn walk(
    shop: &Shop,
    viewer: &mut Watcher,
    round: usize,
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let admin = shop.sign_in("boss", "admin").await;
    let mei = giver(shop, &format!("p{round}"), 10_000).await;
    mute(shop, "administrator", 3_600).await;
    let (mut paid, mut kept) = (Vec::new(), HashMap::<String, u64>::new());
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Give { combo, clicks } => {
                let combo = format!("{round}-{combo}");
                let (member, count) = clicks.map_or(("count", 7), |clicks| ("clicks", clicks));
                let mut body = json!({"room": ROOM, "gift": "rose", "combo": combo});
                body[member] = json!(count);
                let order = given(&mei, &format!("k{number}"), body).await;
                *kept.entry(combo.clone()).or_default() += u64::from(count);
                paid.push((order, combo, u64::from(count)));
            }
            Step::Refund { which } if which < paid.len() => {
                let (order, combo, count) = paid.remove(which);
                refund(&admin, &order).await.expect_status(200);
                *kept.get_mut(&combo).unwrap() -= count;
            }
            Step::Refund { .. } => {}
        }
    }
    kept.retain(|_, count| *count > 0);
    prop_assert_eq!(balance(&mei).await, 10_000 - kept.values().sum::<u64>() as i64);
    shop.clock.advance_ms(1_000);
    mute(shop, "administrator", 0).await;
    let mut told = HashMap::<String, u64>::new();
    while told != kept {
        let gift = viewer.business("gift").await;
        let sum = told.entry(gift["combo"].as_str().unwrap().to_owned()).or_default();
        *sum += gift["count"].as_u64().unwrap();
        prop_assert_eq!(*sum, gift["total"].as_u64().unwrap());
        prop_assert!(told.iter().all(|(combo, sum)| kept.get(combo) >= Some(sum)));
    }
    figures(shop, |figures| figures["waiting"] == 0).await;
    Ok(())
}

#[test]
fn only_what_stays_paid_is_told_whatever_is_given_back_while_it_waits() {
    let runtime = Runtime::new().unwrap();
    let shop = runtime.block_on(Shop::open());
    let viewer = Mutex::new(runtime.block_on(shop.watch("viewer", ROOM)));
    let rounds = Mutex::new(0);
    let mut runner =
        TestRunner::new(Cases { cases: 12, failure_persistence: None, ..Cases::default() });
    let done = runner.run(&steps(), |steps| {
        let round = {
            let mut rounds = rounds.lock().unwrap();
            *rounds += 1;
            *rounds
        };
        runtime.block_on(walk(&shop, &mut viewer.lock().unwrap(), round, steps))
    });
    done.unwrap();
}
