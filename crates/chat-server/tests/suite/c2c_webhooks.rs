//! What the application's own server hears of one-to-one messages, and what it can decide.

use axum::extract::{RawQuery, State};
use axum::routing::post;
use axum::{Json, Router};
use chat_server::application::{self, OnFailure};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::c2c::text;
use crate::clients::{PATIENCE, World};

const BEFORE: &str = "C2C.CallbackBeforeSendMsg";
const AFTER: &str = "C2C.CallbackAfterSendMsg";
const READ: &str = "C2C.CallbackAfterMsgReport";
const WITHDRAWN: &str = "C2C.CallbackAfterMsgWithDraw";

/// A business server.
struct Business {
    /// Answers every before-webhook.
    answer: Arc<Mutex<Value>>,
    /// Held to keep the answer of a before-webhook back.
    thinking: Arc<tokio::sync::Mutex<()>>,
    heard: mpsc::UnboundedReceiver<Value>,
}

#[derive(Clone)]
struct Desk {
    answer: Arc<Mutex<Value>>,
    thinking: Arc<tokio::sync::Mutex<()>>,
    heard: mpsc::UnboundedSender<Value>,
}

async fn hear(
    State(desk): State<Desk>,
    RawQuery(query): RawQuery,
    Json(mut body): Json<Value>,
) -> Json<Value> {
    let before = body["CallbackCommand"] == BEFORE;
    body["query"] = query.into();
    desk.heard.send(body).unwrap();
    if before {
        drop(desk.thinking.lock().await);
    }
    let ok = json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""});
    Json(if before { desk.answer.lock().unwrap().clone() } else { ok })
}

impl Business {
    async fn of(world: &World) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, heard) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new(json!({"ErrorCode": 0})));
        let thinking = Arc::default();
        let desk =
            Desk { answer: Arc::clone(&answer), thinking: Arc::clone(&thinking), heard: sender };
        let router = Router::new().route("/", post(hear)).with_state(desk);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
        application::set_callback_url(storage, app, &url, None).await.unwrap();
        for command in [BEFORE, AFTER, READ, WITHDRAWN] {
            application::switch_callback(storage, app, command, true).await.unwrap();
        }
        Self { answer, thinking, heard }
    }

    fn answers(&self, answer: Value) {
        *self.answer.lock().unwrap() = answer;
    }

    async fn hears(&mut self, command: &str) -> Value {
        let body = timeout(PATIENCE, self.heard.recv()).await.expect("a webhook in time").unwrap();
        assert_eq!(body["CallbackCommand"], command, "{body}");
        body
    }
}

fn message(random: u32, more: Value) -> Value {
    let mut body = json!({"From_Account": "a", "To_Account": "b", "MsgRandom": random,
        "MsgBody": text("hi")});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn world_with_a_and_b() -> World {
    let world = World::new().await;
    for user in ["a", "b"] {
        world.ok("im_open_login_svc/account_import", json!({"UserID": user})).await;
    }
    world
}

#[tokio::test]
async fn the_application_hears_before_and_after_and_of_reading_and_withdrawing() {
    let world = world_with_a_and_b().await;
    let mut business = Business::of(&world).await;
    let body = message(7, json!({"MsgSeq": 5, "CloudCustomData": "v1"}));
    let sent = world.ok("openim/sendmsg", body).await;
    let before = business.hears(BEFORE).await;
    let documented = json!({"CallbackCommand": BEFORE, "From_Account": "a", "To_Account": "b",
        "MsgSeq": 5, "MsgRandom": 7, "MsgTime": sent["MsgTime"], "MsgKey": sent["MsgKey"],
        "OnlineOnlyFlag": 0, "MsgBody": text("hi"), "CloudCustomData": "v1",
        "query": before["query"]});
    assert_eq!(before, documented);
    assert!(before["query"].as_str().unwrap().contains("OptPlatform=RESTAPI"));
    let after = business.hears(AFTER).await;
    assert_eq!((&after["SendMsgResult"], &after["UnreadMsgNum"]), (&json!(0), &json!(1)));
    assert_eq!(after["MsgKey"], sent["MsgKey"]);

    // A repeat, a batch and an import are told nobody; neither is what asks for silence.
    world.ok("openim/sendmsg", message(7, json!({}))).await;
    world.ok("openim/batchsendmsg", message(8, json!({"To_Account": ["b"]}))).await;
    let time = sent["MsgTime"].as_u64().unwrap() - 60;
    world.ok("openim/importmsg", message(9, json!({"MsgTimeStamp": time}))).await;
    let silent = json!({"ForbidCallbackControl":
        ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]});
    world.ok("openim/sendmsg", message(10, silent)).await;

    let mut reader = world.signed_in("b").await;
    reader.ask(json!({"t": "c2c_read", "peer": "a"})).await;
    let read = business.hears(READ).await;
    assert_eq!((&read["Report_Account"], &read["Peer_Account"]), (&json!("b"), &json!("a")));
    assert_eq!(read["UnreadMsgNum"], 0);
    assert!(read["query"].as_str().unwrap().contains("OptPlatform=Unknown"));
    // Nothing has become read: that is told nobody, as the next event shows.
    reader.ask(json!({"t": "c2c_read", "peer": "a"})).await;
    let withdraw = json!({"From_Account": "a", "To_Account": "b", "MsgKey": sent["MsgKey"]});
    world.ok("openim/admin_msgwithdraw", withdraw).await;
    assert_eq!(business.hears(WITHDRAWN).await["MsgKey"], sent["MsgKey"]);

    let frame = json!({"t": "send_c2c", "to": "a", "client_id": "c1", "elements": text("back"),
        "online_only": true});
    reader.ask(frame).await;
    assert_eq!(business.hears(BEFORE).await["OnlineOnlyFlag"], 1);
    assert_eq!(business.hears(AFTER).await["UnreadMsgNum"], 0);
}

#[tokio::test]
async fn the_application_refuses_drops_or_replaces_a_message() {
    let world = world_with_a_and_b().await;
    let mut receiver = world.signed_in("b").await;
    let mut business = Business::of(&world).await;
    for (random, given, code) in
        [(1, 1, 20006), (2, 120_001, 120_001), (3, 130_000, 130_000), (4, 10_100, 20006)]
    {
        business.answers(json!({"ErrorCode": given, "ErrorInfo": "not so fast"}));
        let answer = world.call("openim/sendmsg", message(random, json!({}))).await;
        assert_eq!(answer["ErrorCode"], code);
        business.hears(BEFORE).await;
        assert_eq!(business.hears(AFTER).await["SendMsgResult"], code, "it is told as not sent");
    }
    business.answers(json!({"ErrorCode": 2}));
    let sent = world.ok("openim/sendmsg", message(5, json!({}))).await;
    assert!(sent["MsgKey"].as_str().is_some(), "the sender believes that it was sent");
    business.hears(BEFORE).await;

    business.answers(json!({"ErrorCode": 0, "MsgBody": text("[Lv 7] hi"),
        "CloudCustomData": "badge"}));
    world.ok("openim/sendmsg", message(6, json!({}))).await;
    let seen = receiver.kind("c2c_message").await["message"].clone();
    assert_eq!(seen["elements"], text("[Lv 7] hi"));
    assert_eq!(seen["cloud_custom_data"], "badge");
    business.hears(BEFORE).await;
    assert_eq!(business.hears(AFTER).await["MsgBody"], text("[Lv 7] hi"));
    assert_eq!(
        receiver.ask(json!({"t": "c2c_history", "peer": "a", "count": 20})).await["messages"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "nothing else was kept"
    );
}

#[tokio::test]
async fn what_happens_while_the_webhook_thinks_counts() {
    let world = world_with_a_and_b().await;
    let mut business = Business::of(&world).await;
    let mut sender = world.signed_in("a").await;
    let mute = json!({"Set_Account": "a", "C2CmsgNospeakingTime": 60});
    let delete = json!({"DeleteItem": [{"UserID": "b"}]});
    let meanwhile = [
        ("openconfigsvr/setnospeaking", mute, 20012, 60),
        ("im_open_login_svc/account_delete", delete, 20003, 0),
    ];
    for (path, body, code, later_s) in meanwhile {
        let thinking = business.thinking.clone().lock_owned().await;
        let change = async {
            business.hears(BEFORE).await;
            world.ok(path, body).await;
            drop(thinking);
        };
        let frame = json!({"t": "send_c2c", "to": "b", "client_id": path, "elements": text("x")});
        let (answer, ()) = tokio::join!(sender.ask(frame), change);
        assert_eq!(answer["code"], code, "{path}");
        assert_eq!(business.hears(AFTER).await["SendMsgResult"], code);
        world.clock.advance(later_s);
    }
}

#[tokio::test]
async fn a_failing_webhook_lets_messages_through_unless_the_application_wants_otherwise() {
    let world = world_with_a_and_b().await;
    let business = Business::of(&world).await;
    business.answers(json!("nonsense"));
    world.ok("openim/sendmsg", message(1, json!({}))).await;
    business.answers(json!({"ErrorCode": 0, "MsgBody": text("")}));
    world.ok("openim/sendmsg", message(2, json!({}))).await;
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_callback_policy(storage, app, OnFailure::Reject).await.unwrap();
    assert_eq!(world.refused("openim/sendmsg", message(3, json!({}))).await, 80003);
    business.answers(json!("nonsense"));
    assert_eq!(world.refused("openim/sendmsg", message(4, json!({}))).await, 80003);
}
