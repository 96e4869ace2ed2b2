//! A faulty way between the two services.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chat_types::Code;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use crate::support::{Opening, PATIENCE, Shop};

/// What the proxy does with a message to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The chat service never sees it.
    Away,
    /// The chat service takes it, and its answer is lost.
    AnswerLost,
    /// The chat service takes it, and its answer never comes.
    AnswerHeld,
    /// The room is crowded, and chooses other messages (10023).
    LeftOut,
    /// The chat service refuses it for good (10010).
    Refused,
    /// Its sender may not speak in the room (10017), which the chat service looks at first.
    Muted,
}

/// Stands between the two services.
pub(crate) struct Proxy {
    url: String,
    pub(crate) inner: Arc<Inner>,
    /// Bodies of the messages to groups, as they come.
    messages: mpsc::UnboundedReceiver<Value>,
}

pub(crate) struct Inner {
    http: reqwest::Client,
    /// Where the chat service is.
    target: Mutex<String>,
    /// For the next messages; none when it is empty.
    faults: Mutex<Vec<Fault>>,
    /// For all messages, until it is closed again.
    pub(crate) is_away: AtomicBool,
    messages: mpsc::UnboundedSender<Value>,
    /// The next call of this command waits.
    held: Mutex<Option<(&'static str, Arc<Held>)>>,
}

/// A call that the proxy has not handed on yet.
#[derive(Default)]
pub(crate) struct Held {
    /// It has come.
    pub(crate) come: Notify,
    /// It may go on.
    pub(crate) go: Notify,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            http: acceptance::rest::http(),
            target: Mutex::default(),
            faults: Mutex::default(),
            is_away: AtomicBool::new(false),
            messages: sender,
            held: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&inner));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, messages }
    }

    pub(crate) fn opening(&self) -> Opening {
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
    pub(crate) fn fail(&self, faults: &[Fault]) {
        let mut next = faults.to_vec();
        next.reverse();
        *self.inner.faults.lock().unwrap() = next;
    }

    /// The next call of a command waits until it is let go.
    pub(crate) fn hold(&self, command: &'static str) -> Arc<Held> {
        let held = Arc::new(Held::default());
        *self.inner.held.lock().unwrap() = Some((command, Arc::clone(&held)));
        held
    }

    /// The next message to a group, as the business service sent it: its `Random`, and the gift.
    pub(crate) async fn message(&mut self) -> (Value, Value) {
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
    let held = inner.held.lock().unwrap().take_if(|(command, _)| uri.path().ends_with(*command));
    if let Some((_, held)) = held {
        held.come.notify_one();
        held.go.notified().await;
    }
    let mut fault = Fault::None;
    if uri.path().ends_with("/send_group_msg") {
        let message: Value = serde_json::from_slice(&body).unwrap();
        if inner.is_away.load(SeqCst) {
            fault = Fault::Away;
        } else if message.to_string().contains("gift") {
            fault = inner.faults.lock().unwrap().pop().unwrap_or(Fault::None);
        }
        inner.messages.send(message).unwrap();
    }
    match fault {
        Fault::Away => return StatusCode::BAD_GATEWAY.into_response(),
        Fault::LeftOut => return refusal(Code::MESSAGE_RATE.0),
        Fault::Refused => return refusal(10_010),
        Fault::Muted => return refusal(Code::SENDER_MUTED.0),
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

fn refusal(code: i32) -> Response {
    let answer = json!({"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": "refused"});
    axum::Json(answer).into_response()
}

/// The outbox as an administrator sees it, once it is as it is wanted.
pub(crate) async fn figures(shop: &Shop, wanted: impl Fn(&Value) -> bool) -> Value {
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
