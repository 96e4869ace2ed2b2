//! A receiver of webhooks, as a backend developer would write one.

use axum::Json;
use axum::Router;
use axum::routing::post;
use chat_server::application::{self, ALL_CALLBACKS};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clients::{PATIENCE, World};

pub(crate) struct Hooks {
    calls: mpsc::UnboundedReceiver<Value>,
    /// Everything that came, in order.
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Hooks {
    /// Switches all webhooks of the world's application on and takes them.
    pub(crate) async fn of(world: &World) -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let take = move |Json(body): Json<Value>| async move {
            log.lock().unwrap().push(body.clone());
            // The test may have ended.
            let _ = sender.send(body);
            Json(json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let router = Router::new().route("/hooks", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
        application::set_callback_url(storage, app, &url, None).await.unwrap();
        application::switch_callback(storage, app, ALL_CALLBACKS, true).await.unwrap();
        // A call makes the service read its configuration again.
        world.ok("group_open_http_svc/get_appid_group_list", json!({})).await;
        Self { calls, seen }
    }

    /// The next call of a command; others on the way are passed over.
    pub(crate) async fn next(&mut self, command: &str) -> Value {
        self.until(command, |_| true).await
    }

    /// The next call of a command that is the wanted one.
    pub(crate) async fn until(&mut self, command: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let call = timeout(PATIENCE, self.calls.recv()).await.expect("a webhook in time");
            let call = call.unwrap();
            if call["CallbackCommand"] == command && wanted(&call) {
                return call;
            }
        }
    }

    /// How often a command has been called so far.
    pub(crate) fn count(&self, command: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|call| call["CallbackCommand"] == command).count()
    }
}
