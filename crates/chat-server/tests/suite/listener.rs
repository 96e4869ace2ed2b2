//! The application's own web service, which is told what happens.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::post;
use chat_server::application;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clients::{PATIENCE, World};

pub(crate) struct Listener {
    heard: mpsc::UnboundedReceiver<(String, Value)>,
}

impl Listener {
    /// Listens to one command of the world's application.
    pub(crate) async fn to(world: &World, command: &str) -> Self {
        let (told, heard) = mpsc::unbounded_channel();
        let take = |State(told): State<mpsc::UnboundedSender<(String, Value)>>,
                    RawQuery(query): RawQuery,
                    body: String| async move {
            told.send((query.unwrap(), serde_json::from_str(&body).unwrap())).unwrap();
            axum::Json(json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}))
        };
        let router = Router::new().route("/told", post(take)).with_state(told);
        let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/told", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, router).await });
        let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
        application::set_callback_url(storage, app, &url, None).await.unwrap();
        application::switch_callback(storage, app, command, true).await.unwrap();
        Self { heard }
    }

    /// The next event: query and body.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        timeout(PATIENCE, self.heard.recv()).await.expect("an event in time").unwrap()
    }
}
