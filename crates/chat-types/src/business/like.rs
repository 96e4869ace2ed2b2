//! Likes that a client has collected.

use serde::{Deserialize, Serialize};

use super::is_id;

/// Name of the group counter that holds the likes of the room, where the application counts them.
pub const LIKES_COUNTER: &str = "likes";

/// Likes in one message, at most: a reader cannot click faster for as long as a client collects.
pub const MAX_LIKES_PER_MESSAGE: u32 = 500;

/// Sent with priority `Low` by the viewer's client, merged over a short time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Like {
    /// Names this batch among those of its sender: it is counted once, however often it arrives.
    pub batch: String,
    /// 1 to [`MAX_LIKES_PER_MESSAGE`].
    pub count: u32,
}

impl Like {
    pub(super) fn is_sound(&self) -> bool {
        is_id(&self.batch) && (1..=MAX_LIKES_PER_MESSAGE).contains(&self.count)
    }
}
