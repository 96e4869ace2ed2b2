//! A gateway that does what the test says, one connection at a time.

use chat_types::gateway::{
    ClientFrame, Message, Platform, RoomMessages, RoomSnapshot, SendOutcome, ServerFrame,
};
use chat_types::group::GroupProfile;
use chat_types::{ApiError, Code};
use futures_util::{SinkExt, StreamExt};
use live_client::{Batches, Client, ClientConfig, Credentials, Interest, RoomClient, Trust, View};
use live_core::view::{AbsenceView, RowState};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::frames::snapshot;
use crate::seen::Seen;

/// Far more than anything here takes, and an end for a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Messages of the room of the tests that come while everything goes well.
pub(crate) fn live(after: u32, messages: Vec<Message>) -> ServerFrame {
    let group_id = "room_1".into();
    ServerFrame::Messages(RoomMessages { group_id, after, messages, own: vec![] })
}

pub(crate) fn send_ok(id: u32, client_id: String, seq: u32) -> ServerFrame {
    ServerFrame::SendOk(SendOutcome {
        id,
        client_id,
        seq,
        time_s: 7,
        reached: 2,
        ..SendOutcome::default()
    })
}

pub(crate) async fn patiently<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it has to happen within the patience of a test")
}

struct FixedSig;

impl Credentials for FixedSig {
    fn user_sig(&self) -> Result<String, ApiError> {
        Ok("a UserSig".into())
    }
}

pub(crate) fn config(gateway_url: String) -> ClientConfig {
    ClientConfig {
        gateway_url,
        trust: Trust::platform(),
        sdk_app_id: 1_400_000_001,
        user_id: "me".into(),
        platform: Platform::Linux,
        credentials: Arc::new(FixedSig),
    }
}

/// Far less than a test waits, and more than nothing.
pub(crate) const EVERY: Duration = Duration::from_millis(5);

/// A client that enters the room of the tests.
pub(crate) async fn enter(config: ClientConfig) -> RoomClient {
    let (client, _task) = Client::open(config);
    client.enter("room_1").await
}

/// Reads everything of a room.
pub(crate) async fn read(room: &RoomClient) -> Reader {
    Reader::new(room.subscribe(Interest::all(), EVERY).await.unwrap())
}

pub(crate) struct Gateway {
    listener: TcpListener,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = patiently(self.listener.accept()).await.unwrap();
        Peer { socket: accept_async(stream).await.unwrap() }
    }

    /// Accepts a connection and lets it in.
    pub(crate) async fn welcome(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.log_in().await;
        peer.join(crate::frames::profile(), 0, vec![]).await;
        peer
    }

    /// A client that is in the room, its connection, and a subscription past its first batch.
    pub(crate) async fn room(&self) -> (RoomClient, Peer, Reader) {
        let client = enter(config(self.url())).await;
        let peer = self.welcome().await;
        let mut reader = read(&client).await;
        reader.until(|seen| seen.member).await;
        (client, peer, reader)
    }

    /// Whether the client makes no further connection and does not even think of it.
    pub(crate) async fn is_left_alone(&self, room: &RoomClient) -> bool {
        let mut states = room.client().state();
        states.mark_unchanged();
        let alone = timeout(Duration::from_millis(700), self.listener.accept()).await.is_err();
        alone && !states.has_changed().unwrap()
    }
}

/// One connection, seen from the gateway.
pub(crate) struct Peer {
    socket: WebSocketStream<TcpStream>,
}

impl Peer {
    pub(crate) async fn say(&mut self, frame: ServerFrame) {
        self.say_text(serde_json::to_string(&frame).unwrap()).await;
    }

    pub(crate) async fn say_text(&mut self, text: impl Into<String>) {
        self.socket.send(WsMessage::text(text.into())).await.unwrap();
    }

    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(WsMessage::binary(bytes)).await.unwrap();
    }

    /// Says more than the client takes, which may hang up before all of it is said.
    pub(crate) async fn say_too_much(&mut self, text: String) {
        let _ = self.socket.send(WsMessage::text(text)).await;
    }

    pub(crate) async fn hear(&mut self) -> ClientFrame {
        let message = patiently(self.socket.next()).await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    pub(crate) async fn log_in(&mut self) {
        let ClientFrame::Login { id, user_id, user_sig, deflate, .. } = self.hear().await else {
            panic!("the login comes first");
        };
        assert!(deflate, "it reads compressed frames");
        assert_eq!((user_id.as_str(), user_sig.0.as_str()), ("me", "a UserSig"));
        let nick = "Ann".into();
        self.say(ServerFrame::LoginOk { id, user_id, nick, heartbeat_s: 300, guest: false }).await;
    }

    pub(crate) async fn hear_join(&mut self) -> (u32, Option<u32>) {
        let ClientFrame::Join { id, group_id, after_seq } = self.hear().await else {
            panic!("the join comes next");
        };
        assert_eq!(group_id, "room_1");
        (id, after_seq)
    }

    /// Answers the join and gives the number after which the client wanted to catch up.
    pub(crate) async fn join(
        &mut self,
        group: GroupProfile,
        last_seq: u32,
        messages: Vec<Message>,
    ) -> Option<u32> {
        let (id, after_seq) = self.hear_join().await;
        let snapshot = RoomSnapshot { id, ..snapshot(group, last_seq, messages) };
        self.say(ServerFrame::JoinOk(Box::new(snapshot))).await;
        after_seq
    }

    /// The next comment, as its request number, client id and text.
    pub(crate) async fn hear_comment(&mut self) -> (u32, String, String) {
        let ClientFrame::Send { id, client_id, elements, .. } = self.hear().await else {
            panic!("a comment comes next");
        };
        (id, client_id, chat_types::element::readable_text(&elements))
    }

    pub(crate) async fn refuse(&mut self, id: u32, code: i32, info: &str) {
        self.say(ServerFrame::Error {
            id,
            code: Code(code),
            info: info.into(),
            retry_after_ms: None,
        })
        .await;
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        // The client may have hung up already.
        let _ = self.socket.close(Some(frame)).await;
    }

    pub(crate) async fn heard_the_end(mut self) -> bool {
        patiently(async {
            loop {
                match self.socket.next().await {
                    None | Some(Err(_) | Ok(WsMessage::Close(_))) => return true,
                    Some(Ok(_)) => {}
                }
            }
        })
        .await
    }
}

impl Seen {
    pub(crate) fn is_dismissed(&self) -> bool {
        self.room.absence == AbsenceView::Dismissed
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.text.as_str()).collect()
    }

    pub(crate) fn state_of(&self, key: &str) -> Option<(RowState, i32)> {
        self.rows.iter().find(|row| row.key == key).map(|row| (row.state, row.code))
    }
}

pub(crate) struct Reader {
    source: Batches,
    pub(crate) seen: Seen,
    pub(crate) batches: u32,
}

impl Reader {
    pub(crate) fn new(source: Batches) -> Self {
        Self { source, seen: Seen::default(), batches: 0 }
    }

    pub(crate) fn view(&self) -> View {
        self.source.view()
    }

    /// Reads one batch. False when there will be none any more.
    pub(crate) async fn read(&mut self) -> bool {
        let Some(events) = patiently(self.source.next()).await else { return false };
        self.batches += 1;
        events.into_iter().for_each(|event| self.seen.take(event));
        true
    }

    pub(crate) async fn until(&mut self, is_so: impl Fn(&Seen) -> bool) {
        patiently(async {
            while !is_so(&self.seen) {
                assert!(self.read().await, "the subscription ended too early");
            }
        })
        .await;
    }
}
