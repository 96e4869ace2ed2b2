//! The news of a room for one reader.

use live_core::view::{DanmakuBudget, RoomEvent};
use std::sync::Arc;
use tokio::sync::oneshot;

use crate::command::{Command, Commands, RoomCommand, ViewCommand};

/// Subscribers of one room. One more ends the oldest.
pub const MOST_SUBSCRIBERS: usize = 16;

/// What the task answers to a subscription.
pub(crate) struct Subscribed {
    /// Number of the view.
    pub(crate) view: u32,
    /// What there is to say when the client ends.
    pub(crate) last: oneshot::Receiver<Vec<RoomEvent>>,
    /// The subscription ends when this is dropped.
    pub(crate) reads: Arc<()>,
}

/// Reads the news, a batch for each call: the call is the credit for it. What happens meanwhile
/// coalesces, so nothing piles up for a reader that is slow, and the batch after a pause is the
/// state of now. The subscription ends when this is dropped.
pub struct Batches {
    view: View,
    pending: Option<oneshot::Receiver<Vec<RoomEvent>>>,
    last: Option<oneshot::Receiver<Vec<RoomEvent>>>,
    _reads: Arc<()>,
}

impl Batches {
    pub(crate) fn new(view: View, subscribed: Subscribed) -> Self {
        let Subscribed { last, reads, .. } = subscribed;
        Self { view, pending: None, last: Some(last), _reads: reads }
    }

    /// The reader's own switches.
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// Waits for the next batch. The first one is everything there is to know. `None` when the
    /// client has ended or the room was left. May be dropped and called again: nothing is lost.
    pub async fn next(&mut self) -> Option<Vec<RoomEvent>> {
        if self.pending.is_none() {
            let (reply, answer) = oneshot::channel();
            self.view.tell(ViewCommand::Next { reply }).await;
            self.pending = Some(answer);
        }
        let answer = match &mut self.pending {
            Some(pending) => pending.await.ok(),
            None => None,
        };
        self.pending = None;
        match answer {
            Some(events) => Some(events),
            None => self.last.take()?.await.ok(),
        }
    }
}

/// How one reader wants the room shown.
#[derive(Clone)]
pub struct View {
    commands: Commands,
    group_id: Arc<str>,
    id: u32,
}

impl View {
    pub(crate) fn new(commands: Commands, group_id: Arc<str>, id: u32) -> Self {
        Self { commands, group_id, id }
    }

    pub async fn set_danmaku_budget(&self, budget: DanmakuBudget) {
        self.tell(ViewCommand::SetBudget(budget)).await;
    }

    pub async fn set_danmaku_visible(&self, visible: bool) {
        self.tell(ViewCommand::SetVisible(visible)).await;
    }

    /// The renderer had no lane for the flights with these ids. More than
    /// [`MOST_FLIGHTS`](live_core::danmaku_queue::MOST_FLIGHTS) of them are not read.
    pub async fn report_undrawn(&self, ids: Vec<u32>) {
        self.tell(ViewCommand::ReportUndrawn(ids)).await;
    }

    async fn tell(&self, command: ViewCommand) {
        let command = RoomCommand::OfView { view: self.id, command };
        self.commands.tell(Command::InRoom { group_id: self.group_id.clone(), command }).await;
    }
}
