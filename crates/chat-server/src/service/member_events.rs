//! What the application's webhooks are asked and told of stored members and of owners.

use chat_types::UserId;
use chat_types::webhook::{
    AfterGroupFull, AfterMemberFieldChanged, AfterOwnerChanged, BeforeInviteJoin, Webhook,
};

use super::events::{accounts, place};
use super::{Origin, Service};
use crate::application::Application;
use crate::room::Room;
use crate::webhook::{Decision, Family};

/// What was changed of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MemberChange {
    pub(super) role: Option<String>,
    pub(super) name_card: Option<String>,
}

impl Service {
    pub(super) async fn before_invite(
        &self,
        app: &Application,
        room: &Room,
        operator: &UserId,
        users: &[String],
        origin: Origin,
    ) -> Decision {
        let (group_id, group_type) = place(room);
        let webhook = Webhook::BeforeInviteJoinGroup(BeforeInviteJoin {
            group_id,
            group_type,
            operator_account: operator.to_string(),
            destination_members: accounts(users.iter()),
            event_time: self.event_time(),
        });
        self.ask(app, origin, Family::GroupLife, &webhook).await
    }

    pub(super) async fn after_full(&self, app: &Application, room: &Room, origin: Origin) {
        let (group_id, _) = place(room);
        let full = AfterGroupFull { group_id, event_time: self.event_time() };
        self.tell(app, origin, &Webhook::AfterGroupFull(full)).await;
    }

    pub(super) async fn after_owner_changed(
        &self,
        app: &Application,
        room: &Room,
        operator: &UserId,
        (old, new): (&str, &str),
        origin: Origin,
    ) {
        let (group_id, group_type) = place(room);
        let webhook = Webhook::AfterChangeGroupOwner(AfterOwnerChanged {
            group_id,
            group_type,
            operator_account: operator.to_string(),
            old_owner_account: old.to_owned(),
            new_owner_account: new.to_owned(),
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
    }

    pub(super) async fn after_member_changed(
        &self,
        app: &Application,
        room: &Room,
        operator: &UserId,
        user: &str,
        change: MemberChange,
        origin: Origin,
    ) {
        if change == MemberChange::default() {
            return;
        }
        let (group_id, group_type) = place(room);
        let webhook = Webhook::AfterMemberFieldChanged(AfterMemberFieldChanged {
            group_id,
            group_type,
            operator_account: operator.to_string(),
            member_account: user.to_owned(),
            role: change.role,
            name_card: change.name_card,
            app_member_defined_data: Vec::new(),
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
    }
}
