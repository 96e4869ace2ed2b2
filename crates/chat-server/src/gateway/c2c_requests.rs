//! One-to-one messages of a signed-in client.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{MAX_HISTORY_MESSAGES, ServerFrame};
use chat_types::rest::MAX_LIFE_TIME_S;
use chat_types::{Element, UserId};

use super::requests::Session;
use crate::service::{C2cActor, C2cOutgoing, C2cWanted};

/// A one-to-one message as the client gave it.
pub(super) struct GivenC2c {
    pub(super) to: String,
    pub(super) client_id: String,
    pub(super) elements: Vec<Element>,
    pub(super) cloud_custom_data: String,
    pub(super) online_only: bool,
}

impl Session {
    pub(super) async fn send_c2c(
        &mut self,
        id: u32,
        given: GivenC2c,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let to = peer(&given.to)?;
        let client_id = given.client_id.clone();
        let outgoing = C2cOutgoing {
            from: self.who.user_id.clone(),
            connection: Some(self.login.connection),
            origin: self.login.origin(),
            elements: given.elements,
            cloud_custom_data: given.cloud_custom_data,
            client_id: given.client_id,
            random: None,
            seq: None,
            life_s: if given.online_only { 0 } else { MAX_LIFE_TIME_S },
            for_sender: true,
            counts: true,
            listed: true,
            ask_before: true,
            tell_after: true,
        };
        let stamp = self.service.send_c2c(&self.app(), &to, outgoing).await?;
        let (key, time_s) = (stamp.key, stamp.time_s);
        Ok(Some(ServerFrame::SendC2cOk { id, client_id, key, time_s }))
    }

    pub(super) async fn c2c_history(
        &self,
        id: u32,
        of: &str,
        before_key: Option<&str>,
        count: u32,
    ) -> Result<Option<ServerFrame>, ApiError> {
        if !(1..=MAX_HISTORY_MESSAGES).contains(&count) {
            let info = format!("count goes from 1 to {MAX_HISTORY_MESSAGES}");
            return Err(ApiError::bad_parameter(info));
        }
        let (account, peer) = (&self.who.user_id, &peer(of)?);
        let wanted =
            C2cWanted { account, peer, min_time: 0, max_time: u32::MAX, before_key, count };
        let page = self.service.c2c_history(&self.app(), wanted).await?;
        let (messages, complete) = (page.messages, page.complete);
        Ok(Some(ServerFrame::C2cHistoryOk { id, messages, complete }))
    }

    pub(super) async fn c2c_read(
        &self,
        id: u32,
        of: &str,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let (app, peer) = (self.app(), peer(of)?);
        self.service.c2c_read(&app, self.actor(), &self.who.user_id, &peer).await?;
        Ok(Some(ServerFrame::Done { id }))
    }

    pub(super) async fn c2c_withdraw(
        &self,
        id: u32,
        of: &str,
        key: &str,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let (app, peer, user) = (self.app(), peer(of)?, &self.who.user_id);
        self.service.withdraw_c2c(&app, self.actor(), user, &peer, key).await?;
        Ok(Some(ServerFrame::Done { id }))
    }

    pub(super) async fn conversations(&self, id: u32) -> Result<Option<ServerFrame>, ApiError> {
        let conversations = self.service.conversations(&self.app(), &self.who.user_id).await?;
        Ok(Some(ServerFrame::ConversationsOk { id, conversations }))
    }

    fn actor(&self) -> C2cActor {
        C2cActor { origin: self.login.origin(), connection: Some(self.login.connection) }
    }
}

/// 20003 for what is no account id.
fn peer(id: &str) -> Result<UserId, ApiError> {
    UserId::new(id).map_err(|error| ApiError { code: Code::C2C_ACCOUNT, ..error })
}
