//! A gateway that does what the test says, one connection at a time.

use chat_types::gateway::{
    ClientFrame, Message, Platform, RoomMessages, RoomSnapshot, SendOutcome, ServerFrame,
};
use chat_types::group::GroupProfile;
use chat_types::{ApiError, Code};
use futures_util::{SinkExt, StreamExt};
use live_client::{Credentials, RoomClient, RoomClientConfig, Trust};
use live_core::view::{
    AnnouncementView, ChatRow, DrawsView, GiftBannerView, GiftTotalsView, LikesView,
    LiveStatusView, PassersView, PresenceView, RoomEvent, RoomView, RowState, SessionView,
    SpeechView,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::frames::snapshot;

/// Far more than anything here takes, and an end for a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn patiently<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it has to happen within the patience of a test")
}

struct FixedSig;

impl Credentials for FixedSig {
    fn user_sig(&self) -> Result<String, ApiError> {
        Ok("a UserSig".into())
    }
}

pub(crate) fn config(gateway_url: String) -> RoomClientConfig {
    RoomClientConfig {
        gateway_url,
        trust: Trust::platform(),
        sdk_app_id: 1_400_000_001,
        user_id: "me".into(),
        platform: Platform::Linux,
        group_id: "room_1".into(),
        credentials: Arc::new(FixedSig),
        flush_every: Duration::from_millis(5),
    }
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
        let (client, _task) = RoomClient::open(config(self.url()));
        let peer = self.welcome().await;
        let mut reader = Reader::new(client.subscribe().await);
        reader.until(|seen| seen.member).await;
        (client, peer, reader)
    }

    /// Whether the client makes no further connection and does not even think of it.
    pub(crate) async fn is_left_alone(&self, client: &RoomClient) -> bool {
        let mut states = client.state();
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

/// What a subscriber knows: the sum of the batches it has read.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) session: Option<SessionView>,
    pub(crate) member: bool,
    pub(crate) dismissed: bool,
    pub(crate) online: u32,
    pub(crate) product: Option<String>,
    pub(crate) live_status: LiveStatusView,
    pub(crate) likes: LikesView,
    /// All bursts of likes together.
    pub(crate) burst: u32,
    pub(crate) banners: Vec<GiftBannerView>,
    pub(crate) gifts: GiftTotalsView,
    pub(crate) draws: DrawsView,
    pub(crate) broadcasts: Vec<AnnouncementView>,
    pub(crate) rows: Vec<ChatRow>,
    pub(crate) flights: Vec<String>,
    pub(crate) flight_ids: Vec<u32>,
    /// Flights that were taken out of the air.
    pub(crate) left: Vec<u32>,
    pub(crate) room: RoomView,
    pub(crate) speech: SpeechView,
    pub(crate) missed: u32,
    pub(crate) passers: PassersView,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) counters: BTreeMap<String, f64>,
    pub(crate) notifications: Vec<String>,
    pub(crate) presence: Vec<PresenceView>,
    pub(crate) conversations: Vec<String>,
    pub(crate) batches: u32,
}

impl Seen {
    fn take(&mut self, event: RoomEvent) {
        match event {
            RoomEvent::Session { session } => self.session = Some(session),
            RoomEvent::Room { room } => {
                self.member = room.member;
                self.room = room;
            }
            RoomEvent::Dismissed { .. } => self.dismissed = true,
            RoomEvent::Online { count } => self.online = count,
            RoomEvent::Product { product } => self.product = Some(product.title),
            RoomEvent::ProductCleared => self.product = None,
            RoomEvent::LiveStatus { status } => self.live_status = status,
            RoomEvent::Likes { likes, burst } => {
                self.likes = likes;
                self.burst += burst;
            }
            RoomEvent::GiftBanners { banners } => self.banners = banners,
            RoomEvent::GiftTotals { totals } => self.gifts = totals,
            RoomEvent::Draws { draws } => self.draws = draws,
            RoomEvent::Announcements { broadcasts } => self.broadcasts = broadcasts,
            RoomEvent::ChatReset { rows } => self.rows = rows,
            RoomEvent::Chat { rows } => rows.into_iter().for_each(|row| self.upsert(row)),
            RoomEvent::ChatInserted { before, rows } => {
                let at = self.rows.iter().position(|row| row.key == before);
                let at = at.expect("the subscriber was told of that row");
                self.rows.splice(at..at, rows);
            }
            RoomEvent::ChatRemoved { keys } => {
                self.rows.retain(|row| !keys.contains(&row.key));
            }
            RoomEvent::Danmaku { enter, leave, .. } => {
                self.left.extend(leave);
                self.flight_ids.extend(enter.iter().map(|flying| flying.id));
                self.flights.extend(enter.into_iter().map(|flying| flying.text));
            }
            RoomEvent::DanmakuCounters { .. } => {}
            RoomEvent::Speech { speech } => self.speech = speech,
            RoomEvent::Missed { count } => self.missed = count,
            RoomEvent::Passers { passers } => self.passers = passers,
            RoomEvent::Attributes { attributes } => self.attributes = attributes,
            RoomEvent::Counters { counters } => self.counters = counters,
            RoomEvent::Notifications { texts } => self.notifications.extend(texts),
            RoomEvent::Presence { accounts } => self.presence.extend(accounts),
            RoomEvent::Conversations { peers } => self.conversations.extend(peers),
        }
    }

    fn upsert(&mut self, row: ChatRow) {
        match self.rows.iter_mut().find(|known| known.key == row.key) {
            Some(known) => *known = row,
            None => self.rows.push(row),
        }
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.text.as_str()).collect()
    }

    pub(crate) fn state_of(&self, key: &str) -> Option<(RowState, i32)> {
        self.rows.iter().find(|row| row.key == key).map(|row| (row.state, row.code))
    }
}

pub(crate) struct Reader {
    batches: mpsc::Receiver<Vec<RoomEvent>>,
    pub(crate) seen: Seen,
}

impl Reader {
    pub(crate) fn new(batches: mpsc::Receiver<Vec<RoomEvent>>) -> Self {
        Self { batches, seen: Seen::default() }
    }

    /// Reads one batch. False when there will be none any more.
    pub(crate) async fn read(&mut self) -> bool {
        let Some(events) = patiently(self.batches.recv()).await else { return false };
        self.seen.batches += 1;
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

    pub(crate) fn waiting(&self) -> usize {
        self.batches.len()
    }
}
