//! What makes an account rise.

/// Levels of the rules that hold unless told otherwise.
const LEVELS: u64 = 50;

/// What experience comes from, and how much of it makes a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelRules {
    /// For each full minute in a room.
    pub watched_minute: u64,
    /// Minutes in rooms that count on one day (in UTC), at most.
    pub watched_minutes_per_day: u64,
    /// For each comment.
    pub comment: u64,
    /// Comments that count in one minute, at most.
    pub comments_per_minute: u64,
    /// For each coin that is given.
    pub coin: u64,
    /// Experience at which level 1 begins, level 2, and so on; rising. Below the first is level 0.
    pub thresholds: Vec<u64>,
}

impl Default for LevelRules {
    /// One for a minute, four hours of them a day; two for a comment, five of them a minute; one for
    /// a coin. Level n begins at 50 n², up to level 50.
    fn default() -> Self {
        Self {
            watched_minute: 1,
            watched_minutes_per_day: 240,
            comment: 2,
            comments_per_minute: 5,
            coin: 1,
            thresholds: (1..=LEVELS).map(|level| 50 * level * level).collect(),
        }
    }
}
