//! The real service of a simulation, in a runtime of its own so that it can also end in the middle
//! of everything, and the application's own server that calls it.

use chat_server::application::{Application, Edition, NewField};
use chat_server::clock::{Clock, SystemClock};
use chat_server::{GatewayTimes, Server, ServerConfig, application, storage};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use usersig::{DEFAULT_EXPIRE_S, SignRequest, sign};

use super::ledger::Start;

/// What viewers know of the service.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) address: SocketAddr,
    pub(super) sdk_app_id: u32,
    key: Arc<str>,
    /// Rises with every start.
    start: Arc<AtomicU32>,
}

impl Place {
    pub(super) fn start(&self) -> Start {
        self.start.load(Ordering::SeqCst)
    }

    pub(super) fn sig(&self, identifier: &str) -> String {
        let request = SignRequest {
            sdk_app_id: self.sdk_app_id,
            key: &self.key,
            identifier,
            time_s: SystemClock.now_s(),
            expire_s: DEFAULT_EXPIRE_S,
            userbuf: None,
        };
        sign(&request).unwrap()
    }
}

pub(super) struct Service {
    pub(super) place: Place,
    data: tempfile::TempDir,
    running: Option<(Runtime, Server)>,
    /// Of the runs before this one.
    left_out: u64,
    stuck: u64,
    http: reqwest::Client,
}

/// The application's own server.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) place: Place,
    /// Where an operator's tools ask, while the service runs.
    operator: Option<String>,
    http: reqwest::Client,
}

impl Service {
    /// A service with these rooms.
    pub(super) async fn start(rooms: &[String]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let app = prepare(data.path()).await;
        let start = run(data.path(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        let place = Place {
            address: start.1.address(),
            sdk_app_id: app.sdk_app_id,
            key: app.key.reveal().into(),
            start: Arc::default(),
        };
        // Another test may have done it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let service = Self {
            place,
            data,
            running: Some(start),
            left_out: 0,
            stuck: 0,
            http: reqwest::Client::new(),
        };
        for room in rooms {
            let body = json!({"Type": "AVChatRoom", "Name": "new", "GroupId": room});
            service.caller().ok("group_open_http_svc/create_group", body).await;
        }
        service
    }

    pub(super) fn caller(&self) -> Caller {
        let operator = self.running.as_ref().and_then(|(_, server)| server.operator_url());
        Caller { place: self.place.clone(), operator, http: self.http.clone() }
    }

    pub(super) async fn stop(&mut self) {
        self.count();
        let Some((runtime, server)) = self.running.take() else { return };
        runtime.spawn(server.shutdown()).await.unwrap();
        end(runtime).await;
    }

    pub(super) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Ends all tasks of the service where they are.
    pub(super) async fn crash(&mut self) {
        self.count();
        let Some((runtime, server)) = self.running.take() else { return };
        end(runtime).await;
        drop(server);
        self.start_again().await;
    }

    fn count(&mut self) {
        if let Some((_, server)) = &self.running {
            let counts = server.counts();
            self.left_out += counts.copies_missed_slow_reader;
            self.stuck += counts.connections_closed_slow_reader;
        }
    }

    async fn start_again(&mut self) {
        // Before anybody can reach it, so that nobody takes it for the one before.
        self.place.start.fetch_add(1, Ordering::SeqCst);
        self.running = Some(run(self.data.path(), self.place.address).await);
    }

    /// Copies that were left out for slow readers, and connections that were closed because of them,
    /// in all runs up to the last stop.
    pub(super) fn slow_readers(&self) -> (u64, u64) {
        (self.left_out, self.stuck)
    }
}

impl Caller {
    /// The answer to a REST call; `None` when there was none.
    pub(super) async fn call(&self, command: &str, body: Value) -> Option<Value> {
        let url = format!(
            "http://{}/v4/{command}?sdkappid={}&identifier=administrator&usersig={}&random=7\
             &contenttype=json",
            self.place.address,
            self.place.sdk_app_id,
            self.place.sig("administrator")
        );
        self.http.post(url).body(body.to_string()).send().await.ok()?.json().await.ok()
    }

    pub(super) async fn ok(&self, command: &str, body: Value) -> Value {
        let answer = self.call(command, body).await.unwrap();
        assert_eq!(answer["ErrorCode"], 0, "{command} answered {answer}");
        answer
    }

    /// A value of `/metrics`.
    pub(super) async fn metric(&self, name: &str) -> u64 {
        let url = format!("{}/metrics", self.operator.as_ref().unwrap());
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse().unwrap()
    }
}

async fn prepare(data: &std::path::Path) -> Application {
    let storage = storage::open(data).await.unwrap();
    let app = application::create(&*storage, &SystemClock, "Sim", Edition::Ultimate).await.unwrap();
    let product = NewField::of_rooms("product");
    application::add_field(&*storage, &SystemClock, app.sdk_app_id, product).await.unwrap();
    for (name, value) in [("mute_tip", "on"), ("mute_all_tip", "on")] {
        application::set_setting(&*storage, app.sdk_app_id, name, value).await.unwrap();
    }
    storage.close().await;
    app
}

async fn run(data: &std::path::Path, listen: SocketAddr) -> (Runtime, Server) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // A reader that is stuck loses its connection within the run.
    let times = GatewayTimes { write: Duration::from_secs(1), ..GatewayTimes::default() };
    let operator_listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let config = ServerConfig { times, operator_listen, ..ServerConfig::new(listen, data.into()) };
    let server = runtime.spawn(Server::start(config)).await.unwrap().unwrap();
    (runtime, server)
}

/// Returns when nothing of it runs any more.
async fn end(runtime: Runtime) {
    spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(20))).await.unwrap();
}
