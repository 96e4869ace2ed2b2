//! How long a message may wait for a room in which its sender may not speak: the administrator or
//! the assistant was muted there, or the owner has muted everybody.

use chat_types::Element;
use chat_types::business::{AnnouncementKind, BusinessMessage};

const MINUTE_MS: u64 = 60_000;
/// A greeting, an answer or a notice is of its moment: those of a long silence must not come all at
/// once when it ends.
const SAYING_MS: u64 = MINUTE_MS;
/// What somebody wanted all rooms to hear may come later, but not the next day.
const BROADCAST_MS: u64 = 60 * MINUTE_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// What was paid or drawn is told, whenever that is.
    ForGood,
    /// It tells how things stand, until something later of its lane does.
    UntilNext,
    Milliseconds(u64),
}

pub(super) fn life(body: &[Element]) -> Life {
    match BusinessMessage::read(body) {
        Some(BusinessMessage::Product(_) | BusinessMessage::LiveStatus(_)) => Life::UntilNext,
        Some(BusinessMessage::Announcement(announcement)) => match announcement.kind {
            AnnouncementKind::Greeting | AnnouncementKind::Answer | AnnouncementKind::Notice => {
                Life::Milliseconds(SAYING_MS)
            }
            AnnouncementKind::Broadcast => Life::Milliseconds(BROADCAST_MS),
        },
        _ => Life::ForGood,
    }
}
