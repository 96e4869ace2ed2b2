//! The profile of the group: what members see of it, and what they are told of its changes.

use chat_types::gateway::{InfoChange, RoomRole, RoomRules, ServerFrame};
use chat_types::group::{CustomFields, GroupProfile};
use std::collections::HashMap;

use super::{Room, State, To};
use crate::storage::{GroupChange, GroupPatch, StoredGroup};

/// What of a group depends on who comes in.
pub(crate) struct View {
    /// Those that the account may read.
    pub(crate) custom_fields: CustomFields,
    pub(crate) role: RoomRole,
    pub(crate) rules: RoomRules,
}

impl Room {
    /// Takes over the new nickname of the owner, if it is among these accounts.
    pub(crate) fn accounts_renamed(&self, nicks: &HashMap<String, String>) {
        let mut state = self.lock();
        if let Some(nick) = nicks.get(&state.group.owner) {
            nick.clone_into(&mut state.owner_nick);
        }
    }

    /// Takes a change of the profile over that has been stored, and tells each member what is
    /// different. `readers` gives who may read a custom field; `rules_told` whether members hear of a
    /// mute of the whole group and of another join option.
    pub(crate) fn profile_changed(
        &self,
        patch: &GroupPatch,
        operator: &str,
        now_s: u32,
        rules_told: bool,
        readers: impl Fn(&StoredGroup, &str) -> To,
    ) {
        let mut state = self.lock();
        let changes = changes(&state.group, patch, rules_told);
        state.group.apply(&GroupChange::Profile(patch.clone()), now_s);
        let group_id = state.group.group_id.clone();
        let frame = |changes| ServerFrame::GroupInfoChanged {
            group_id: group_id.clone(),
            operator: operator.to_owned(),
            changes,
        };
        let (mut for_all, mut for_members) = (Vec::new(), Vec::new());
        for change in changes {
            let readers = match &change {
                InfoChange::Custom { key, .. } => readers(&state.group, key),
                _ => To::All,
            };
            match readers {
                To::NotGuests if state.guests > 0 => for_members.push(change),
                To::All | To::NotGuests => for_all.push(change),
                to => state.tell(&to, &frame(vec![change])),
            }
        }
        if !for_members.is_empty() {
            state.tell(&To::NotGuests, &frame(for_members));
        }
        if !for_all.is_empty() {
            state.tell(&To::All, &frame(for_all));
        }
        drop(state);
        self.wake();
    }
}

impl State {
    pub(super) fn profile(&self, custom_fields: CustomFields) -> GroupProfile {
        GroupProfile {
            group_id: self.group.group_id.clone(),
            group_type: self.group.group_type.name().to_owned(),
            name: self.group.name.clone(),
            introduction: self.group.introduction.clone(),
            notification: self.group.notification.clone(),
            face_url: self.group.face_url.clone(),
            owner: self.group.owner.clone(),
            owner_nick: self.owner_nick.clone(),
            custom_fields,
        }
    }
}

fn changes(before: &StoredGroup, patch: &GroupPatch, rules_told: bool) -> Vec<InfoChange> {
    let mut changes = Vec::new();
    let mut scalar = |new: &Option<String>, old: &str, make: fn(String) -> InfoChange| {
        if let Some(value) = new.as_ref().filter(|value| *value != old) {
            changes.push(make(value.clone()));
        }
    };
    scalar(&patch.name, &before.name, |value| InfoChange::Name { value });
    scalar(&patch.introduction, &before.introduction, |value| InfoChange::Introduction { value });
    scalar(&patch.notification, &before.notification, |value| InfoChange::Notification { value });
    scalar(&patch.face_url, &before.face_url, |value| InfoChange::FaceUrl { value });
    if rules_told {
        let option = &patch.apply_join_option;
        scalar(option, &before.apply_join_option, |value| InfoChange::ApplyJoinOption { value });
        if let Some(on) = patch.mute_all.filter(|on| *on != before.mute_all) {
            changes.push(InfoChange::MuteAll { on });
        }
    }
    for (key, value) in &patch.custom_fields {
        if before.custom_fields.get(key).map_or("", String::as_str) != value {
            changes.push(InfoChange::Custom { key: key.clone(), value: value.clone() });
        }
    }
    changes
}
