//! What the application's webhooks are asked and told about one-to-one messages.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::rest::Flag;
use chat_types::webhook::{C2cAfterMsg, C2cMsg, C2cMsgRead, C2cMsgWithdrawn, Webhook};

use super::failed;
use super::send::{C2cOutgoing, C2cStamp};
use crate::application::Application;
use crate::service::{Origin, Service};
use crate::webhook::{Decision, Family};

fn body(to: &UserId, outgoing: &C2cOutgoing, stamp: &C2cStamp) -> C2cMsg {
    C2cMsg {
        from_account: outgoing.from.to_string(),
        to_account: to.to_string(),
        msg_seq: stamp.seq,
        msg_random: stamp.random,
        msg_time: stamp.time_s,
        msg_key: stamp.key.clone(),
        online_only_flag: Flag(outgoing.life_s == 0),
        msg_body: outgoing.elements.clone(),
        cloud_custom_data: outgoing.cloud_custom_data.clone(),
    }
}

impl Service {
    pub(super) async fn before_c2c(
        &self,
        app: &Application,
        to: &UserId,
        outgoing: &C2cOutgoing,
        stamp: &C2cStamp,
    ) -> Decision {
        let webhook = Webhook::C2cBeforeSendMsg(body(to, outgoing, stamp));
        self.ask(app, outgoing.origin, Family::C2c, &webhook).await
    }

    /// A message was sent, or refused after its form had been found right.
    pub(super) async fn after_c2c(
        &self,
        app: &Application,
        to: &UserId,
        outgoing: &C2cOutgoing,
        stamp: &C2cStamp,
        error: Option<&ApiError>,
    ) {
        let webhook = Webhook::C2cAfterSendMsg(C2cAfterMsg {
            message: body(to, outgoing, stamp),
            send_msg_result: error.map_or(Code::OK, |error| error.code),
            error_info: error.map_or_else(String::new, |error| error.info.clone()),
            unread_msg_num: 0,
        });
        self.tell_with_unread(app, outgoing.origin, to, webhook).await;
    }

    pub(super) async fn after_c2c_read(
        &self,
        app: &Application,
        origin: Origin,
        reader: &UserId,
        peer: &UserId,
        time_s: u32,
    ) {
        let webhook = Webhook::C2cAfterMsgReport(C2cMsgRead {
            report_account: reader.to_string(),
            peer_account: peer.to_string(),
            last_read_time: time_s,
            unread_msg_num: 0,
            event_time: self.event_time(),
        });
        self.tell_with_unread(app, origin, reader, webhook).await;
    }

    pub(super) async fn after_c2c_withdrawn(
        &self,
        app: &Application,
        origin: Origin,
        from: &UserId,
        to: &UserId,
        key: &str,
    ) {
        let webhook = Webhook::C2cAfterMsgWithdraw(C2cMsgWithdrawn {
            from_account: from.to_string(),
            to_account: to.to_string(),
            msg_key: key.to_owned(),
            unread_msg_num: 0,
            event_time: self.event_time(),
        });
        self.tell_with_unread(app, origin, to, webhook).await;
    }

    /// Counts what an account has not read only when somebody wants to know.
    async fn tell_with_unread(
        &self,
        app: &Application,
        origin: Origin,
        counted: &UserId,
        mut webhook: Webhook,
    ) {
        if !self.webhooks.wants(app.sdk_app_id, webhook.command().name) {
            return;
        }
        let now_s = self.clock.now_s();
        let unread = self.storage.unread_c2c(app.sdk_app_id, counted.as_str(), now_s);
        // What has happened is told even when it cannot be counted.
        let unread = unread.await.map_err(failed).unwrap_or_default();
        let unread = unread.iter().map(|(_, unread)| unread).sum();
        match &mut webhook {
            Webhook::C2cAfterSendMsg(body) => body.unread_msg_num = unread,
            Webhook::C2cAfterMsgReport(body) => body.unread_msg_num = unread,
            Webhook::C2cAfterMsgWithdraw(body) => body.unread_msg_num = unread,
            _ => {}
        }
        self.tell(app, origin, &webhook).await;
    }
}
