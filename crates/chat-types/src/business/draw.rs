//! Lucky draws: what the room is told.

use serde::{Deserialize, Serialize};

/// A draw is open: whoever says the keyword before the end takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawOpened {
    pub draw: String,
    pub keyword: String,
    pub prize: String,
    pub winners: u32,
    /// Unix seconds.
    pub ends_at_s: u64,
    /// SHA-256 of the seed, in lower-case hexadecimal. The seed is told with the result, so that
    /// nobody, the shop included, can choose it when the entrants are known.
    pub commitment: String,
    /// Absent when everybody may take part.
    #[serde(default, skip_serializing_if = "DrawConditions::are_none")]
    pub conditions: DrawConditions,
}

/// Who of those that say the keyword takes part, looked at when the time is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawConditions {
    /// Accounts of this level or a higher one; 0 for all.
    pub min_level: u32,
    /// Accounts that have given a gift in this room since the stream began.
    pub must_have_gifted: bool,
    /// Accounts that follow the host.
    pub must_follow: bool,
}

impl DrawConditions {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A draw was called off before its end: nobody wins, and the card is taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawCancelled {
    pub draw: String,
}

/// The list of entrants stands. It is told before the seed, so that nobody who knows the seed can
/// still change the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawClosed {
    pub draw: String,
    /// Accounts on the list.
    pub entrants: u32,
    /// SHA-256 of the list, in lower-case hexadecimal, by the rule of `docs/draws.md`.
    pub entrants_hash: String,
}

/// A draw is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawResult {
    pub draw: String,
    pub prize: String,
    pub entrants: u32,
    /// In the order in which they were drawn. When there are more than a hundred, or more than
    /// [`super::MAX_BUSINESS_BYTES`] have room for, the first ones.
    pub winners: Vec<Winner>,
    /// In lower-case hexadecimal. With the list of entrants anyone can draw again.
    pub seed: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    pub user: String,
    pub nick: String,
}
