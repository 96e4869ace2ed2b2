//! A shop of its own for each test: a chat service, a business service beside it, and people.

use acceptance::gateway;
use acceptance::rest::http;
use business_server::{BusinessServer, ChatAccess, Config, Secret};
use chat_server::application::{self, ALL_CALLBACKS, Application, Edition, NewField};
use chat_server::clock::SystemClock;
use chat_server::storage::AccountPatch;
use chat_server::{Server, ServerConfig, storage};
use chat_types::UserId;
use chat_types::business::{LIVE_STATUS_FIELD, PRODUCT_FIELD};
use chat_types::element::CustomElement;
use chat_types::rest::{PortraitGet, tag};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use usersig::SignRequest;

/// Far longer than anything takes here; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const ASSISTANT: &str = "assistant";
/// The room that every shop has.
pub(crate) const ROOM: &str = "r";
pub(crate) const WEBHOOK_TOKEN: &str = "webhook-token";
pub(crate) const PAYMENT_KEY: &str = "payment-key";

/// `X-Signature` of a call that another server of the shop makes.
pub(crate) fn signature(key: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// The clock of both services. The wall stands still unless a test moves it.
pub(crate) struct TestClock {
    wall_ms: AtomicU64,
    passed_ms: AtomicU64,
}

impl TestClock {
    fn new() -> Arc<Self> {
        let wall_ms = chat_server::clock::Clock::now_s(&SystemClock) * 1_000;
        Arc::new(Self { wall_ms: AtomicU64::new(wall_ms), passed_ms: AtomicU64::new(0) })
    }

    pub(crate) fn now_s(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst) / 1_000
    }

    /// Time passes.
    pub(crate) fn advance_ms(&self, milliseconds: u64) {
        self.wall_ms.fetch_add(milliseconds, Ordering::SeqCst);
        self.passed_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Somebody sets the clock on the wall, forwards or back; no time passes.
    pub(crate) fn step_wall(&self, seconds: i64) {
        let step = |wall_ms: u64| wall_ms.checked_add_signed(seconds * 1_000);
        self.wall_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).unwrap();
    }
}

impl chat_server::clock::Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        SystemClock.monotonic_ms() + self.passed_ms.load(Ordering::SeqCst)
    }
}

impl business_server::clock::Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.passed_ms.load(Ordering::SeqCst)
    }
}

/// What a shop is opened with.
pub(crate) struct Opening {
    pub(crate) edition: Edition,
    /// Changes the configuration of the business service.
    pub(crate) configure: Box<dyn Fn(&mut Config) + Send + Sync>,
}

impl Default for Opening {
    fn default() -> Self {
        Self { edition: Edition::Ultimate, configure: Box::new(|_| {}) }
    }
}

pub(crate) struct Shop {
    pub(crate) chat: Server,
    pub(crate) business: BusinessServer,
    pub(crate) app: Application,
    pub(crate) clock: Arc<TestClock>,
    opening: Opening,
    chat_dir: tempfile::TempDir,
    business_dir: tempfile::TempDir,
}

impl Shop {
    /// With the room [`ROOM`], which the account `host` owns and which is on air.
    pub(crate) async fn open() -> Self {
        Self::open_with(Opening::default()).await
    }

    pub(crate) async fn open_with(opening: Opening) -> Self {
        let shop = Self::closed_with(opening).await;
        let host = shop.sign_in("host", "host").await;
        host.made("/rooms", json!({"room": ROOM, "title": "Room"})).await;
        host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "live"})).await;
        shop
    }

    /// Without any room.
    pub(crate) async fn closed() -> Self {
        Self::closed_with(Opening::default()).await
    }

    /// Without any room.
    pub(crate) async fn closed_with(opening: Opening) -> Self {
        let (chat_dir, business_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let clock = TestClock::new();
        let storage = storage::open(chat_dir.path()).await.unwrap();
        let app = application::create(&*storage, &*clock, "shop", opening.edition).await.unwrap();
        let id = app.sdk_app_id;
        for field in [PRODUCT_FIELD, LIVE_STATUS_FIELD] {
            let field = NewField::of_rooms(field);
            application::add_field(&*storage, &*clock, id, field).await.unwrap();
        }
        let settings = [("room_budget", "0"), ("sender_rate", "0")];
        for (name, value) in settings {
            application::set_setting(&*storage, id, name, value).await.unwrap();
        }
        if opening.edition == Edition::Ultimate {
            for name in ["broadcast", "online_member_list", "ban_members"] {
                application::set_setting(&*storage, id, name, "on").await.unwrap();
            }
        }
        let assistant = AccountPatch { user_id: ASSISTANT.into(), ..AccountPatch::default() };
        storage.put_accounts(id, &[assistant], clock.now_s()).await.unwrap();
        storage.close().await;
        let chat = start_chat(chat_dir.path(), any_port(), &clock).await;
        let config = config(&opening, &app, &chat.rest_url(), business_dir.path(), &clock);
        let business = BusinessServer::start(config).await.unwrap();
        let shop = Self { chat, business, app, clock, opening, chat_dir, business_dir };
        shop.take_webhooks().await;
        shop
    }

    /// Calls the chat service as the shop's own server would.
    pub(crate) fn administrator(&self) -> chat_rest::Client {
        let key = Secret::new(self.app.key.reveal());
        let (url, id) = (self.chat.rest_url(), self.app.sdk_app_id);
        let admin = UserId::new("administrator").unwrap();
        let config = chat_rest::Config { admin, ..chat_rest::Config::new(url, id, key) };
        chat_rest::Client::new(config).unwrap()
    }

    /// Tells the chat service where the business service is now.
    async fn take_webhooks(&self) {
        let (storage, id) = (self.chat.storage(), self.app.sdk_app_id);
        let url = self.business.webhook_url();
        application::set_callback_url(storage, id, &url, Some(WEBHOOK_TOKEN)).await.unwrap();
        application::switch_callback(storage, id, ALL_CALLBACKS, true).await.unwrap();
        self.reconfigured().await;
    }

    /// From now on, and until the business service starts again, the chat service does not tell of the
    /// messages that rooms get.
    pub(crate) async fn without_word_of_messages(&self) {
        let name = "Group.CallbackAfterSendMsg";
        let (storage, id) = (self.chat.storage(), self.app.sdk_app_id);
        application::switch_callback(storage, id, name, false).await.unwrap();
        self.reconfigured().await;
    }

    /// The chat service has seen how it is configured now.
    async fn reconfigured(&self) {
        let id = self.app.sdk_app_id;
        // At a call the chat service looks at how it is configured, and not only within a second.
        let clock = Arc::clone(&self.clock);
        let client = chat_rest::Client::new(chat_rest::Config {
            clock: Arc::new(move || clock.now_s()),
            ..chat_rest::Config::new(self.chat.rest_url(), id, Secret::new(self.app.key.reveal()))
        });
        let anybody = PortraitGet {
            to_account: vec![ASSISTANT.to_owned()],
            tag_list: vec![tag::LEVEL.to_owned()],
        };
        client.unwrap().portrait_get(&anybody).await.unwrap();
    }

    /// Stops the business service in order and starts it again on the same data.
    pub(crate) async fn business_restarted(self) -> Self {
        let Self { chat, business, app, clock, opening, chat_dir, business_dir } = self;
        business.shutdown().await;
        let config = config(&opening, &app, &chat.rest_url(), business_dir.path(), &clock);
        let business = BusinessServer::start(config).await.unwrap();
        let shop = Self { chat, business, app, clock, opening, chat_dir, business_dir };
        shop.take_webhooks().await;
        shop
    }

    /// Another process on the same data, as a node of this name.
    pub(crate) async fn second_node(&self, name: &str) -> BusinessServer {
        self.try_node(name).await.unwrap()
    }

    /// The same, which may fail.
    pub(crate) async fn try_node(
        &self,
        name: &str,
    ) -> Result<BusinessServer, business_server::Error> {
        let (dir, url) = (self.business_dir.path(), self.chat.rest_url());
        let config = config(&self.opening, &self.app, &url, dir, &self.clock);
        BusinessServer::start(Config { node: name.to_owned(), ..config }).await
    }

    /// Where the business service has its database.
    pub(crate) fn business_dir(&self) -> &std::path::Path {
        self.business_dir.path()
    }

    /// The chat service is away while `meanwhile` runs, and comes back at the same address.
    pub(crate) async fn without_chat<F: Future<Output = ()>>(
        self,
        meanwhile: impl FnOnce(Arc<TestClock>) -> F,
    ) -> Self {
        let Self { chat, business, app, clock, opening, chat_dir, business_dir } = self;
        let address = chat.address();
        chat.shutdown().await;
        meanwhile(Arc::clone(&clock)).await;
        let chat = start_chat(chat_dir.path(), address, &clock).await;
        Self { chat, business, app, clock, opening, chat_dir, business_dir }
    }

    /// Signs in by the API with a role.
    pub(crate) async fn sign_in(&self, user: &str, role: &str) -> Api {
        let mut api = self.stranger();
        let body = json!({"name": user, "user_id": user, "role": role});
        let entry = api.post("/sign-in", body).await.expect_status(200);
        api.token = entry["token"].as_str().unwrap().to_owned();
        api
    }

    /// Somebody without a token.
    pub(crate) fn stranger(&self) -> Api {
        Api { http: http(), base: self.business.url(), token: String::new() }
    }

    /// With which an account signs in at the chat service, as if given out before.
    pub(crate) fn user_sig(&self, user: &str) -> String {
        let sign = SignRequest {
            sdk_app_id: self.app.sdk_app_id,
            key: self.app.key.reveal(),
            identifier: user,
            time_s: self.clock.now_s(),
            expire_s: 86_400,
            userbuf: None,
        };
        usersig::sign(&sign).unwrap()
    }

    /// A look into the database of the running business service.
    pub(crate) async fn database(&self) -> SqlitePool {
        let path = self.business_dir.path().join("business.db");
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap()
    }

    /// What the database keeps as the secret of this name.
    pub(crate) async fn secret_of_database(&self, name: &str) -> Option<String> {
        let database = self.database().await;
        let found = sqlx::query_scalar("SELECT value FROM secrets WHERE name = $1").bind(name);
        found.fetch_optional(&database).await.unwrap()
    }

    /// Signs in at the chat service's gateway and joins the room. The account has to exist.
    pub(crate) async fn watch(&self, user: &str, room: &str) -> Watcher {
        let (storage, id) = (self.chat.storage(), self.app.sdk_app_id);
        let account = AccountPatch { user_id: user.into(), ..AccountPatch::default() };
        storage.put_accounts(id, &[account], self.clock.now_s()).await.unwrap();
        let mut client = gateway::Client::connect(&self.chat.gateway_url()).await;
        let answer = client.login(id.into(), user, &self.user_sig(user)).await;
        assert_eq!(answer["t"], "login_ok", "{user} got {answer}");
        let joined = client.ask(json!({"t": "join", "group_id": room})).await;
        assert_eq!(joined["t"], "join_ok", "{user} got {joined}");
        Watcher { client, room: room.to_owned(), joined, waiting: Vec::new() }
    }
}

async fn start_chat(dir: &std::path::Path, listen: SocketAddr, clock: &Arc<TestClock>) -> Server {
    let clock = Arc::clone(clock);
    let config = ServerConfig { clock, ..ServerConfig::new(listen, dir.to_owned()) };
    Server::start(config).await.unwrap()
}

fn config(
    opening: &Opening,
    app: &Application,
    chat: &str,
    dir: &std::path::Path,
    clock: &Arc<TestClock>,
) -> Config {
    let access = ChatAccess {
        base_url: chat.to_owned(),
        sdk_app_id: app.sdk_app_id,
        key: Secret::new(app.key.reveal()),
        admin: UserId::new("administrator").unwrap(),
        assistant: UserId::new(ASSISTANT).unwrap(),
    };
    let clock = Arc::clone(clock);
    let mut config = Config {
        development: true,
        webhook_token: Some(Secret::new(WEBHOOK_TOKEN)),
        payment_key: Some(Secret::new(PAYMENT_KEY)),
        calls_per_second: 10_000,
        entries_per_second: 10_000,
        clock,
        seed: Some(7),
        ..Config::new(any_port(), dir.to_owned(), access)
    };
    (opening.configure)(&mut config);
    config
}

/// The API as one account sees it.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    pub(crate) token: String,
}

/// What a call was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "answered {}", self.text);
        self.json()
    }

    /// Checks that this is a problem of the documented form, and gives its code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "answered {}", self.text);
        assert_eq!(self.kind, "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Api {
    /// The same account at another process.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { base: url.to_owned(), ..self.clone() }
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap());
        Answer {
            status: answer.status().as_u16(),
            kind: kind.unwrap_or_default().to_owned(),
            text: answer.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(reqwest::Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(reqwest::Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::DELETE, path)).await
    }

    pub(crate) async fn get_ok(&self, path: &str) -> Value {
        self.get(path).await.expect_status(200)
    }

    pub(crate) async fn post_ok(&self, path: &str, body: Value) -> Value {
        self.post(path, body).await.expect_status(200)
    }

    pub(crate) async fn put_ok(&self, path: &str, body: Value) -> Value {
        self.put(path, body).await.expect_status(200)
    }

    /// Something is made by this call: 201.
    pub(crate) async fn made(&self, path: &str, body: Value) -> Value {
        self.post(path, body).await.expect_status(201)
    }
}

/// Somebody who sits in a room.
pub(crate) struct Watcher {
    pub(crate) client: gateway::Client,
    room: String,
    /// The answer to the join.
    pub(crate) joined: Value,
    /// Messages that came in a frame together with one that was asked for.
    waiting: Vec<Value>,
}

impl Watcher {
    /// Says a text; gives the gateway's answer.
    pub(crate) async fn say(&mut self, client_id: &str, text: &str) -> Value {
        let room = self.room.clone();
        self.client.send_text(&room, client_id, text).await
    }

    /// Sends a business message as a viewer's client does.
    pub(crate) async fn send(&mut self, client_id: &str, message: &Value) -> Value {
        let element = json!({"MsgType": "TIMCustomElem", "MsgContent": CustomElement {
            data: message.to_string(), ..CustomElement::default()
        }});
        let request = json!({"t": "send", "group_id": self.room, "client_id": client_id,
            "elements": [element]});
        self.client.ask(request).await
    }

    /// The next message of the room, whatever it is.
    pub(crate) async fn next_message(&mut self) -> Value {
        while self.waiting.is_empty() {
            let frame = self.client.kind("messages").await;
            self.waiting = frame["messages"].as_array().unwrap().clone();
            self.waiting.reverse();
        }
        self.waiting.pop().unwrap()
    }

    /// The next business message of this kind; other messages are passed over.
    pub(crate) async fn business(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next_message().await;
            if let Some(said) = business_of(&message)
                && said["t"] == kind
            {
                return said;
            }
        }
    }

    /// The next text; other messages are passed over.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            let message = self.next_message().await;
            if let Some(text) = message["elements"][0]["MsgContent"]["Text"].as_str() {
                return text.to_owned();
            }
        }
    }
}

/// The business message in a message, if it is one.
pub(crate) fn business_of(message: &Value) -> Option<Value> {
    let data = message["elements"][0]["MsgContent"]["Data"].as_str()?;
    serde_json::from_str(data).ok()
}
