//! What the shop and its assistant announce: broadcasts, of which the last are kept for the bar
//! over the stage, and notices, greetings and answers, which become quiet lines of the chat.
//!
//! An announcement is known by its id, so one that came by two ways is shown once.

use chat_types::business::{Announcement, AnnouncementKind};
use std::collections::VecDeque;

use crate::recent_ids::RecentIds;
use crate::view::{AnnouncementView, RowKind};

/// Broadcasts that are kept, the newest ones.
pub const MOST: usize = 10;
/// Announcements that are remembered, so that none is shown twice.
pub const MOST_KNOWN: usize = 512;

#[derive(Debug)]
pub struct Announcements {
    known: RecentIds,
    /// The oldest first.
    broadcasts: VecDeque<AnnouncementView>,
    changed: bool,
}

impl Default for Announcements {
    fn default() -> Self {
        let known = RecentIds::new(MOST_KNOWN);
        Self { known, broadcasts: VecDeque::new(), changed: false }
    }
}

impl Announcements {
    /// Takes an announcement. Gives the kind of the chat row when it is to become one.
    pub fn hear(&mut self, announcement: &Announcement, time_ms: f64) -> Option<RowKind> {
        if self.known.is_known(&announcement.id) {
            return None;
        }
        match announcement.kind {
            AnnouncementKind::Broadcast => {
                self.broadcasts.push_back(AnnouncementView {
                    id: announcement.id.clone(),
                    text: announcement.text.clone(),
                    time_ms,
                });
                if self.broadcasts.len() > MOST {
                    self.broadcasts.pop_front();
                }
                self.changed = true;
                None
            }
            AnnouncementKind::Notice => Some(RowKind::Notice),
            AnnouncementKind::Greeting => Some(RowKind::Greeting),
            AnnouncementKind::Answer => Some(RowKind::Answer),
        }
    }

    /// The last broadcasts, the newest last.
    pub fn broadcasts(&self) -> Vec<AnnouncementView> {
        self.broadcasts.iter().cloned().collect()
    }

    /// The last broadcasts, if there are others than when this was asked last.
    pub fn take_news(&mut self) -> Option<Vec<AnnouncementView>> {
        std::mem::take(&mut self.changed).then(|| self.broadcasts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(id: &str, kind: AnnouncementKind) -> Announcement {
        Announcement { id: id.into(), kind, text: format!("text of {id}") }
    }

    #[test]
    fn the_last_ten_broadcasts_are_kept_and_each_is_shown_once() {
        let mut all = Announcements::default();
        for n in 0..12 {
            for _ in 0..2 {
                let broadcast = announcement(&n.to_string(), AnnouncementKind::Broadcast);
                assert_eq!(all.hear(&broadcast, 0.0), None);
            }
        }
        let told = all.take_news().unwrap();
        assert_eq!((told.len(), told[0].id.as_str()), (MOST, "2"));
        assert_eq!(told[9].text, "text of 11");
        assert_eq!(all.take_news(), None);
    }

    #[test]
    fn notices_greetings_and_answers_are_lines_of_the_chat_once() {
        let mut all = Announcements::default();
        for (kind, row) in [
            (AnnouncementKind::Notice, RowKind::Notice),
            (AnnouncementKind::Greeting, RowKind::Greeting),
            (AnnouncementKind::Answer, RowKind::Answer),
        ] {
            let said = announcement(&format!("{kind:?}"), kind);
            assert_eq!(all.hear(&said, 0.0), Some(row));
            assert_eq!(all.hear(&said, 0.0), None);
        }
        assert_eq!(all.take_news(), None);
    }
}
