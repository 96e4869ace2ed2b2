//! A database that somebody else has locked: a backup, a repair, a slow tool.

use chat_server::GatewayTimes;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{interval, timeout};

use crate::clients::{PATIENCE, World};
use crate::groups::with_group;
use crate::hooks::Hooks;
use crate::watcher::{Watcher, say};

/// Another program that writes and does not end.
struct Lock(SqliteConnection);

impl Lock {
    async fn take(world: &World) -> Self {
        let path = world.dir.path().join(chat_server::storage::DATABASE_FILE);
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        Self(connection)
    }

    async fn release(mut self) {
        self.0.execute("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// A service in which connections that end wait for nothing.
async fn hasty_world() -> World {
    let times = GatewayTimes { end: Duration::from_millis(100), ..GatewayTimes::default() };
    let world = World::with_times(times).await;
    world.make_room().await;
    world
}

async fn make_room(world: &World, group_id: &str) {
    world.clock.advance(1);
    let group = json!({"Type": "AVChatRoom", "Name": group_id, "GroupId": group_id});
    world.ok("group_open_http_svc/create_group", group).await;
}

#[tokio::test]
async fn a_room_that_gets_no_numbers_holds_up_no_message_in_another_room() {
    let world = World::with_room().await;
    make_room(&world, "new").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    sender.join("new", None).await;
    let mut reader = Watcher::enter(&world, "reader").await;
    assert_eq!(sender.ask(say("r", "Normal", "has numbers")).await["delivery"], "delivered");

    let lock = Lock::take(&world).await;
    let waits = sender.request(say("new", "Normal", "waits")).await;
    let goes = sender.request(say("r", "Normal", "goes")).await;
    assert_eq!(sender.answer_to(goes).await["delivery"], "delivered");
    reader.hear_until(|reader| reader.r().has_text("goes")).await;
    let again = sender.ask(say("r", "Normal", "goes")).await;
    assert_eq!(again["seq"], 2, "its repeat is known");
    lock.release().await;
    assert_eq!(sender.answer_to(waits).await["delivery"], "delivered");
}

/// Kept messages of a group, the newest first.
async fn history(world: &World, group_id: &str) -> Vec<Value> {
    world.clock.advance_ms(5);
    let ask = json!({"GroupId": group_id, "ReqMsgNumber": 20});
    let answer = world.ok("group_open_http_svc/group_msg_get_simple", ask).await;
    answer["RspMsgList"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_rooms_keep_is_written_together_and_a_locked_database_loses_none_of_it() {
    const ROOMS: usize = 10;
    const EACH: usize = 3;
    let world = World::with_room().await;
    world.set("room_history", "on").await;
    let rooms: Vec<String> = (0..ROOMS).map(|n| format!("room{n}")).collect();
    let mut sender = Watcher::enter(&world, "sender").await;
    let mut reader = Watcher::enter(&world, "reader").await;
    for room in &rooms {
        make_room(&world, room).await;
        sender.join(room, None).await;
        reader.join(room, None).await;
        // From now on the room has numbers.
        assert_eq!(sender.ask(say(room, "Normal", "0")).await["seq"], 1);
    }
    let before = world.server.counts();
    assert_eq!(before.messages_recorded, ROOMS as u64);

    let lock = Lock::take(&world).await;
    let mut asked = Vec::new();
    for n in 1..=EACH {
        for room in &rooms {
            asked.push(sender.request(say(room, "Normal", &n.to_string())).await);
        }
    }
    let all = |reader: &Watcher| rooms.iter().all(|room| reader.room(room).heard.len() > EACH);
    reader.hear_until(all).await;
    // Longer than the database itself waits for the other program.
    let failing = async {
        let mut look = interval(Duration::from_millis(20));
        while world.server.counts().record_retries == 0 {
            look.tick().await;
        }
    };
    timeout(PATIENCE, failing).await.expect("the database refuses at last");
    assert_eq!(sender.ask(json!({"t": "ping"})).await["t"], "pong");
    let answered = asked.iter().filter(|id| sender.is_answered(**id)).count();
    assert_eq!(answered, 0, "nobody is told before it is stored");
    lock.release().await;
    for id in asked {
        assert_eq!(sender.answer_to(id).await["delivery"], "delivered");
    }
    let after = world.server.counts();
    assert_eq!(after.messages_recorded - before.messages_recorded, (ROOMS * EACH) as u64);
    assert_eq!(after.records_dropped, 0);
    let transactions = after.record_transactions - before.record_transactions;
    assert!(transactions <= 2, "what waits goes together, and took {transactions} transactions");
    for room in &rooms {
        assert_eq!(history(&world, room).await.len(), EACH + 1, "{room}");
    }
}

#[tokio::test]
async fn a_recall_marks_what_is_still_on_its_way_into_storage() {
    let world = World::with_room().await;
    world.set("room_history", "on").await;
    make_room(&world, "kept").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    sender.join("kept", None).await;
    assert_eq!(sender.ask(say("kept", "Normal", "stays")).await["seq"], 1);
    let mut reader = Watcher::enter(&world, "reader").await;
    reader.join("kept", None).await;
    let lock = Lock::take(&world).await;
    let said = sender.request(say("kept", "Normal", "goes")).await;
    reader.hear_until(|reader| reader.room("kept").has_text("goes")).await;
    let body = json!({"GroupId": "kept", "MsgSeqList": [{"MsgSeq": 2}]});
    let recall = world.ok("group_open_http_svc/group_msg_recall", body);
    let (recalled, ()) = tokio::join!(recall, lock.release());
    assert_eq!(recalled["RecallRetList"][0]["RetCode"], 0);
    assert_eq!(sender.answer_to(said).await["delivery"], "delivered");
    let kept: Vec<(Value, Value)> = history(&world, "kept")
        .await
        .iter()
        .map(|kept| (kept["MsgSeq"].clone(), kept["IsPlaceMsg"].clone()))
        .collect();
    assert_eq!(kept, [(json!(2), json!(2)), (json!(1), json!(0))]);
}

#[tokio::test]
async fn the_same_message_once_more_is_answered_when_the_first_is_stored() {
    let world = World::with_room().await;
    world.set("room_history", "on").await;
    make_room(&world, "kept").await;
    let mut first = Watcher::of(world.on("sender", "Web").await);
    let mut second = Watcher::of(world.on("sender", "iOS").await);
    for sender in [&mut first, &mut second] {
        sender.join("kept", None).await;
    }
    assert_eq!(first.ask(say("kept", "Normal", "before")).await["seq"], 1);
    let lock = Lock::take(&world).await;
    let said = first.request(say("kept", "Normal", "once")).await;
    second.hear_until(|second| second.room("kept").has_text("once")).await;
    let again = second.request(say("kept", "Normal", "once")).await;
    assert_eq!(first.ask(json!({"t": "ping"})).await["t"], "pong");
    assert!(!first.is_answered(said));
    lock.release().await;
    assert_eq!(first.answer_to(said).await["seq"], 2);
    let again = second.answer_to(again).await;
    assert_eq!((&again["t"], &again["seq"]), (&json!("send_ok"), &json!(2)));
    let repeated = world.server.counts().messages_repeated;
    assert_eq!((repeated, history(&world, "kept").await.len()), (1, 2));
}

#[tokio::test]
async fn a_message_is_seen_through_when_its_sender_is_long_gone() {
    const AFTER: &str = "Group.CallbackAfterSendMsg";
    let world = hasty_world().await;
    world.set("room_history", "on").await;
    make_room(&world, "new").await;
    let mut sender = Watcher::of(world.signed_in("sender").await);
    let mut reader = Watcher::enter(&world, "reader").await;
    for room in ["r", "new"] {
        sender.join(room, None).await;
    }
    assert_eq!(sender.ask(say("r", "Normal", "has numbers")).await["seq"], 1);
    let mut hooks = Hooks::of(&world).await;
    let lock = Lock::take(&world).await;
    // One waits to be kept, and the other for a number.
    sender.request(say("r", "Normal", "kept")).await;
    sender.request(say("new", "Normal", "numbered")).await;
    reader.hear_until(|reader| reader.r().has_text("kept")).await;
    assert_eq!(sender.ask(json!({"t": "ping"})).await["t"], "pong");
    drop(sender);
    world.until_metric("liveroom_open_connections 1").await;
    assert!(world.server.counts().ends_cut_short > 0);
    lock.release().await;
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(hooks.next(AFTER).await["MsgBody"][0]["MsgContent"]["Text"].clone());
    }
    assert!(told.contains(&json!("kept")) && told.contains(&json!("numbered")), "{told:?}");
    let mut sender = Watcher::of(world.signed_in("sender").await);
    for (room, text, seq) in [("r", "kept", 2), ("new", "numbered", 1)] {
        sender.join(room, None).await;
        assert_eq!(sender.ask(say(room, "Normal", text)).await["seq"], seq, "its repeat is known");
        assert_eq!(history(&world, room).await.len(), seq);
    }
}

#[tokio::test]
async fn whoever_logs_out_of_many_rooms_has_left_every_one_of_them() {
    const ROOMS: [&str; 4] = ["r", "one", "two", "three"];
    let world = hasty_world().await;
    let mut viewer = Watcher::of(world.signed_in("viewer").await);
    for room in ROOMS {
        if room != "r" {
            make_room(&world, room).await;
        }
        viewer.join(room, None).await;
    }
    let mut hooks = Hooks::of(&world).await;
    let lock = Lock::take(&world).await;
    viewer.request(json!({"t": "logout"})).await;
    world.until_metric("liveroom_open_connections 0").await;
    assert!(world.server.counts().ends_cut_short > 0, "the events waited for the database");
    lock.release().await;
    let mut left = BTreeSet::new();
    for _ in ROOMS {
        let told = hooks.next("Group.CallbackAfterMemberExit").await;
        assert_eq!(told["ExitMemberList"][0]["Member_Account"], "viewer");
        left.insert(told["GroupId"].as_str().unwrap().to_owned());
    }
    assert_eq!(left, BTreeSet::from(ROOMS.map(str::to_owned)));
}

#[tokio::test]
async fn a_member_hears_its_groups_from_the_welcome_on_however_long_its_login_takes_to_be_told() {
    let world = with_group().await;
    let mut helper = Watcher::of(world.signed_in("helper").await);
    let mut host = Watcher::of(world.signed_in("host").await);
    for member in [&mut helper, &mut host] {
        member.join("g", None).await;
    }
    assert_eq!(helper.ask(say("g", "Normal", "before")).await["seq"], 1);
    let _hooks = Hooks::of(&world).await;
    let lock = Lock::take(&world).await;
    let mut mei = world.signed_in("mei").await;
    helper.request(say("g", "Normal", "hello")).await;
    host.hear_until(|host| host.room("g").has_text("hello")).await;
    lock.release().await;
    assert_eq!(mei.texts(1).await, ["hello"]);
}
