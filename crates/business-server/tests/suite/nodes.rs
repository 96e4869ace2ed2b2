//! Two processes that share a database.

use business_server::{LOCK_FILE, NODE};
use data_folder::Lock;
use serde_json::{Value, json};

use crate::events::{Events, soon};
use crate::gifts::{give, giver};
use crate::support::{Api, ROOM, Shop};

/// The routines that run in this process, by name, and whether each does.
async fn runs_here(api: &Api, name: &str) -> bool {
    let found = api.get_ok("/routines").await;
    let named = |routine: &&Value| routine["name"] == name;
    found.as_array().unwrap().iter().find(named).unwrap()["runs_here"] == true
}

#[tokio::test]
async fn what_only_one_may_run_is_run_by_one_and_by_the_next_when_it_stops() {
    const OUTBOX: &str = "outbox::deliver::deliver";
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 10).await;
    let boss = shop.sign_in("boss", "admin").await;
    let mut viewer = shop.watch("li", ROOM).await;
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    let first = give(&mei, "k1", rose.clone()).await.expect_status(200);
    assert_eq!(viewer.business("gift").await["order"], first["order"]);
    assert!(runs_here(&boss, OUTBOX).await);
    let server = shop.second_node("second").await;
    // What a lease is for runs in the first alone.
    assert!(!runs_here(&boss.at(&server.url()), OUTBOX).await);
    let Shop { business, chat, .. } = shop;
    business.shutdown().await;
    let second = give(&mei.at(&server.url()), "k2", rose).await.expect_status(200);
    assert_eq!(viewer.business("gift").await["order"], second["order"]);
    assert!(runs_here(&boss.at(&server.url()), OUTBOX).await);
    server.shutdown().await;
    chat.shutdown().await;
}

#[tokio::test]
async fn nobody_takes_the_name_or_the_folder_of_a_process_that_runs() {
    let shop = Shop::closed().await;
    let said = shop.try_node(NODE).await.err().map(|error| error.to_string()).unwrap();
    assert!(said.contains("another service runs"), "{said}");
    let said = shop.try_node("../second").await.err().map(|error| error.to_string()).unwrap();
    assert!(said.contains("no name of a node"), "{said}");
    assert!(Lock::take(shop.business_dir(), LOCK_FILE).is_err());
    let shop = shop.business_restarted().await;
    let second = shop.second_node("second").await;
    second.shutdown().await;
    assert!(Lock::take(shop.business_dir(), LOCK_FILE).is_err(), "the first still runs");
}

#[tokio::test]
async fn what_one_process_has_stored_and_another_processed_waits_in_neither() {
    let shop = Shop::open().await;
    let first = shop.sign_in("boss", "admin").await;
    let server = shop.second_node("second").await;
    let second = first.at(&server.url());
    let events = Events::at(&shop, &server).await;
    for number in 0..3 {
        events.said(ROOM, "mei", "hello", shop.clock.now_s() * 1_000 + number).await;
    }
    for api in [&first, &second] {
        let none_waits = async || api.get_ok("/webhooks/figures").await["unheard"] == 0;
        soon("nothing waits", none_waits).await;
    }
    server.shutdown().await;
}
