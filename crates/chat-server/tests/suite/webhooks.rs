//! The webhooks of groups, as a business server sees them over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chat_server::application::{self, ALL_CALLBACKS, OnFailure};
use chat_server::clock::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clients::{PATIENCE, World, refusal};

const GROUPS: &str = "group_open_http_svc";
const SEND: &str = "group_open_http_svc/send_group_msg";
const BEFORE_SEND: &str = "Group.CallbackBeforeSendMsg";
const AFTER_SEND: &str = "Group.CallbackAfterSendMsg";
const EXCEPTION: &str = "Group.CallbackSendMsgException";

type Parameters = HashMap<String, String>;

struct Request {
    query: Parameters,
    body: Value,
}

/// What the business server answers to a command; everything else is allowed.
type Answers = Arc<Mutex<HashMap<&'static str, Value>>>;

struct Receiver {
    url: String,
    answers: Answers,
    requests: mpsc::UnboundedReceiver<Request>,
    /// Came, and was not asked for yet.
    waiting: Vec<Request>,
}

type Incoming = (Answers, mpsc::UnboundedSender<Request>);

async fn receive(
    State((answers, requests)): State<Incoming>,
    Query(query): Query<Parameters>,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let command = body["CallbackCommand"].as_str().unwrap().to_owned();
    requests.send(Request { query, body }).unwrap();
    match answers.lock().unwrap().get(command.as_str()) {
        Some(Value::Null) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(answer) => answer.to_string().into_response(),
        None => r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#.into_response(),
    }
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (answers, (sender, requests)) = (Answers::default(), mpsc::unbounded_channel());
        let incoming = (Arc::clone(&answers), sender);
        let router = Router::new().fallback(receive).with_state(incoming);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, answers, requests, waiting: Vec::new() }
    }

    /// The answer to a command from now on; `null` is a broken server.
    fn answer(&self, command: &'static str, answer: Value) {
        self.answers.lock().unwrap().insert(command, answer);
    }

    fn answer_code(&self, command: &'static str, code: i32, info: &str) {
        self.answer(command, json!({"ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": info}));
    }

    /// The first request of this command that was not looked at yet.
    async fn request(&mut self, command: &str) -> Request {
        let wanted = |request: &Request| request.body["CallbackCommand"] == command;
        if let Some(place) = self.waiting.iter().position(wanted) {
            return self.waiting.remove(place);
        }
        loop {
            let next = timeout(PATIENCE, self.requests.recv()).await;
            let request = next.expect("the webhook comes in time").unwrap();
            if wanted(&request) {
                return request;
            }
            self.waiting.push(request);
        }
    }

    /// The body of that request, without its time.
    async fn body(&mut self, command: &str) -> Value {
        let mut body = self.request(command).await.body;
        assert!(body["EventTime"].as_u64().unwrap() > 1_000_000_000_000, "milliseconds: {body}");
        body.as_object_mut().unwrap().remove("EventTime");
        body
    }
}

/// A service whose application has all webhooks on, with room `r`; the webhooks of its making are
/// still to be looked at.
async fn world() -> (World, Receiver) {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_callback_url(storage, app, &receiver.url, Some("xxxxyyyy")).await.unwrap();
    application::switch_callback(storage, app, ALL_CALLBACKS, true).await.unwrap();
    world.make_room().await;
    (world, receiver)
}

async fn policy(world: &World, policy: OnFailure) {
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_callback_policy(storage, app, policy).await.unwrap();
}

fn text(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}

fn message(random: u32, say: &str) -> Value {
    json!({"GroupId": "r", "Random": random, "From_Account": "host", "MsgBody": text(say)})
}

#[tokio::test]
async fn a_call_names_application_command_and_origin_and_is_signed() {
    let (world, mut receiver) = world().await;
    let query = receiver.request("Group.CallbackBeforeCreateGroup").await.query;
    assert_eq!(query["SdkAppid"], world.app.sdk_app_id.to_string());
    assert_eq!(query["CallbackCommand"], "Group.CallbackBeforeCreateGroup");
    assert_eq!(query["contenttype"], "json");
    assert_eq!(query["ClientIP"], "127.0.0.1");
    assert_eq!(query["OptPlatform"], "RESTAPI");
    assert_eq!(query["RequestTime"], world.clock.now_s().to_string());
    let digest = Sha256::digest(format!("xxxxyyyy{}", query["RequestTime"]));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(query["Sign"], hex);
}

#[tokio::test]
async fn the_life_of_a_group_is_asked_for_and_told() {
    let (world, mut receiver) = world().await;
    let before = receiver.body("Group.CallbackBeforeCreateGroup").await;
    assert_eq!(
        before,
        json!({"CallbackCommand": "Group.CallbackBeforeCreateGroup", "Type": "AVChatRoom",
            "Operator_Account": "administrator", "Owner_Account": "host", "Name": "Room",
            "CreateGroupNum": 0, "CreatedNum": 0, "MemberList": []})
    );
    let after = receiver.body("Group.CallbackAfterCreateGroup").await;
    assert_eq!((&after["GroupId"], &after["Owner_Account"]), (&json!("r"), &json!("host")));

    for (code, expected) in [(1, 10016), (10150, 10150)] {
        receiver.answer_code("Group.CallbackBeforeCreateGroup", code, "no more rooms");
        let room = json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "r2"});
        assert_eq!(world.refused(&format!("{GROUPS}/create_group"), room).await, expected);
    }
    let info = world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r2"]})).await;
    assert_eq!(info["GroupInfo"][0]["ErrorCode"], 10015, "a refused group is not made");

    let change = json!({"GroupId": "r", "Name": "Evening", "Notification": "welcome"});
    world.ok(&format!("{GROUPS}/modify_group_base_info"), change).await;
    assert_eq!(
        receiver.body("Group.CallbackAfterGroupInfoChanged").await,
        json!({"CallbackCommand": "Group.CallbackAfterGroupInfoChanged", "GroupId": "r",
            "Type": "AVChatRoom", "Operator_Account": "administrator", "Name": "Evening",
            "Notification": "welcome"})
    );
    let topic = json!([{"key": "topic", "value": "cups"}]);
    for (command, option, told) in [
        ("modify_group_attr", "modify", topic.clone()),
        ("set_group_attr", "set", topic.clone()),
        ("delete_group_attr", "delete", json!([{"key": "topic", "value": ""}])),
        ("clear_group_attr", "clear", json!([])),
    ] {
        let body = json!({"GroupId": "r", "GroupAttr": topic});
        world.ok(&format!("{GROUPS}/{command}"), body).await;
        assert_eq!(
            receiver.body("Group.CallbackAfterGroupAttrChanged").await,
            json!({"CallbackCommand": "Group.CallbackAfterGroupAttrChanged", "GroupId": "r",
                "Type": "AVChatRoom", "Operator_Account": "administrator", "OptionType": option,
                "GroupAttr": told})
        );
    }
    world.ok(&format!("{GROUPS}/destroy_group"), json!({"GroupId": "r"})).await;
    let destroyed = receiver.body("Group.CallbackAfterGroupDestroyed").await;
    assert_eq!((&destroyed["GroupId"], &destroyed["Name"]), (&json!("r"), &json!("Evening")));
}

#[tokio::test]
async fn coming_in_is_asked_for_and_coming_and_going_are_told() {
    let (world, mut receiver) = world().await;
    receiver.answer_code("Group.CallbackBeforeApplyJoinGroup", 1, "");
    let mut viewer = world.signed_in("viewer").await;
    let join = json!({"t": "join", "group_id": "r"});
    assert_eq!(viewer.ask(join.clone()).await["code"], 10016);
    receiver.answer_code("Group.CallbackBeforeApplyJoinGroup", 10177, "members only");
    let refused = viewer.ask(join.clone()).await;
    assert_eq!((&refused["code"], &refused["info"]), (&json!(10177), &json!("members only")));
    assert_eq!(viewer.send_text("c", "hi").await["code"], 9002, "a refused account is not in");
    receiver.answer_code("Group.CallbackBeforeApplyJoinGroup", 0, "");
    assert_eq!(viewer.ask(join).await["t"], "join_ok");
    let asked = receiver.request("Group.CallbackBeforeApplyJoinGroup").await;
    assert_eq!((&asked.body["GroupId"], &asked.body["Type"]), (&json!("r"), &json!("AVChatRoom")));
    assert_eq!(asked.body["Requestor_Account"], "viewer");
    assert_eq!(asked.query["OptPlatform"], "Unknown");
    let joined = receiver.body("Group.CallbackAfterNewMemberJoin").await;
    assert_eq!((&joined["JoinType"], &joined["GroupId"]), (&json!("Apply"), &json!("r")));
    assert_eq!(joined["NewMemberList"], json!([{"Member_Account": "viewer"}]));
    viewer.ask(json!({"t": "leave", "group_id": "r"})).await;
    let left = receiver.body("Group.CallbackAfterMemberExit").await;
    assert_eq!((&left["ExitType"], &left["GroupId"]), (&json!("Quit"), &json!("r")));
    assert_eq!(left["ExitMemberList"], json!([{"Member_Account": "viewer"}]));
}

#[tokio::test]
async fn a_message_is_asked_for_and_told_with_its_number() {
    let (world, mut receiver) = world().await;
    let mut sent = message(52_007, "hello");
    sent["CloudCustomData"] = "c".into();
    let answer = world.ok(SEND, sent).await;
    let expected = json!({"CallbackCommand": BEFORE_SEND, "GroupId": "r", "Type": "AVChatRoom",
        "From_Account": "host", "Operator_Account": "administrator", "Random": 52_007,
        "OnlineOnlyFlag": 0, "MsgBody": text("hello"), "CloudCustomData": "c"});
    assert_eq!(receiver.body(BEFORE_SEND).await, expected);
    let after = receiver.body(AFTER_SEND).await;
    let mut expected = expected;
    expected["CallbackCommand"] = AFTER_SEND.into();
    expected["MsgSeq"] = answer["MsgSeq"].clone();
    expected["MsgTime"] = answer["MsgTime"].clone();
    assert_eq!(after, expected);

    let mut viewer = world.in_room("viewer").await;
    viewer.send_text("c1", "hi").await;
    let by_client = receiver.request(BEFORE_SEND).await;
    assert_eq!(by_client.query["OptPlatform"], "Unknown");
    assert_eq!(by_client.body["Operator_Account"], "viewer");
    receiver.body(AFTER_SEND).await;

    let mut quiet = message(2, "quiet");
    quiet["ForbidCallbackControl"] =
        json!(["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]);
    world.ok(SEND, quiet).await;
    world.ok(SEND, message(3, "loud")).await;
    assert_eq!(receiver.body(BEFORE_SEND).await["Random"], 3, "the quiet one was not asked for");
    assert_eq!(receiver.body(AFTER_SEND).await["Random"], 3, "nor told");
    world.ok(SEND, message(3, "loud")).await;
    world.ok(SEND, message(4, "next")).await;
    assert_eq!(receiver.body(BEFORE_SEND).await["Random"], 4, "a repeat is not asked for again");
}

#[tokio::test]
async fn a_refused_message_reaches_nobody_and_its_sender_learns_why() {
    let (world, mut receiver) = world().await;
    let mut viewer = world.in_room("viewer").await;
    receiver.answer_code(BEFORE_SEND, 1, "");
    let answer = world.call(SEND, message(1, "refused")).await;
    assert_eq!(refusal(SEND, &answer), 10016);
    let exception = receiver.body(EXCEPTION).await;
    assert_eq!((&exception["ErrorCode"], &exception["Random"]), (&json!(10016), &json!(1)));
    assert_eq!(exception["MsgBody"], text("refused"));

    receiver.answer_code(BEFORE_SEND, 10_123, "slow mode: wait 5 s");
    let refused = viewer.send_text("c1", "too fast").await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("error"), &json!(10_123)));
    assert_eq!(refused["info"], "slow mode: wait 5 s");

    receiver.answer_code(BEFORE_SEND, 2, "");
    let dropped = world.ok(SEND, message(3, "dropped")).await;
    assert!(dropped["MsgSeq"].is_u64(), "the sender sees success: {dropped}");
    let dropped = viewer.send_text("c2", "dropped too").await;
    assert_eq!(dropped["t"], "send_ok");

    receiver.answer_code(BEFORE_SEND, 0, "");
    world.ok(SEND, message(4, "delivered")).await;
    assert_eq!(viewer.texts(1).await, ["delivered"], "the others reached nobody");
    assert_eq!(receiver.body(AFTER_SEND).await["Random"], 4, "nor were they told");
}

#[tokio::test]
async fn the_webhook_may_put_another_message_in_the_place() {
    let (world, mut receiver) = world().await;
    let mut viewer = world.in_room("viewer").await;
    let replaced = json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "",
        "MsgBody": text("[7] hello"), "CloudCustomData": "level 7"});
    receiver.answer(BEFORE_SEND, replaced);
    world.ok(SEND, message(1, "hello")).await;
    let seen = viewer.kind("messages").await["messages"][0].clone();
    assert_eq!(seen["elements"], text("[7] hello"));
    assert_eq!(seen["cloud_custom_data"], "level 7");
    assert_eq!(receiver.body(AFTER_SEND).await["MsgBody"], text("[7] hello"));

    // A body that cannot be delivered is a webhook that failed.
    let (wrong, long) = (json!([{"MsgType": "Nonsense"}]), text(&"x".repeat(13_000)));
    for (random, bad) in [(10, wrong), (20, long)] {
        receiver.answer(BEFORE_SEND, json!({"ErrorCode": 0, "MsgBody": bad}));
        policy(&world, OnFailure::Allow).await;
        world.ok(SEND, message(random, "as it was")).await;
        assert_eq!(viewer.texts(1).await, ["as it was"]);
        policy(&world, OnFailure::Reject).await;
        assert_eq!(world.refused(SEND, message(random + 1, "never")).await, 80003);
    }
}

#[tokio::test]
async fn without_an_answer_the_policy_of_the_application_decides() {
    let (world, mut receiver) = world().await;
    let mut viewer = world.in_room("viewer").await;
    receiver.answer(BEFORE_SEND, Value::Null);
    world.ok(SEND, message(1, "let through")).await;
    policy(&world, OnFailure::Reject).await;
    assert_eq!(world.refused(SEND, message(2, "held back")).await, 80003);
    assert_eq!(receiver.body(EXCEPTION).await["ErrorCode"], 80003);
    receiver.answer_code(BEFORE_SEND, 0, "");
    world.clock.advance(60);
    world.ok(SEND, message(3, "after")).await;
    assert_eq!(viewer.texts(2).await, ["let through", "after"]);
}

#[tokio::test]
async fn a_muted_sender_is_refused_without_asking_and_told_as_an_exception() {
    let (world, mut receiver) = world().await;
    let mut viewer = world.in_room("viewer").await;
    let mute = json!({"GroupId": "r", "MuteAllMember": "On"});
    world.ok(&format!("{GROUPS}/modify_group_base_info"), mute).await;
    assert_eq!(viewer.send_text("c1", "hi").await["code"], 10017);
    let exception = receiver.body(EXCEPTION).await;
    assert_eq!(exception["ErrorCode"], 10017);
    assert_eq!(
        (&exception["From_Account"], &exception["GroupId"]),
        (&json!("viewer"), &json!("r"))
    );
    world.ok(SEND, message(5, "the host may speak")).await;
    assert_eq!(receiver.body(BEFORE_SEND).await["Random"], 5, "nobody was asked about the other");
}

#[tokio::test]
async fn the_same_message_sent_many_times_at_once_is_asked_about_and_told_once() {
    let (world, mut receiver) = world().await;
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "like"}});
    let body = json!({"GroupId": "r", "Random": 99, "MsgBody": [element]});
    let calls = (0..20).map(|_| world.ok(SEND, body.clone()));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer["MsgSeq"] == answers[0]["MsgSeq"]));
    let last = json!({"GroupId": "r", "Random": 100, "MsgBody": body["MsgBody"]});
    world.ok(SEND, last).await;
    let asked = [receiver.body(BEFORE_SEND).await, receiver.body(BEFORE_SEND).await];
    assert_eq!(asked.map(|body| body["Random"].clone()), [99, 100], "each message once");
    let told = [receiver.body(AFTER_SEND).await, receiver.body(AFTER_SEND).await];
    assert_eq!(told.map(|body| body["Random"].clone()), [99, 100]);
}
