//! The configuration of an application: its rules, and that a running service takes changes over
//! which another process makes.

use axum::Json;
use axum::routing::post;
use chat_server::application::{self, Application, Edition, NewField, OnFailure, Right};
use chat_server::clock::SystemClock;
use chat_server::storage::{self, Storage};
use chat_types::code::ApiError;
use chat_types::group::GroupType;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::clients::{Client, PATIENCE, World, refusal};

const BEFORE_SEND: &str = "Group.CallbackBeforeSendMsg";
const CREATE: &str = "group_open_http_svc/create_group";

/// What the command line works on: a data folder, and no service.
struct Console {
    _dir: tempfile::TempDir,
    storage: Arc<dyn Storage>,
    id: u32,
}

impl Console {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let storage = storage::open(dir.path()).await.unwrap();
        let app = application::create(&*storage, &SystemClock, "shop", Edition::Free).await;
        Self { _dir: dir, storage, id: app.unwrap().sdk_app_id }
    }

    async fn app(&self) -> Application {
        application::find(&*self.storage, self.id).await.unwrap()
    }

    async fn add_admin(&self, user: &str) -> Result<(), ApiError> {
        application::add_admin(&*self.storage, &SystemClock, self.id, user).await
    }

    async fn remove_admin(&self, user: &str) -> Result<(), ApiError> {
        application::remove_admin(&*self.storage, self.id, user).await
    }

    async fn add_field(&self, name: &str) -> Result<(), ApiError> {
        let field = NewField::of_rooms(name);
        application::add_field(&*self.storage, &SystemClock, self.id, field).await
    }

    async fn add_member_field(&self, name: &str) -> Result<(), ApiError> {
        application::add_member_field(&*self.storage, self.id, name).await
    }

    async fn set_url(&self, url: &str, token: Option<&str>) -> Result<(), ApiError> {
        application::set_callback_url(&*self.storage, self.id, url, token).await
    }
}

/// The code of a refusal, which says more than nothing.
fn code<T: std::fmt::Debug>(refused: Result<T, ApiError>) -> i32 {
    let error = refused.unwrap_err();
    assert!(error.info.len() > 10, "{error:?} is no sentence");
    error.code.0
}

#[tokio::test]
async fn a_new_application_has_a_key_of_its_own_and_nothing_switched_on() {
    let console = Console::new().await;
    let app = console.app().await;
    let key = app.key.reveal();
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(!format!("{app:?}").contains(key), "the key stays out of logs");
    assert_eq!(app.admins, BTreeSet::from(["administrator".to_owned()]));
    assert_eq!((app.edition, app.callbacks.url.as_ref()), (Edition::Free, None));
    assert!(app.callbacks.commands.is_empty() && app.fields.is_empty());

    let other = application::create(&*console.storage, &SystemClock, "b", Edition::Pro).await;
    let other = other.unwrap();
    assert_ne!(other.key.reveal(), key);
    let listed = application::list(&*console.storage).await.unwrap();
    assert_eq!(
        listed.iter().map(|app| app.sdk_app_id).collect::<Vec<_>>(),
        [app.sdk_app_id, other.sdk_app_id]
    );
    for name in ["", "  ", &"x".repeat(101)] {
        let refused = application::create(&*console.storage, &SystemClock, name, Edition::Pro);
        assert_eq!(code(refused.await), 10004, "{name:?}");
    }
    assert_eq!(code(application::find(&*console.storage, 5).await), 70020);
    let absent = application::set_edition(&*console.storage, 5, Edition::Pro).await;
    assert_eq!(code(absent), 70020);
}

#[tokio::test]
async fn there_are_at_most_five_administrators_and_the_last_one_stays() {
    let console = Console::new().await;
    for user in ["b", "c", "d", "e"] {
        console.add_admin(user).await.unwrap();
    }
    assert_eq!(code(console.add_admin("f").await), 10004);
    assert_eq!(console.storage.count_accounts(console.id).await.unwrap(), 5, "f got no account");
    console.remove_admin("administrator").await.unwrap();
    assert_eq!(code(console.remove_admin("administrator").await), 10004, "is none any more");
    assert_eq!(code(console.add_admin("b").await), 10004, "is one already");
    assert_ne!(code(console.add_admin("with space\u{7}").await), 0);

    // Two command lines at once.
    let (f, g) = tokio::join!(console.add_admin("f"), console.add_admin("g"));
    assert!(f.is_ok() != g.is_ok(), "there was one place: {f:?} {g:?}");
    let admins: Vec<String> = console.app().await.admins.into_iter().collect();
    assert_eq!(admins.len(), application::MAX_ADMINS);
    let removals = admins.iter().map(|user| console.remove_admin(user));
    let removed = futures_util::future::join_all(removals).await;
    assert_eq!(removed.iter().filter(|removed| removed.is_ok()).count(), 4);
    assert_eq!(console.app().await.admins.len(), 1, "somebody has to be left");
}

#[tokio::test]
async fn a_custom_field_keeps_its_types_and_shares_no_name_with_a_field_of_members() {
    let console = Console::new().await;
    console.add_field("product").await.unwrap();
    assert_eq!(code(console.add_field("product").await), 10004);
    assert_eq!(code(console.add_field("1product").await), 10004);
    assert_eq!(code(console.add_member_field("product").await), 10004, "a group field has it");
    console.add_member_field("level").await.unwrap();
    assert_eq!(code(console.add_field("level").await), 10004, "a field of members has it");
    let types = BTreeSet::new();
    let homeless = NewField { group_types: types, ..NewField::of_rooms("x") };
    let refused = application::add_field(&*console.storage, &SystemClock, console.id, homeless);
    assert_eq!(code(refused.await), 10004, "a field needs a group type");

    let rights = async |name: &str, read, write| {
        application::set_field_rights(&*console.storage, console.id, name, read, write).await
    };
    rights("product", None, Some(Right::Owner)).await.unwrap();
    rights("product", Some(Right::Member), None).await.unwrap();
    assert_eq!(code(rights("level", None, None).await), 10004, "no group field has this name");
    let app = console.app().await;
    let field = app.field("product").unwrap();
    assert_eq!((field.read, field.write), (Right::Member, Right::Owner));
    assert_eq!(field.group_types, BTreeSet::from([GroupType::AVChatRoom]));

    for n in 1..10 {
        console.add_field(&format!("f{n}")).await.unwrap();
    }
    assert_eq!(code(console.add_field("eleventh").await), 10004);
    for n in 1..5 {
        console.add_member_field(&format!("m{n}")).await.unwrap();
    }
    assert_eq!(code(console.add_member_field("sixth").await), 10004);
}

#[tokio::test]
async fn webhooks_have_a_plain_address_a_token_and_switches_of_their_own() {
    let console = Console::new().await;
    let (storage, id) = (&*console.storage, console.id);
    console.set_url("https://shop.example/hook", Some("secret token")).await.unwrap();
    for bad in ["shop.example", "ftp://shop.example", "http://a/?x=1", "http://u:p@a/"] {
        assert_eq!(code(console.set_url(bad, None).await), 10004, "{bad}");
    }
    for token in ["späth", &"t".repeat(129)] {
        assert_eq!(code(console.set_url("http://a/", Some(token)).await), 10004, "{token}");
    }
    let callbacks = console.app().await.callbacks;
    assert_eq!(callbacks.url.as_deref(), Some("https://shop.example/hook"), "nothing was changed");
    assert!(!format!("{callbacks:?}").contains("secret"), "the token stays out of logs");

    let switch = async |name, on| application::switch_callback(storage, id, name, on).await;
    switch(application::ALL_CALLBACKS, true).await.unwrap();
    let all = console.app().await.callbacks.commands.len();
    assert_eq!(all, chat_types::webhook::WEBHOOK_COMMANDS.len());
    switch(BEFORE_SEND, false).await.unwrap();
    assert_eq!(console.app().await.callbacks.commands.len(), all - 1);
    assert_eq!(code(switch("Group.Nothing", true).await), 10004);
    switch(application::ALL_CALLBACKS, false).await.unwrap();
    application::set_callback_policy(storage, id, OnFailure::Reject).await.unwrap();
    console.set_url("http://b/", None).await.unwrap();
    let token = console.app().await.callbacks.token.clone();
    assert_eq!(token.unwrap().reveal(), "secret token", "another address keeps the token");
    console.set_url("http://b/", Some("")).await.unwrap();
    assert_eq!(console.app().await.callbacks.token, None, "an empty one ends the signing");
    console.set_url("", None).await.unwrap();
    let callbacks = console.app().await.callbacks;
    assert!(callbacks.commands.is_empty() && callbacks.url.is_none());
    assert_eq!(callbacks.on_failure, OnFailure::Reject);
}

#[tokio::test]
async fn a_setting_and_the_edition_are_kept_and_a_wrong_value_changes_nothing() {
    let console = Console::new().await;
    let (storage, id) = (&*console.storage, console.id);
    application::set_edition(storage, id, Edition::Ultimate).await.unwrap();
    application::set_setting(storage, id, "room_limit", "7").await.unwrap();
    for (name, value) in [("room_limit", "-1"), ("broadcast", "yes"), ("nothing", "on")] {
        let refused = application::set_setting(storage, id, name, value).await;
        assert_eq!(code(refused), 10004, "{name}={value}");
    }
    let app = console.app().await;
    assert_eq!((app.edition, app.settings.room_limit), (Edition::Ultimate, 7));
    assert!(!app.settings.broadcast);
}

#[tokio::test]
async fn a_rest_call_sees_what_another_process_has_changed_just_before() {
    let world = World::with_room().await;
    let (console, id) = (storage::open(world.dir.path()).await.unwrap(), world.app.sdk_app_id);
    let info = "group_open_http_svc/get_group_info";
    let as_second =
        async || world.post(info, &world.query("second"), r#"{"GroupIdList":["r"]}"#).await;

    assert_eq!(refusal("a stranger", &as_second().await), 60010);
    application::add_admin(&*console, &SystemClock, id, "second").await.unwrap();
    assert_eq!(as_second().await["ErrorCode"], 0);
    application::remove_admin(&*console, id, "second").await.unwrap();
    assert_eq!(refusal("an administrator who was", &as_second().await), 60010);

    let notice = json!({"GroupId": "r", "AppDefinedData": [{"Key": "notice", "Value": "n"}]});
    let modify = "group_open_http_svc/modify_group_base_info";
    assert_eq!(world.refused(modify, notice.clone()).await, 10004);
    let field = NewField::of_rooms("notice");
    application::add_field(&*console, &*world.clock, id, field).await.unwrap();
    world.ok(modify, notice).await;

    let room = json!({"Type": "AVChatRoom", "Name": "Second"});
    application::set_setting(&*console, id, "room_limit", "1").await.unwrap();
    assert_eq!(world.refused(CREATE, room.clone()).await, 10036);
    application::set_setting(&*console, id, "room_limit", "0").await.unwrap();
    world.ok(CREATE, room.clone()).await;

    // The policy for a receiver that nobody runs.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}/");
    application::set_callback_url(&*console, id, &url, None).await.unwrap();
    application::switch_callback(&*console, id, "Group.CallbackBeforeCreateGroup", true)
        .await
        .unwrap();
    world.ok(CREATE, room.clone()).await;
    application::set_callback_policy(&*console, id, OnFailure::Reject).await.unwrap();
    assert_ne!(world.refused(CREATE, room).await, 0);

    // An application that is made while the service runs works too.
    let app = application::create(&*console, &*world.clock, "new", Edition::Free).await.unwrap();
    let sig = crate::clients::sign(
        app.sdk_app_id,
        app.key.reveal(),
        "administrator",
        chat_server::clock::Clock::now_s(&*world.clock),
        60,
    );
    let query = format!(
        "sdkappid={}&identifier=administrator&usersig={sig}&random=1&contenttype=json",
        app.sdk_app_id
    );
    let answer = world.post(CREATE, &query, r#"{"Type":"AVChatRoom","Name":"r"}"#).await;
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
}

/// A receiver that refuses every message with this code.
async fn refusing_receiver(code: i32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = json!({"ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": "not here"});
    let router = axum::Router::new().route("/", post(async move || Json(answer)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Sends until the answer is as wanted.
async fn until_sent(client: &mut Client, wanted: impl Fn(&Value) -> bool) {
    let polling = async {
        for n in 0.. {
            let answer = client.send_text(&format!("c{n}"), &"x".repeat(1_500)).await;
            if wanted(&answer) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, polling).await.expect("the running service takes the change over");
}

#[tokio::test]
async fn the_gateway_takes_over_what_another_process_has_changed() {
    let world = World::with_room().await;
    let (console, id) = (storage::open(world.dir.path()).await.unwrap(), world.app.sdk_app_id);
    let mut member = world.in_room("member").await;
    until_sent(&mut member, |answer| answer["t"] == "send_ok").await;

    application::set_setting(&*console, id, "message_bytes", "1000").await.unwrap();
    until_sent(&mut member, |answer| answer["code"] == 80002).await;
    application::set_setting(&*console, id, "message_bytes", "12288").await.unwrap();
    until_sent(&mut member, |answer| answer["t"] == "send_ok").await;

    let url = refusing_receiver(10_150).await;
    application::set_callback_url(&*console, id, &url, Some("token")).await.unwrap();
    application::switch_callback(&*console, id, BEFORE_SEND, true).await.unwrap();
    until_sent(&mut member, |answer| answer["code"] == 10_150).await;
    application::switch_callback(&*console, id, BEFORE_SEND, false).await.unwrap();
    until_sent(&mut member, |answer| answer["t"] == "send_ok").await;

    let read = Some(Right::Owner);
    let field = json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": "cup"}]});
    world.ok("group_open_http_svc/modify_group_base_info", field).await;
    application::set_field_rights(&*console, id, "product", read, None).await.unwrap();
    let polling = async {
        loop {
            let joined = member.ask(json!({"t": "join", "group_id": "r"})).await;
            if joined["group"]["custom_fields"] == json!({}) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, polling).await.expect("the field is not shown to members any more");
}
