//! The handle of a room.

use chat_types::ApiError;
use chat_types::business::Gift;
use chat_types::gateway::{ClientFrame, MAX_HISTORY_MESSAGES, Message, RulesChange};
use live_core::batch::Interest;
use live_core::room::RoomDetails;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::client::Client;
use crate::command::{Command, RoomCommand};
use crate::diagnostics::Diagnostics;
use crate::questions::{Question, Reply};
use crate::subscription::{Batches, View};

/// One room that a login has entered. Clones are the same room.
#[derive(Clone)]
pub struct RoomClient {
    client: Client,
    group_id: Arc<str>,
}

impl RoomClient {
    pub(crate) fn new(client: Client, group_id: Arc<str>) -> Self {
        Self { client, group_id }
    }

    /// The login on which the room was entered.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn group_id(&self) -> &str {
        &self.group_id
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
        self.answer(|reply| RoomCommand::Send { text, reply }).await
    }

    /// Sends a failed comment again. For four minutes from its first sending it goes out as the
    /// same message, which the service delivers once however often it comes. The service may have
    /// forgotten it after that; then it goes out as a new message in the same row, and if the
    /// first one had arrived all the same the room has it twice.
    ///
    /// # Errors
    /// 10004 when the key names no own comment, and those of [`RoomClient::send_comment`].
    pub async fn retry_comment(&self, key: String) -> Result<(), ApiError> {
        self.answer(|reply| RoomCommand::Retry { key, reply }).await
    }

    /// Likes the room, so often. Clicks are collected and sent together; until the service has
    /// confirmed them they are told as `unconfirmed`. Without a connection they wait for one.
    ///
    /// # Errors
    /// Nothing was taken: the room's own code when it did not let this client in, 9001 when the
    /// client was closed.
    pub async fn like(&self, count: u32) -> Result<(), ApiError> {
        self.answer(|reply| RoomCommand::Like { count, reply }).await
    }

    /// Sends likes at most once in this time instead of [`EVERY`](live_core::like_throttle::EVERY).
    pub async fn set_likes_every(&self, every: Duration) {
        self.tell(RoomCommand::SetLikesEvery(every)).await;
    }

    /// Shows an own gift at once, as the business service answered that it was paid. The message
    /// that the room gets of it is not shown a second time.
    pub async fn show_paid_gift(&self, gift: Gift) {
        self.tell(RoomCommand::GiftPaid(Box::new(gift))).await;
    }

    /// Subscribes to the news of these kinds, at most one batch in `every`. Each subscriber has its
    /// own; one beyond [`MOST_SUBSCRIBERS`](crate::MOST_SUBSCRIBERS) ends the oldest. `None` when the
    /// room was left or the client has ended.
    pub async fn subscribe(&self, interest: Interest, every: Duration) -> Option<Batches> {
        let subscribed =
            self.ask(|reply| RoomCommand::Subscribe { interest, every, reply }).await?;
        let commands = self.client.commands().clone();
        let view = View::new(commands, self.group_id.clone(), subscribed.view);
        Some(Batches::new(view, subscribed))
    }

    /// `None` when the room was left or the client has ended.
    pub async fn diagnostics(&self) -> Option<Diagnostics> {
        self.ask(|reply| RoomCommand::Diagnose { reply }).await
    }

    /// What is known of the room beside what its screen shows. `None` when it was left or the
    /// client has ended.
    pub async fn details(&self) -> Option<RoomDetails> {
        self.ask(|reply| RoomCommand::Details { reply }).await
    }

    /// Leaves the room; its subscriptions end. The login stays.
    pub async fn leave(&self) {
        self.ask(|done| RoomCommand::Leave { done }).await;
    }
}

/// All of these fail with 9001 without a connection, 9005 when the service did not answer,
/// 9013 when too many requests are not answered yet, and with the code of the service when it
/// refused.
impl RoomClient {
    /// Changes the rules of the room; its owner and administrators may.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn modify_rules(&self, change: RulesChange) -> Result<(), ApiError> {
        let frame = |group_id| ClientFrame::ModifyRules { id: 0, group_id, change };
        self.request(frame, Question::Done).await
    }

    /// Takes a message of the room back.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn recall(&self, seq: u32) -> Result<(), ApiError> {
        self.request(|group_id| ClientFrame::Recall { id: 0, group_id, seq }, Question::Done).await
    }

    /// Stored messages of the room below a number, or the newest; the oldest first. They do not
    /// become rows.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn history(&self, before_seq: Option<u32>) -> Result<Vec<Message>, ApiError> {
        let count = MAX_HISTORY_MESSAGES;
        let frame = |group_id| ClientFrame::History { id: 0, group_id, before_seq, count };
        self.request(frame, Question::RoomHistory).await
    }

    async fn request<T>(
        &self,
        frame: impl FnOnce(String) -> ClientFrame,
        question: impl FnOnce(Reply<T>) -> Question,
    ) -> Result<T, ApiError> {
        let frame = frame(self.group_id.to_string());
        let command = |reply| Command::Request { frame, question: question(reply) };
        self.client.commands().answer(command).await
    }

    fn command(&self, command: RoomCommand) -> Command {
        Command::InRoom { group_id: self.group_id.clone(), command }
    }

    async fn tell(&self, command: RoomCommand) {
        self.client.commands().tell(self.command(command)).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> RoomCommand) -> Option<T> {
        self.client.commands().ask(|reply| self.command(command(reply))).await
    }

    async fn answer<T>(
        &self,
        command: impl FnOnce(Reply<T>) -> RoomCommand,
    ) -> Result<T, ApiError> {
        self.client.commands().answer(|reply| self.command(command(reply))).await
    }
}
