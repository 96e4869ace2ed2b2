//! What the shop or its virtual assistant tells a room or all rooms.

use serde::{Deserialize, Serialize};

use super::{is_id, known_or_default};

/// Characters of an announcement, at most.
pub const MAX_ANNOUNCEMENT_CHARS: usize = 300;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementKind {
    /// To everybody in all rooms: a bar over the stage.
    Broadcast,
    /// To one room, at a set time.
    #[default]
    Notice,
    /// The assistant greets who came in.
    Greeting,
    /// The assistant answers a keyword.
    Answer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Names this announcement: a repeat has the same one, and readers show it once.
    pub id: String,
    /// A kind of a later version reads as [`AnnouncementKind::Notice`].
    #[serde(deserialize_with = "known_or_default")]
    pub kind: AnnouncementKind,
    /// 1 to [`MAX_ANNOUNCEMENT_CHARS`] characters of plain text.
    pub text: String,
}

impl Announcement {
    pub(super) fn is_sound(&self) -> bool {
        is_id(&self.id)
            && !self.text.trim().is_empty()
            && self.text.chars().count() <= MAX_ANNOUNCEMENT_CHARS
    }
}
