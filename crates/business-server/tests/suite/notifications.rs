//! The shop's own server is told what happens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use business_server::{Config, Secret, ShopWebhook};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::events::soon;
use crate::support::{Api, Opening, PATIENCE, ROOM, Shop, signature};

const SECRET: &str = "shop-secret";

/// The shop's server. It answers 200 unless a room is told to be answered otherwise.
pub(crate) struct Receiver {
    url: String,
    calls: mpsc::UnboundedReceiver<Call>,
    answers: Answers,
}

type Answers = Arc<Mutex<HashMap<String, u16>>>;

#[derive(Debug)]
struct Call {
    headers: HeaderMap,
    body: String,
    answered: u16,
}

impl Call {
    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let answers = Answers::default();
        let state = (sender, Arc::clone(&answers));
        let router = axum::Router::new()
            .route("/hook", axum::routing::post(receive))
            .route("/elsewhere", axum::routing::any(async || "taken"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let serve = axum::serve(listener, router.with_state(state));
        tokio::spawn(async move { serve.await.unwrap() });
        Self { url, calls, answers }
    }

    /// From now on events of this room are answered so.
    fn answer(&self, room: &str, status: u16) {
        self.answers.lock().unwrap().insert(room.to_owned(), status);
    }

    async fn call(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("a call comes").unwrap()
    }

    /// The next event that is taken.
    pub(crate) async fn taken(&mut self) -> Value {
        loop {
            let call = self.call().await;
            if call.answered == 200 {
                return call.event();
            }
        }
    }

    /// The next event that is refused.
    async fn refused(&mut self) -> Value {
        loop {
            let call = self.call().await;
            if call.answered != 200 {
                return call.event();
            }
        }
    }

    /// Statuses of the room in the events that are taken next.
    async fn statuses(&mut self, room: &str, number: usize) -> Vec<String> {
        let mut statuses = Vec::new();
        while statuses.len() < number {
            let event = self.taken().await;
            if event["room"] == room && event["kind"] == "room_status" {
                statuses.push(event["data"]["status"].as_str().unwrap().to_owned());
            }
        }
        statuses
    }
}

async fn receive(
    State((sender, answers)): State<(mpsc::UnboundedSender<Call>, Answers)>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let event: Value = serde_json::from_str(&body).unwrap();
    let room = event["room"].as_str().unwrap_or_default();
    let answered = answers.lock().unwrap().get(room).copied().unwrap_or(200);
    // Nobody listens any more at the end of a test.
    let _ = sender.send(Call { headers, body, answered });
    (StatusCode::from_u16(answered).unwrap(), [("location", "/elsewhere")])
}

pub(crate) fn webhook(receiver: &Receiver) -> ShopWebhook {
    let url = receiver.url.clone();
    ShopWebhook { url, secret: Secret::new(SECRET), kinds: vec![], limit: 1_000 }
}

pub(crate) async fn open(webhook: ShopWebhook) -> Shop {
    let configure = move |config: &mut Config| config.shop_webhook = Some(webhook.clone());
    Shop::open_with(Opening { configure: Box::new(configure), ..Opening::default() }).await
}

async fn set_status(host: &Api, room: &str, status: &str) {
    host.put_ok(&format!("/rooms/{room}/status"), json!({"status": status})).await;
}

async fn figures(admin: &Api) -> Value {
    admin.get_ok("/notifications").await
}

/// Waits for what the receiver's answers make of the figures.
pub(crate) async fn figure(admin: &Api, name: &str, value: u64) {
    soon(name, async || figures(admin).await[name] == value).await;
}

#[tokio::test]
async fn an_event_is_signed_and_says_what_happened_where_and_when() {
    let mut receiver = Receiver::start().await;
    let shop = open(webhook(&receiver)).await;
    let call = receiver.call().await;
    let event = call.event();
    assert_eq!(event["kind"], "room_status");
    assert_eq!(event["room"], ROOM);
    assert_eq!(event["data"], json!({"status": "live"}));
    assert_eq!(event["at_ms"].as_u64().unwrap() / 1_000, shop.clock.now_s());
    assert_eq!(event["id"].as_str().unwrap().len(), 32);
    assert_eq!(call.headers["content-type"], "application/json");
    let at_s = shop.clock.now_s();
    let signed = signature(SECRET, &format!("{at_s}.{}", call.body));
    assert_eq!(call.headers["x-signature"], format!("t={at_s},v1={signed}").as_str());
    let admin = shop.sign_in("boss", "admin").await;
    figure(&admin, "delivered", 1).await;
    assert_eq!(figures(&admin).await["waiting"], 0);
}

#[tokio::test]
async fn events_of_a_room_come_in_order_and_a_room_that_is_refused_holds_up_no_other() {
    let mut receiver = Receiver::start().await;
    let shop = open(webhook(&receiver)).await;
    receiver.answer("slow", 503);
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "slow", "title": "Slow"})).await;
    let all = ["live", "paused", "live", "ended"];
    for status in all {
        set_status(&host, "slow", status).await;
    }
    for status in &all[1..] {
        set_status(&host, ROOM, status).await;
    }
    assert_eq!(receiver.statuses(ROOM, 4).await, all);
    // Again and again the first one, and none of those behind it.
    let first = receiver.refused().await;
    assert_eq!(first["data"]["status"], "live");
    assert_eq!(receiver.refused().await["id"], first["id"]);
    receiver.answer("slow", 200);
    let again = receiver.taken().await;
    assert_eq!(again["id"], first["id"], "the same event, and no other before it");
    assert_eq!(receiver.statuses("slow", 3).await, all[1..]);
}

#[tokio::test]
async fn what_was_not_taken_before_a_restart_is_told_after_it() {
    let mut receiver = Receiver::start().await;
    let shop = open(webhook(&receiver)).await;
    receiver.answer(ROOM, 500);
    let host = shop.sign_in("host", "host").await;
    for status in ["paused", "ended"] {
        set_status(&host, ROOM, status).await;
    }
    receiver.refused().await;
    let _shop = shop.business_restarted().await;
    receiver.answer(ROOM, 200);
    let told = receiver.statuses(ROOM, 3).await;
    assert!(told.ends_with(&["paused".to_owned(), "ended".to_owned()]), "{told:?}");
}

#[tokio::test]
async fn what_is_not_taken_for_a_day_is_given_up_and_an_administrator_sends_it_again() {
    let mut receiver = Receiver::start().await;
    receiver.answer(ROOM, 503);
    let shop = open(webhook(&receiver)).await;
    let first = receiver.refused().await;
    figure(&shop.sign_in("boss", "admin").await, "failed", 1).await;
    shop.clock.advance_ms(24 * 3_600 * 1_000);
    let admin = shop.sign_in("boss", "admin").await;
    figure(&admin, "dead", 1).await;
    assert_eq!(figures(&admin).await["waiting"], 0);
    let dead = admin.get_ok("/notifications/dead").await;
    let dead = dead["notifications"].as_array().unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["id"], first["id"]);
    assert_eq!(dead[0]["kind"], "room_status");
    assert_eq!(dead[0]["room"], ROOM);
    assert!(dead[0]["attempts"].as_u64().unwrap() >= 2);
    assert!(dead[0]["reason"].as_str().unwrap().contains("503"));
    assert_eq!(serde_json::from_str::<Value>(dead[0]["body"].as_str().unwrap()).unwrap(), first);

    let viewer = shop.sign_in("mei", "viewer").await;
    let retry = format!("/notifications/dead/{}/retry", first["id"].as_str().unwrap());
    for path in ["/notifications", "/notifications/dead"] {
        assert_eq!(viewer.get(path).await.problem(403), "forbidden");
    }
    assert_eq!(viewer.post(&retry, json!({})).await.problem(403), "forbidden");

    receiver.answer(ROOM, 200);
    assert_eq!(admin.post_ok(&retry, json!({})).await["retried"], 1);
    assert_eq!(receiver.taken().await["id"], first["id"]);
    figure(&admin, "waiting", 0).await;
    assert_eq!(admin.post(&retry, json!({})).await.problem(404), "notification");
    assert_eq!(admin.post_ok("/notifications/dead/retry", json!({})).await["retried"], 0);
}

#[tokio::test]
async fn an_event_that_is_refused_for_its_content_stops_its_room_for_ten_minutes_only() {
    let mut receiver = Receiver::start().await;
    receiver.answer(ROOM, 503);
    let shop = open(webhook(&receiver)).await;
    let first = receiver.refused().await;
    let host = shop.sign_in("host", "host").await;
    set_status(&host, ROOM, "paused").await;
    let admin = shop.sign_in("boss", "admin").await;
    // However long the receiver was away before.
    shop.clock.advance_ms(60 * 60 * 1_000);
    receiver.answer(ROOM, 422);
    while receiver.call().await.answered != 422 {}
    while receiver.call().await.answered != 422 {}
    assert_eq!(figures(&admin).await["dead"], 0);
    shop.clock.advance_ms(10 * 60 * 1_000);
    figure(&admin, "dead", 1).await;
    receiver.answer(ROOM, 200);
    assert_eq!(receiver.statuses(ROOM, 1).await, ["paused"]);
    assert_eq!(admin.post_ok("/notifications/dead/retry", json!({})).await["retried"], 1);
    assert_eq!(receiver.taken().await["id"], first["id"]);
}

#[tokio::test]
async fn with_too_many_waiting_further_events_are_dropped_and_counted_and_nobody_else_notices() {
    let receiver = Receiver::start().await;
    receiver.answer(ROOM, 500);
    let shop = open(ShopWebhook { limit: 2, ..webhook(&receiver) }).await;
    let host = shop.sign_in("host", "host").await;
    for status in ["paused", "live", "ended"] {
        set_status(&host, ROOM, status).await;
    }
    let admin = shop.sign_in("boss", "admin").await;
    let figures = figures(&admin).await;
    assert_eq!((&figures["waiting"], &figures["dropped"]), (&json!(2), &json!(2)));
    assert_eq!(host.get_ok(&format!("/rooms/{ROOM}")).await["status"], "ended");
}

#[tokio::test]
async fn a_receiver_that_sends_elsewhere_has_not_taken_anything() {
    let mut receiver = Receiver::start().await;
    receiver.answer(ROOM, 307);
    let shop = open(webhook(&receiver)).await;
    receiver.refused().await;
    receiver.refused().await;
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(figures(&admin).await["delivered"], 0);
}

#[tokio::test]
async fn without_a_webhook_nothing_is_written() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let figures = figures(&admin).await;
    assert_eq!((&figures["on"], &figures["waiting"]), (&json!(false), &json!(0)));
    let refused = admin.post("/notifications/dead/retry", json!({})).await;
    assert_eq!(refused.problem(409), "no_webhook");
}
