//! A gate between a business service and its chat service: it passes calls on, and can hold the
//! messages that are sent into rooms, before they reach the chat service or after they were answered.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::rest::http;

/// Far more than any call has.
const MAX_BYTES: usize = 2 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    Open,
    /// Messages do not reach the chat service.
    HoldCalls,
    /// Messages reach the chat service, and its answers do not come back.
    HoldAnswers,
}

pub struct Gate {
    pub url: String,
    passage: watch::Sender<Passage>,
    held: watch::Receiver<usize>,
}

struct Way {
    http: reqwest::Client,
    target: String,
    passage: watch::Receiver<Passage>,
    held: watch::Sender<usize>,
}

impl Gate {
    /// An open gate before the service at this base address.
    pub async fn before(target: &str) -> Self {
        let (passage, passages) = watch::channel(Passage::Open);
        let (counting, held) = watch::channel(0);
        let way = Way { http: http(), target: target.into(), passage: passages, held: counting };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(Arc::new(way));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, passage, held }
    }

    pub fn set(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }

    /// Waits until a message is held.
    pub async fn holds(&mut self) {
        let held = tokio::time::timeout(crate::PATIENCE, self.held.wait_for(|held| *held > 0));
        held.await.expect("a message comes to the gate").unwrap();
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BYTES).await.unwrap();
    let passage = *way.passage.borrow();
    let is_message = parts.uri.path().ends_with("/send_group_msg");
    if is_message && passage == Passage::HoldCalls {
        hold(&way).await;
    }
    let url = format!("{}{}", way.target, parts.uri);
    let answer = way.http.request(parts.method, url).body(body).send().await.unwrap();
    let (status, answer) = (answer.status(), answer.bytes().await.unwrap());
    if is_message && passage == Passage::HoldAnswers {
        hold(&way).await;
    }
    Response::builder().status(status).body(Body::from(answer)).unwrap()
}

/// Until the caller is gone, and with it this call.
async fn hold(way: &Way) {
    way.held.send_modify(|held| *held += 1);
    std::future::pending().await
}
