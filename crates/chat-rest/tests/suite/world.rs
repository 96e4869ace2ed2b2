//! The real chat service in this process, with an application that has everything switched on.

use chat_rest::{Client, Config, Secret};
use chat_server::application::{self, Application, Edition, NewField};
use chat_server::clock::{Clock, SystemClock};
use chat_server::{Server, ServerConfig, storage};
use chat_types::gateway::deflate;
use chat_types::rest::{AccountImport, CreateGroup};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Far longer than anything takes here; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of the longest frame that the gateway sends.
const LONGEST_FRAME: usize = 512 * 1024;

pub(crate) struct World {
    _dir: tempfile::TempDir,
    pub(crate) server: Server,
    pub(crate) app: Application,
    pub(crate) client: Client,
}

impl World {
    /// With the accounts `host`, `mei` and `li`, and the AVChatRoom `r` of `host`.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let storage = storage::open(dir.path()).await.unwrap();
        let app =
            application::create(&*storage, &SystemClock, "test", Edition::Ultimate).await.unwrap();
        let product = NewField::of_rooms("product");
        application::add_field(&*storage, &SystemClock, app.sdk_app_id, product).await.unwrap();
        for switch in ["broadcast", "online_member_list", "ban_members", "room_history"] {
            application::set_setting(&*storage, app.sdk_app_id, switch, "on").await.unwrap();
        }
        storage.close().await;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(ServerConfig::new(listen, dir.path().to_owned())).await.unwrap();
        let key = Secret::new(app.key.reveal());
        let client = Client::new(Config::new(server.rest_url(), app.sdk_app_id, key)).unwrap();
        for user_id in ["host", "mei", "li"] {
            let account = AccountImport { user_id: user_id.into(), ..AccountImport::default() };
            client.account_import(&account).await.unwrap();
        }
        let world = Self { _dir: dir, server, app, client };
        world.make_group("AVChatRoom", "r").await;
        world
    }

    pub(crate) async fn make_group(&self, group_type: &str, group_id: &str) {
        let group = CreateGroup {
            group_type: group_type.into(),
            name: "Evening sale".into(),
            group_id: Some(group_id.into()),
            owner_account: Some("host".into()),
            ..CreateGroup::default()
        };
        assert_eq!(self.client.create_group(&group).await.unwrap().group_id, group_id);
    }

    /// A viewer who is signed in and in room `r`.
    pub(crate) async fn in_room(&self, user_id: &str) -> Viewer {
        let user_sig = usersig::sign(&usersig::SignRequest {
            sdk_app_id: self.app.sdk_app_id,
            key: self.app.key.reveal(),
            identifier: user_id,
            time_s: SystemClock.now_s(),
            expire_s: 3_600,
            userbuf: None,
        })
        .unwrap();
        let (socket, _) = connect_async(self.server.gateway_url()).await.unwrap();
        let mut viewer = Viewer { socket };
        let login = json!({"t": "login", "id": 1, "sdk_app_id": self.app.sdk_app_id,
            "user_id": user_id, "user_sig": user_sig});
        viewer.say(login).await;
        viewer.kind("login_ok").await;
        viewer.say(json!({"t": "join", "id": 2, "group_id": "r"})).await;
        viewer.kind("join_ok").await;
        viewer
    }
}

pub(crate) struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Viewer {
    async fn say(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame of a kind.
    pub(crate) async fn kind(&mut self, kind: &str) -> Value {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            let json = match frame.unwrap().unwrap() {
                Message::Text(text) => text.as_bytes().to_vec(),
                Message::Binary(bytes) => deflate::inflate(&bytes, LONGEST_FRAME).unwrap(),
                _ => continue,
            };
            let frame: Value = serde_json::from_slice(&json).unwrap();
            if frame["t"] == kind {
                return frame;
            }
        }
    }

    /// The text of the next message.
    pub(crate) async fn text(&mut self) -> String {
        let frame = self.kind("messages").await;
        let text = frame["messages"][0]["elements"][0]["MsgContent"]["Text"].as_str();
        text.unwrap().to_owned()
    }
}
