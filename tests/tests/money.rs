//! The money path across crashes: the business service is killed at every point at which a gift could
//! be lost, paid twice or shown twice, and started again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::gate::{Gate, Passage};
use acceptance::gateway::Client;
use acceptance::liveroom::{self, Service};
use acceptance::rest::{Administrator, http};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use tempfile::TempDir;

const ROOM: &str = "r";
const COINS: i64 = 1_000;

/// A chat service, a gate before it, a business service behind that, and two who watch.
struct Shop {
    _chat: Service,
    admin: Administrator,
    gate: Gate,
    business: Service,
    dir: TempDir,
    _chat_dir: TempDir,
    watchers: [Client; 2],
    viewer: String,
    http: reqwest::Client,
}

impl Shop {
    async fn open() -> Self {
        let (chat_dir, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = chat_dir.path().to_str().unwrap();
        let create =
            ["app", "create", "--name", "shop", "--edition", "ultimate", "--data-dir", path];
        let app: Value = serde_json::from_str(&liveroom::print(create).await).unwrap();
        let id = app["sdk_app_id"].to_string();
        for field in ["product", "live_status"] {
            let add = ["app", "field", "add", "--sdk-app-id", &id, "--name", field];
            liveroom::print(add.into_iter().chain(["--data-dir", path])).await;
        }
        let chat = Service::start(chat_dir.path()).await;
        let admin = Administrator::of(&chat.rest, &app).await;
        admin.ok("im_open_login_svc/account_import", json!({"UserID": "assistant"})).await;
        let gate = Gate::before(&chat.rest).await;
        let business = serve(&dir, &gate.url, &admin).await;
        let mut shop = Self {
            watchers: [watcher(&chat, &admin, "one").await, watcher(&chat, &admin, "two").await],
            _chat: chat,
            admin,
            gate,
            business,
            dir,
            _chat_dir: chat_dir,
            viewer: String::new(),
            http: http(),
        };
        let host = shop.sign_in("host", "host").await;
        let opened = json!({"room": ROOM, "title": "Room"});
        assert_eq!(shop.post(&host, "/rooms", None, &opened).await.0, 201);
        let live = shop.http.put(shop.url(&format!("/rooms/{ROOM}/status"))).bearer_auth(&host);
        let live = live.json(&json!({"status": "live"})).send().await.unwrap();
        assert_eq!(live.status(), 200);
        for watcher in &mut shop.watchers {
            let joined = watcher.ask(json!({"t": "join", "group_id": ROOM})).await;
            assert_eq!(joined["t"], "join_ok", "{joined}");
        }
        shop.viewer = shop.sign_in("mei", "viewer").await;
        let (status, _) = shop
            .post(&shop.viewer, "/wallet/top-up", Some("first"), &json!({"coins": COINS}))
            .await;
        assert_eq!(status, 200);
        shop
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.business.business)
    }

    async fn sign_in(&self, user: &str, role: &str) -> String {
        let body = json!({"name": user, "user_id": user, "role": role});
        let (status, entry) = self.post("", "/sign-in", None, &body).await;
        assert_eq!(status, 200, "{entry}");
        entry["token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, token: &str, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = self.http.post(self.url(path)).bearer_auth(token).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Gives one rose under this key, all of them in one combo; gives the order's name.
    async fn give(&self, key: &str) -> String {
        let body = json!({"room": ROOM, "gift": "rose", "count": 1, "combo": "c"});
        let (status, given) = self.post(&self.viewer, "/gifts", Some(key), &body).await;
        assert_eq!(status, 200, "{given}");
        given["order"].as_str().unwrap().to_owned()
    }

    /// The process ends in the middle of whatever it does, and another one begins.
    async fn crash(self) -> Self {
        let Self { business, gate, dir, admin, .. } = self;
        business.kill().await;
        gate.set(Passage::Open);
        let business = serve(&dir, &gate.url, &admin).await;
        Self { business, gate, dir, admin, ..self }
    }

    /// The same while another connection holds the write lock of the database.
    async fn crash_holding(self, lock: SqliteConnection) -> Self {
        let Self { business, gate, dir, admin, .. } = self;
        business.kill().await;
        lock.close().await.unwrap();
        let business = serve(&dir, &gate.url, &admin).await;
        Self { business, gate, dir, admin, ..self }
    }

    /// Both watchers have seen each of so many roses once, in the order in which they were given.
    async fn both_see(&mut self, roses: u64) {
        for watcher in &mut self.watchers {
            let mut totals = Vec::new();
            while totals.last() != Some(&roses) {
                let frame = watcher.kind("messages").await;
                let messages = frame["messages"].as_array().unwrap().clone();
                totals.extend(messages.iter().filter_map(|message| {
                    let data = message["elements"][0]["MsgContent"]["Data"].as_str()?;
                    let said: Value = serde_json::from_str(data).ok()?;
                    (said["t"] == "gift").then(|| said["total"].as_u64().unwrap())
                }));
            }
            assert!(totals.iter().copied().eq(1..=roses), "{totals:?}");
        }
    }

    /// Balance, ledger and orders agree on so many roses.
    async fn books_show(&self, roses: i64) {
        let price = self.price().await;
        let wallet = self.http.get(self.url("/wallet")).bearer_auth(&self.viewer);
        let wallet: Value = wallet.send().await.unwrap().json().await.unwrap();
        assert_eq!(wallet["balance"], COINS - roses * price);
        let mut database = self.database().await;
        for (what, sql, expected) in [
            ("the ledger's sum", "SELECT SUM(amount) FROM ledger_entries", 0),
            ("the sum of balances", "SELECT SUM(balance) FROM ledger_accounts", 0),
            ("orders", "SELECT COUNT(*) FROM gift_orders", roses),
            (
                "income",
                "SELECT COALESCE(SUM(amount), 0) FROM ledger_entries WHERE account = 'income:host'",
                roses * price,
            ),
        ] {
            let row = sqlx::query(sql).fetch_one(&mut database).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), expected, "{what}");
        }
        database.close().await.unwrap();
    }

    async fn price(&self) -> i64 {
        let gifts = self.http.get(self.url("/gifts")).bearer_auth(&self.viewer);
        let gifts: Value = gifts.send().await.unwrap().json().await.unwrap();
        let rose = gifts.as_array().unwrap().iter().find(|gift| gift["id"] == "rose").unwrap();
        rose["price"].as_i64().unwrap()
    }

    async fn database(&self) -> SqliteConnection {
        let file = SqliteConnectOptions::new().filename(self.dir.path().join("business.db"));
        file.connect().await.unwrap()
    }
}

async fn serve(dir: &TempDir, chat: &str, admin: &Administrator) -> Service {
    let id = admin.sdk_app_id.to_string();
    let words = [
        "--only",
        "business",
        "--chat-url",
        chat,
        "--sdk-app-id",
        &id,
        "--development",
        "on",
        "--calls-per-second",
        "10000",
    ];
    let key = admin.key.clone();
    Service::both(dir.path(), &words, None, |command| {
        command.env("LIVEROOM_KEY", key);
    })
    .await
}

async fn watcher(chat: &Service, admin: &Administrator, user: &str) -> Client {
    admin.ok("im_open_login_svc/account_import", json!({"UserID": user})).await;
    let mut client = Client::connect(&chat.gateway).await;
    let sig = admin.user_sig(user).await;
    assert_eq!(client.login(admin.sdk_app_id, user, &sig).await["t"], "login_ok");
    client
}

#[tokio::test]
async fn a_crash_before_the_commit_has_charged_nothing_and_the_repeat_charges_once() {
    let shop = Shop::open().await;
    let mut database = shop.database().await;
    // Whoever holds the write lock keeps every transaction from its commit.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut database).await.unwrap();
    let body = json!({"room": ROOM, "gift": "rose", "count": 1, "combo": "c"});
    let request = shop.http.post(shop.url("/gifts")).bearer_auth(&shop.viewer);
    let request = request.header("Idempotency-Key", "k").json(&body).send();
    let (unanswered, shop) = tokio::join!(request, async {
        // A later call is answered, so the gift's has been taken.
        shop.price().await;
        shop.crash_holding(database).await
    });
    assert!(unanswered.is_err(), "nobody was told that it was paid");
    shop.books_show(0).await;
    let mut shop = shop;
    shop.give("k").await;
    shop.give("end").await;
    shop.both_see(2).await;
    shop.books_show(2).await;
}

/// Crashes when the message of a paid gift is held at the gate; the call is then made again.
async fn crash_at_the_gate(passage: Passage) {
    let mut shop = Shop::open().await;
    shop.gate.set(passage);
    let order = shop.give("k").await;
    shop.gate.holds().await;
    let mut shop = shop.crash().await;
    assert_eq!(shop.give("k").await, order);
    shop.give("end").await;
    shop.both_see(2).await;
    shop.books_show(2).await;
}

#[tokio::test]
async fn a_crash_after_the_commit_loses_no_gift_and_the_repeat_gets_the_first_answer() {
    crash_at_the_gate(Passage::HoldCalls).await;
}

#[tokio::test]
async fn a_crash_between_sending_and_the_note_of_it_shows_the_gift_once() {
    crash_at_the_gate(Passage::HoldAnswers).await;
}

#[tokio::test]
async fn crash_after_crash_nothing_is_lost_doubled_or_out_of_order() {
    let mut shop = Shop::open().await;
    for number in 0..6 {
        let key = format!("k{number}");
        shop.gate.set(if number % 2 == 0 { Passage::HoldAnswers } else { Passage::HoldCalls });
        let order = shop.give(&key).await;
        shop = shop.crash().await;
        assert_eq!(shop.give(&key).await, order);
    }
    shop.give("end").await;
    shop.both_see(7).await;
    shop.books_show(7).await;
}
