//! What is stored, as plain values. The service thinks in these; a database only keeps them.

use chat_types::gateway::{LinkPolicy, Message};
use chat_types::group::{CustomFields, GroupType};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Edition, FieldDefinition, OnFailure, Right, Secret};

/// The end of something that has none, in Unix seconds.
pub const FOREVER: u32 = u32::MAX;

/// One change of an application's configuration.
#[derive(Debug, Clone)]
pub enum ApplicationChange {
    Edition(Edition),
    /// Makes the account too if it is absent.
    AddAdmin {
        user_id: String,
        now_s: u64,
    },
    RemoveAdmin(String),
    AddField(FieldDefinition),
    FieldRights {
        name: String,
        read: Right,
        write: Right,
    },
    AddMemberField(String),
    CallbackUrl {
        url: Option<String>,
        token: Option<Secret>,
    },
    CallbackPolicy(OnFailure),
    SwitchCallback {
        command: String,
        on: bool,
    },
    Setting {
        name: String,
        value: String,
    },
}

/// An account with its profile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    pub user_id: String,
    pub nick: String,
    pub face_url: String,
    pub create_time: u32,
    /// Until when the account may not speak to anybody, in Unix seconds; 0 when it may.
    pub c2c_muted_until: u32,
    /// Until when the account may not speak in any group, in Unix seconds; 0 when it may.
    pub group_muted_until: u32,
    /// Profile tags other than nickname and picture.
    pub profile: BTreeMap<String, serde_json::Value>,
}

/// What to write of an account, which is made if it is absent. `None` leaves the stored value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountPatch {
    pub user_id: String,
    pub nick: Option<String>,
    pub face_url: Option<String>,
    pub c2c_muted_until: Option<u32>,
    pub group_muted_until: Option<u32>,
    /// Only these tags are written; the others stay.
    pub profile: BTreeMap<String, serde_json::Value>,
}

/// A member of a group that stores its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredMember {
    pub join_time: u32,
    pub name_card: String,
    /// `AcceptAndNotify` and its like; the service keeps it and does not act on it.
    pub msg_flag: String,
    /// The member has read the messages up to this one.
    pub read_seq: u32,
    pub last_send_time: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Unix seconds.
    pub until: u32,
    pub description: String,
}

/// The rules of a room as somebody set them; what stands at its default was never set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupRules {
    /// Messages that the room delivers in a second, 0 for no limit; `None` is what the application
    /// has.
    pub budget_per_s: Option<u32>,
    /// Messages that one account may send in a second, 0 for no limit; `None` is what the
    /// application has.
    pub sender_per_s: Option<u32>,
    /// Seconds that an account waits between two messages; 0 is slow mode off.
    pub slow_mode_s: u32,
    pub links: LinkPolicy,
    /// As they were written.
    pub blocked_words: Vec<String>,
}

/// A group with everything that survives a restart, except its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGroup {
    pub group_id: String,
    pub group_type: GroupType,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// Empty when the group has no owner.
    pub owner: String,
    pub apply_join_option: String,
    /// 0 is no limit.
    pub max_member_num: u32,
    pub mute_all: bool,
    pub create_time: u32,
    pub last_info_time: u32,
    pub info_seq: u32,
    /// Highest message number that may have been given out.
    pub seq_reserved: u32,
    pub custom_fields: CustomFields,
    pub attributes: BTreeMap<String, String>,
    pub counters: BTreeMap<String, i64>,
    /// Muted accounts with the end of the mute in Unix seconds. Ends that are past may stand here.
    pub mutes: BTreeMap<String, u32>,
    /// Banned accounts. Ends that are past may stand here.
    pub bans: BTreeMap<String, Ban>,
    pub admins: BTreeSet<String>,
    pub rules: GroupRules,
    /// Empty for an AVChatRoom, which stores no members.
    pub members: BTreeMap<String, StoredMember>,
}

impl StoredGroup {
    /// A new group without anything in it.
    pub fn new(group_id: impl Into<String>, group_type: GroupType, now_s: u32) -> Self {
        Self {
            group_id: group_id.into(),
            group_type,
            name: String::new(),
            introduction: String::new(),
            notification: String::new(),
            face_url: String::new(),
            owner: String::new(),
            apply_join_option: "FreeAccess".to_owned(),
            max_member_num: 0,
            mute_all: false,
            create_time: now_s,
            last_info_time: now_s,
            info_seq: 0,
            seq_reserved: 0,
            custom_fields: CustomFields::new(),
            attributes: BTreeMap::new(),
            counters: BTreeMap::new(),
            mutes: BTreeMap::new(),
            bans: BTreeMap::new(),
            admins: BTreeSet::new(),
            rules: GroupRules::default(),
            members: BTreeMap::new(),
        }
    }

    /// Does to this value what the database does to the stored one.
    pub fn apply(&mut self, change: &GroupChange, now_s: u32) {
        match change {
            GroupChange::Profile(patch) => {
                patch.apply(self);
                self.last_info_time = now_s;
                self.info_seq = self.info_seq.saturating_add(1);
            }
            GroupChange::SetAttribute { key, value } => {
                self.attributes.insert(key.clone(), value.clone());
            }
            GroupChange::RemoveAttribute(key) => {
                self.attributes.remove(key);
            }
            GroupChange::SetCounter { key, value } => {
                self.counters.insert(key.clone(), *value);
            }
            GroupChange::RemoveCounter(key) => {
                self.counters.remove(key);
            }
            GroupChange::Mute { user, until } => {
                self.mutes.insert(user.clone(), *until);
            }
            GroupChange::Unmute(user) => {
                self.mutes.remove(user);
            }
            GroupChange::Ban { user, ban } => {
                self.bans.insert(user.clone(), ban.clone());
            }
            GroupChange::Unban(user) => {
                self.bans.remove(user);
            }
            GroupChange::AddAdmin(user) => {
                self.admins.insert(user.clone());
            }
            GroupChange::RemoveAdmin(user) => {
                self.admins.remove(user);
            }
            GroupChange::Rules(rules) => {
                rules.clone_into(&mut self.rules);
            }
            GroupChange::PutMember { user, member } => {
                self.members.insert(user.clone(), member.clone());
            }
            GroupChange::RemoveMember(user) => {
                self.members.remove(user);
            }
        }
    }
}

/// One change of a stored group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// Also counts `info_seq` up and notes the time.
    Profile(GroupPatch),
    SetAttribute {
        key: String,
        value: String,
    },
    RemoveAttribute(String),
    SetCounter {
        key: String,
        value: i64,
    },
    RemoveCounter(String),
    Mute {
        user: String,
        until: u32,
    },
    Unmute(String),
    Ban {
        user: String,
        ban: Ban,
    },
    Unban(String),
    AddAdmin(String),
    RemoveAdmin(String),
    /// All rules of the group; those before are forgotten.
    Rules(GroupRules),
    PutMember {
        user: String,
        member: StoredMember,
    },
    RemoveMember(String),
}

/// What to change of a group's profile; `None` and an absent field leave the stored value. A field
/// with an empty value loses its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPatch {
    pub name: Option<String>,
    pub introduction: Option<String>,
    pub notification: Option<String>,
    pub face_url: Option<String>,
    pub owner: Option<String>,
    pub apply_join_option: Option<String>,
    pub max_member_num: Option<u32>,
    pub mute_all: Option<bool>,
    pub custom_fields: CustomFields,
}

impl GroupPatch {
    /// The texts of this patch that are other ones than those of the group.
    pub(crate) fn changed_texts(&self, group: &StoredGroup) -> Self {
        let changed = |new: &Option<String>, old: &str| new.clone().filter(|new| new != old);
        Self {
            name: changed(&self.name, &group.name),
            introduction: changed(&self.introduction, &group.introduction),
            notification: changed(&self.notification, &group.notification),
            face_url: changed(&self.face_url, &group.face_url),
            ..Self::default()
        }
    }

    fn apply(&self, group: &mut StoredGroup) {
        let texts = [
            (&self.name, &mut group.name),
            (&self.introduction, &mut group.introduction),
            (&self.notification, &mut group.notification),
            (&self.face_url, &mut group.face_url),
            (&self.owner, &mut group.owner),
            (&self.apply_join_option, &mut group.apply_join_option),
        ];
        for (new, stored) in texts {
            if let Some(new) = new {
                new.clone_into(stored);
            }
        }
        group.max_member_num = self.max_member_num.unwrap_or(group.max_member_num);
        group.mute_all = self.mute_all.unwrap_or(group.mute_all);
        for (name, value) in &self.custom_fields {
            if value.is_empty() {
                group.custom_fields.remove(name);
            } else {
                group.custom_fields.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Ids of groups in the order of their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupIdPage {
    /// Groups of the wanted type in all.
    pub total: u64,
    pub ids: Vec<String>,
}

/// A message of a group that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredGroupMessage {
    pub random: u32,
    pub recalled: bool,
    pub message: Message,
}

/// Message numbers of a group that are those of whoever claimed them: all above `after` up to `last`.
/// They are none when the two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedNumbers {
    pub after: u32,
    pub last: u32,
}

/// How many messages of a group are kept, and how old they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub messages: u32,
    pub seconds: u32,
}

/// What a delivered message leaves behind in its group.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRecord {
    pub sdk_app_id: u32,
    pub group_id: String,
    /// `None` when the group keeps none or not this one.
    pub message: Option<StoredGroupMessage>,
    pub keep: Keep,
    pub member: Option<MemberRecord>,
}

/// How a stored member stands after it has spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRecord {
    pub user_id: String,
    pub read_seq: u32,
    pub last_send_time: u32,
}

/// A one-to-one message.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredC2c {
    /// Rises with every message that the conversation gets, from 1, also with one that is older
    /// than the others; made by [`Storage::insert_c2c`](super::Storage).
    pub number: i64,
    pub key: String,
    pub from: String,
    pub to: String,
    pub seq: u32,
    pub random: u32,
    pub time_s: u32,
    /// Unix seconds from which on it is gone.
    pub expire_time: u32,
    /// The sender's own devices and its roaming messages have it too.
    pub for_sender: bool,
    /// It counts as unread.
    pub counts: bool,
    /// It may stand in the list of conversations.
    pub listed: bool,
    pub withdrawn: bool,
    pub client_id: String,
    pub elements: Vec<chat_types::Element>,
    pub cloud_custom_data: String,
}

impl StoredC2c {
    pub fn place(&self) -> C2cPlace {
        C2cPlace { time_s: self.time_s, seq: self.seq, number: self.number }
    }
}

/// Where a message stands in its conversation: by time, within a second by the number that its
/// sender chose, and after that by arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct C2cPlace {
    pub time_s: u32,
    pub seq: u32,
    pub number: i64,
}

/// Which messages of a conversation are wanted; the newest come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct C2cRange<'a> {
    /// Whose view: messages that this account sent without a copy for itself are left out.
    pub account: &'a str,
    pub peer: &'a str,
    /// Unix seconds, both ends included.
    pub min_time: u32,
    pub max_time: u32,
    /// Only messages before this place; `None` starts at the newest.
    pub before: Option<C2cPlace>,
    pub limit: u32,
    pub now_s: u32,
}

/// What became of a withdrawal or of a change of a message that has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentChange {
    Done,
    /// The message was withdrawn before.
    Before,
    Absent,
}

/// What to change of a one-to-one message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct C2cChange {
    pub elements: Option<Vec<chat_types::Element>>,
    pub cloud_custom_data: Option<String>,
}

/// One conversation of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredConversation {
    pub peer: String,
    pub unread: u32,
    pub last: StoredC2c,
}
