//! What rooms have to be told gets there: in order, once, whatever the chat service does meanwhile.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chat_types::Code;
use chat_types::rest::{CreateGroup, GroupIdOnly};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::gifts::{balance, give, giver};
use crate::support::{Api, Opening, PATIENCE, ROOM, Shop, Watcher};

fn roses(count: u32, combo: &str) -> Value {
    json!({"room": ROOM, "gift": "rose", "count": count, "combo": combo})
}

/// What the proxy does with a message to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The chat service never sees it.
    Away,
    /// The chat service takes it, and its answer is lost.
    AnswerLost,
    /// The chat service takes it, and its answer never comes.
    AnswerHeld,
    /// The room is crowded, and chooses other messages (10023).
    LeftOut,
}

/// Stands between the two services.
struct Proxy {
    url: String,
    inner: Arc<Inner>,
    /// Bodies of the messages to groups, as they come.
    messages: mpsc::UnboundedReceiver<Value>,
}

struct Inner {
    http: reqwest::Client,
    /// Where the chat service is.
    target: Mutex<String>,
    /// For the next messages; none when it is empty.
    faults: Mutex<Vec<Fault>>,
    /// For all messages, until it is closed again.
    is_away: AtomicBool,
    messages: mpsc::UnboundedSender<Value>,
}

impl Proxy {
    async fn start() -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            http: acceptance::rest::http(),
            target: Mutex::default(),
            faults: Mutex::default(),
            is_away: AtomicBool::new(false),
            messages: sender,
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&inner));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, messages }
    }

    fn opening(&self) -> Opening {
        let (inner, url) = (Arc::clone(&self.inner), self.url.clone());
        Opening {
            configure: Box::new(move |config| {
                inner.target.lock().unwrap().clone_from(&config.chat.base_url);
                config.chat.base_url.clone_from(&url);
            }),
            ..Opening::default()
        }
    }

    /// The next messages meet these faults, in this order.
    fn fail(&self, faults: &[Fault]) {
        let mut next = faults.to_vec();
        next.reverse();
        *self.inner.faults.lock().unwrap() = next;
    }

    /// The next message to a group, as the business service sent it: its `Random`, and the gift.
    async fn message(&mut self) -> (Value, Value) {
        loop {
            let body = timeout(PATIENCE, self.messages.recv()).await.unwrap().unwrap();
            let data = body["MsgBody"][0]["MsgContent"]["Data"].as_str().unwrap();
            let said: Value = serde_json::from_str(data).unwrap();
            if said["t"] == "gift" {
                return (body["Random"].clone(), said);
            }
        }
    }
}

async fn pass(State(inner): State<Arc<Inner>>, uri: Uri, body: Bytes) -> Response {
    let mut fault = Fault::None;
    if uri.path().ends_with("/send_group_msg") {
        let message: Value = serde_json::from_slice(&body).unwrap();
        if message.to_string().contains("gift") {
            fault = inner.faults.lock().unwrap().pop().unwrap_or(Fault::None);
        }
        if inner.is_away.load(SeqCst) {
            fault = Fault::Away;
        }
        inner.messages.send(message).unwrap();
    }
    match fault {
        Fault::Away => return StatusCode::BAD_GATEWAY.into_response(),
        Fault::LeftOut => {
            let code = Code::MESSAGE_RATE.0;
            let answer = json!({"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": "crowded"});
            return axum::Json(answer).into_response();
        }
        Fault::None | Fault::AnswerLost | Fault::AnswerHeld => {}
    }
    let target = format!("{}{}", inner.target.lock().unwrap(), uri);
    let Ok(answer) = inner.http.post(target).body(body).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let answer = answer.bytes().await.unwrap();
    match fault {
        Fault::AnswerLost => StatusCode::BAD_GATEWAY.into_response(),
        Fault::AnswerHeld => std::future::pending().await,
        _ => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
    }
}

/// The outbox as an administrator sees it, once it is as it is wanted.
async fn figures(shop: &Shop, wanted: impl Fn(&Value) -> bool) -> Value {
    let admin = shop.sign_in("boss", "admin").await;
    let looking = async {
        loop {
            let figures = admin.get_ok("/outbox").await;
            if wanted(&figures) {
                return figures;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("the outbox gets there")
}

/// The orders of the next gift messages.
async fn orders(watcher: &mut Watcher, number: usize) -> Vec<Value> {
    let mut orders = Vec::new();
    for _ in 0..number {
        orders.push(watcher.business("gift").await["order"].clone());
    }
    orders
}

async fn given(api: &Api, key: &str, body: Value) -> Value {
    give(api, key, body).await.expect_status(200)["order"].clone()
}

#[tokio::test]
async fn gifts_of_a_combo_keep_their_order_through_failures() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    use Fault::{AnswerLost, Away, None};
    proxy.fail(&[Away, AnswerLost, None, AnswerLost, Away, Away, None, Away]);
    let mut paid = Vec::new();
    for number in 0..6 {
        paid.push(given(&mei, &format!("k{number}"), roses(1, "c1")).await);
    }
    assert_eq!(orders(&mut viewer, 6).await, paid);
    let after = figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!(after["failed"], 0);
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_message() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerLost; 3]);
    let first = given(&mei, "k1", roses(1, "c1")).await;
    let sent = proxy.message().await;
    for _ in 0..3 {
        assert_eq!(proxy.message().await, sent, "a repeat has the same Random and body");
    }
    let second = given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(orders(&mut viewer, 2).await, [first, second]);
}

#[tokio::test]
async fn a_message_that_a_crowded_room_left_out_comes_with_another_random() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::LeftOut, Fault::LeftOut]);
    let first = given(&mei, "k1", roses(1, "c1")).await;
    let second = given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(orders(&mut viewer, 2).await, [first, second]);
    let mut randoms = HashSet::new();
    for total in [1, 1, 1, 2] {
        let (random, gift) = proxy.message().await;
        assert_eq!(gift["total"], total);
        assert!(randoms.insert(random.to_string()), "no message of the outbox has it as well");
    }
}

#[tokio::test]
async fn a_combo_that_gets_no_answer_holds_no_other_up() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let stuck = given(&mei, "k1", roses(1, "c1")).await;
    proxy.message().await;
    assert_eq!(orders(&mut viewer, 1).await, [stuck]);
    for number in 2..5 {
        let order = given(&mei, &format!("k{number}"), roses(1, &format!("c{number}"))).await;
        assert_eq!(orders(&mut viewer, 1).await, [order]);
    }
}

#[tokio::test]
async fn a_message_that_was_sent_and_not_noted_is_sent_again_and_seen_once() {
    let mut proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.fail(&[Fault::AnswerHeld]);
    let first = given(&mei, "k1", roses(1, "c1")).await;
    let sent = proxy.message().await;
    // The chat service has it, and the business service ends before it knows.
    assert_eq!(orders(&mut viewer, 1).await, [first]);
    let shop = shop.business_restarted().await;
    assert_eq!(proxy.message().await, sent, "the repeat has the same Random and body");
    let mei = shop.sign_in("mei", "viewer").await;
    let second = given(&mei, "k2", roses(1, "c1")).await;
    assert_eq!(orders(&mut viewer, 1).await, [second]);
    let after = figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!(after["failed"], 0);
}

#[tokio::test]
async fn gifts_are_taken_while_the_chat_service_is_away_and_told_in_order_when_it_is_back() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let paid = Arc::new(Mutex::new(Vec::new()));
    let (giver, kept) = (mei.clone(), Arc::clone(&paid));
    // Until somebody watches again.
    proxy.inner.is_away.store(true, SeqCst);
    let shop = shop
        .without_chat(async move |_| {
            for number in 0..5 {
                let order = given(&giver, &format!("k{number}"), roses(1, "c1")).await;
                kept.lock().unwrap().push(order);
            }
        })
        .await;
    assert_eq!(balance(&mei).await, 95);
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.inner.is_away.store(false, SeqCst);
    assert_eq!(orders(&mut viewer, 5).await, *paid.lock().unwrap());
}

#[tokio::test]
async fn gifts_of_different_combos_come_in_their_order_as_far_as_several_go_at_once() {
    const GIFTS: usize = 40;
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let paid = Arc::new(Mutex::new(Vec::new()));
    let (giver, kept) = (mei.clone(), Arc::clone(&paid));
    proxy.inner.is_away.store(true, SeqCst);
    let shop = shop
        .without_chat(async move |_| {
            for number in 0..GIFTS {
                let combo = format!("c{number}");
                let order = given(&giver, &combo, roses(1, &combo)).await;
                kept.lock().unwrap().push(order);
            }
        })
        .await;
    let mut viewer = shop.watch("li", ROOM).await;
    proxy.inner.is_away.store(false, SeqCst);
    let told = orders(&mut viewer, GIFTS).await;
    let paid = paid.lock().unwrap();
    for (place, order) in told.iter().enumerate() {
        let given = paid.iter().position(|paid| paid == order).unwrap();
        // Eight are on their way at once, and one was the first to find the chat service back.
        assert!(given.abs_diff(place) <= 2 * 8, "{given} was told as {place}: {told:?}");
    }
}

#[tokio::test]
async fn what_waits_outlives_a_restart() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", ROOM).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    proxy.inner.is_away.store(true, SeqCst);
    let mut paid = Vec::new();
    for number in 0..3 {
        paid.push(given(&mei, &format!("k{number}"), roses(1, "c1")).await);
    }
    let shop = shop.business_restarted().await;
    let waiting = figures(&shop, |_| true).await["waiting"].clone();
    assert_eq!(waiting, 3);
    proxy.inner.is_away.store(false, SeqCst);
    assert_eq!(orders(&mut viewer, 3).await, paid);
}

#[tokio::test]
async fn a_room_whose_group_is_gone_holds_nobody_else_up() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    host.put_ok("/rooms/other/status", json!({"status": "live"})).await;
    let mei = giver(&shop, "mei", 100).await;
    let mut viewer = shop.watch("li", "other").await;
    let before = figures(&shop, |figures| figures["waiting"] == 0).await;
    let chat = shop.administrator();
    chat.destroy_group(&GroupIdOnly { group_id: ROOM.into() }).await.unwrap();

    let lost = given(&mei, "k1", roses(1, "c1")).await;
    let other = json!({"room": "other", "gift": "rose", "count": 2});
    let told = given(&mei, "k2", other).await;
    assert_eq!(orders(&mut viewer, 1).await, [told]);
    let failed = before["failed"].as_u64().unwrap() + 1;
    let after = figures(&shop, |figures| figures["failed"] == failed).await;
    assert_eq!(after["last_failed"][0]["key"], format!("gift:{}", lost.as_str().unwrap()));
    assert_eq!(after["last_failed"][0]["room"], ROOM);
    assert!(after["last_failed"][0]["reason"].as_str().unwrap().contains("send_group_msg"));

    // The lane itself goes on as well.
    let group = CreateGroup {
        group_type: "AVChatRoom".into(),
        name: "Room".into(),
        owner_account: Some("host".into()),
        group_id: Some(ROOM.into()),
        ..CreateGroup::default()
    };
    chat.create_group(&group).await.unwrap();
    let mut viewer = shop.watch("bo", ROOM).await;
    given(&mei, "k3", roses(1, "c1")).await;
    assert_eq!(viewer.business("gift").await["total"], 2);
}

#[tokio::test]
async fn when_too_much_waits_gifts_are_refused_and_nothing_is_paid() {
    let opening =
        Opening { configure: Box::new(|config| config.outbox_limit = 3), ..Opening::default() };
    let shop = Shop::open_with(opening).await;
    let mei = giver(&shop, "mei", 100).await;
    figures(&shop, |figures| figures["waiting"] == 0).await;
    let api = mei.clone();
    let shop = shop
        .without_chat(async move |_| {
            given(&api, "k1", roses(1, "c1")).await;
            given(&api, "k2", roses(1, "c2")).await;
            // What is held back counts too.
            let clicks = json!({"room": ROOM, "gift": "rose", "clicks": 1, "combo": "c3"});
            let first = give(&api, "k3", clicks.clone()).await.expect_status(200);
            let refused = give(&api, "k4", roses(1, "c4")).await;
            assert_eq!(refused.problem(503), "outbox_full");
            assert!(refused.json()["retry_after_ms"].as_u64().unwrap() > 0);
            assert_eq!(balance(&api).await, 97);
            let again = give(&api, "k3", clicks).await.expect_status(200);
            assert_eq!(again, first, "a repeat has its answer also now");
        })
        .await;
    shop.clock.advance_ms(1_000);
    let after = figures(&shop, |figures| figures["waiting"] == 0).await;
    assert_eq!((&after["limit"], &after["refused_full"]), (&json!(3), &json!(1)));
    let given = give(&mei, "k4", roses(1, "c4")).await.expect_status(200);
    assert_eq!(given["balance"], 96);
}

#[tokio::test]
async fn only_administrators_see_the_outbox() {
    let shop = Shop::open().await;
    for role in ["viewer", "host", "moderator"] {
        let api = shop.sign_in(&format!("a-{role}"), role).await;
        assert_eq!(api.get("/outbox").await.problem(403), "forbidden");
    }
}
