//! One-to-one messages, what is read of them, and what is withdrawn.

use super::*;

/// A message that lives for a week; `n` tells it from others.
pub(super) fn message(from: &str, to: &str, n: u32) -> StoredC2c {
    StoredC2c {
        number: 0,
        key: format!("key{n}"),
        from: from.to_owned(),
        to: to.to_owned(),
        seq: n,
        random: u32::MAX,
        time_s: NOW + n,
        expire_time: NOW + 7 * 24 * 3_600,
        for_sender: true,
        counts: true,
        listed: true,
        withdrawn: false,
        client_id: "c".to_owned(),
        elements: vec![text(ODD)],
        cloud_custom_data: ODD.to_owned(),
    }
}

fn all<'a>(account: &'a str, peer: &'a str) -> C2cRange<'a> {
    C2cRange {
        account,
        peer,
        min_time: 0,
        max_time: u32::MAX,
        before: None,
        limit: 100,
        now_s: NOW,
    }
}

async fn keys(storage: &dyn Storage, app: u32, range: C2cRange<'_>) -> String {
    let found = storage.c2c_messages(app, range).await.unwrap();
    let keys: Vec<&str> =
        found.iter().map(|message| message.key.trim_start_matches("key")).collect();
    keys.join(" ")
}

/// Numbers of the messages between two accounts, in order.
async fn numbers(storage: &dyn Storage, app: u32, account: &str, peer: &str) -> Vec<i64> {
    let found = storage.c2c_messages(app, all(account, peer)).await.unwrap();
    let mut numbers: Vec<i64> = found.iter().map(|message| message.number).collect();
    numbers.sort_unstable();
    numbers
}

/// A number is not used again when the message that had it is gone, nor when its accounts are.
pub(super) async fn numbers_of_messages(storage: &dyn Storage) {
    let app = application(storage).await;
    put_accounts(storage, app, &["a", "b", "c"]).await;
    let short = |n| StoredC2c { expire_time: NOW + n, ..message("a", "b", n) };
    storage.insert_c2c(app, &[short(1), short(2), short(3)]).await.unwrap();
    storage.insert_c2c(app, &[message("c", "a", 1)]).await.unwrap();
    storage.read_c2c(app, "b", "a").await.unwrap();
    storage.purge(NOW_S + 10, 0).await.unwrap();
    for user in ["a", "b"] {
        assert!(storage.delete_account(app, user).await.unwrap());
    }
    assert!(numbers(storage, app, "a", "b").await.is_empty());
    storage.insert_c2c(app, &[message("b", "a", 4), message("a", "b", 5)]).await.unwrap();
    assert_eq!(numbers(storage, app, "a", "b").await, [4, 5]);
    assert_eq!(numbers(storage, app, "a", "c").await, [1], "each conversation for itself");
    let more = (0..20).map(|n| async move {
        storage.insert_c2c(app, &[message("c", "a", n)]).await.unwrap();
    });
    futures_util::future::join_all(more).await;
    assert_eq!(numbers(storage, app, "a", "c").await, (1..=21).collect::<Vec<_>>());
}

pub(super) async fn conversations(storage: &dyn Storage) {
    let app = application(storage).await;
    let unseen = StoredC2c { for_sender: false, counts: false, ..message("b", "a", 3) };
    let short = StoredC2c { expire_time: NOW + 60, ..message("a", "b", 4) };
    let other = message("c", "a", 5);
    let messages = [message("a", "b", 1), message("b", "a", 2), unseen, short, other.clone()];
    storage.insert_c2c(app, &messages).await.unwrap();
    assert_eq!(numbers(storage, app, "a", "b").await, [1, 2, 3, 4]);
    assert_eq!(numbers(storage, app, "a", "c").await, [1], "each conversation counts by itself");

    assert_eq!(keys(storage, app, all("a", "b")).await, "4 3 2 1", "newest first");
    assert_eq!(keys(storage, app, all("b", "a")).await, "4 2 1", "no copy for the sender");
    assert_eq!(keys(storage, app, all("a", "B")).await, "", "case counts");
    let newest = storage.c2c_messages(app, all("a", "b")).await.unwrap()[0].place();
    let page = C2cRange { before: Some(newest), limit: 2, ..all("a", "b") };
    assert_eq!(keys(storage, app, page).await, "3 2");
    let times = C2cRange { min_time: NOW + 2, max_time: NOW + 3, ..all("a", "b") };
    assert_eq!(keys(storage, app, times).await, "3 2", "both ends included");
    let later = C2cRange { now_s: NOW + 60, ..all("a", "b") };
    assert_eq!(keys(storage, app, later).await, "3 2 1", "its time is over");
    let stored = storage.c2c_message(app, "a", "c", "key5", NOW_S).await.unwrap().unwrap();
    assert_eq!(stored, StoredC2c { number: 1, ..other }, "as it was given");
    assert!(storage.c2c_message(app, "a", "b", "key5", NOW_S).await.unwrap().is_none());
    assert!(storage.c2c_message(app, "b", "a", "key4", NOW_S + 60).await.unwrap().is_none());

    let unread = async |user: &str| {
        let unread = storage.unread_c2c(app, user, NOW_S).await.unwrap();
        unread.into_iter().map(|(peer, n)| format!("{peer}{n}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((unread("a").await, unread("b").await), ("b1 c1".to_owned(), "a2".to_owned()));
    let list = storage.conversations(app, "a", NOW_S, 10).await.unwrap();
    let list: Vec<_> = list.iter().map(|c| (c.peer.as_str(), c.unread, c.last.seq)).collect();
    assert_eq!(list, [("c", 1, 5), ("b", 1, 4)], "the latest first");
    assert_eq!(storage.conversations(app, "a", NOW_S, 1).await.unwrap().len(), 1);

    assert!(storage.read_c2c(app, "a", "b").await.unwrap());
    assert!(!storage.read_c2c(app, "a", "b").await.unwrap(), "it is read already");
    assert!(!storage.read_c2c(app, "a", "nobody").await.unwrap());
    assert_eq!((unread("a").await, unread("b").await), ("c1".to_owned(), "a2".to_owned()));
    storage.insert_c2c(app, &[message("b", "a", 6)]).await.unwrap();
    assert_eq!(unread("a").await, "b1 c1", "what comes later is unread");
    storage.insert_c2c(app, &[message("u", "v", 1)]).await.unwrap();
    assert!(!storage.read_c2c(app, "u", "v").await.unwrap(), "own messages are read");
    assert!(storage.read_c2c(app, "v", "u").await.unwrap());
    let silent = StoredC2c { counts: false, ..message("u", "v", 2) };
    storage.insert_c2c(app, &[silent]).await.unwrap();
    assert!(!storage.read_c2c(app, "v", "u").await.unwrap(), "it was never unread");

    // Many at once: every one has a number of its own.
    let calls = (0..40).map(|n| {
        let message = if n % 2 == 0 { message("x", "y", n) } else { message("y", "x", n) };
        async move { storage.insert_c2c(app, &[message]).await.unwrap() }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(numbers(storage, app, "x", "y").await, (1..=40).collect::<Vec<_>>());

    // Older messages that are brought in later stand where their time is, and change no order.
    let old = StoredC2c { time_s: NOW - 100, ..message("a", "b", 7) };
    storage.insert_c2c(app, &[old]).await.unwrap();
    assert!(keys(storage, app, all("b", "a")).await.ends_with("7"), "the oldest comes last");
    let list = storage.conversations(app, "b", NOW_S, 10).await.unwrap();
    assert_ne!(list[0].last.key, "key7", "the latest of a conversation is the latest by time");
}

pub(super) async fn repeats_and_changes(storage: &dyn Storage) {
    let app = application(storage).await;
    let said = StoredC2c { client_id: "mine".to_owned(), ..message("a", "b", 1) };
    storage.insert_c2c(app, &[said]).await.unwrap();
    let found = storage.c2c_by_client_id(app, "a", "b", "mine", NOW_S).await.unwrap();
    assert_eq!(found.map(|message| message.key).as_deref(), Some("key1"));
    assert!(storage.c2c_by_client_id(app, "b", "a", "mine", NOW_S).await.unwrap().is_none());
    let change = C2cChange { elements: Some(vec![text("new")]), cloud_custom_data: None };
    let changed = storage.modify_c2c(app, "a", "b", "key1", &change, NOW_S).await.unwrap();
    assert_eq!(changed, SentChange::Done);
    let stored = storage.c2c_message(app, "a", "b", "key1", NOW_S).await.unwrap().unwrap();
    assert_eq!((stored.elements, stored.cloud_custom_data), (vec![text("new")], ODD.to_owned()));
    let absent = storage.modify_c2c(app, "a", "b", "key2", &change, NOW_S).await.unwrap();
    assert_eq!(absent, SentChange::Absent);
}

pub(super) async fn withdrawal(storage: &dyn Storage) {
    let app = application(storage).await;
    storage.insert_c2c(app, &[message("a", "b", 1)]).await.unwrap();
    let withdraw = async |from: &str, to: &str, key: &str, now_s| {
        storage.withdraw_c2c(app, from, to, key, now_s).await.unwrap()
    };
    assert_eq!(withdraw("b", "a", "key1", NOW_S).await, SentChange::Absent, "not the sender");
    assert_eq!(withdraw("a", "b", "key2", NOW_S).await, SentChange::Absent);
    let over = NOW_S + 8 * 24 * 3_600;
    assert_eq!(withdraw("a", "b", "key1", over).await, SentChange::Absent);
    assert_eq!(withdraw("a", "b", "key1", NOW_S).await, SentChange::Done);
    assert_eq!(withdraw("a", "b", "key1", NOW_S).await, SentChange::Before);
    let stored = storage.c2c_message(app, "b", "a", "key1", NOW_S).await.unwrap().unwrap();
    assert!(stored.withdrawn && stored.elements.is_empty());
    assert_eq!(stored.cloud_custom_data, "");
    assert!(storage.unread_c2c(app, "b", NOW_S).await.unwrap().is_empty());
}
