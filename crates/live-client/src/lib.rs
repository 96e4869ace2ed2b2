//! The driver of the client core: holds the connection to one room and tells a subscriber the news
//! in batches. What follows from what is decided in [`live_core`]; sockets, clock and randomness
//! are here.
//!
//! [`RoomClient::open`] starts one task that owns everything; the handle sends it commands through
//! a bounded channel and may be cloned. The task ends with [`RoomClient::close`], or when the last
//! handle is gone.
//!
//! The transport is a WebSocket, over TLS (`wss://`) or without it (`ws://`).

// See the root manifest: frames with UserSigs in them stay out of every log.
const _: () = assert!(log::STATIC_MAX_LEVEL as usize <= log::LevelFilter::Debug as usize);

mod driver;
mod link;
mod news;
mod questions;
mod requests;

use chat_types::business::Gift;
use chat_types::gateway::{ClientFrame, Platform, Presence};
use chat_types::{ApiError, Code, Element};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use live_core::c2c::Thread;
use live_core::room::RoomDetails;
use live_core::view::{DanmakuBudget, RoomEvent, SessionView};
use questions::Question;

pub use questions::C2cPage;
pub use tls_transport::Trust;

/// Commands that may wait for the task; a caller waits when there are so many.
const COMMANDS: usize = 64;
/// Batches that may wait in the channel of a subscriber. Further news coalesce until one is read.
pub const BATCHES: usize = 4;
/// How often news are told, unless the configuration says otherwise: two frames of a 60 Hz screen.
pub const DEFAULT_FLUSH_EVERY: Duration = Duration::from_millis(33);

/// Gives the UserSig for a login.
pub trait Credentials: Send + Sync {
    /// Asked before each login, from within the client's task: the answer has to be at hand. A
    /// UserSig that runs out while online is followed by a login at once, for which a new one is
    /// wanted.
    ///
    /// # Errors
    /// Counts as a refused login: the code decides whether the client tries again.
    fn user_sig(&self) -> Result<String, ApiError>;
}

/// What a client needs to know. Holds no UserSig, and is not `Debug`, so that no credentials
/// reach a log by way of it.
pub struct RoomClientConfig {
    /// `wss://host:port/path`, or `ws://` for a gateway without TLS.
    pub gateway_url: String,
    /// Which gateways are believed over `wss://`.
    pub trust: Trust,
    pub sdk_app_id: u32,
    pub user_id: String,
    pub platform: Platform,
    pub group_id: String,
    pub credentials: Arc<dyn Credentials>,
    /// The least time between two batches; [`DEFAULT_FLUSH_EVERY`] suits a screen.
    pub flush_every: Duration,
}

/// What went wrong quietly, counted since the client was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Diagnostics {
    pub malformed_frames: u64,
    pub unknown_frames: u64,
    /// Frames that the gateway left out because this client read too slowly.
    pub missed_frames: u64,
    /// Messages that no catch-up brought back. At most so many: some of their numbers may never
    /// have existed.
    pub missed_messages: u64,
    /// Connections that were dropped because the gateway took nothing any more.
    pub stuck_connections: u64,
    /// Own comments that were refused because too many were on their way.
    pub outbox_full: u64,
    /// Rows that were dropped because the chat log was full.
    pub dropped_rows: u64,
    /// Times that a subscriber was given the whole chat anew because it had not read for long.
    pub chat_resets: u64,
    /// Texts that were forgotten before their time because the fold memory was full.
    pub forgotten_texts: u64,
    /// Notifications of the application that were dropped because a subscriber had not read.
    pub dropped_notifications: u64,
    /// One-to-one conversations that were dropped because there were too many.
    pub dropped_conversations: u64,
    /// Business messages that were not believed, because the shop's own server did not send them.
    pub forged_messages: u64,
    /// Own likes that will never count: too many waited, or the service refused them.
    pub dropped_likes: u64,
    /// Banners of gifts that were never shown, because too many waited.
    pub dropped_banners: u64,
    /// Orders and combos that were forgotten because there were too many.
    pub forgotten_gifts: u64,
}

enum Command {
    Send {
        text: String,
        reply: oneshot::Sender<Result<String, ApiError>>,
    },
    Retry {
        key: String,
        reply: oneshot::Sender<Result<(), ApiError>>,
    },
    Like {
        count: u32,
        reply: oneshot::Sender<Result<(), ApiError>>,
    },
    SetLikesEvery(Duration),
    GiftPaid(Box<Gift>),
    Reconnect,
    SetGatewayUrl(String),
    SetBudget(DanmakuBudget),
    SetVisible(bool),
    ReportUndrawn(Vec<u32>),
    Subscribe {
        reply: oneshot::Sender<mpsc::Receiver<Vec<RoomEvent>>>,
    },
    Diagnose {
        reply: oneshot::Sender<Diagnostics>,
    },
    Details {
        reply: oneshot::Sender<RoomDetails>,
    },
    Request {
        frame: ClientFrame,
        question: Question,
    },
    FollowPresence {
        user_ids: Vec<String>,
        reply: questions::Reply<Vec<Presence>>,
    },
    SendC2c {
        to: String,
        elements: Vec<Element>,
        online_only: bool,
        reply: questions::Reply<String>,
    },
    ReadC2c {
        peer: String,
        reply: questions::Reply<()>,
    },
    Thread {
        peer: String,
        reply: oneshot::Sender<Option<Thread>>,
    },
    Close {
        done: oneshot::Sender<()>,
    },
}

/// Handle of a room client.
#[derive(Clone)]
pub struct RoomClient {
    commands: mpsc::Sender<Command>,
    state: watch::Receiver<SessionView>,
    group_id: Arc<str>,
}

impl RoomClient {
    /// Starts a client and begins to connect. Has to be called within a tokio runtime.
    pub fn open(config: RoomClientConfig) -> (Self, JoinHandle<()>) {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (state_sender, state) = watch::channel(SessionView::Connecting);
        let group_id = config.group_id.as_str().into();
        let driver = driver::Driver::new(config, state_sender);
        let task = tokio::spawn(driver.run(receiver));
        (Self { commands, state, group_id }, task)
    }

    /// Says something in the room and gives the key of the new chat row. The row is there at once;
    /// its state tells what becomes of the comment. Without a connection it fails with code 9001
    /// and keeps its text for [`RoomClient::retry_comment`].
    ///
    /// # Errors
    /// No row was made: 10004 for a comment without text, 80002 for one over
    /// [`MAX_COMMENT_CHARS`](live_core::room::MAX_COMMENT_CHARS), 10023 when too many are on their
    /// way, 10010 when the room is gone, 9001 when the client was closed.
    pub async fn send_comment(&self, text: String) -> Result<String, ApiError> {
        self.ask(|reply| Command::Send { text, reply }).await.unwrap_or_else(|| Err(closed()))
    }

    /// Sends a failed comment again. For four minutes from its first sending it goes out as the
    /// same message, which the service delivers once however often it comes. The service may have
    /// forgotten it after that; then it goes out as a new message in the same row, and if the
    /// first one had arrived all the same the room has it twice.
    ///
    /// # Errors
    /// 10004 when the key names no own comment, and those of [`RoomClient::send_comment`].
    pub async fn retry_comment(&self, key: String) -> Result<(), ApiError> {
        self.ask(|reply| Command::Retry { key, reply }).await.unwrap_or_else(|| Err(closed()))
    }

    /// Likes the room, so often. Clicks are collected and sent together; until the service has
    /// confirmed them they are told as `unconfirmed`. Without a connection they wait for one.
    ///
    /// # Errors
    /// Nothing was taken: the room's own code when it did not let this client in, 9001 when the
    /// client was closed.
    pub async fn like(&self, count: u32) -> Result<(), ApiError> {
        self.ask(|reply| Command::Like { count, reply }).await.unwrap_or_else(|| Err(closed()))
    }

    /// Sends likes at most once in this time instead of [`EVERY`](live_core::like_throttle::EVERY).
    pub async fn set_likes_every(&self, every: Duration) {
        self.tell(Command::SetLikesEvery(every)).await;
    }

    /// Shows an own gift at once, as the business service answered that it was paid. The message
    /// that the room gets of it is not shown a second time.
    pub async fn show_paid_gift(&self, gift: Gift) {
        self.tell(Command::GiftPaid(Box::new(gift))).await;
    }

    /// Connects now, whatever the state. The only way back for a client that was kicked, whose
    /// UserSig was refused as expired, or that failed.
    pub async fn reconnect(&self) {
        self.tell(Command::Reconnect).await;
    }

    /// Uses another address. A client that is connected or tries to be moves there at once; any
    /// other remembers it for [`RoomClient::reconnect`].
    pub async fn set_gateway_url(&self, url: String) {
        self.tell(Command::SetGatewayUrl(url)).await;
    }

    pub async fn set_danmaku_budget(&self, budget: DanmakuBudget) {
        self.tell(Command::SetBudget(budget)).await;
    }

    pub async fn set_danmaku_visible(&self, visible: bool) {
        self.tell(Command::SetVisible(visible)).await;
    }

    /// The renderer had no lane for the flights with these ids. More than
    /// [`MOST_FLIGHTS`](live_core::danmaku_queue::MOST_FLIGHTS) of them are not read.
    pub async fn report_undrawn(&self, ids: Vec<u32>) {
        self.tell(Command::ReportUndrawn(ids)).await;
    }

    /// Subscribes to the news. The first batch is everything there is to know; it is there
    /// already. While [`BATCHES`] wait unread, news coalesce. A new subscription ends the one
    /// before. The channel is closed when the client has ended.
    pub async fn subscribe(&self) -> mpsc::Receiver<Vec<RoomEvent>> {
        match self.ask(|reply| Command::Subscribe { reply }).await {
            Some(batches) => batches,
            None => mpsc::channel(1).1,
        }
    }

    /// How the connection stands, for programs that need nothing else.
    pub fn state(&self) -> watch::Receiver<SessionView> {
        self.state.clone()
    }

    /// `None` when the client has ended.
    pub async fn diagnostics(&self) -> Option<Diagnostics> {
        self.ask(|reply| Command::Diagnose { reply }).await
    }

    /// Signs out and ends the client. Returns when that is done.
    pub async fn close(&self) {
        self.ask(|done| Command::Close { done }).await;
    }

    async fn tell(&self, command: Command) {
        // A client that has ended has no use for commands; its state says that it has.
        let _ = self.commands.send(command).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.ok()?;
        answer.await.ok()
    }
}

fn closed() -> ApiError {
    ApiError::new(Code::NOT_ONLINE, "the room was left")
}
