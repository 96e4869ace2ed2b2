//! A client of the gateway, written from `docs/gateway.md` alone.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tls_transport::{ClientStream, Trust};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::PATIENCE;

pub struct Client {
    socket: WebSocketStream<ClientStream>,
    next_id: u32,
}

impl Client {
    pub async fn connect(gateway: &str) -> Self {
        Self::believing(&Trust::nobody(), gateway).await
    }

    /// Connects over TLS to a gateway that `trust` believes, or to any without it.
    pub async fn believing(trust: &Trust, gateway: &str) -> Self {
        let uri: Uri = gateway.parse().unwrap();
        let (host, port) = (uri.host().unwrap(), uri.port_u16().unwrap());
        let secure = uri.scheme_str() == Some("wss");
        let stream = trust.connect(host, port, secure).await.unwrap();
        let (socket, _) = client_async(uri, stream).await.unwrap();
        Self { socket, next_id: 1 }
    }

    pub async fn ask(&mut self, request: Value) -> Value {
        let id = self.send(request).await;
        self.until(|frame| frame["id"] == id).await.expect("an answer")
    }

    /// Asks and does not wait for the answer, which has this id.
    pub async fn send(&mut self, mut request: Value) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        request["id"] = id.into();
        self.socket.send(Message::text(request.to_string())).await.unwrap();
        id
    }

    pub async fn login(&mut self, sdk_app_id: u64, user: &str, user_sig: &str) -> Value {
        let request = json!({
            "t": "login", "sdk_app_id": sdk_app_id, "user_id": user, "user_sig": user_sig
        });
        self.ask(request).await
    }

    pub async fn send_text(&mut self, group: &str, client_id: &str, text: &str) -> Value {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        let request = json!({
            "t": "send", "group_id": group, "client_id": client_id, "elements": [element]
        });
        self.ask(request).await
    }

    /// The next frame that is wanted; `None` when the connection closes before.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a frame in time")? {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if wanted(&frame) {
                        return Some(frame);
                    }
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn kind(&mut self, kind: &str) -> Value {
        self.until(|frame| frame["t"] == kind).await.expect("the connection stays open")
    }
}
