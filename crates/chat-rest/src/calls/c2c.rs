//! One-to-one messages.

use chat_types::rest::{
    AdminGetRoamMsg, AdminMsgWithdraw, AdminSetMsgRead, BatchSendMsg, BatchSent, C2cUnreadMsgNum,
    GetC2cUnreadMsgNum, ImportMsg, ModifyC2cMsg, MsgSent, RoamMessages, SendMsg,
};

use crate::client::Client;
use crate::command::{self as commands, Repeat};
use crate::error::Error;

impl Client {
    /// Says something to one account. The service knows a repeat by its `msg_random` for one second
    /// only, so it is not repeated after an unclear failure.
    pub async fn sendmsg(&self, body: &SendMsg) -> Result<MsgSent, Error> {
        self.call(&commands::SENDMSG, body).await
    }

    /// Says something to up to 500 accounts; `error_list` of the answer names those that were not
    /// reached. Not repeated after an unclear failure.
    pub async fn batchsendmsg(&self, body: &BatchSendMsg) -> Result<BatchSent, Error> {
        self.call(&commands::BATCHSENDMSG, body).await
    }

    /// Messages between two accounts, page by page.
    pub async fn admin_getroammsg(&self, body: &AdminGetRoamMsg) -> Result<RoamMessages, Error> {
        self.call(&commands::ADMIN_GETROAMMSG, body).await
    }

    /// Takes a message back. A repeat after an unclear failure may answer 20023 for the one that the
    /// first attempt took back.
    pub async fn admin_msgwithdraw(&self, body: &AdminMsgWithdraw) -> Result<(), Error> {
        self.tell(&commands::ADMIN_MSGWITHDRAW, body).await
    }

    /// How many messages an account has not read.
    pub async fn get_c2c_unread_msg_num(
        &self,
        body: &GetC2cUnreadMsgNum,
    ) -> Result<C2cUnreadMsgNum, Error> {
        self.call(&commands::GET_C2C_UNREAD_MSG_NUM, body).await
    }

    /// Marks what one account has said to another as read.
    pub async fn admin_set_msg_read(&self, body: &AdminSetMsgRead) -> Result<(), Error> {
        self.tell(&commands::ADMIN_SET_MSG_READ, body).await
    }

    /// Adds a message of another system with its own time. With a `msg_seq` it is repeated after an
    /// unclear failure, for the service then knows it again; without one it is not.
    pub async fn importmsg(&self, body: &ImportMsg) -> Result<(), Error> {
        let command = match body.msg_seq {
            Some(_) => commands::IMPORTMSG.with_repeat(Repeat::Harmless),
            None => commands::IMPORTMSG,
        };
        self.tell(&command, body).await
    }

    /// Changes a message that is kept.
    pub async fn modify_c2c_msg(&self, body: &ModifyC2cMsg) -> Result<(), Error> {
        self.tell(&commands::MODIFY_C2C_MSG, body).await
    }
}
