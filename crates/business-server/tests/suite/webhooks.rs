//! The receiver of webhooks, as the chat service and strangers see it.

use acceptance::rest::http;
use business_server::WebhookLimits;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::support::{Api, Opening, PATIENCE, ROOM, Shop, WEBHOOK_TOKEN};

const AFTER_SEND: &str = "Group.CallbackAfterSendMsg";
const BEFORE_SEND: &str = "Group.CallbackBeforeSendMsg";

/// Calls the receiver as the chat service does.
#[derive(Clone)]
pub(crate) struct Hook {
    http: reqwest::Client,
    url: String,
    pub(crate) sdk_app_id: u32,
    pub(crate) token: String,
    pub(crate) time_s: u64,
}

impl Hook {
    pub(crate) fn of(shop: &Shop) -> Self {
        Self {
            http: http(),
            url: shop.business.webhook_url(),
            sdk_app_id: shop.app.sdk_app_id,
            token: WEBHOOK_TOKEN.into(),
            time_s: shop.clock.now_s(),
        }
    }

    /// Status and body of the answer.
    pub(crate) async fn post(&self, command: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        self.post_to(&format!("{}?{}", self.url, self.query(command)), body).await
    }

    fn query(&self, command: &str) -> String {
        let digest = Sha256::digest(format!("{}{}", self.token, self.time_s));
        let sign: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "SdkAppid={}&CallbackCommand={command}&contenttype=json&ClientIP=127.0.0.1\
             &OptPlatform=RESTAPI&Sign={sign}&RequestTime={}",
            self.sdk_app_id, self.time_s
        )
    }

    /// Says how long a body will be and sends none of it; the status of the answer.
    async fn announce(&self, command: &str, bytes: usize) -> u16 {
        let address = self.url.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /webhooks?{} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {bytes}\r\n\r\n",
            self.query(command)
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        timeout(PATIENCE, socket.read_exact(&mut answer)).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap().rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    async fn post_to(&self, url: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let answer = self.http.post(url).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// A message that was delivered.
pub(crate) fn sent(user: &str, random: u32, seq: u32) -> Value {
    let mut message = asked(user, json!([]), random);
    message["CallbackCommand"] = AFTER_SEND.into();
    message["MsgSeq"] = seq.into();
    message["MsgTime"] = 1_700_000_000.into();
    message
}

/// A message that is going to be sent.
pub(crate) fn asked(user: &str, body: Value, random: u32) -> Value {
    json!({"CallbackCommand": BEFORE_SEND, "GroupId": ROOM, "Type": "AVChatRoom",
        "From_Account": user, "Operator_Account": user, "Random": random, "MsgBody": body,
        "CloudCustomData": "", "EventTime": 1_700_000_000_000_u64})
}

/// Somebody who is going to come in.
pub(crate) fn wants_in(user: &str) -> String {
    json!({"CallbackCommand": "Group.CallbackBeforeApplyJoinGroup", "GroupId": ROOM,
        "Type": "AVChatRoom", "Requestor_Account": user, "EventTime": 1_700_000_000_000_u64})
    .to_string()
}

pub(crate) async fn figures(admin: &Api) -> Value {
    admin.get_ok("/webhooks/figures").await
}

/// Waits until the figures are as wanted.
pub(crate) async fn until(admin: &Api, wanted: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        let mut look = interval(Duration::from_millis(20));
        loop {
            let figures = figures(admin).await;
            if wanted(&figures) {
                return figures;
            }
            look.tick().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("the figures in time")
}

/// Without the chat service's own webhooks, so that every figure is the test's.
async fn quiet_shop(opening: Opening) -> (Shop, Api, Hook) {
    let shop = Shop::closed_with(opening).await;
    let (storage, id) = (shop.chat.storage(), shop.app.sdk_app_id);
    chat_server::application::set_callback_url(storage, id, "", None).await.unwrap();
    let admin = shop.sign_in("boss", "admin").await;
    let hook = Hook::of(&shop);
    (shop, admin, hook)
}

/// What a figure has grown by.
pub(crate) fn grown(before: &Value, after: &Value, figure: &str) -> u64 {
    after[figure].as_u64().unwrap() - before[figure].as_u64().unwrap()
}

#[tokio::test]
async fn who_is_not_the_chat_service_is_refused_and_counted_by_reason() {
    let (shop, admin, hook) = quiet_shop(Opening::default()).await;
    let before = figures(&admin).await;
    let body = sent("mei", 1, 1).to_string();
    let (now_s, app) = (hook.time_s, hook.sdk_app_id);
    for (wrong, code) in [
        (Hook { token: "another".into(), ..hook.clone() }, "signature"),
        (Hook { time_s: now_s - 61, ..hook.clone() }, "time"),
        (Hook { time_s: now_s + 61, ..hook.clone() }, "time"),
        (Hook { sdk_app_id: app + 1, ..hook.clone() }, "application"),
    ] {
        let (status, problem) = wrong.post(AFTER_SEND, body.clone()).await;
        assert_eq!((status, &problem["code"]), (403, &json!(code)));
    }
    let bare = shop.business.webhook_url();
    assert_eq!(hook.post_to(&bare, body.clone()).await.0, 403);
    let odd = format!("{bare}?SdkAppid=many&CallbackCommand={AFTER_SEND}");
    assert_eq!(hook.post_to(&odd, body.clone()).await.0, 400);
    // The clocks may differ a little.
    let late = Hook { time_s: now_s - 60, ..hook };
    assert_eq!(late.post(AFTER_SEND, body).await.0, 200);
    let after = figures(&admin).await;
    for (figure, times) in [
        ("refused_signature", 2),
        ("refused_time", 2),
        ("refused_application", 1),
        ("refused_malformed", 1),
        ("after_stored", 1),
    ] {
        assert_eq!(grown(&before, &after, figure), times, "{figure}");
    }
}

#[tokio::test]
async fn without_a_token_nobody_tells_events_but_in_development() {
    for (token, development, status) in
        [(None, true, 200), (None, false, 403), (Some(""), false, 403)]
    {
        let configure = Box::new(move |config: &mut business_server::Config| {
            config.webhook_token = token.map(business_server::Secret::new);
            config.development = development;
        });
        let shop = Shop::closed_with(Opening { configure, ..Opening::default() }).await;
        let (hook, app) = (Hook::of(&shop), shop.app.sdk_app_id);
        let url = format!("{}?SdkAppid={app}&CallbackCommand={AFTER_SEND}", hook.url);
        let answer = hook.post_to(&url, sent("mei", 1, 1).to_string()).await;
        assert_eq!(answer.0, status, "{}", answer.1);
        let empty = Hook { token: String::new(), ..hook };
        assert_eq!(empty.post(AFTER_SEND, sent("mei", 2, 2).to_string()).await.0, status);
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_and_leaves_the_rest_working() {
    let (_shop, admin, hook) = quiet_shop(Opening::default()).await;
    let before = figures(&admin).await;
    let mut nested = "[".repeat(50_000);
    nested.push_str(&"]".repeat(50_000));
    for (command, body, status) in [
        (AFTER_SEND, "no JSON".to_owned(), 400),
        (AFTER_SEND, String::new(), 400),
        (AFTER_SEND, "{}".into(), 400),
        (AFTER_SEND, nested, 400),
        (BEFORE_SEND, sent("mei", 1, 1).to_string(), 400),
        (BEFORE_SEND, "null".into(), 400),
    ] {
        let (answered, problem) = hook.post(command, body).await;
        assert_eq!(answered, status, "{problem}");
    }
    for command in [AFTER_SEND, BEFORE_SEND] {
        assert_eq!(hook.announce(command, 256 * 1024 + 1).await, 413);
    }
    // A command that this service has not learnt may be switched on in the console.
    let (status, answer) = hook.post("Sns.CallbackFriendAdd", "{}").await;
    assert_eq!((status, &answer["ActionStatus"]), (200, &json!("OK")));
    let after = figures(&admin).await;
    for (figure, times) in [("refused_malformed", 6), ("refused_length", 2), ("ignored", 1)] {
        assert_eq!(grown(&before, &after, figure), times, "{figure}");
    }
    // Longer than a call of the API may be.
    let mut long = sent("mei", 1, 1);
    long["CloudCustomData"] = "x".repeat(200 * 1024).into();
    assert_eq!(hook.post(AFTER_SEND, long.to_string()).await.0, 200);
}

#[tokio::test]
async fn what_two_people_write_to_each_other_is_not_stored() {
    let (_shop, admin, hook) = quiet_shop(Opening::default()).await;
    let before = figures(&admin).await;
    let body = json!({"CallbackCommand": "C2C.CallbackAfterSendMsg", "From_Account": "mei",
        "To_Account": "li", "MsgSeq": 1, "MsgRandom": 1, "MsgTime": 1, "MsgKey": "k", "MsgBody": [
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "a secret"}}]});
    for command in ["C2C.CallbackAfterSendMsg", "C2C.CallbackBeforeSendMsg"] {
        let (status, answer) = hook.post(command, body.to_string()).await;
        assert_eq!((status, &answer["ActionStatus"]), (200, &json!("OK")));
    }
    let after = figures(&admin).await;
    assert_eq!(grown(&before, &after, "ignored"), 2);
    assert_eq!(grown(&before, &after, "after_stored"), 0);
}

#[tokio::test]
async fn an_event_that_comes_again_and_again_is_processed_once() {
    let (_shop, admin, hook) = quiet_shop(Opening::default()).await;
    let before = figures(&admin).await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        for seq in 1..=3 {
            let hook = hook.clone();
            calls.spawn(
                async move { hook.post(AFTER_SEND, sent("mei", seq, seq).to_string()).await },
            );
        }
    }
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap().0, 200);
    }
    let after = until(&admin, |figures| figures["unheard"] == 0).await;
    assert_eq!(grown(&before, &after, "after_stored"), 3);
    assert_eq!(grown(&before, &after, "after_duplicate"), 57);
    assert_eq!(grown(&before, &after, "heard"), 3);
}

#[tokio::test]
async fn for_a_day_it_is_known_what_has_come_and_only_who_runs_the_shop_sees_the_figures() {
    let (shop, admin, hook) = quiet_shop(Opening::default()).await;
    hook.post(AFTER_SEND, sent("mei", 1, 1).to_string()).await;
    until(&admin, |figures| figures["unheard"] == 0).await;
    shop.clock.advance_ms(23 * 3_600 * 1_000);
    let shop = shop.business_restarted().await;
    let hook = Hook::of(&shop);
    hook.post(AFTER_SEND, sent("mei", 1, 1).to_string()).await;
    let admin = shop.sign_in("boss", "admin").await;
    let figures = figures(&admin).await;
    assert_eq!((&figures["after_stored"], &figures["after_duplicate"]), (&json!(0), &json!(1)));
    let moderator = shop.sign_in("mo", "moderator").await;
    assert_eq!(moderator.get("/webhooks/figures").await.problem(403), "forbidden");
}

#[tokio::test]
async fn in_a_flood_the_queue_keeps_its_bound_and_before_webhooks_are_answered() {
    let limits = WebhookLimits { arriving: 8, ..WebhookLimits::default() };
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.webhooks = limits.clone();
    });
    let (_shop, admin, hook) = quiet_shop(Opening { configure, ..Opening::default() }).await;
    let before = figures(&admin).await;
    let places = Arc::new(tokio::sync::Semaphore::new(400));
    let mut calls = JoinSet::new();
    for number in 1..=3_000_u32 {
        let (hook, places) = (hook.clone(), Arc::clone(&places));
        calls.spawn(async move {
            // As many sockets as a test may have.
            let _place = places.acquire().await.unwrap();
            if number % 10 == 0 {
                let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
                let body = asked("mei", text, number).to_string();
                (true, hook.post(BEFORE_SEND, body).await)
            } else {
                (false, hook.post(AFTER_SEND, sent("mei", number, number).to_string()).await)
            }
        });
    }
    let (mut taken, mut later) = (0, 0);
    while let Some(call) = calls.join_next().await {
        let (is_before, (status, answer)) = call.unwrap();
        match (is_before, status) {
            (true, _) => assert_eq!((status, &answer["ErrorCode"]), (200, &json!(0))),
            (false, 200) => taken += 1,
            (false, _) => {
                assert_eq!((status, &answer["code"]), (503, &json!("crowded")));
                later += 1;
            }
        }
    }
    assert_eq!(taken + later, 2_700);
    let after = until(&admin, |figures| figures["unheard"] == 0).await;
    assert_eq!(grown(&before, &after, "after_stored"), taken);
    assert_eq!(grown(&before, &after, "refused_crowded"), later);
    assert_eq!(grown(&before, &after, "heard"), taken);
    let answered = grown(&before, &after, "before_answered");
    assert_eq!(answered + grown(&before, &after, "before_late"), 300);
}

#[tokio::test]
async fn beyond_the_bound_of_waiting_events_none_is_taken_and_before_webhooks_go_on() {
    let limits = WebhookLimits { unprocessed: 0, ..WebhookLimits::default() };
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.webhooks = limits.clone();
    });
    let (_shop, admin, hook) = quiet_shop(Opening { configure, ..Opening::default() }).await;
    let before = figures(&admin).await;
    let (status, problem) = hook.post(AFTER_SEND, sent("mei", 1, 1).to_string()).await;
    assert_eq!((status, &problem["code"]), (503, &json!("crowded")));
    let (status, _) = hook.post(BEFORE_SEND, asked("mei", json!([]), 2).to_string()).await;
    assert_eq!(status, 200);
    let after = figures(&admin).await;
    assert_eq!(grown(&before, &after, "refused_unheard"), 1);
    assert_eq!(grown(&before, &after, "after_stored"), 0);
}

/// Puts events into the database of a service as if it had stored them, and not processed them yet.
async fn store_unprocessed(data_dir: &Path, bodies: &[String]) {
    let file = SqliteConnectOptions::new().filename(data_dir.join("business.db"));
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(file).await.unwrap();
    for (number, body) in (1_000_000_i64..).zip(bodies) {
        sqlx::query(
            "INSERT INTO webhook_events (id, event_key, body, came_ms, state, failures)
             VALUES ($1, $2, $3, 0, 0, 0)",
        )
        .bind(number)
        .bind(format!("test:{number}"))
        .bind(body)
        .execute(&pool)
        .await
        .unwrap();
    }
    pool.close().await;
}

#[tokio::test]
async fn what_was_stored_before_a_stop_is_processed_after_it_and_what_cannot_be_read_is_set_aside()
{
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.data_dir = path.clone();
    });
    let (shop, ..) = quiet_shop(Opening { configure, ..Opening::default() }).await;
    let good = |seq| sent("mei", seq, seq).to_string();
    let bodies = [good(1), "{}".into(), good(2), "no JSON".into(), good(3)];
    store_unprocessed(dir.path(), &bodies).await;
    let shop = shop.business_restarted().await;
    let admin = shop.sign_in("boss", "admin").await;
    until(&admin, |figures| figures["unheard"] == 0 && figures["set_aside"] == 2).await;
    assert!(figures(&admin).await["heard"].as_u64().unwrap() >= 3);
}

#[tokio::test]
async fn the_events_of_a_real_room_are_processed() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let before = until(&admin, |figures| figures["unheard"] == 0).await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(mei.say("c1", "hi").await["t"], "send_ok");
    let processed = before["heard"].as_u64().unwrap();
    // Coming in and the message itself.
    let after = until(&admin, |figures| figures["heard"].as_u64().unwrap() >= processed + 2).await;
    assert_eq!(after["set_aside"], 0);
    assert!(grown(&before, &after, "before_answered") >= 2);
}

#[tokio::test]
async fn steps_of_the_clock_stop_no_webhook() {
    let shop = Shop::open().await;
    let mut mei = shop.watch("mei", ROOM).await;
    let admin = shop.sign_in("boss", "admin").await;
    let list = json!({"list": {"name": "l", "action": "refuse", "words": ["scam"]}});
    admin.put_ok("/moderation/words", list).await;
    let lenient = json!({"ladder": {"steps": []}});
    admin.put_ok(&format!("/rooms/{ROOM}/moderation"), lenient).await;
    for (number, step_s) in [0, 3_600, -7_200, 40_000].into_iter().enumerate() {
        shop.clock.step_wall(step_s);
        // A token of an hour ago may have ended.
        let admin = shop.sign_in("boss", "admin").await;
        let before = figures(&admin).await;
        assert_eq!(mei.say(&format!("a{number}"), "a scam").await["code"], 10_100);
        assert_eq!(mei.say(&format!("b{number}"), &format!("ok {number}")).await["t"], "send_ok");
        let processed = before["heard"].as_u64().unwrap();
        until(&admin, |figures| figures["heard"].as_u64().unwrap() > processed).await;
        assert_eq!(figures(&admin).await["refused_time"], 0);
    }
}

#[tokio::test]
async fn while_the_database_takes_nothing_down_decisions_are_told_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.data_dir = path.clone();
    });
    let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
    let admin = shop.sign_in("boss", "admin").await;
    let list = json!({"list": {"name": "l", "action": "refuse", "words": ["scam"]}});
    admin.put_ok("/moderation/words", list).await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(mei.say("c1", "a scam").await["code"], 10_100);
    let like = json!({"t": "like", "batch": "b", "count": 7});
    until(&admin, |figures| figures["unheard"] == 0).await;

    // Somebody else holds the database.
    let file = SqliteConnectOptions::new().filename(dir.path().join("business.db"));
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(file).await.unwrap();
    let held = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(mei.say("c2", "a scam again").await["code"], 10_100);
    assert_eq!(mei.send("c3", &like).await["code"], 10_110);
    held.rollback().await.unwrap();
    pool.close().await;

    assert_eq!(mei.send("c4", &like).await["t"], "send_ok");
    let likes = admin.get_ok(&format!("/rooms/{ROOM}/likes")).await;
    assert_eq!(likes["total"], 7);
}
