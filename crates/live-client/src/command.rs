//! What handles ask of the task.

use chat_types::business::Gift;
use chat_types::gateway::{ClientFrame, Presence};
use chat_types::{ApiError, Code, Element};
use live_core::batch::Interest;
use live_core::c2c::Thread;
use live_core::room::RoomDetails;
use live_core::view::{DanmakuBudget, RoomEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

use crate::diagnostics::Diagnostics;
use crate::questions::{Question, Reply};
use crate::subscription::Subscribed;

/// Commands that may wait for the task; a caller waits when there are so many.
pub(crate) const COMMANDS: usize = 64;

pub(crate) enum Command {
    Enter { group_id: Arc<str>, done: oneshot::Sender<()> },
    InRoom { group_id: Arc<str>, command: RoomCommand },
    Reconnect,
    SetGatewayUrl(String),
    Request { frame: ClientFrame, question: Question },
    FollowPresence { user_ids: Vec<String>, reply: Reply<Vec<Presence>> },
    SendC2c { to: String, elements: Vec<Element>, online_only: bool, reply: Reply<String> },
    ReadC2c { peer: String, reply: Reply<()> },
    Thread { peer: String, reply: oneshot::Sender<Option<Thread>> },
    Close { done: oneshot::Sender<()> },
}

pub(crate) enum RoomCommand {
    Send { text: String, reply: Reply<String> },
    Retry { key: String, reply: Reply<()> },
    Like { count: u32, reply: Reply<()> },
    SetLikesEvery(Duration),
    GiftPaid(Box<Gift>),
    Subscribe { interest: Interest, every: Duration, reply: oneshot::Sender<Subscribed> },
    OfView { view: u32, command: ViewCommand },
    Diagnose { reply: oneshot::Sender<Diagnostics> },
    Details { reply: oneshot::Sender<RoomDetails> },
    Leave { done: oneshot::Sender<()> },
}

pub(crate) enum ViewCommand {
    Next { reply: oneshot::Sender<Vec<RoomEvent>> },
    SetBudget(DanmakuBudget),
    SetVisible(bool),
    ReportUndrawn(Vec<u32>),
}

/// The way to the task.
#[derive(Clone)]
pub(crate) struct Commands(pub(crate) mpsc::Sender<Command>);

impl Commands {
    /// A client that has ended has no use for commands; its state says that it has.
    pub(crate) async fn tell(&self, command: Command) {
        let _ = self.0.send(command).await;
    }

    /// `None` when the client has ended, or the room was left.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.0.send(command(reply)).await.ok()?;
        answer.await.ok()
    }

    pub(crate) async fn answer<T>(
        &self,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, ApiError> {
        let closed = || Err(ApiError::new(Code::NOT_ONLINE, "the room was left"));
        self.ask(command).await.unwrap_or_else(closed)
    }
}
