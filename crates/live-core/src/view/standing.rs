//! How this client stands to its room, and who else comes and goes.

use chat_types::gateway::{LinkPolicy, RoomRole, RoomRules};
use serde::Serialize;

/// What the account is in the room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum RoleView {
    Owner,
    Admin,
    #[default]
    Member,
    Guest,
}

impl From<RoomRole> for RoleView {
    fn from(role: RoomRole) -> Self {
        match role {
            RoomRole::Owner => Self::Owner,
            RoomRole::Admin => Self::Admin,
            RoomRole::Member => Self::Member,
            RoomRole::Guest => Self::Guest,
        }
    }
}

/// The rules of the room, as far as its members are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RulesView {
    /// Messages that the room delivers in a second; 0 is no limit.
    pub budget_per_s: u32,
    /// Messages that one account may send in a second; 0 is no limit.
    pub sender_per_s: u32,
    /// Seconds that an account waits between two messages; 0 is slow mode off.
    pub slow_mode_s: u32,
    /// Whether members may send links.
    pub links: bool,
}

impl From<RoomRules> for RulesView {
    fn from(rules: RoomRules) -> Self {
        Self {
            budget_per_s: rules.budget_per_s,
            sender_per_s: rules.sender_per_s,
            slow_mode_s: rules.slow_mode_s,
            links: rules.links == LinkPolicy::Everybody,
        }
    }
}

/// Why this client is not in the room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum AbsenceView {
    /// It is in the room, or nothing is known yet.
    #[default]
    None,
    /// The room is gone.
    Dismissed,
    /// The room did not let it in. `code` is a [`chat_types::Code`].
    Refused { code: i32, info: String },
    /// `until_s` is the end of the ban in Unix seconds, 0 when it was not told.
    Banned { until_s: u32, info: String },
    /// The account was taken out of the group.
    Kicked { info: String },
    /// The account went into another room on another device, and may be in one only.
    Elsewhere { info: String },
    /// The account left on another device.
    Left { info: String },
    /// A reason that this program has not learnt.
    Other { info: String },
}

/// Whether the account may speak. The client refuses nothing by itself: a comment that is sent all
/// the same is answered by the room. `left_ms` counts from the moment of this report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SpeechView {
    #[default]
    Free,
    /// 0 when the mute has no end, or none that is known.
    Muted { left_ms: u32 },
    /// Only the owner and administrators may speak.
    MuteAll,
    /// Guests read and say nothing.
    Guest,
    /// The account has spoken only just now. `code` is 9008 when it said too much in a second, and
    /// 9009 for slow mode.
    Wait { left_ms: u32, code: i32 },
}

/// Who came and went of late. Rooms with many people leave most of it out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PassersView {
    /// Accounts that came last, the newest last; at most five, as in the other lists.
    pub entered: Vec<String>,
    /// Accounts that came since the room was joined, as far as it was told.
    pub entered_count: u32,
    pub left: Vec<String>,
    pub left_count: u32,
    /// Accounts that were banned last.
    pub banned: Vec<String>,
    /// Accounts that were muted last.
    pub muted: Vec<String>,
}

/// The profile of the room. All texts are empty until the room was joined once.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RoomView {
    pub group_id: String,
    pub name: String,
    /// Nickname of the owner, or its account id when it has none.
    pub host: String,
    pub introduction: String,
    pub notification: String,
    /// False when not, or no longer, in the room. A lost connection alone does not change it.
    pub member: bool,
    pub absence: AbsenceView,
    pub role: RoleView,
    pub rules: RulesView,
}
