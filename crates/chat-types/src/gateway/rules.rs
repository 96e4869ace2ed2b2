//! The rules of a room, and the figures of what it has done with its messages.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What members are told of the rules of a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRules {
    /// Messages that the room delivers in a second; 0 is no limit.
    pub budget_per_s: u32,
    /// Messages that one account may send in a second; 0 is no limit.
    pub sender_per_s: u32,
    /// Seconds that an account waits between two messages; 0 is slow mode off.
    pub slow_mode_s: u32,
    pub links: LinkPolicy,
}

/// Who may send links. Owner and administrators always may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPolicy {
    #[default]
    Everybody,
    Nobody,
}

/// A change of the rules of a room; absent members stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_per_s: Option<RuleValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_per_s: Option<RuleValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<LinkPolicy>,
    /// All of them: the words before are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_words: Option<Vec<String>>,
}

/// A number of the room's own, or the one of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RuleValue {
    Own(u32),
    Inherited(Inherited),
}

/// Stands for "as the application has it".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inherited {
    Application,
}

/// The rank of a message when a room has to choose, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// Enters, leaves and mutes.
    Tip,
    /// Priority `Low`: likes.
    Low,
    Normal,
    High,
    /// Priority `High` from the application's own server: paid gifts, products, moderation.
    Assured,
}

impl MessageClass {
    /// All classes, the lowest first.
    pub const ALL: [Self; 5] = [Self::Tip, Self::Low, Self::Normal, Self::High, Self::Assured];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tip => "tip",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Assured => "assured",
        }
    }
}

/// Why a message that was in order went to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShedCause {
    /// The room's budget was used up by messages of a higher class or of other senders.
    Budget,
    /// So much was waiting for the budget that it was not even considered.
    Crowded,
    /// The application's webhook dropped it.
    Webhook,
}

impl ShedCause {
    pub const ALL: [Self; 3] = [Self::Budget, Self::Crowded, Self::Webhook];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Crowded => "crowded",
            Self::Webhook => "webhook",
        }
    }
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCause {
    Muted,
    MuteAll,
    SenderRate,
    SlowMode,
    BlockedWord,
    Link,
    Webhook,
    /// Not a member, banned, a body that is wrong, the service failed.
    Other,
}

impl RefusalCause {
    pub const ALL: [Self; 8] = [
        Self::Muted,
        Self::MuteAll,
        Self::SenderRate,
        Self::SlowMode,
        Self::BlockedWord,
        Self::Link,
        Self::Webhook,
        Self::Other,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::MuteAll => "mute_all",
            Self::SenderRate => "sender_rate",
            Self::SlowMode => "slow_mode",
            Self::BlockedWord => "blocked_word",
            Self::Link => "link",
            Self::Webhook => "webhook",
            Self::Other => "other",
        }
    }
}

/// What a room has done with its messages. Totals count from the moment the room came into memory;
/// of every class `received` = `delivered` + all of `shed` + all of `refused` + `waiting`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomFigures {
    /// Accounts in the room.
    pub online: u32,
    /// Connections in the room, those of guests among them.
    pub connections: u32,
    pub guests: u32,
    pub budget_per_s: u32,
    /// Messages that came in within the last second.
    pub received_per_s: u32,
    /// Messages that went to everybody within the last second.
    pub delivered_per_s: u32,
    /// How long messages are collected at present before they are written, in milliseconds.
    pub tick_ms: u32,
    pub classes: BTreeMap<MessageClass, ClassFigures>,
}

/// The totals of one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassFigures {
    pub received: u64,
    pub delivered: u64,
    /// Messages that the room is still choosing from.
    pub waiting: u64,
    #[serde(default)]
    pub shed: BTreeMap<ShedCause, u64>,
    #[serde(default)]
    pub refused: BTreeMap<RefusalCause, u64>,
    /// Copies of delivered messages that were left out for single connections because they read too
    /// slowly.
    pub missed_copies: u64,
}
