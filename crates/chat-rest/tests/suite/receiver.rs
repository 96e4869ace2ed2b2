//! A receiver that records every request and answers by a script.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chat_rest::{Client, Config, RetryPolicy, Secret, Timeouts};
use chat_types::UserId;
use futures_util::stream;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

pub(crate) const APP: u32 = 1_400_000_001;
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const OK: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;
pub(crate) const SENT: &str =
    r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgTime":1760000000,"MsgSeq":812}"#;

/// What came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn parameter(&self, name: &str) -> &str {
        &self.query.iter().find(|(each, _)| each == name).unwrap().1
    }
}

/// What goes out.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// With status 200.
    Text(String),
    Status(u16),
    /// None, for as long as the caller waits.
    Hangs,
    /// The head of an answer and a part of its body.
    BreaksOff,
    /// `ErrorInfo` quotes the URL of the call.
    Quotes(i32),
}

impl Reply {
    pub(crate) fn code(code: i32) -> Self {
        Self::Text(format!(
            r#"{{"ActionStatus":"FAIL","ErrorCode":{code},"ErrorInfo":"no, because of {code}"}}"#
        ))
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[derive(Default)]
struct Script {
    requests: Vec<Request>,
    replies: VecDeque<Reply>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Answers with these, one after the other; the last one is for all further calls.
    pub(crate) async fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = replies.into_iter().collect();
        let script = Arc::new(Mutex::new(Script { replies, ..Script::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, script, server }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script.lock().unwrap().requests.clone()
    }

    /// With pauses that a test need not wait for.
    pub(crate) fn config(&self) -> Config {
        Config {
            admin: UserId::new("administrator").unwrap(),
            // Not reached by a machine under load, and waited for only where a call hangs.
            timeouts: Timeouts { answer: Duration::from_secs(20), ..Timeouts::default() },
            retry: RetryPolicy {
                attempts: 4,
                first_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(2),
                total: Duration::from_secs(120),
            },
            seed: Some(7),
            ..Config::new(self.url.clone(), APP, Secret::new(KEY))
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = {
        let mut script = script.lock().unwrap();
        let query = uri.query().unwrap_or_default();
        script.requests.push(Request {
            method,
            path: uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        match script.replies.len() {
            1 => script.replies[0].clone(),
            _ => script.replies.pop_front().unwrap(),
        }
    };
    match reply {
        Reply::Text(text) => text.into_response(),
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Hangs => pending().await,
        Reply::BreaksOff => {
            let parts = [Ok(r#"{"ActionStatus":"#), Err(io::Error::other("breaks off"))];
            Body::from_stream(stream::iter(parts)).into_response()
        }
        Reply::Quotes(code) => {
            let info = format!("refused: {uri}");
            serde_json::json!({"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": info})
                .to_string()
                .into_response()
        }
    }
}

/// An address that nobody listens at, and that nobody else gets.
pub(crate) struct Nowhere {
    pub(crate) url: String,
    _bound: TcpSocket,
}

impl Nowhere {
    pub(crate) fn new() -> Self {
        let bound = TcpSocket::new_v4().unwrap();
        bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { url: format!("http://{}", bound.local_addr().unwrap()), _bound: bound }
    }
}
