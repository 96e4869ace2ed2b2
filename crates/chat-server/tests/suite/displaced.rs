//! What happened reaches the application, however much else does not happen.

use axum::routing::post;
use axum::{Json, Router};
use chat_server::application::{self, ALL_CALLBACKS};
use chat_server::storage::{self, DATABASE_FILE};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clients::{PATIENCE, World};
use crate::watcher::{Told, Watcher, texts_of};

const MUTED: i32 = 10017;
const TOO_OFTEN: i32 = 9013;
const AFTER: &str = "Group.CallbackAfterSendMsg";
const EXCEPTION: &str = "Group.CallbackSendMsgException";
const FORBID: &str = "group_open_http_svc/forbid_send_msg";
const MODIFY: &str = "group_open_http_svc/modify_group_base_info";
/// Far longer than a slow receiver takes for all events of a test.
const LONG: Duration = Duration::from_secs(120);

/// A receiver that takes its time, and what it was told.
struct SlowReceiver {
    seen: Arc<Mutex<Vec<Value>>>,
    count: watch::Receiver<usize>,
}

impl SlowReceiver {
    /// Takes all events of the world's application; before-webhooks are off.
    async fn of(world: &World, pause: Duration) -> Self {
        let (receiver, url) = Self::listen(pause).await;
        let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
        application::set_callback_url(storage, app, &url, None).await.unwrap();
        application::switch_callback(storage, app, ALL_CALLBACKS, true).await.unwrap();
        let before = "Group.CallbackBeforeSendMsg";
        application::switch_callback(storage, app, before, false).await.unwrap();
        // A call makes the service read its configuration again.
        world.ok("group_open_http_svc/get_appid_group_list", json!({})).await;
        receiver
    }

    async fn listen(pause: Duration) -> (Self, String) {
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (sender, count) = watch::channel(0);
        let log = Arc::clone(&seen);
        let take = move |Json(body): Json<Value>| async move {
            tokio::time::sleep(pause).await;
            log.lock().unwrap().push(body);
            sender.send_modify(|count| *count += 1);
            Json(json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let router = Router::new().route("/hooks", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (Self { seen, count }, url)
    }

    /// How often each delivered message was told, by its number, once so many different ones were.
    async fn told(&mut self, world: &World, messages: usize) -> BTreeMap<u64, usize> {
        let seen = Arc::clone(&self.seen);
        let told = || {
            let mut told: BTreeMap<u64, usize> = BTreeMap::new();
            let seen = seen.lock().unwrap();
            for event in seen.iter().filter(|event| event["CallbackCommand"] == AFTER) {
                *told.entry(event["MsgSeq"].as_u64().unwrap()).or_default() += 1;
            }
            told
        };
        let all = timeout(LONG, async {
            while told().len() < messages {
                if timeout(Duration::from_secs(1), self.count.changed()).await.is_err() {
                    // A call that took too long on a busy machine is repeated by this clock.
                    world.clock.advance(1);
                }
            }
        });
        if all.await.is_err() {
            let text = world.metrics().await;
            let lines: Vec<_> = text.lines().filter(|line| line.contains("webhook_")).collect();
            unreachable!("only {} of {messages} were told: {lines:#?}", told().len());
        }
        let told = told();
        // More than once only where the service could not know that it was taken.
        let repeated = told.values().sum::<usize>() - told.len();
        assert!(repeated as u64 <= sum_of(world, "after_retried", &[]).await, "{told:?}");
        told
    }

    fn exceptions(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|event| event["CallbackCommand"] == EXCEPTION).count()
    }
}

/// A sum over the lines of a metric that hold all of these labels.
async fn sum_of(world: &World, name: &str, labels: &[&str]) -> u64 {
    let text = world.metrics().await;
    let name = format!("liveroom_webhook_{name}_total");
    let lines = text.lines().filter(|line| {
        line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['{', ' ']))
            && labels.iter().all(|label| line.contains(label))
    });
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// The service's database, as another process sees it.
async fn database(world: &World) -> SqliteConnection {
    let path = world.dir.path().join(DATABASE_FILE);
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn nothing_was_dropped(world: &World) {
    let text = world.metrics().await;
    for line in text.lines().filter(|line| line.starts_with("liveroom_webhook_after_dropped")) {
        assert!(line.ends_with(" 0"), "{line}");
    }
}

/// A muted sender, or one that asks too often.
fn is_refused(told: &Told) -> bool {
    told.answer["code"] == MUTED || told.answer["code"] == TOO_OFTEN
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_delivered_message_is_told_beside_a_flood_of_refused_and_sampled_out_ones() {
    let world = World::with_room().await;
    world.set("room_budget", "40").await;
    let mut receiver = SlowReceiver::of(&world, Duration::from_millis(50)).await;
    let mut talkers = Vec::new();
    for number in 0..6 {
        let name = format!("talker{number}");
        talkers.push((Watcher::enter(&world, &name).await, name));
    }
    let mut troll = Watcher::enter(&world, "troll").await;
    world.ok(FORBID, json!({"GroupId": "r", "Members_Account": ["troll"], "MuteTime": 3600})).await;

    let talking = join_all(
        talkers
            .iter_mut()
            .map(async |(talker, name)| talker.pour("r", "Normal", texts_of(name, 500), 32).await),
    );
    let hammering = troll.pour("r", "Normal", texts_of("troll", 1_000), 32);
    let (told, refused) = tokio::join!(talking, hammering);
    // It is told that it is muted until it has asked too often.
    assert!(refused.iter().all(is_refused));

    world.ok(MODIFY, json!({"GroupId": "r", "MuteAllMember": "On"})).await;
    let muted = join_all(talkers.iter_mut().map(async |(talker, name)| {
        talker.pour("r", "Normal", texts_of(&format!("{name}:muted"), 800), 32).await
    }))
    .await;
    assert!(muted.iter().flatten().all(is_refused));

    let delivered: Vec<u64> = told.iter().flatten().filter_map(Told::seq).map(u64::from).collect();
    assert!(delivered.len() >= 40 && delivered.len() < 3_000, "{}", delivered.len());
    let seen = receiver.told(&world, delivered.len()).await;
    let mut expected: Vec<u64> = delivered.clone();
    expected.sort_unstable();
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), expected);
    nothing_was_dropped(&world).await;

    // Every exception was told, waits, or is counted as untold with its cause.
    let shed = 3_000 - delivered.len() as u64;
    let muted = muted.iter().flatten().chain(&refused);
    let muted = muted.filter(|told| told.answer["code"] == MUTED).count() as u64;
    assert!(muted >= 7 * 40, "each of them is told so for a while: {muted}");
    for (cause, count) in [("cause=\"muted\"", muted), ("cause=\"sampled_out\"", shed)] {
        let untold = sum_of(&world, "exceptions_untold", &[cause]).await;
        let told = sum_of(&world, "exceptions_told", &[cause]).await;
        assert!(untold + told + 1_026 >= count, "{cause}: {untold}, {told} of {count}");
    }
    assert!(receiver.exceptions() > 0, "exceptions are told, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_process_locks_for_seconds_loses_no_event() {
    let world = World::with_room().await;
    let mut receiver = SlowReceiver::of(&world, Duration::ZERO).await;
    let mut talker = Watcher::enter(&world, "talker").await;
    talker.pour("r", "Normal", ["before".to_owned()], 1).await;
    let mut other = database(&world).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();

    let told = talker.pour("r", "Normal", texts_of("talker", 64), 32).await;
    assert_eq!(told.iter().filter_map(Told::seq).count(), 64, "everybody is answered meanwhile");
    let waited = timeout(PATIENCE, async {
        while sum_of(&world, "after_store_retried", &[]).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap();
    other.execute("ROLLBACK").await.unwrap();

    receiver.told(&world, 65).await;
    nothing_was_dropped(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_loses_no_event_and_keeps_the_order() {
    let world = World::with_room().await;
    let mut receiver = SlowReceiver::of(&world, Duration::from_millis(20)).await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let told = talker.pour("r", "Normal", texts_of("talker", 100), 32).await;
    let numbers: Vec<u64> = told.iter().filter_map(Told::seq).map(u64::from).collect();
    assert_eq!(numbers.len(), 100);
    let world = world.restarted().await;

    receiver.told(&world, 100).await;
    let seen = receiver.seen.lock().unwrap().clone();
    let after = seen.iter().filter(|event| event["CallbackCommand"] == AFTER);
    let mut told: Vec<u64> = after.map(|event| event["MsgSeq"].as_u64().unwrap()).collect();
    told.dedup();
    assert_eq!(told, numbers, "of one sender, one after the other");
    nothing_was_dropped(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loses_no_event_of_a_message_whose_sender_was_answered() {
    let world = World::with_room().await;
    // Longer than anybody waits for a receiver.
    let _hangs = SlowReceiver::of(&world, LONG).await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let told = talker.pour("r", "Normal", texts_of("talker", 100), 32).await;
    let numbers: Vec<u64> = told.iter().filter_map(Told::seq).map(u64::from).collect();
    // What storage holds at this moment is what the next start finds.
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join(DATABASE_FILE);
    let mut stored = database(&world).await;
    let copying = sqlx::query("VACUUM INTO $1").bind(path.to_str().unwrap());
    copying.execute(&mut stored).await.unwrap();
    let (mut receiver, url) = SlowReceiver::listen(Duration::ZERO).await;
    let storage = storage::open(copy.path()).await.unwrap();
    application::set_callback_url(&*storage, world.app.sdk_app_id, &url, None).await.unwrap();
    storage.close().await;
    let after_crash = world.on_copy(copy).await;
    // What was under way may have failed by then.
    after_crash.clock.advance(60);
    let seen = receiver.told(&after_crash, 100).await;
    assert_eq!(seen.into_keys().collect::<Vec<_>>(), numbers);
}
