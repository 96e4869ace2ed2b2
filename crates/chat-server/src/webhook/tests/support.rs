//! A receiver, a clock and a configuration that tests own.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::serve::ListenerExt;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tls_transport::Trust;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::memory::MemoryQueue;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::model::{Callbacks, Secret};
use crate::panics::Supervision;
use crate::storage::Subject;
use crate::webhook::{CallbackSource, Event, Verdict, WebhookRules, Webhooks};

pub(super) const APP: u32 = 1_400_000_001;
pub(super) const BEFORE: &str = "Group.CallbackBeforeSendMsg";
pub(super) const AFTER: &str = "Group.CallbackAfterSendMsg";
pub(super) const EXCEPTION: &str = "Group.CallbackSendMsgException";
/// The time of the documented check value for signatures.
pub(super) const NOW_MS: u64 = 1_669_872_112_000;
pub(super) const TOKEN: &str = "xxxxyyyy";

pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn set(&self, now_ms: u64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }

    pub(super) fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
pub(super) struct Configuration(Mutex<HashMap<u32, Arc<Callbacks>>>);

impl Configuration {
    pub(super) fn change(&self, sdk_app_id: u32, change: impl FnOnce(&mut Callbacks)) {
        let mut applications = self.0.lock().unwrap();
        change(Arc::make_mut(applications.entry(sdk_app_id).or_default()));
    }

    pub(super) fn set_url(&self, sdk_app_id: u32, url: &str) {
        self.change(sdk_app_id, |callbacks| callbacks.url = Some(url.into()));
    }
}

impl CallbackSource for Configuration {
    fn callbacks(&self, sdk_app_id: u32) -> Option<Arc<Callbacks>> {
        self.0.lock().unwrap().get(&sdk_app_id).cloned()
    }
}

/// The webhooks of one service, with their courier.
pub(super) struct Stage {
    pub(super) webhooks: Arc<Webhooks>,
    pub(super) configuration: Arc<Configuration>,
    pub(super) clock: Arc<TestClock>,
    pub(super) queue: Arc<MemoryQueue>,
    pub(super) stopping: CancellationToken,
    pub(super) courier: JoinHandle<()>,
    panics: Counter,
}

/// Long enough for a busy machine: a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn patient() -> WebhookRules {
    WebhookRules { budget: PATIENCE, ..WebhookRules::default() }
}

/// Waits for something that has to happen, so that a test fails instead of hanging.
pub(super) async fn awaited<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, event).await.expect("what the test waits for does not happen")
}

/// For tests in which a receiver does not answer.
pub(super) fn hasty() -> WebhookRules {
    WebhookRules { budget: Duration::from_millis(200), ..WebhookRules::default() }
}

impl Stage {
    /// A service whose application [`APP`] wants to hear of everything, signed.
    pub(super) fn new(url: &str, rules: WebhookRules) -> Self {
        Self::on(Arc::new(MemoryQueue::new()), url, rules)
    }

    /// The same with a queue from an earlier run.
    pub(super) fn on(queue: Arc<MemoryQueue>, url: &str, rules: WebhookRules) -> Self {
        Self::failing(queue, url, rules, Faults::default())
    }

    /// The same, and it fails at these places.
    pub(super) fn failing(
        queue: Arc<MemoryQueue>,
        url: &str,
        rules: WebhookRules,
        faults: Faults,
    ) -> Self {
        let configuration = Arc::new(Configuration::default());
        configuration.change(APP, |callbacks| {
            callbacks.url = Some(url.into());
            callbacks.token = Some(Secret::new(TOKEN));
            callbacks.commands = [BEFORE, AFTER, EXCEPTION].map(String::from).into();
        });
        let clock = Arc::new(TestClock(AtomicU64::new(NOW_MS)));
        let supervision = Supervision { faults, ..Supervision::default() };
        let panics = supervision.panics.clone();
        let (webhooks, courier) = Webhooks::new(
            Arc::clone(&configuration) as _,
            Arc::clone(&queue) as _,
            Arc::clone(&clock) as _,
            Arc::new(|| 0.0),
            rules,
            Trust::platform(),
            supervision,
        );
        let stopping = CancellationToken::new();
        let courier = tokio::spawn(courier.run(stopping.clone()));
        Self { webhooks, configuration, clock, queue, stopping, courier, panics }
    }

    /// The one line of the metrics that begins like this, without its beginning.
    pub(super) fn exceptions(&self, line: &str) -> u64 {
        let mut registry = Registry::default();
        self.webhooks.exception_figures().register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let value = text.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    pub(super) async fn stop(self) {
        self.stopping.cancel();
        awaited(self.courier).await.unwrap();
    }

    /// Panics that were caught.
    pub(super) fn panics(&self) -> u64 {
        self.panics.get()
    }

    pub(super) fn figure(&self, of: impl Fn(&crate::webhook::Figures) -> &Counter) -> u64 {
        of(self.webhooks.figures()).get()
    }
}

pub(super) fn event(command: &'static str, text: &str) -> Event {
    Event {
        command,
        body: json!({"CallbackCommand": command, "Text": text}).to_string(),
        client_ip: Some(IpAddr::from([10, 0, 0, 7])),
        platform: "Web",
    }
}

/// An event of one account in a group.
pub(super) fn of(group: &str, account: &str) -> Subject {
    Subject { group: Some(group.into()), account: Some(account.into()) }
}

#[derive(Debug, Clone)]
pub(super) enum Reply {
    Answer(u16, String),
    Redirect(String),
    Hang,
    /// Answers success once the test lets one through.
    Hold(Arc<Semaphore>),
}

pub(super) fn ok() -> Reply {
    Reply::Answer(200, r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#.into())
}

pub(super) fn status(status: u16) -> Reply {
    Reply::Answer(status, r#"{"ErrorCode":0}"#.into())
}

/// A request as the receiver saw it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: HashMap<String, String>,
    pub(super) content_type: String,
    pub(super) body: Value,
}

impl Seen {
    pub(super) fn text(&self) -> &str {
        self.body["Text"].as_str().unwrap()
    }
}

struct Script {
    reply: Mutex<Reply>,
    /// The text that is answered 500.
    failing: Mutex<Option<String>>,
    seen: mpsc::UnboundedSender<Seen>,
    requests: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// A receiver on a free port of this machine. It stops with the test's runtime.
pub(super) struct TestReceiver {
    pub(super) url: String,
    script: Arc<Script>,
    seen: AsyncMutex<mpsc::UnboundedReceiver<Seen>>,
    connections: Arc<AtomicUsize>,
}

impl TestReceiver {
    pub(super) async fn new(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let (sender, seen) = mpsc::unbounded_channel();
        let script = Arc::new(Script {
            reply: Mutex::new(reply),
            failing: Mutex::default(),
            seen: sender,
            requests: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        });
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let listener = listener.tap_io(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, script, seen: AsyncMutex::new(seen), connections }
    }

    pub(super) fn set(&self, reply: Reply) {
        *self.script.reply.lock().unwrap() = reply;
    }

    /// Fails for this text from now on, and for no other.
    pub(super) fn fail(&self, text: &str) {
        *self.script.failing.lock().unwrap() = Some(text.into());
    }

    /// The next request that has not been looked at.
    pub(super) async fn next(&self) -> Seen {
        awaited(self.seen.lock().await.recv()).await.unwrap()
    }

    pub(super) fn requests(&self) -> usize {
        self.script.requests.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.script.most_at_once.load(Ordering::SeqCst)
    }
}

/// A URL where nobody listens.
pub(super) async fn gone() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/webhook", listener.local_addr().unwrap())
}

async fn receive(State(script): State<Arc<Script>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let query = head.uri.query().unwrap_or_default();
    let seen = Seen {
        method: head.method.to_string(),
        path: head.uri.path().into(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        content_type: head.headers["content-type"].to_str().unwrap().into(),
        body: serde_json::from_slice(&body).unwrap(),
    };
    script.requests.fetch_add(1, Ordering::SeqCst);
    let at_once = script.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    script.most_at_once.fetch_max(at_once, Ordering::SeqCst);
    let mut reply = script.reply.lock().unwrap().clone();
    if script.failing.lock().unwrap().as_ref().is_some_and(|text| seen.body["Text"] == **text) {
        reply = status(500);
    }
    script.seen.send(seen).unwrap();
    let (status, location, text) = match reply {
        Reply::Answer(status, text) => (status, None, text),
        Reply::Redirect(to) => (307, Some(to), String::new()),
        Reply::Hang => std::future::pending().await,
        Reply::Hold(permits) => {
            permits.acquire().await.unwrap().forget();
            (200, None, r#"{"ErrorCode":0}"#.into())
        }
    };
    script.at_once.fetch_sub(1, Ordering::SeqCst);
    let mut response = Response::builder().status(status);
    if let Some(location) = location {
        response = response.header("location", location);
    }
    response.body(Body::from(text)).unwrap()
}

impl Webhooks {
    /// What the receiver says, before the policy of the application.
    pub(super) async fn before(&self, sdk_app_id: u32, event: Event) -> Verdict {
        let wanted = self.wanted(sdk_app_id, event.command);
        self.verdict(sdk_app_id, wanted, event).await
    }
}
