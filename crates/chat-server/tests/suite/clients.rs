//! A service of its own for each test, and clients that speak to it as strangers would.

use chat_server::application::{Application, Edition, NewField};
use chat_server::clock::{Clock, SystemClock};
use chat_server::storage::AccountPatch;
use chat_server::{GatewayTimes, Server, ServerConfig, application, storage};
use chat_types::gateway::deflate;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tls_transport::testing::Authority;
use tls_transport::{ClientStream, ServerTls, Trust};
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Bytes of the longest frame that the gateway sends.
const LONGEST_FRAME: usize = 512 * 1024;
/// Far longer than anything takes here; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client for plain HTTP.
pub(crate) fn http() -> reqwest::Client {
    https(&Trust::nobody())
}

/// A client that believes these servers.
pub(crate) fn https(trust: &Trust) -> reqwest::Client {
    let tls = rustls::ClientConfig::clone(&trust.client_config().unwrap());
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

/// A clock that a test can move.
pub(crate) struct TestClock {
    /// What the clock on the wall shows, which stands still by itself.
    wall_ms: AtomicU64,
    /// What the test has let pass beside the time that really passes.
    passed_ms: AtomicU64,
    /// The moment at which the time that really passes stands still; 0 while it goes on.
    held_ms: AtomicU64,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        // A whole second, so that tests reckon in seconds.
        let wall_ms = AtomicU64::new(SystemClock.now_s() * 1_000);
        Arc::new(Self { wall_ms, passed_ms: AtomicU64::new(0), held_ms: AtomicU64::new(0) })
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.advance_ms(seconds * 1_000);
    }

    pub(crate) fn advance_ms(&self, milliseconds: u64) {
        self.wall_ms.fetch_add(milliseconds, Ordering::SeqCst);
        self.passed_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// From now on no time passes but what the test lets pass. Rooms that collect messages for a tick
    /// do not write them then.
    pub(crate) fn hold(&self) {
        self.held_ms.store(SystemClock.monotonic_ms().max(1), Ordering::SeqCst);
    }

    /// Time passes again.
    pub(crate) fn go_on(&self) {
        self.held_ms.store(0, Ordering::SeqCst);
    }

    /// Somebody sets the clock on the wall, forwards or back; no time passes.
    pub(crate) fn step_wall(&self, seconds: i64) {
        let step = |wall_ms: u64| wall_ms.checked_add_signed(seconds * 1_000);
        self.wall_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).unwrap();
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        let held_ms = self.held_ms.load(Ordering::SeqCst);
        let really_ms = if held_ms == 0 { SystemClock.monotonic_ms() } else { held_ms };
        really_ms + self.passed_ms.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) server: Server,
    pub(crate) app: Application,
    pub(crate) clock: Arc<TestClock>,
    /// The certificate of the service, where it speaks TLS.
    pub(crate) tls: Option<Arc<ServerTls>>,
    /// Whom its clients believe.
    pub(crate) trust: Trust,
    http: reqwest::Client,
}

impl World {
    /// A service with one application that has the custom field `product` and lets everybody speak
    /// as fast as they like.
    pub(crate) async fn new() -> Self {
        Self::with_times(GatewayTimes::default()).await
    }

    pub(crate) async fn with_times(times: GatewayTimes) -> Self {
        Self::configured(|config| config.times = times).await
    }

    /// Of a service that is configured in another way.
    pub(crate) async fn configured(change: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::made(None, change).await
    }

    /// Over TLS, with a certificate for this machine of an authority that clients know.
    pub(crate) async fn secure(times: GatewayTimes) -> Self {
        Self::made(Some(Authority::new()), |config| config.times = times).await
    }

    async fn made(authority: Option<Authority>, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let tls = authority.as_ref().map(|authority| authority.serve_loopback(dir.path()));
        let trust = authority.map_or_else(Trust::nobody, |authority| authority.trust());
        let clock = TestClock::new();
        let storage = storage::open(dir.path()).await.unwrap();
        let app = application::create(&*storage, &*clock, "test", Edition::Ultimate).await.unwrap();
        let product = NewField::of_rooms("product");
        application::add_field(&*storage, &*clock, app.sdk_app_id, product).await.unwrap();
        for limit in ["room_budget", "sender_rate"] {
            application::set_setting(&*storage, app.sdk_app_id, limit, "0").await.unwrap();
        }
        storage.close().await;
        let change = |config: &mut ServerConfig| {
            config.tls = tls.clone();
            change(config);
        };
        let server = start(dir.path(), change, &clock).await;
        let http = https(&trust);
        Self { dir, server, app, clock, tls, trust, http }
    }

    /// With a room `r` that `host` (nickname "The host") owns.
    pub(crate) async fn with_room() -> Self {
        let world = Self::new().await;
        world.make_room().await;
        world
    }

    pub(crate) async fn make_room(&self) {
        let host = json!({"UserID": "host", "Nick": "The host"});
        self.ok("im_open_login_svc/account_import", host).await;
        let room = json!({
            "Type": "AVChatRoom", "Name": "Room", "GroupId": "r", "Owner_Account": "host"
        });
        self.ok("group_open_http_svc/create_group", room).await;
    }

    /// Stops the service in order and starts it again on the same data.
    pub(crate) async fn restarted(self) -> Self {
        let Self { dir, server, app, clock, tls, trust, http } = self;
        server.shutdown().await;
        let server = start(dir.path(), |config| config.tls = tls.clone(), &clock).await;
        Self { dir, server, app, clock, tls, trust, http }
    }

    /// Another service with the same application on a copy of the data.
    pub(crate) async fn on_copy(&self, dir: tempfile::TempDir) -> Self {
        let (app, clock) = (self.app.clone(), Arc::clone(&self.clock));
        let server = start(dir.path(), |_| {}, &clock).await;
        Self { dir, server, app, clock, tls: None, trust: Trust::nobody(), http: http() }
    }

    /// Makes accounts, as many as it may be.
    pub(crate) async fn import(&self, users: &[impl AsRef<str>]) {
        let names = users.iter().map(|user| user.as_ref().to_owned());
        let patches: Vec<AccountPatch> =
            names.map(|user_id| AccountPatch { user_id, ..AccountPatch::default() }).collect();
        let (storage, app) = (self.server.storage(), self.app.sdk_app_id);
        storage.put_accounts(app, &patches, self.clock_s()).await.unwrap();
    }

    pub(crate) fn clock_s(&self) -> u64 {
        self.clock.now_s()
    }

    /// Changes a setting of the application as the command line does.
    pub(crate) async fn set(&self, name: &str, value: &str) {
        let (storage, app) = (self.server.storage(), self.app.sdk_app_id);
        application::set_setting(storage, app, name, value).await.unwrap();
    }

    pub(crate) fn sig(&self, user: &str) -> String {
        self.sig_for(user, 3600)
    }

    pub(crate) fn sig_for(&self, user: &str, expire_s: u64) -> String {
        sign(self.app.sdk_app_id, self.app.key.reveal(), user, self.clock.now_s(), expire_s)
    }

    pub(crate) fn query(&self, user: &str) -> String {
        format!(
            "sdkappid={}&identifier={user}&usersig={}&random=7&contenttype=json",
            self.app.sdk_app_id,
            self.sig(user)
        )
    }

    /// A raw call; the answer's HTTP status is checked to be 200, as the documentation promises.
    pub(crate) async fn post(
        &self,
        path: &str,
        query: &str,
        body: impl Into<reqwest::Body>,
    ) -> Value {
        let url = format!("{}/v4/{path}?{query}", self.server.rest_url());
        let answer = self.http.post(url).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "every answered call has status 200");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        answer.json().await.unwrap()
    }

    pub(crate) async fn call(&self, path: &str, body: Value) -> Value {
        self.post(path, &self.query("administrator"), body.to_string()).await
    }

    pub(crate) async fn ok(&self, path: &str, body: Value) -> Value {
        let answer = self.call(path, body).await;
        assert_eq!(answer["ActionStatus"], "OK", "{path} answered {answer}");
        assert_eq!(answer["ErrorCode"], 0);
        answer
    }

    /// What an operator's tools read.
    pub(crate) async fn metrics(&self) -> String {
        let url = format!("{}/metrics", self.server.operator_url().unwrap());
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// A call that must be refused; gives the code and checks that a sentence stands beside it.
    pub(crate) async fn refused(&self, path: &str, body: Value) -> i64 {
        refusal(path, &self.call(path, body).await)
    }

    /// Sends a text into room `r` by REST, never faster than the command may be called.
    pub(crate) async fn say(&self, random: u32, text: &str) -> Value {
        self.clock.advance_ms(5);
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        let body = json!({"GroupId": "r", "Random": random, "MsgBody": [element]});
        self.ok("group_open_http_svc/send_group_msg", body).await
    }

    /// Waits until the metrics have this line.
    pub(crate) async fn until_metric(&self, line: &str) {
        let waiting = async {
            let mut look = interval(Duration::from_millis(20));
            while !self.metrics().await.lines().any(|each| each == line) {
                look.tick().await;
            }
        };
        let waited = timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| unreachable!("the metrics never said {line}"));
    }

    /// Waits until so many connections are open; then the grace time of those that broke passes.
    pub(crate) async fn grace_is_over(&self, connections: usize) {
        self.until_metric(&format!("liveroom_open_connections {connections}")).await;
        self.clock.advance(21);
    }

    pub(crate) async fn connect(&self) -> Client {
        let port = self.server.address().port();
        let stream = self.trust.connect("127.0.0.1", port, self.tls.is_some()).await.unwrap();
        let (socket, _) = client_async(self.server.gateway_url(), stream).await.unwrap();
        self.over(socket)
    }

    /// A client over a connection that was made in a way of its own.
    pub(crate) fn over(&self, socket: WebSocketStream<ClientStream>) -> Client {
        Client { socket, next_id: 1, compressed: 0 }
    }

    pub(crate) async fn signed_in(&self, user: &str) -> Client {
        let mut client = self.connect().await;
        let answer = client.login(self, user, &self.sig(user)).await;
        assert_eq!(answer["t"], "login_ok", "{user} got {answer}");
        client
    }

    /// Signed in on a platform.
    pub(crate) async fn on(&self, user: &str, platform: &str) -> Client {
        let mut client = self.connect().await;
        let login = json!({"t": "login", "sdk_app_id": self.app.sdk_app_id, "user_id": user,
            "user_sig": self.sig(user), "platform": platform});
        assert_eq!(client.ask(login).await["t"], "login_ok");
        client
    }

    /// Signed in on a platform and in room `r`.
    pub(crate) async fn in_room_on(&self, user: &str, platform: &str) -> Client {
        let mut client = self.on(user, platform).await;
        let answer = client.ask(json!({"t": "join", "group_id": "r"})).await;
        assert_eq!(answer["t"], "join_ok", "{user} got {answer}");
        client
    }

    /// Signed in and in room `r`.
    pub(crate) async fn in_room(&self, user: &str) -> Client {
        let mut client = self.signed_in(user).await;
        let answer = client.ask(json!({"t": "join", "group_id": "r"})).await;
        assert_eq!(answer["t"], "join_ok", "{user} got {answer}");
        client
    }
}

pub(crate) fn sign(
    sdk_app_id: u32,
    key: &str,
    identifier: &str,
    time_s: u64,
    expire_s: u64,
) -> String {
    let request =
        usersig::SignRequest { sdk_app_id, key, identifier, time_s, expire_s, userbuf: None };
    usersig::sign(&request).unwrap()
}

pub(crate) fn refusal(what: &str, answer: &Value) -> i64 {
    assert_eq!(answer["ActionStatus"], "FAIL", "{what} answered {answer}");
    let sentence = answer["ErrorInfo"].as_str().unwrap();
    assert!(sentence.len() > 3, "{what} was refused without a sentence");
    answer["ErrorCode"].as_i64().unwrap()
}

async fn start(
    dir: &Path,
    change: impl FnOnce(&mut ServerConfig),
    clock: &Arc<TestClock>,
) -> Server {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let clock: Arc<TestClock> = Arc::clone(clock);
    let operator_listen = Some(listen);
    let config = ServerConfig::new(listen, dir.to_owned());
    let mut config = ServerConfig { operator_listen, clock, ..config };
    change(&mut config);
    Server::start(config).await.unwrap()
}

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<ClientStream>,
    next_id: u32,
    /// Frames that came compressed.
    pub(crate) compressed: usize,
}

impl Client {
    pub(crate) async fn raw(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends a request with a fresh id and gives its answer; other frames on the way are dropped.
    pub(crate) async fn ask(&mut self, mut frame: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        frame["id"] = id.into();
        self.raw(frame.to_string()).await;
        self.until(|frame| frame["id"] == id).await
    }

    pub(crate) async fn login(&mut self, world: &World, user: &str, sig: &str) -> Value {
        let app = world.app.sdk_app_id;
        self.ask(json!({"t": "login", "sdk_app_id": app, "user_id": user, "user_sig": sig})).await
    }

    pub(crate) async fn send_text(&mut self, client_id: &str, text: &str) -> Value {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        let frame =
            json!({"t": "send", "group_id": "r", "client_id": client_id, "elements": [element]});
        self.ask(frame).await
    }

    /// The next frame, or `None` when the gateway has closed the connection.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a frame in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Binary(bytes)) => {
                    self.compressed += 1;
                    let json = deflate::inflate(&bytes, LONGEST_FRAME).unwrap();
                    return Some(serde_json::from_slice(&json).unwrap());
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the connection stays open");
            if wanted(&frame) {
                return frame;
            }
        }
    }

    pub(crate) async fn kind(&mut self, kind: &str) -> Value {
        self.until(|frame| frame["t"] == kind).await
    }

    /// Texts of the next `count` messages.
    pub(crate) async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            let frame = self.kind("messages").await;
            for message in frame["messages"].as_array().unwrap() {
                let text = message["elements"][0]["MsgContent"]["Text"].as_str().unwrap();
                texts.push(text.to_owned());
            }
        }
        texts
    }

    /// Frames until the close, and the code of the close.
    pub(crate) async fn close_code(&mut self) -> (Vec<Value>, u16) {
        let mut frames = Vec::new();
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a close in time") {
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => return (frames, close.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return (frames, CloseCode::Abnormal.into()),
            }
        }
    }
}
