//! What the application's webhooks are asked and told. A body is made only when the application
//! wants to hear of the command.

use chat_types::UserId;
use chat_types::code::ApiError;
use chat_types::group::{GroupType, KeyValue};
use chat_types::rest::{Flag, MemberAccount};
use chat_types::webhook::{
    AfterCreateGroup, AfterExit, AfterGroupDestroyed, AfterInfoChanged, AfterJoin, BeforeApplyJoin,
    BeforeCreateGroup, EventTime, ExitType, GroupAfterMsg, GroupMsg, GroupMsgFailed, JoinType,
    KickedDevice, StateAction, StateChange, StateInfo, StateReason, Webhook, WebhookCommand,
};

use super::{Origin, Outgoing, Service};
use crate::application::Application;
use crate::room::{Room, Stamp};
use crate::storage::{GroupPatch, StoredGroup};
use crate::webhook::{Decision, Event, Family, Kind, Replacement, kind};

impl Service {
    /// Asks the application whether something may happen, and applies its policy.
    pub(crate) async fn ask(
        &self,
        app: &Application,
        origin: Origin,
        family: Family,
        webhook: &Webhook,
    ) -> Decision {
        if !self.wants(app, webhook.command()) {
            return Decision::Allow(Replacement::default());
        }
        match event(origin, webhook) {
            Ok(event) => self.webhooks.ask(app.sdk_app_id, family, event).await,
            Err(error) => Decision::Refuse(error),
        }
    }

    /// Tells the application what has happened, or what has not. When this returns, a restart does
    /// not lose what has happened, unless the database could not be written for seconds.
    pub(crate) async fn tell(&self, app: &Application, origin: Origin, webhook: &Webhook) {
        if self.wants(app, webhook.command())
            && let Ok(event) = event(origin, webhook)
        {
            match kind(webhook) {
                Kind::Happened(subject) => {
                    self.webhooks.after(app.sdk_app_id, event, subject).await;
                }
                Kind::Exception { cause, account } => {
                    self.webhooks.exception(app.sdk_app_id, event, cause, account);
                }
            }
        }
    }

    fn wants(&self, app: &Application, command: &WebhookCommand) -> bool {
        self.webhooks.wants(app.sdk_app_id, command.name)
    }

    pub(crate) fn event_time(&self) -> EventTime {
        EventTime(self.clock.now_ms())
    }

    fn group_msg(&self, room: &Room, outgoing: &Outgoing) -> GroupMsg {
        let (group_id, group_type) = room.with(|group| (group.group_id.clone(), group.group_type));
        GroupMsg {
            group_id,
            group_type: group_type.name().to_owned(),
            from_account: outgoing.from.to_string(),
            operator_account: outgoing.operator.to_string(),
            random: outgoing.random,
            online_only_flag: Flag(outgoing.online_only && group_type != GroupType::AVChatRoom),
            msg_body: outgoing.elements.clone(),
            cloud_custom_data: outgoing.cloud_custom_data.clone(),
            topic_id: None,
            event_time: self.event_time(),
        }
    }

    pub(crate) async fn before_send(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
    ) -> Decision {
        let webhook = Webhook::GroupBeforeSendMsg(self.group_msg(room, outgoing));
        self.ask(app, outgoing.origin, Family::GroupMessage, &webhook).await
    }

    pub(crate) async fn after_send(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        stamp: Stamp,
    ) {
        let message = self.group_msg(room, outgoing);
        let (msg_seq, msg_time) = (stamp.seq, stamp.time_s);
        let webhook = Webhook::GroupAfterSendMsg(GroupAfterMsg { message, msg_seq, msg_time });
        self.tell(app, outgoing.origin, &webhook).await;
    }

    /// A message was refused after its form had been found right.
    pub(crate) async fn send_exception(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        error: &ApiError,
    ) {
        let message = self.group_msg(room, outgoing);
        let (error_code, error_info) = (error.code, error.info.clone());
        let failed = GroupMsgFailed { message, error_code, error_info };
        self.tell(app, outgoing.origin, &Webhook::GroupSendMsgException(failed)).await;
    }

    pub(crate) async fn before_create(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        group: &StoredGroup,
        created: u32,
    ) -> Decision {
        let webhook = Webhook::BeforeCreateGroup(BeforeCreateGroup {
            operator_account: operator.to_string(),
            owner_account: group.owner.clone(),
            group_type: group.group_type.name().to_owned(),
            name: group.name.clone(),
            create_group_num: created,
            created_num: created,
            member_list: accounts(group.members.keys()),
            event_time: self.event_time(),
        });
        self.ask(app, origin, Family::GroupLife, &webhook).await
    }

    pub(crate) async fn after_create(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        group: &StoredGroup,
    ) {
        let field =
            |(key, value): (&String, &String)| KeyValue { key: key.clone(), value: value.clone() };
        let webhook = Webhook::AfterCreateGroup(AfterCreateGroup {
            group_id: group.group_id.clone(),
            operator_account: operator.to_string(),
            owner_account: group.owner.clone(),
            group_type: group.group_type.name().to_owned(),
            name: group.name.clone(),
            member_list: accounts(group.members.keys()),
            user_defined_data_list: group.custom_fields.iter().map(field).collect(),
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
    }

    /// Only for name, introduction, notification and picture; other changes are not told.
    pub(crate) async fn after_info_changed(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        room: &Room,
        patch: GroupPatch,
    ) {
        let GroupPatch { name, introduction, notification, face_url, .. } = patch;
        if [&name, &introduction, &notification, &face_url].iter().all(|text| text.is_none()) {
            return;
        }
        let (group_id, group_type) = place(room);
        let webhook = Webhook::AfterGroupInfoChanged(AfterInfoChanged {
            group_id,
            group_type,
            operator_account: operator.to_string(),
            name,
            introduction,
            notification,
            face_url,
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
    }

    pub(crate) async fn after_destroyed(&self, app: &Application, origin: Origin, room: &Room) {
        let webhook = room.with(|group| {
            Webhook::AfterGroupDestroyed(AfterGroupDestroyed {
                group_id: group.group_id.clone(),
                group_type: group.group_type.name().to_owned(),
                owner_account: group.owner.clone(),
                name: group.name.clone(),
                member_list: accounts(group.members.keys()),
                event_time: self.event_time(),
            })
        });
        self.tell(app, origin, &webhook).await;
    }

    pub(crate) async fn before_join(
        &self,
        app: &Application,
        room: &Room,
        user_id: &UserId,
        origin: Origin,
    ) -> Decision {
        let (group_id, group_type) = place(room);
        let webhook = Webhook::BeforeApplyJoinGroup(BeforeApplyJoin {
            group_id,
            group_type,
            requestor_account: user_id.to_string(),
            event_time: self.event_time(),
        });
        self.ask(app, origin, Family::GroupLife, &webhook).await
    }

    pub(crate) async fn after_join(
        &self,
        app: &Application,
        room: &Room,
        operator: &UserId,
        join_type: JoinType,
        users: &[String],
        origin: Origin,
    ) {
        let (group_id, group_type) = place(room);
        let webhook = Webhook::AfterNewMemberJoin(AfterJoin {
            group_id,
            group_type,
            join_type,
            operator_account: operator.to_string(),
            new_member_list: accounts(users.iter()),
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
    }

    pub(crate) async fn after_exit(
        &self,
        app: &Application,
        room: &Room,
        operator: &UserId,
        exit_type: ExitType,
        users: &[String],
        origin: Origin,
    ) {
        let (group_id, group_type) = place(room);
        let webhook = Webhook::AfterMemberExit(AfterExit {
            group_id,
            group_type,
            exit_type,
            operator_account: operator.to_string(),
            exit_member_list: accounts(users.iter()),
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
    }

    /// A login began or ended. `kicked` are the platforms of the logins that it ended.
    pub(crate) async fn state_changed(
        &self,
        app: &Application,
        user_id: &UserId,
        (action, reason): (StateAction, StateReason),
        kicked: &[&'static str],
        origin: Origin,
    ) {
        let webhook = Webhook::StateChange(StateChange {
            event_time: self.event_time(),
            info: StateInfo { action, to_account: user_id.to_string(), reason },
            kicked_device: kicked
                .iter()
                .map(|platform| KickedDevice { platform: (*platform).to_owned() })
                .collect(),
        });
        // This one webhook spells the platform in capitals (product/269/2570).
        let platform = if origin.platform == "iOS" { "IOS" } else { origin.platform };
        self.tell(app, Origin { platform, ..origin }, &webhook).await;
    }
}

pub(crate) fn accounts<'a>(users: impl Iterator<Item = &'a String>) -> Vec<MemberAccount> {
    users.map(|user| MemberAccount { member_account: user.clone() }).collect()
}

pub(super) fn place(room: &Room) -> (String, String) {
    room.with(|group| (group.group_id.clone(), group.group_type.name().to_owned()))
}

fn event(origin: Origin, webhook: &Webhook) -> Result<Event, ApiError> {
    let body = serde_json::to_string(webhook).map_err(|error| {
        // Bodies are plain data with text keys, which always encode.
        tracing::error!(%error, "webhook not encoded");
        ApiError::new(chat_types::Code::INTERNAL, "the service failed inside; try again")
    })?;
    let command = webhook.command().name;
    Ok(Event { command, body, client_ip: origin.client_ip, platform: origin.platform })
}
