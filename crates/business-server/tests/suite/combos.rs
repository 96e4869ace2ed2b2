//! Combos: each is one person's, for one gift in one room, whatever anybody calls it.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::runtime::Runtime;

use crate::gifts::{balance, give, giver, refund, top_up};
use crate::support::{ROOM, Shop, Watcher};

/// Order ids are a beginning and a number that counts upwards.
fn parts(order: &Value) -> (String, u64) {
    let (tag, number) = order.as_str().unwrap().rsplit_once('-').unwrap();
    (tag.to_owned(), number.parse().unwrap())
}

fn clicks(number: u32, combo: &str) -> Value {
    json!({"room": ROOM, "gift": "rose", "clicks": number, "combo": combo})
}

#[tokio::test]
async fn nobody_takes_the_name_that_the_service_is_going_to_give() {
    let shop = Shop::open().await;
    let (mei, eve) = (giver(&shop, "mei", 20_000).await, giver(&shop, "eve", 100).await);
    let count = |count: u32| json!({"room": ROOM, "gift": "rose", "count": count});
    let first = give(&mei, "k1", count(1)).await.expect_status(200);
    let (tag, number) = parts(&first["order"]);
    for ahead in 1..4 {
        let name = format!("{tag}-{}", number + ahead);
        let key = format!("e{ahead}");
        assert_eq!(give(&eve, &key, clicks(1, &name)).await.problem(409), "combo");
    }
    assert_eq!(balance(&eve).await, 100);
    let second = give(&mei, "k2", count(9_999)).await.expect_status(200);
    assert_eq!(second["combo_total"], 9_999);
    // Whoever has a combo may name it, also one that the service has named.
    let name = second["gift"]["combo"].as_str().unwrap();
    assert_eq!(give(&eve, "e9", clicks(1, name)).await.problem(409), "combo");
    let more = give(&mei, "k3", clicks(1, name)).await.expect_status(200);
    assert_eq!(more["combo_total"], 10_000);
    // What only looks like such a name is anybody's.
    give(&eve, "e10", clicks(1, &format!("{tag}x-1"))).await.expect_status(200);
}

#[tokio::test]
async fn messages_of_a_combo_have_names_of_their_own_also_after_a_refund() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 1_000).await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut viewer = shop.watch("li", ROOM).await;
    let mut names = Vec::new();
    for round in 0..3 {
        let key = format!("k{round}");
        let given = give(&mei, &key, clicks(25, "c")).await.expect_status(200);
        names.push(viewer.business("gift").await["order"].clone());
        refund(&admin, &given["order"]).await.expect_status(200);
    }
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
}

const PEOPLE: usize = 3;

#[derive(Debug, Clone)]
struct Step {
    who: usize,
    name: Name,
    gift: &'static str,
    clicks: Option<u32>,
}

#[derive(Debug, Clone)]
enum Name {
    None,
    /// One of a few that everybody uses.
    Common(u8),
    /// The name of an order, so many after the last.
    Ahead(u64),
    /// The name of the order before.
    Last,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = prop_oneof![
        3 => Just(Name::None),
        2 => (0..3_u8).prop_map(Name::Common),
        3 => (1..4_u64).prop_map(Name::Ahead),
        1 => Just(Name::Last),
    ];
    let gift = prop_oneof![3 => Just("rose"), 1 => Just("heart")];
    let clicks = prop_oneof![1 => Just(None), 2 => (1..30_u32).prop_map(Some)];
    let step = (0..PEOPLE, name, gift, clicks).prop_map(|(who, name, gift, clicks)| Step {
        who,
        name,
        gift,
        clicks,
    });
    prop::collection::vec(step, 1..25)
}

/// Gifts by who gave them and of what.
type Sums = HashMap<(String, String), u64>;

async fn walk(
    shop: &Shop,
    viewer: &mut Watcher,
    round: usize,
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let mut people = Vec::new();
    for who in 0..PEOPLE {
        let name = format!("p{round}-{who}");
        let api = shop.sign_in(&name, "viewer").await;
        top_up(&api, "first", 100_000).await;
        people.push((name, api));
    }
    let first = json!({"room": ROOM, "gift": "rose", "count": 1});
    let given = give(&people[0].1, "first gift", first).await.expect_status(200);
    let (tag, mut last) = parts(&given["order"]);
    let mut paid = Sums::from([((people[0].0.clone(), "rose".to_owned()), 1)]);
    for (number, Step { who, name, gift, clicks }) in steps.into_iter().enumerate() {
        let (user, api) = &people[who];
        let mut body = json!({"room": ROOM, "gift": gift});
        let count = match clicks {
            Some(clicks) => {
                body["clicks"] = json!(clicks);
                clicks
            }
            None => {
                body["count"] = json!(7);
                7
            }
        };
        let name = match name {
            Name::None => None,
            Name::Common(letter) => Some(format!("{round}-{letter}")),
            Name::Ahead(ahead) => Some(format!("{tag}-{}", last + ahead)),
            Name::Last => Some(format!("{tag}-{last}")),
        };
        if let Some(name) = &name {
            body["combo"] = json!(name);
        }
        let answer = give(api, &format!("k{number}"), body).await;
        if name.is_none() {
            prop_assert_eq!(answer.status, 200, "who names nothing is never in anybody's way");
        }
        if answer.status != 200 {
            prop_assert_eq!(answer.problem(409), "combo");
            continue;
        }
        let given = answer.expect_status(200);
        last = parts(&given["order"]).1;
        prop_assert_eq!(&given["gift"]["user"], &json!(user));
        *paid.entry((user.clone(), gift.to_owned())).or_default() += u64::from(count);
    }
    shop.clock.advance_ms(1_000);
    let (mut told, mut owners, mut totals) = (Sums::new(), HashMap::new(), HashMap::new());
    while told != paid {
        let gift = viewer.business("gift").await;
        let text = |member: &str| gift[member].as_str().unwrap().to_owned();
        let of = (text("user"), text("gift"));
        let owner = owners.entry(text("combo")).or_insert_with(|| of.clone());
        prop_assert_eq!(&*owner, &of, "a combo has one giver and one gift");
        let total = totals.entry(text("combo")).or_insert(0);
        *total += gift["count"].as_u64().unwrap();
        prop_assert_eq!(*total, gift["total"].as_u64().unwrap());
        let sum = told.entry(of.clone()).or_insert(0);
        *sum += gift["count"].as_u64().unwrap();
        prop_assert!(*sum <= paid.get(&of).copied().unwrap_or(0), "more told than paid: {:?}", of);
    }
    Ok(())
}

#[test]
fn what_is_paid_is_told_in_the_name_of_who_paid_whatever_anybody_calls_a_combo() {
    let runtime = Runtime::new().unwrap();
    let shop = runtime.block_on(Shop::open());
    let viewer = Mutex::new(runtime.block_on(shop.watch("viewer", ROOM)));
    let rounds = Mutex::new(0);
    let mut runner =
        TestRunner::new(Cases { cases: 16, failure_persistence: None, ..Cases::default() });
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
