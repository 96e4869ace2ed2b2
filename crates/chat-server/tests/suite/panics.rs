//! What a panic ends, and what it does not.

use chat_server::{Faults, GatewayTimes};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::clients::{Client, World};
use crate::watcher::{Watcher, say};

/// Panics that a test has asked for, by place and by whom they concern; each comes once.
#[derive(Clone, Default)]
struct Panics(Arc<Mutex<VecDeque<(&'static str, &'static str)>>>);

impl Panics {
    fn next(&self, place: &'static str, whom: &'static str) {
        self.0.lock().unwrap().push_back((place, whom));
    }

    fn faults(&self) -> Faults {
        let panics = Arc::clone(&self.0);
        Faults::new(move |place, whom| {
            let due = {
                let mut panics = panics.lock().unwrap();
                let due = panics.front().is_some_and(|next| *next == (place, whom));
                due.then(|| panics.pop_front())
            };
            assert!(due.is_none(), "a panic at {place} of {whom}");
        })
    }

    async fn world(&self) -> World {
        let world = World::configured(|config| config.faults = self.faults()).await;
        world.make_room().await;
        world
    }
}

async fn is_online(world: &World, user: &str) -> bool {
    let body = json!({"To_Account": [user]});
    world.ok("openim/query_online_status", body).await["QueryResult"][0]["Status"] == "Online"
}

async fn until_offline(world: &World, user: &str) {
    while is_online(world, user).await {
        tokio::task::yield_now().await;
        world.clock.advance_ms(5);
    }
}

async fn number_in_room(world: &World) -> Value {
    let body = json!({"GroupId": "r"});
    world.ok("group_open_http_svc/get_online_member_num", body).await["OnlineMemberNum"].clone()
}

async fn ends_with_1011(mut client: Client) {
    assert_eq!(client.close_code().await.1, 1011);
}

#[tokio::test]
async fn a_panic_while_a_message_is_written_keeps_its_verdict_and_its_number() {
    let panics = Panics::default();
    let world = panics.world().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    assert_eq!(sender.ask(say("r", "Normal", "first")).await["seq"], 1);
    reader.hear_until(|reader| reader.r().has_text("first")).await;
    panics.next(Faults::DELIVERY, "r");
    let unheard = sender.ask(say("r", "Normal", "unheard")).await;
    assert_eq!((&unheard["delivery"], &unheard["seq"]), (&json!("delivered"), &json!(2)));
    let again = sender.ask(say("r", "Normal", "unheard")).await;
    assert_eq!(again["seq"], 2, "sent again it is the same message");
    assert_eq!(sender.ask(say("r", "Normal", "next")).await["seq"], 3);
    reader.hear_until(|reader| reader.r().has_text("next")).await;
    assert_eq!(reader.r().gaps, [(1, 3)], "a reader sees what it has missed");
    let gap = json!({"t": "catch_up", "group_id": "r", "after_seq": 1, "before_seq": 3});
    let filled = reader.ask(gap).await;
    assert_eq!(filled["messages"][0]["elements"][0]["MsgContent"]["Text"], "unheard");
    assert_eq!(filled["complete"], true);
    assert_eq!(world.server.counts().panics_rooms, 1);
}

#[tokio::test]
async fn a_room_whose_state_a_panic_left_half_changed_comes_back_with_its_members() {
    let panics = Panics::default();
    let world = panics.world().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    assert_eq!(sender.ask(say("r", "Normal", "first")).await["seq"], 1);
    reader.hear_until(|reader| reader.r().has_text("first")).await;
    panics.next(Faults::STATE, "r");
    let mut answer = Value::Null;
    while answer["t"] != "send_ok" {
        // Whatever came before the panic and while the room was read again is refused, not lost.
        answer = sender.ask(say("r", "Normal", "again")).await;
        assert!(answer["t"] == "send_ok" || answer["code"] == 10002, "{answer}");
    }
    let seq = answer["seq"].as_u64().unwrap();
    reader.hear_until(|reader| reader.r().has_text("again")).await;
    while world.server.counts().panics_rooms == 0 {
        sender.ask(say("r", "Normal", &format!("{seq}"))).await;
    }
    assert_eq!(reader.r().texts_from("sender"), ["first", "again"], "delivered once");
    let mut late = Watcher::enter(&world, "late").await;
    let last = late.ask(say("r", "Normal", "last")).await;
    assert!(last["seq"].as_u64().unwrap() > 1_000, "above all that was reserved: {last}");
    reader.hear_until(|reader| reader.r().has_text("last")).await;
    assert_eq!(number_in_room(&world).await, 3);
}

#[tokio::test]
async fn a_room_that_panics_at_every_turn_leaves_no_sender_without_an_answer() {
    let faults = Faults::new(|place, whom| assert!((place, whom) != (Faults::TURN, "broken")));
    let world = World::configured(|config| config.faults = faults).await;
    world.make_room().await;
    let broken = json!({"Type": "AVChatRoom", "Name": "Broken", "GroupId": "broken"});
    world.ok("group_open_http_svc/create_group", broken).await;
    let mut sender = Watcher::enter(&world, "sender").await;
    sender.join("broken", None).await;
    for number in 0..3 {
        let refused = sender.ask(say("broken", "High", &format!("text {number}"))).await;
        assert_eq!(refused["code"], 10002, "{refused}");
    }
    assert_eq!(sender.ask(say("r", "High", "elsewhere")).await["delivery"], "delivered");
}

#[tokio::test]
async fn a_broken_room_that_cannot_be_read_leaves_no_sender_without_an_answer() {
    let panics = Panics::default();
    let world = panics.world().await;
    let mut sender = Watcher::enter(&world, "sender").await;
    assert_eq!(sender.ask(say("r", "High", "first")).await["seq"], 1);
    let path = world.dir.path().join(chat_server::storage::DATABASE_FILE);
    let options = SqliteConnectOptions::new().filename(path);
    let mut repair = SqliteConnection::connect_with(&options).await.unwrap();
    repair.execute("ALTER TABLE groups RENAME TO groups_in_repair").await.unwrap();
    panics.next(Faults::STATE, "r");
    for text in ["before the panic or after it", "while the room is not read", "and again"] {
        let refused = sender.ask(say("r", "High", text)).await;
        assert_eq!(refused["code"], 10002, "{text}: {refused}");
    }
    assert_eq!(world.server.counts().panics_rooms, 1);
    repair.execute("ALTER TABLE groups_in_repair RENAME TO groups").await.unwrap();
    let mut answer = Value::Null;
    while answer["t"] != "send_ok" {
        answer = sender.ask(say("r", "High", "last")).await;
        assert!(answer["t"] == "send_ok" || answer["code"] == 10002, "{answer}");
    }
}

#[tokio::test]
async fn a_panic_in_a_request_ends_its_connection_in_order_and_no_other() {
    let panics = Panics::default();
    let world = panics.world().await;
    let mut other = Watcher::enter(&world, "other").await;
    let mut client = world.in_room("a").await;
    assert_eq!(number_in_room(&world).await, 2);
    panics.next(Faults::REQUEST, "a");
    client.raw(r#"{"t":"ping","id":77}"#).await;
    ends_with_1011(client).await;
    until_offline(&world, "a").await;
    world.grace_is_over(1).await;
    assert_eq!(other.ask(say("r", "Normal", "still here")).await["reached"], 0);
    assert_eq!(world.server.counts().panics_connections, 1);
    assert_eq!(world.in_room("a").await.send_text("c1", "back").await["t"], "send_ok");
}

#[tokio::test]
async fn a_panic_while_somebody_comes_into_a_room_leaves_nobody_in_it() {
    let panics = Panics::default();
    let world = panics.world().await;
    let mut other = Watcher::enter(&world, "other").await;
    let mut client = world.signed_in("a").await;
    panics.next(Faults::ENTERED, "a");
    assert_eq!(client.ask(json!({"t": "join", "group_id": "r"})).await["t"], "join_ok");
    ends_with_1011(client).await;
    until_offline(&world, "a").await;
    world.grace_is_over(1).await;
    assert_eq!(other.ask(say("r", "Normal", "alone")).await["reached"], 0);
    world.until_metric("liveroom_online_members 1").await;
}

#[tokio::test]
async fn a_panic_at_a_login_leaves_nobody_signed_in() {
    let panics = Panics::default();
    let world = panics.world().await;
    panics.next(Faults::LOGIN, "a");
    let mut client = world.connect().await;
    assert_eq!(client.login(&world, "a", &world.sig("a")).await["t"], "login_ok");
    ends_with_1011(client).await;
    until_offline(&world, "a").await;
    world.until_metric("liveroom_open_connections 0").await;
}

#[tokio::test]
async fn a_panic_at_the_end_of_a_connection_leaves_it_in_no_room() {
    let panics = Panics::default();
    let world = panics.world().await;
    let mut other = Watcher::enter(&world, "other").await;
    let client = world.in_room("a").await;
    panics.next(Faults::END, "a");
    drop(client);
    world.until_metric("liveroom_open_connections 1").await;
    assert!(!is_online(&world, "a").await);
    assert_eq!(other.ask(say("r", "Normal", "alone")).await["reached"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_room_that_decides_nothing_holds_no_connection_that_ends() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let faults = Faults::new(move |place, whom| {
        if (place, whom) == (Faults::DELIVERY, "stuck") {
            // Ends with the test.
            let _ = released.lock().unwrap().recv();
        }
    });
    let times = GatewayTimes { end: Duration::from_millis(200), ..GatewayTimes::default() };
    let world = World::configured(|config| {
        config.times = times;
        config.faults = faults;
    })
    .await;
    let stuck = json!({"Type": "AVChatRoom", "Name": "Stuck", "GroupId": "stuck"});
    world.ok("group_open_http_svc/create_group", stuck).await;
    let mut sender = Watcher::of(world.signed_in("a").await);
    sender.request(json!({"t": "join", "group_id": "stuck"})).await;
    sender.request(say("stuck", "High", "unanswered")).await;
    sender.ask(json!({"t": "ping"})).await;
    drop(sender);
    world.until_metric("liveroom_ends_cut_short_total 1").await;
    world.until_metric("liveroom_open_connections 0").await;
    assert!(!is_online(&world, "a").await);
    drop(release);
}

#[tokio::test]
async fn a_panic_in_a_routine_ends_one_turn_of_it() {
    let panics = Panics::default();
    panics.next(Faults::ROUTINE, "rooms");
    let world = panics.world().await;
    let mut client = world.in_room("a").await;
    assert_eq!(client.kind("online").await["count"], 1, "the next turn tells it");
    assert_eq!(world.server.counts().panics_routines, 1);
}
