//! The handle of a login.

use chat_types::gateway::{
    ClientFrame, Conversation, MAX_HISTORY_MESSAGES, MAX_PRESENCE_ACCOUNTS, Platform, Presence,
};
use chat_types::{ApiError, Element};
use live_core::c2c::Thread;
use live_core::view::SessionView;
use std::sync::Arc;
use tls_transport::Trust;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::command::{COMMANDS, Command, Commands};
use crate::driver::Driver;
use crate::questions::{C2cPage, Question};
use crate::room::RoomClient;

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
pub struct ClientConfig {
    /// `wss://host:port/path`, or `ws://` for a gateway without TLS.
    pub gateway_url: String,
    /// Which gateways are believed over `wss://`.
    pub trust: Trust,
    pub sdk_app_id: u32,
    pub user_id: String,
    pub platform: Platform,
    pub credentials: Arc<dyn Credentials>,
}

/// Handle of one login: one account on one connection, with any number of rooms.
#[derive(Clone)]
pub struct Client {
    commands: Commands,
    state: watch::Receiver<SessionView>,
}

impl Client {
    /// Starts a client and begins to connect. Has to be called within a tokio runtime.
    pub fn open(config: ClientConfig) -> (Self, JoinHandle<()>) {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (state_sender, state) = watch::channel(SessionView::Connecting);
        let task = tokio::spawn(Driver::new(config, state_sender).run(receiver));
        (Self { commands: Commands(commands), state }, task)
    }

    pub(crate) fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Enters a room, now and after each loss of the connection. One that was entered already is
    /// the same room.
    pub async fn enter(&self, group_id: &str) -> RoomClient {
        let group_id: Arc<str> = group_id.into();
        let enter = |done| Command::Enter { group_id: group_id.clone(), done };
        self.commands.ask(enter).await;
        RoomClient::new(self.clone(), group_id)
    }

    /// Connects now, whatever the state. The only way back for a client that was kicked, whose
    /// UserSig was refused as expired, or that failed.
    pub async fn reconnect(&self) {
        self.commands.tell(Command::Reconnect).await;
    }

    /// Uses another address. A client that is connected or tries to be moves there at once; any
    /// other remembers it for [`Client::reconnect`].
    pub async fn set_gateway_url(&self, url: String) {
        self.commands.tell(Command::SetGatewayUrl(url)).await;
    }

    /// How the connection stands, for programs that need nothing else.
    pub fn state(&self) -> watch::Receiver<SessionView> {
        self.state.clone()
    }

    /// Signs out and ends the client. Returns when that is done.
    pub async fn close(&self) {
        self.commands.ask(|done| Command::Close { done }).await;
    }
}

/// All of these fail with 9001 without a connection, 9005 when the service did not answer,
/// 9013 when too many requests are not answered yet, and with the code of the service when it
/// refused.
impl Client {
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
        self.commands.answer(|reply| Command::FollowPresence { user_ids, reply }).await
    }

    /// Says something to an account and gives the client id of the message; its entry in
    /// [`Client::conversation`] tells what becomes of it.
    ///
    /// # Errors
    /// 9001 without a connection, 10023 when too many are on their way.
    pub async fn send_c2c(
        &self,
        to: String,
        elements: Vec<Element>,
        online_only: bool,
    ) -> Result<String, ApiError> {
        self.commands.answer(|reply| Command::SendC2c { to, elements, online_only, reply }).await
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
        self.commands.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    /// The list of conversations, the one with the newest message first.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn conversations(&self) -> Result<Vec<Conversation>, ApiError> {
        let frame = ClientFrame::Conversations { id: 0 };
        let question = |reply| Question::Conversations(Some(reply));
        self.commands.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    /// Everything that the peer has sent up to now was read.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn read_c2c(&self, peer: String) -> Result<(), ApiError> {
        self.commands.answer(|reply| Command::ReadC2c { peer, reply }).await
    }

    /// Takes an own message back.
    ///
    /// # Errors
    /// Those of all requests.
    pub async fn withdraw_c2c(&self, peer: String, key: String) -> Result<(), ApiError> {
        let frame = ClientFrame::C2cWithdraw { id: 0, peer: peer.clone(), key: key.clone() };
        let question = |reply| Question::WithdrawC2c { peer, key, reply };
        self.commands.answer(|reply| Command::Request { frame, question: question(reply) }).await
    }

    /// What this client has of a conversation.
    pub async fn conversation(&self, peer: String) -> Option<Thread> {
        self.commands.ask(|reply| Command::Thread { peer, reply }).await.flatten()
    }
}
