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
}

/// A draw was called off before its end: nobody wins, and the card is taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawCancelled {
    pub draw: String,
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
