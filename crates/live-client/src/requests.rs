//! What a program may ask a room client for, beside showing the room.

use chat_types::gateway::{
    ClientFrame, Conversation, MAX_HISTORY_MESSAGES, MAX_PRESENCE_ACCOUNTS, Message, Presence,
    RulesChange,
};
use chat_types::{ApiError, Element};

use super::{Command, RoomClient, closed};
use crate::questions::{C2cPage, Question, Reply};
use live_core::c2c::Thread;
use live_core::room::RoomDetails;

/// All of these fail with 9001 without a connection, 9005 when the service did not answer,
/// 9013 when too many requests are not answered yet, and with the code of the service when it
/// refused.
impl RoomClient {
    /// What is known of the room beside what its screen shows. `None` when the client has ended.
    pub async fn details(&self) -> Option<RoomDetails> {
        self.ask(|reply| Command::Details { reply }).await
    }

    /// Changes the rules of the room; its owner and administrators may.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn modify_rules(&self, change: RulesChange) -> Result<(), ApiError> {
        self.request(
            |group_id| ClientFrame::ModifyRules { id: 0, group_id, change },
            Question::Done,
        )
        .await
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

    /// Follows the status of these accounts, and of nobody else; at most
    /// [`MAX_PRESENCE_ACCOUNTS`]. After a loss they are followed again.
    ///
    /// # Errors
    /// Those of all requests; the accounts are followed from the next connection on all the same.
    pub async fn follow_presence(
        &self,
        mut user_ids: Vec<String>,
    ) -> Result<Vec<Presence>, ApiError> {
        user_ids.truncate(MAX_PRESENCE_ACCOUNTS);
        self.answer(|reply| Command::FollowPresence { user_ids, reply }).await
    }

    /// Says something to an account and gives the client id of the message; its entry in
    /// [`RoomClient::conversation`] tells what becomes of it.
    ///
    /// # Errors
    /// 9001 without a connection, 10023 when too many are on their way.
    pub async fn send_c2c(
        &self,
        to: String,
        elements: Vec<Element>,
        online_only: bool,
    ) -> Result<String, ApiError> {
        self.answer(|reply| Command::SendC2c { to, elements, online_only, reply }).await
    }

    /// Messages of a conversation before the one with this key, or the newest.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn c2c_history(
        &self,
        peer: String,
        before_key: Option<String>,
    ) -> Result<C2cPage, ApiError> {
        let (count, newest) = (MAX_HISTORY_MESSAGES, before_key.is_none());
        let frame = ClientFrame::C2cHistory { id: 0, peer: peer.clone(), before_key, count };
        let question = |reply| Question::C2cHistory { peer, newest, reply: Some(reply) };
        self.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    /// The list of conversations, the one with the newest message first.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn conversations(&self) -> Result<Vec<Conversation>, ApiError> {
        let frame = ClientFrame::Conversations { id: 0 };
        let question = |reply| Question::Conversations(Some(reply));
        self.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    /// Everything that the peer has sent up to now was read.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn read_c2c(&self, peer: String) -> Result<(), ApiError> {
        self.answer(|reply| Command::ReadC2c { peer, reply }).await
    }

    /// Takes an own message back.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn withdraw_c2c(&self, peer: String, key: String) -> Result<(), ApiError> {
        let frame = ClientFrame::C2cWithdraw { id: 0, peer: peer.clone(), key: key.clone() };
        let question = |reply| Question::WithdrawC2c { peer, key, reply };
        self.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    /// What this client has of a conversation.
    pub async fn conversation(&self, peer: String) -> Option<Thread> {
        self.ask(|reply| Command::Thread { peer, reply }).await.flatten()
    }

    async fn request<T>(
        &self,
        frame: impl FnOnce(String) -> ClientFrame,
        question: impl FnOnce(Reply<T>) -> Question,
    ) -> Result<T, ApiError> {
        let frame = frame(self.group_id.to_string());
        self.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    async fn answer<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, ApiError> {
        self.ask(command).await.unwrap_or_else(|| Err(closed()))
    }
}
