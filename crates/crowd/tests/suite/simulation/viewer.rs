//! One simulated viewer: a real WebSocket before the real client core.

use chat_types::Element;
use chat_types::gateway::{ClientFrame, Delivery, Platform, ServerFrame, UserSig};
use futures_util::{SinkExt, StreamExt};
use live_core::frame::{self, MAX_SERVER_FRAME_BYTES};
use live_core::request::RequestNumbers;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use socket2::SockRef;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::ledger::{Ledger, Outcome, Start};
use super::plan::{Saying, ViewerPlan};
use super::seat::{Seat, SeatReport};
use super::service::Place;

type Socket = WebSocketStream<TcpStream>;

/// How long a step of the way in may take, before it is tried again.
const STEP_WITHIN: Duration = Duration::from_secs(5);
/// The pause between two attempts to come back.
const RETRY_EVERY: Duration = Duration::from_millis(25);
/// The gateway wants to hear something every 30 seconds.
const PING_EVERY: Duration = Duration::from_secs(20);
/// What a narrow network takes at once.
const NARROW_BYTES: u32 = 4_096;
/// The kernel of the other side buffers a number of segments, which are large where no wire is.
const NARROW_SEGMENT: u32 = 536;

pub(super) enum Order {
    Leave {
        away: Duration,
    },
    Drop {
        away: Duration,
    },
    StopReading {
        pause: Duration,
    },
    Say {
        group_id: String,
        saying: Saying,
    },
    /// Comes back and reads on, whatever was ordered before.
    Settle,
    Report(oneshot::Sender<HashMap<String, SeatReport>>),
}

pub(super) struct Viewer {
    place: Place,
    ledger: Arc<Ledger>,
    user_id: String,
    narrow: bool,
    rng: StdRng,
    started: Instant,
    numbers: RequestNumbers,
    seats: Vec<Seat>,
    socket: Option<Socket>,
    /// The runs of the service that this connection may be one to.
    starts: Vec<Start>,
    /// Messages of this connection that are not answered: their rooms and texts.
    asked: HashMap<u32, (String, String)>,
    away_until: Instant,
    deaf_until: Instant,
    ping_at: Instant,
}

impl Viewer {
    pub(super) fn new(
        plan: &ViewerPlan,
        rooms: &[String],
        place: Place,
        ledger: Arc<Ledger>,
    ) -> Self {
        let now = Instant::now();
        let seat = |room: &usize| Seat::new(&rooms[*room], &plan.user_id);
        Self {
            place,
            ledger,
            user_id: plan.user_id.clone(),
            narrow: plan.narrow,
            rng: StdRng::seed_from_u64(plan.seed),
            started: now,
            numbers: RequestNumbers::default(),
            seats: plan.rooms.iter().map(seat).collect(),
            socket: None,
            starts: Vec::new(),
            asked: HashMap::new(),
            away_until: now,
            deaf_until: now,
            ping_at: now,
        }
    }

    /// Ends when nobody gives orders any more.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            let now = Instant::now();
            let listens = self.socket.is_some() && now >= self.deaf_until;
            let wake = self.wake_at(now);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                heard = next(&mut self.socket), if listens => self.heard(heard).await,
                () = sleep_until(wake) => self.tick().await,
            }
        }
    }

    fn wake_at(&self, now: Instant) -> Instant {
        if self.socket.is_none() {
            return self.away_until;
        }
        let rooms = self.seats.iter().filter_map(|seat| seat.room.due());
        let deaf = (self.deaf_until > now).then_some(self.deaf_until);
        let others = rooms.map(|due| self.started + due).chain(deaf);
        others.chain([self.ping_at]).min().unwrap_or(self.ping_at)
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Leave { away } => {
                let id = self.numbers.take();
                self.send(&ClientFrame::Logout { id }).await;
                self.lost(away);
            }
            Order::Drop { away } => {
                if let Some(socket) = &self.socket {
                    // As when a machine is gone: the other side gets a reset and no close.
                    let _ = socket.get_ref().set_zero_linger();
                }
                self.lost(away);
            }
            Order::StopReading { pause } => self.deaf_until = Instant::now() + pause,
            Order::Say { group_id, saying } => self.say(&group_id, saying).await,
            Order::Settle => {
                (self.away_until, self.deaf_until) = (Instant::now(), Instant::now());
                self.narrow = false;
            }
            Order::Report(reply) => {
                let now = self.started.elapsed();
                let report = |seat: &Seat| (seat.room.group_id().to_owned(), seat.report(now));
                let _ = reply.send(self.seats.iter().map(report).collect());
            }
        }
    }

    async fn say(&mut self, group_id: &str, saying: Saying) {
        for _ in 0..saying.count {
            let now = self.started.elapsed();
            let inside =
                |seat: &&mut Seat| seat.room.group_id() == group_id && seat.room.is_inside();
            let Some(seat) = self.seats.iter_mut().find(inside) else { return };
            let bytes = if saying.insists { saying.bytes.min(400) } else { saying.bytes };
            let text = self.ledger.compose(group_id, &self.user_id, bytes);
            let frames = if saying.insists {
                seat.say(&text, now, &mut self.rng, &mut self.numbers, &self.ledger)
            } else {
                vec![ClientFrame::Send {
                    id: self.numbers.take(),
                    group_id: group_id.into(),
                    client_id: format!("{:032x}", self.rng.random::<u128>()),
                    priority: saying.priority,
                    elements: vec![Element::text(text)],
                    cloud_custom_data: String::new(),
                }]
            };
            self.send_all(frames).await;
        }
    }

    async fn tick(&mut self) {
        let now = Instant::now();
        if self.socket.is_none() {
            if now >= self.away_until && self.come().await.is_err() {
                self.lost(RETRY_EVERY);
            }
            return;
        }
        if now >= self.ping_at {
            let id = self.numbers.take();
            self.send(&ClientFrame::Ping { id }).await;
        }
        let mut frames = Vec::new();
        for seat in &mut self.seats {
            let now = self.started.elapsed();
            frames.extend(seat.tick(now, &mut self.numbers, &self.ledger));
        }
        self.send_all(frames).await;
    }

    /// Connects, signs in, and asks for the rooms.
    async fn come(&mut self) -> Result<(), SocketError> {
        let before = self.place.start();
        let socket = timeout(STEP_WITHIN, self.dial())
            .await
            .unwrap_or(Err(SocketError::ConnectionClosed))?;
        self.socket = Some(socket);
        let login = self.numbers.take();
        let platform = [Platform::Linux, Platform::Ios][self.rng.random_range(0..2)];
        let deflate = self.rng.random();
        let frame = ClientFrame::Login {
            id: login,
            sdk_app_id: self.place.sdk_app_id,
            user_id: self.user_id.clone(),
            user_sig: UserSig(self.place.sig(&self.user_id)),
            platform,
            guest: false,
            deflate,
        };
        self.send(&frame).await;
        let answer = timeout(STEP_WITHIN, next(&mut self.socket)).await;
        let Some(Some(Ok(message))) = answer.ok() else {
            return Err(SocketError::ConnectionClosed);
        };
        let ServerFrame::LoginOk { user_id, nick, .. } = self.read(&message)? else {
            return Err(SocketError::ConnectionClosed);
        };
        self.starts = vec![before, self.place.start()];
        let mut joins = Vec::new();
        for seat in &mut self.seats {
            seat.room.signed_in(user_id.clone(), nick.clone());
            joins.push(seat.join(&mut self.numbers));
        }
        self.send_all(joins).await;
        Ok(())
    }

    async fn dial(&self) -> Result<Socket, SocketError> {
        let socket = TcpSocket::new_v4()?;
        if self.narrow {
            socket.set_recv_buffer_size(NARROW_BYTES)?;
            SockRef::from(&socket).set_tcp_mss(NARROW_SEGMENT)?;
        }
        let stream = socket.connect(self.place.address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(4_096)
            .max_message_size(Some(MAX_SERVER_FRAME_BYTES));
        let url = format!("ws://{}/gateway", self.place.address);
        Ok(client_async_with_config(url, stream, Some(config)).await?.0)
    }

    async fn heard(&mut self, heard: Option<Result<Message, SocketError>>) {
        let Some(Ok(message)) = heard else { return self.lost(RETRY_EVERY) };
        if !matches!(message, Message::Text(_) | Message::Binary(_)) {
            return;
        }
        let Ok(frame) = self.read(&message) else { return };
        let of = self.note(&frame);
        if matches!(frame, ServerFrame::ShuttingDown { .. } | ServerFrame::Kicked { .. }) {
            return self.lost(RETRY_EVERY);
        }
        let now = self.started.elapsed();
        let mut frames = Vec::new();
        // What became of a message concerns its room alone.
        let concerned = |seat: &&mut Seat| of.as_ref().is_none_or(|of| seat.room.group_id() == of);
        for seat in self.seats.iter_mut().filter(concerned) {
            frames.extend(seat.hear(&frame, now, &mut self.numbers, &self.ledger));
        }
        self.send_all(frames).await;
    }

    fn read(&self, message: &Message) -> Result<ServerFrame, SocketError> {
        let frame = match message {
            Message::Text(text) => frame::read(text),
            Message::Binary(bytes) => frame::read_compressed(bytes),
            _ => return Err(SocketError::ConnectionClosed),
        };
        frame.map_err(|error| {
            self.ledger.broken(format!("{} cannot read a frame: {error}", self.user_id));
            SocketError::ConnectionClosed
        })
    }

    /// Writes down what became of a message, and gives its room.
    fn note(&mut self, frame: &ServerFrame) -> Option<String> {
        let (id, outcome) = match frame {
            ServerFrame::SendOk(sent) => match sent.delivery {
                Delivery::Delivered => (sent.id, Outcome::Delivered(sent.seq)),
                Delivery::SampledOut => (sent.id, Outcome::SampledOut),
            },
            ServerFrame::Error { id, .. } => (*id, Outcome::Refused),
            _ => return None,
        };
        if self.seats.iter().any(|seat| seat.joining == Some(id)) {
            self.ledger.broken(format!("{} is not let in: {frame:?}", self.user_id));
        }
        let (group_id, text) = self.asked.remove(&id)?;
        self.ledger.answered(&text, &outcome);
        Some(group_id)
    }

    async fn send_all(&mut self, frames: Vec<ClientFrame>) {
        for frame in frames {
            self.send(&frame).await;
        }
    }

    async fn send(&mut self, frame: &ClientFrame) {
        let Some(socket) = &mut self.socket else { return };
        if let ClientFrame::Send { id, group_id, elements, .. } = frame
            && let Some(Element::Text(element)) = elements.first()
        {
            self.ledger.sent(&element.text, &self.starts);
            self.asked.insert(*id, (group_id.clone(), element.text.clone()));
        }
        self.ping_at = Instant::now() + PING_EVERY;
        let json = serde_json::to_string(frame).unwrap();
        let sent = timeout(STEP_WITHIN, socket.send(Message::text(json))).await;
        if !matches!(sent, Ok(Ok(()))) {
            self.lost(RETRY_EVERY);
        }
    }

    fn lost(&mut self, away: Duration) {
        self.socket = None;
        self.asked.clear();
        self.deaf_until = Instant::now();
        self.away_until = Instant::now() + away;
        for seat in &mut self.seats {
            seat.connection_lost();
        }
    }
}

async fn next(socket: &mut Option<Socket>) -> Option<Result<Message, SocketError>> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
