//! Two processes that share a database.

use crate::support::{Api, PATIENCE, Shop};
use business_server::{LOCK_FILE, NODE};
use data_folder::Lock;
use std::collections::BTreeSet;
use std::time::Duration;

/// The routines that run in this process, and those that could.
async fn routines(api: &Api) -> (BTreeSet<String>, BTreeSet<String>) {
    let found = api.get_ok("/routines").await;
    let name = |routine: &serde_json::Value| routine["name"].as_str().unwrap().to_owned();
    let all = found.as_array().unwrap();
    let running = all.iter().filter(|routine| routine["runs_here"] == true);
    (running.map(name).collect(), all.iter().map(name).collect())
}

async fn until_all_run(api: &Api) {
    let all_run = async {
        loop {
            let (running, all) = routines(api).await;
            if running == all {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all_run).await.expect("all routines run");
}

#[tokio::test]
async fn what_only_one_may_run_is_run_by_one_and_by_the_next_when_it_stops() {
    let shop = Shop::open().await;
    let first = shop.sign_in("boss", "admin").await;
    until_all_run(&first).await;
    let server = shop.second_node("second").await;
    let second = first.at(&server.url());
    // What serves the memory of a process runs in each, and what a lease is for in the first alone.
    let (running, all) = routines(&second).await;
    assert!(!running.contains("outbox::deliver::deliver"), "{running:?}");
    assert!(all.contains("outbox::deliver::deliver"), "{all:?}");
    let Shop { business, .. } = shop;
    business.shutdown().await;
    until_all_run(&second).await;
    server.shutdown().await;
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
