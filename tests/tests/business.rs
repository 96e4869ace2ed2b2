//! The business service as a process: wired to the chat service beside it, and pointed at another one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::gateway::Client;
use acceptance::liveroom::{self, Service};
use acceptance::rest::http;
use axum::Router;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

const ROOM: &str = "r";
const DEVELOPMENT: [&str; 2] = ["--development", "on"];

/// The API of a business service as one account sees it.
struct Api {
    base: String,
    token: String,
}

impl Api {
    async fn sign_in(base: &str, user: &str, role: &str) -> (Self, Value) {
        let mut api = Self { base: base.to_owned(), token: String::new() };
        let body = json!({"name": user, "user_id": user, "role": role});
        let entry = api.post("/sign-in", &body).await;
        api.token = entry["token"].as_str().unwrap().to_owned();
        (api, entry)
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = http().request(method, format!("{}/api/v1{path}", self.base));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    async fn sent(request: reqwest::RequestBuilder) -> Value {
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "answered {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        Self::sent(self.request(reqwest::Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.request(reqwest::Method::POST, path);
        Self::sent(request.header("Idempotency-Key", path).json(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Value {
        Self::sent(self.request(reqwest::Method::PUT, path).json(body)).await
    }
}

async fn application(dir: &tempfile::TempDir) -> Value {
    let path = dir.path().to_str().unwrap();
    let create = ["app", "create", "--name", "shop", "--edition", "ultimate", "--data-dir", path];
    serde_json::from_str(&liveroom::print(create).await).unwrap()
}

/// The business message that a message of the gateway carries.
fn said(message: &Value) -> Value {
    let data = message["elements"][0]["MsgContent"]["Data"].as_str().unwrap_or("null");
    serde_json::from_str(data).unwrap_or_default()
}

#[tokio::test]
async fn both_services_run_wired_in_one_process_and_come_back_with_everything() {
    let dir = tempfile::tempdir().unwrap();
    let app = application(&dir).await;
    let service = Service::both(dir.path(), &DEVELOPMENT, None, |_| {}).await;
    let (host, _) = Api::sign_in(&service.business, "host", "host").await;
    host.post("/rooms", &json!({"room": ROOM, "title": "Room"})).await;
    host.put(&format!("/rooms/{ROOM}/status"), &json!({"status": "live"})).await;
    let (mei, entry) = Api::sign_in(&service.business, "mei", "viewer").await;

    let mut viewer = Client::connect(&service.gateway).await;
    let id = app["sdk_app_id"].as_u64().unwrap();
    viewer.login(id, "mei", entry["user_sig"].as_str().unwrap()).await;
    viewer.ask(json!({"t": "join", "group_id": ROOM})).await;
    mei.post("/wallet/top-up", &json!({"coins": 100})).await;
    mei.post("/gifts", &json!({"room": ROOM, "gift": "rose", "count": 7})).await;
    let gift = viewer
        .until(|frame| frame["t"] == "messages" && said(&frame["messages"][0])["t"] == "gift")
        .await
        .expect("the gift comes");
    assert_eq!(said(&gift["messages"][0])["count"], 7);

    // A like is counted before it is delivered, and only the service says what a gift is.
    let data = |data: Value| {
        json!([{"MsgType": "TIMCustomElem", "MsgContent": {
        "Data": data.to_string(), "Desc": "", "Ext": "", "Sound": ""}}])
    };
    let send = |client_id: &str, elements: Value| json!({"t": "send", "group_id": ROOM, "client_id": client_id, "elements": elements});
    let like = data(json!({"t": "like", "batch": "b1", "count": 12}));
    for client_id in ["first", "again"] {
        assert_eq!(viewer.ask(send(client_id, like.clone())).await["t"], "send_ok");
    }
    let forged = data(said(&gift["messages"][0]));
    let refused = viewer.ask(send("forged", forged)).await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("error"), &json!(10_101)));

    let (status, _) = service.terminate().await;
    assert!(status.success());
    let service = Service::both(dir.path(), &DEVELOPMENT, None, |_| {}).await;
    let (mei, _) = Api::sign_in(&service.business, "mei", "viewer").await;
    assert_eq!(mei.get(&format!("/rooms/{ROOM}/likes")).await["total"], 12);
    let spent = mei.get("/wallet").await["balance"].as_i64().unwrap();
    assert_eq!(100 - spent, 7 * gift_price(&mei).await);
    assert_eq!(mei.get(&format!("/rooms/{ROOM}")).await["status"], "live");
}

async fn gift_price(api: &Api) -> i64 {
    let gifts = api.get("/gifts").await;
    let rose = gifts.as_array().unwrap().iter().find(|gift| gift["id"] == "rose").unwrap();
    rose["price"].as_i64().unwrap()
}

/// A chat service that is not ours: it writes down what its administrator asks and says yes.
struct Recorder {
    url: String,
    calls: watch::Receiver<Vec<Call>>,
}

#[derive(Clone)]
struct Call {
    command: String,
    /// Names of the query's parameters, in their order.
    query: String,
    body: String,
}

impl Recorder {
    async fn start() -> Self {
        let (sender, calls) = watch::channel(Vec::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(record).with_state(Arc::new(Mutex::new(sender)));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, calls }
    }

    /// Waits for so many calls and gives them.
    async fn calls(&mut self, number: usize) -> Vec<Call> {
        let waiting = self.calls.wait_for(|calls| calls.len() >= number);
        timeout(PATIENCE, waiting).await.expect("the calls come").unwrap().clone()
    }
}

async fn record(
    State(calls): State<Arc<Mutex<watch::Sender<Vec<Call>>>>>,
    request: Request,
) -> axum::Json<Value> {
    let (parts, body) = request.into_parts();
    assert_eq!(
        (parts.method.as_str(), &parts.headers["content-type"]),
        ("POST", &"application/json".parse().unwrap())
    );
    let query = parts.uri.query().unwrap_or_default();
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let call = Call {
        command: parts.uri.path().trim_start_matches("/v4/").to_owned(),
        query: names.collect::<Vec<_>>().join(" "),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    // In whose name else a call comes, that account is asked whether it is an administrator.
    if !query.split('&').any(|pair| pair == "identifier=administrator") {
        assert!(call.command.ends_with("/account_check"), "{}", call.command);
        return axum::Json(json!({"ActionStatus": "FAIL", "ErrorCode": 60_010, "ErrorInfo": ""}));
    }
    // How many are in the room is asked each minute, whenever that is.
    if !call.command.ends_with("/get_online_member_num") {
        calls.lock().unwrap().send_modify(|calls| calls.push(call));
    }
    axum::Json(json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "GroupId": ROOM,
        "MsgTime": 1_760_000_000, "MsgSeq": 812}))
}

/// The text with `N` in place of the digits behind each of these marks: what differs from run to run.
fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for mark in [r#""Random":"#, r#"\"at_s\":"#] {
        let mut parts = text.split(mark);
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            whole.push_str(mark);
            whole.push('N');
            whole.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
        }
        text = whole;
    }
    text
}

#[tokio::test]
async fn pointed_at_another_chat_service_it_sends_the_requests_of_the_contract() {
    let mut recorder = Recorder::start().await;
    let dir = tempfile::tempdir().unwrap();
    let words = [
        &["--only", "business", "--chat-url", &recorder.url, "--sdk-app-id", "1400000001"],
        &DEVELOPMENT[..],
    ];
    let service = Service::both(dir.path(), &words.concat(), None, |command| {
        command.env("LIVEROOM_KEY", "any key will do");
    })
    .await;
    let (host, _) = Api::sign_in(&service.business, "host", "host").await;
    host.post("/rooms", &json!({"room": ROOM, "title": "Evening sale"})).await;
    // Each step is waited for, since lanes are delivered beside each other.
    host.put(&format!("/rooms/{ROOM}/status"), &json!({"status": "live"})).await;
    recorder.calls(4).await;
    host.post(&format!("/rooms/{ROOM}/slot"), &json!({"product": "cup"})).await;
    recorder.calls(6).await;
    let (mei, _) = Api::sign_in(&service.business, "mei", "viewer").await;
    mei.post("/wallet/top-up", &json!({"coins": 100})).await;
    let gift = json!({"room": ROOM, "gift": "rose", "count": 2, "combo": "c1"});
    let given = mei.post("/gifts", &gift).await;
    recorder.calls(8).await;
    let (boss, _) = Api::sign_in(&service.business, "boss", "admin").await;
    boss.post("/broadcasts", &json!({"id": "b1", "text": "The sale ends at ten"})).await;
    let calls = recorder.calls(10).await;

    let order = given["order"].as_str().unwrap();
    let shown: String = calls
        .iter()
        .map(|call| format!("{}\n{}\n", call.command, masked(&call.body).replace(order, "ORDER")))
        .collect();
    let expected = include_str!("business/contract.txt");
    assert_eq!(shown, expected, "the requests are those of the contract");
    for call in &calls {
        assert_eq!(call.query, "sdkappid identifier usersig random contenttype");
    }
}
