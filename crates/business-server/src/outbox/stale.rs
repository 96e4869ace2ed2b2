//! How long a message may wait for a room in which its sender may not speak: the administrator or
//! the assistant was muted there, or the owner has muted everybody.

use chat_types::business::{AnnouncementKind, BusinessMessage};

const MINUTE_MS: u64 = 60_000;
/// A greeting, an answer or a notice is of its moment: those of a long silence must not come all at
/// once when it ends.
const SAYING_MS: u64 = MINUTE_MS;
/// What somebody wanted all rooms to hear may come later, but not the next day.
const BROADCAST_MS: u64 = 60 * MINUTE_MS;
/// It tells how things stand, until something later of its lane does.
const UNTIL_NEXT: u64 = 0;

/// In milliseconds; `None` for what was paid or drawn, which is told whenever that is.
pub(super) fn life_ms(message: &BusinessMessage) -> Option<u64> {
    match message {
        BusinessMessage::Product(_) | BusinessMessage::LiveStatus(_) => Some(UNTIL_NEXT),
        BusinessMessage::Announcement(announcement) => Some(match announcement.kind {
            AnnouncementKind::Greeting | AnnouncementKind::Answer | AnnouncementKind::Notice => {
                SAYING_MS
            }
            AnnouncementKind::Broadcast => BROADCAST_MS,
        }),
        _ => None,
    }
}
