//! What happens is told to the shop's own server, also when the process is killed in between.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::liveroom::{self, Service};
use acceptance::rest::http;
use acceptance::shop::Shopper;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

const ROOM: &str = "r";
const CRASHES: usize = 3;
const GIFTS: usize = 5;

/// What the shop's server does with a call.
const REFUSE: u8 = 0;
/// It stores the event and never answers.
const HOLD: u8 = 1;
const TAKE: u8 = 2;

#[derive(Default)]
struct Receiver {
    mode: AtomicU8,
    /// Events in the order in which each came first.
    taken: Mutex<Vec<Value>>,
    calls: Mutex<BTreeMap<String, usize>>,
    news: Notify,
}

impl Receiver {
    async fn start() -> (Arc<Self>, String) {
        let receiver = Arc::new(Self::default());
        let router = axum::Router::new().route("/hook", axum::routing::post(receive));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let serve = axum::serve(listener, router.with_state(Arc::clone(&receiver)));
        tokio::spawn(async move { serve.await.unwrap() });
        (receiver, url)
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }

    /// Waits until something of the shop's server is as wanted.
    async fn until(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let come = async {
            while !wanted(self) {
                self.news.notified().await;
            }
        };
        timeout(PATIENCE, come).await.unwrap_or_else(|_| panic!("{what}"));
    }

    fn called(&self) -> usize {
        self.calls.lock().unwrap().values().sum()
    }

    /// Orders that the shop knows to be paid, in the order in which they came.
    fn orders(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        let paid = taken.iter().filter(|event| event["kind"] == "gift_paid");
        paid.map(|event| event["data"]["order"].as_str().unwrap().to_owned()).collect()
    }
}

async fn receive(State(receiver): State<Arc<Receiver>>, body: String) -> StatusCode {
    let event: Value = serde_json::from_str(&body).unwrap();
    let id = event["id"].as_str().unwrap().to_owned();
    let mode = receiver.mode.load(Ordering::SeqCst);
    if mode != REFUSE {
        let mut taken = receiver.taken.lock().unwrap();
        if !taken.iter().any(|known| known["id"] == id) {
            taken.push(event);
        }
    }
    *receiver.calls.lock().unwrap().entry(id).or_default() += 1;
    receiver.news.notify_one();
    match mode {
        HOLD => std::future::pending().await,
        TAKE => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

const SECRET: &str = "of 32 characters and not a word more";

async fn serve(data_dir: &Path, url: &str) -> Service {
    let words = ["--development", "on", "--shop-webhook-url", url];
    Service::both(data_dir, &words, None, |command| {
        command.env("LIVEROOM_SHOP_WEBHOOK_SECRET", SECRET);
    })
    .await
}

#[tokio::test]
async fn killed_between_a_payment_and_its_event_or_between_that_and_its_note_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let create = ["app", "create", "--name", "shop", "--edition", "ultimate", "--data-dir", path];
    liveroom::print(create).await;
    let (receiver, url) = Receiver::start().await;
    let mut service = serve(dir.path(), &url).await;
    let host = Shopper::sign_in(&service.business, "host", "host").await;
    host.post("/rooms", "-", json!({"room": ROOM, "title": "Room"})).await;
    host.put(&format!("/rooms/{ROOM}/status"), json!({"status": "live"})).await;
    let mut paid = Vec::new();
    for crash in 0..CRASHES {
        let viewer = Shopper::sign_in(&service.business, "mei", "viewer").await;
        viewer.post("/wallet/top-up", &format!("coins {crash}"), json!({"coins": 100})).await;
        receiver.set(if crash % 2 == 0 { REFUSE } else { HOLD });
        let called = receiver.called();
        for gift in 0..GIFTS {
            let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
            let given = viewer.post("/gifts", &format!("{crash} {gift}"), rose).await;
            paid.push(given["order"].as_str().unwrap().to_owned());
        }
        receiver.until("an event is tried", |receiver| receiver.called() > called).await;
        service.kill().await;
        service = serve(dir.path(), &url).await;
    }
    receiver.set(TAKE);
    let all = paid.len();
    receiver.until("all events come", |receiver| receiver.orders().len() == all).await;
    assert_eq!(receiver.orders(), paid, "each once, in the order of the payments");
    let ready = http().get(format!("{}/readyz", service.business_operator)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let (status, _) = service.terminate().await;
    assert!(status.success());
}

#[tokio::test]
async fn half_of_a_webhook_is_a_mistake_and_its_secret_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let create = ["app", "create", "--name", "shop", "--edition", "ultimate", "--data-dir", path];
    liveroom::print(create).await;
    for (flag, value, missing) in [
        ("--shop-webhook-url", "https://shop.example/hook", "--shop-webhook-secret"),
        ("--shop-webhook-secret", SECRET, "--shop-webhook-url"),
    ] {
        let serve = ["serve", "--data-dir", path, "--listen", "127.0.0.1:0", flag, value];
        let said = liveroom::complaint(serve).await;
        assert!(said.contains(&format!("{missing} is missing")), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
    let serve = ["serve", "--data-dir", path, "--shop-webhook-kinds", "gift_paid,gift"];
    let said = liveroom::complaint(serve).await;
    assert!(said.contains("gift_refunded"), "{said}");
}
