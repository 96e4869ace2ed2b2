//! SQLite against the suites that every storage passes, and what only a file can get wrong.

use chat_types::group::GroupType;
use futures_util::future::{join_all, try_join_all};
use sqlx::Executor;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::upkeep::{OLD_BANS, OLD_C2C, OLD_GROUP_MESSAGES, OLD_MUTES};
use super::*;
use crate::model::{Application, Callbacks, Edition, Right, Settings};
use crate::storage::conformance::after_queue_conformance;
use crate::storage::conformance::storage_conformance;
use crate::storage::{
    Account, Accounts, ApplicationChange, Applications, C2c, GroupChange, Groups, StoredC2c,
    StoredGroup, Upkeep, open_all,
};
use crate::storage::{StoredKey, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// What a database of the first version held.
const FIRST_VERSION: &str = "
    INSERT INTO applications VALUES (1400000001, 'shop', 'the key', 1000);
    INSERT INTO app_admins VALUES (1400000001, 'administrator');
    INSERT INTO accounts VALUES (1400000001, 'administrator', '', '', 1000);
    INSERT INTO accounts VALUES (1400000001, 'host', 'The host', 'face', 1001);
    INSERT INTO group_fields VALUES (1400000001, 'product');
    INSERT INTO groups VALUES
        (1400000001, 'r', 'AVChatRoom', 'Sale', 'i', 'n', 'f', 'host', 1002, 1003, 4, 64);
    INSERT INTO group_field_values VALUES (1400000001, 'r', 'product', 'cup');
";

async fn raw(dir: &TempDir) -> SqliteConnection {
    let path = dir.path().join(DATABASE_FILE);
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

#[tokio::test]
async fn it_does_what_every_storage_has_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Sqlite::open(dir.path()).await.unwrap();
    storage_conformance(&storage).await;
}

#[tokio::test]
async fn its_queue_does_what_every_queue_of_webhooks_has_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let stores = open_all(dir.path()).await.unwrap();
    after_queue_conformance(&*stores.after_queue).await;
}

#[tokio::test]
async fn events_that_wait_in_an_older_database_are_still_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = raw(&dir).await;
    sqlx::migrate!().run_to(3, &mut old).await.unwrap();
    old.execute(
        "INSERT INTO webhook_events VALUES
            (7, 1400000001, 'Group.CallbackAfterSendMsg', '{}', '', 'Web', 2, 1005, 1000)",
    )
    .await
    .unwrap();
    old.close().await.unwrap();

    let stores = open_all(dir.path()).await.unwrap();
    let keys = stores.after_queue.keys(i64::MIN, 10).await.unwrap();
    let expected = StoredKey {
        id: 7,
        sdk_app_id: 1_400_000_001,
        subject: Subject::default(),
        created_ms: 1_000,
        next_ms: 1_005,
        attempts: 2,
    };
    assert_eq!(keys, [expected]);
    assert_eq!(stores.after_queue.event(7).await.unwrap().unwrap().body, "{}");
}

#[tokio::test]
async fn a_database_of_the_first_version_keeps_everything_and_gets_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = raw(&dir).await;
    sqlx::migrate!().run_to(1, &mut old).await.unwrap();
    old.execute(FIRST_VERSION).await.unwrap();
    old.close().await.unwrap();

    let storage = Sqlite::open(dir.path()).await.unwrap();
    let app = storage.application(1_400_000_001).await.unwrap().unwrap();
    assert_eq!((app.name.as_str(), app.key.reveal(), app.create_time), ("shop", "the key", 1000));
    assert_eq!(app.admins, BTreeSet::from(["administrator".to_owned()]));
    assert_eq!(app.edition, Edition::Free);
    assert_eq!(*app.callbacks, Callbacks::default());
    assert_eq!(app.settings, Settings::default());
    assert!(app.member_fields.is_empty());
    let field = app.field("product").unwrap();
    assert_eq!(field.group_types, BTreeSet::from([GroupType::AVChatRoom]));
    assert_eq!((field.read, field.write, field.create_time), (Right::Anyone, Right::AppAdmin, 0));

    let host = storage.accounts(app.sdk_app_id, &["host"]).await.unwrap();
    let expected = Account {
        user_id: "host".to_owned(),
        nick: "The host".to_owned(),
        face_url: "face".to_owned(),
        create_time: 1001,
        ..Account::default()
    };
    assert_eq!(host, [expected]);
    let expected = StoredGroup {
        name: "Sale".to_owned(),
        introduction: "i".to_owned(),
        notification: "n".to_owned(),
        face_url: "f".to_owned(),
        owner: "host".to_owned(),
        create_time: 1002,
        last_info_time: 1003,
        info_seq: 4,
        seq_reserved: 64,
        custom_fields: BTreeMap::from([("product".to_owned(), "cup".to_owned())]),
        ..StoredGroup::new("r", GroupType::AVChatRoom, 0)
    };
    let group = storage.group(app.sdk_app_id, "r").await.unwrap();
    assert_eq!(group, Some(expected));

    // It works like one that was made today.
    let change = GroupChange::SetCounter { key: "likes".to_owned(), value: 1 };
    assert!(storage.change_group(app.sdk_app_id, "r", &[change], 2000).await.unwrap());
    let next = storage.insert_application("b", "k", Edition::Pro, "root", 2000).await.unwrap();
    assert_eq!(next, 1_400_000_002);
}

#[tokio::test]
async fn numbers_go_on_above_those_that_were_given_before_they_were_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = raw(&dir).await;
    sqlx::migrate!().run_to(3, &mut old).await.unwrap();
    let held = "
        INSERT INTO applications (sdk_app_id, name, key, create_time)
        VALUES (1400000007, 'shop', 'k', 1);
        INSERT INTO c2c_messages (sdk_app_id, low, high, number, msg_key, from_user, to_user, seq,
                                  random, time_s, expire_time, for_sender, counts, elements)
        VALUES (1400000007, 'a', 'b', 3, '1_1_1', 'b', 'a', 1, 1, 1, 9, 1, 1, '[]');
        INSERT INTO c2c_reads VALUES (1400000007, 'c', 'a', 8), (1400000007, 'a', 'c', 2);
    ";
    old.execute(held).await.unwrap();
    old.close().await.unwrap();

    let storage = Sqlite::open(dir.path()).await.unwrap();
    let app = 1_400_000_007;
    let message = |from: &str, to: &str| StoredC2c {
        number: 0,
        key: "k".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        seq: 1,
        random: 1,
        time_s: 2,
        expire_time: 9,
        for_sender: true,
        counts: true,
        listed: true,
        withdrawn: false,
        client_id: String::new(),
        elements: Vec::new(),
        cloud_custom_data: String::new(),
    };
    let messages = [message("a", "b"), message("a", "c"), message("b", "c")];
    storage.insert_c2c(app, &messages).await.unwrap();
    for (one, other, number) in [("a", "b", 4), ("a", "c", 9), ("b", "c", 1)] {
        let found = storage.c2c_message(app, one, other, "k", 1).await.unwrap().unwrap();
        assert_eq!(found.number, number, "{one} and {other}");
    }
    let next = storage.insert_application("b", "k", Edition::Pro, "root", 2).await.unwrap();
    assert_eq!(next, app + 1);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_with_a_sentence_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    Sqlite::open(dir.path()).await.unwrap().close().await;
    let mut newer = raw(&dir).await;
    let step =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                VALUES (9999, 'a later one', TRUE, X'00', 1)";
    newer.execute(step).await.unwrap();
    newer.close().await.unwrap();
    let refused = Sqlite::open(dir.path()).await.unwrap_err().to_string();
    assert!(refused.contains("newer version of the program"), "{refused}");
    let mut same = raw(&dir).await;
    let steps: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations")
        .fetch_one(&mut same)
        .await
        .unwrap();
    assert_eq!(steps, sqlx::migrate!().migrations.len() as i64 + 1);
}

#[tokio::test]
async fn many_who_open_a_new_database_at_once_all_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let opened = join_all((0..8).map(|_| Sqlite::open(dir.path()))).await;
    for storage in opened {
        storage.unwrap().check().await.unwrap();
    }
}

/// A service and the command line beside it: two openings are as far apart as two processes.
#[tokio::test(flavor = "multi_thread")]
async fn writers_that_meet_wait_for_each_other_and_none_finds_the_database_locked() {
    const WRITES: i64 = 25;
    let dir = tempfile::tempdir().unwrap();
    let service = Sqlite::open(dir.path()).await.unwrap();
    let command_line = Sqlite::open(dir.path()).await.unwrap();
    let app = service.insert_application("a", "k", Edition::Free, "root", 1).await.unwrap();
    let group = StoredGroup::new("g", GroupType::AVChatRoom, 1);
    service.insert_group(app, &group).await.unwrap();

    let writer = |storage: Sqlite, name: String| async move {
        for value in 1..=WRITES {
            let change = GroupChange::SetCounter { key: name.clone(), value };
            storage.change_group(app, "g", &[change], 1).await?;
            storage.claim_numbers(app, "g", 1).await?;
            let setting =
                ApplicationChange::Setting { name: "room_limit".into(), value: name.clone() };
            let decide = move |_: Option<&Application>| Ok(vec![setting.clone()]);
            let _ = storage.change_application(app, &decide).await?;
            storage.group(app, "g").await?;
        }
        Ok::<(), Error>(())
    };
    let writers = (0..8).map(|n| {
        let storage = if n % 2 == 0 { &service } else { &command_line };
        tokio::spawn(writer(storage.clone(), n.to_string()))
    });
    for written in try_join_all(writers).await.unwrap() {
        written.unwrap();
    }
    let group = service.group(app, "g").await.unwrap().unwrap();
    assert_eq!(group.counters.len(), 8);
    assert!(group.counters.values().all(|value| *value == WRITES), "{:?}", group.counters);
    assert_eq!(i64::from(group.seq_reserved), 8 * WRITES);
}

#[tokio::test]
async fn no_message_mute_or_ban_is_looked_at_that_an_index_can_leave_out() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Sqlite::open(dir.path()).await.unwrap();
    let statements =
        [c2c::CONVERSATIONS, c2c::UNREAD, OLD_C2C, OLD_GROUP_MESSAGES, OLD_MUTES, OLD_BANS];
    for statement in statements {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&storage.readers).await.unwrap();
        let steps: Vec<&str> = plan.iter().map(|(.., step)| step.as_str()).collect();
        let tables = ["c2c_messages", "group_messages", "group_mutes", "group_bans", "m "];
        let of_table = |step: &&str| {
            let on = step.split_once(' ').map_or("", |(_, on)| on);
            tables.iter().any(|table| on.starts_with(table))
        };
        let looked: Vec<&str> = steps.iter().copied().filter(of_table).collect();
        assert!(!looked.is_empty(), "{steps:?}");
        for step in looked {
            assert!(step.starts_with("SEARCH "), "{step} of {steps:?}");
            assert!(!step.ends_with("(sdk_app_id=?)"), "{step} of {steps:?}");
        }
    }
}
