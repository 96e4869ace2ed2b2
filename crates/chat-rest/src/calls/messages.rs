//! Messages to groups.

use chat_types::rest::{
    BroadcastSent, DeleteGroupMsgBySender, GroupHistory, GroupMsgGetSimple, GroupMsgRecall,
    GroupMsgSent, ImportGroupMsg, ImportedMessages, ModifyGroupMsg, Recalls, SendBroadcastMsg,
    SendGroupMsg, SendGroupSystemNotification,
};

use crate::client::Client;
use crate::command as commands;
use crate::error::Error;

/// What came of a message that has a `Random`. Either way the service has it, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent<T> {
    /// Accepted. A repeat gets the answer of the first, as far as the service still has it.
    Accepted(T),
    /// The service had accepted it before, and says no more than that (10024).
    Before,
}

impl<T> Sent<T> {
    /// The answer, when there is one.
    pub fn answer(self) -> Option<T> {
        match self {
            Self::Accepted(answer) => Some(answer),
            Self::Before => None,
        }
    }

    fn from(called: Result<T, Error>) -> Result<Self, Error> {
        match called {
            Ok(answer) => Ok(Self::Accepted(answer)),
            Err(error) if error.is_duplicate() => Ok(Self::Before),
            Err(error) => Err(error),
        }
    }
}

impl Client {
    /// Says something in a group, in the name of any account.
    ///
    /// It is repeated after every temporary failure, with the same `random`, by which the service
    /// knows it for five minutes; [`Randoms`](crate::Randoms) gives the numbers. A caller that tries
    /// again by itself within that time keeps the number too. After 10023, which says that the room
    /// was too full for this message, it takes another number: the service answers this one the same
    /// for five minutes.
    pub async fn send_group_msg(&self, body: &SendGroupMsg) -> Result<Sent<GroupMsgSent>, Error> {
        Sent::from(self.call(&commands::SEND_GROUP_MSG, body).await)
    }

    /// Tells the online members of a group something that is no message. It has no `Random`, so it
    /// is not repeated after an unclear failure.
    pub async fn send_group_system_notification(
        &self,
        body: &SendGroupSystemNotification,
    ) -> Result<(), Error> {
        self.tell(&commands::SEND_GROUP_SYSTEM_NOTIFICATION, body).await
    }

    /// Says something in every AVChatRoom. The service takes one in a second. Repeated as
    /// [`send_group_msg`](Self::send_group_msg), after 10023 too.
    pub async fn send_broadcast_msg(
        &self,
        body: &SendBroadcastMsg,
    ) -> Result<Sent<BroadcastSent>, Error> {
        Sent::from(self.call(&commands::SEND_BROADCAST_MSG, body).await)
    }

    /// Takes up to 10 messages back. Each entry of the answer has its own code; of messages that an
    /// attempt before has taken back it is 10032.
    pub async fn group_msg_recall(&self, body: &GroupMsgRecall) -> Result<Recalls, Error> {
        self.call(&commands::GROUP_MSG_RECALL, body).await
    }

    /// Messages of a group, newest first.
    pub async fn group_msg_get_simple(
        &self,
        body: &GroupMsgGetSimple,
    ) -> Result<GroupHistory, Error> {
        self.call(&commands::GROUP_MSG_GET_SIMPLE, body).await
    }

    /// Takes back what an account has said in a group.
    pub async fn delete_group_msg_by_sender(
        &self,
        body: &DeleteGroupMsgBySender,
    ) -> Result<(), Error> {
        self.tell(&commands::DELETE_GROUP_MSG_BY_SENDER, body).await
    }

    /// Adds messages of another system with their own times; not to an AVChatRoom. Not repeated after
    /// an unclear failure.
    pub async fn import_group_msg(&self, body: &ImportGroupMsg) -> Result<ImportedMessages, Error> {
        self.call(&commands::IMPORT_GROUP_MSG, body).await
    }

    /// Changes a message that is kept.
    pub async fn modify_group_msg(&self, body: &ModifyGroupMsg) -> Result<(), Error> {
        self.tell(&commands::MODIFY_GROUP_MSG, body).await
    }
}
