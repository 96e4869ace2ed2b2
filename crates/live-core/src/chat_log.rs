//! The recent messages of the room, as rows of the chat list.

use std::collections::{HashMap, VecDeque};

use crate::outbox::Sendings;
use crate::view::ChatRow;

/// Rows that are kept. When one more comes the oldest is dropped and counted.
pub const MOST: usize = 1_000;

/// A row and what the client alone knows of it.
#[derive(Debug)]
pub struct Line {
    pub row: ChatRow,
    /// Whether it was given to the danmaku queue, so that sending it again lets it fly only once.
    pub flown: bool,
    /// Of an own comment that has not arrived yet.
    pub sendings: Sendings,
    /// Client id of an own comment, when it is not the key any more.
    client_id: Option<String>,
}

impl Line {
    pub fn new(row: ChatRow, flown: bool) -> Self {
        Self { row, flown, sendings: Sendings::default(), client_id: None }
    }

    /// Client id under which an own comment is sent.
    pub fn client_id(&self) -> &str {
        self.client_id.as_deref().unwrap_or(&self.row.key)
    }
}

/// Rows in the order in which they first appeared.
#[derive(Debug, Default)]
pub struct ChatLog {
    lines: VecDeque<Line>,
    /// Key of a row to its place, counted from the first row there ever was; and so for a client
    /// id that is not the key.
    places: HashMap<String, u64>,
    dropped: u64,
}

impl ChatLog {
    /// Appends a row. The caller has made sure that its key is not there yet.
    pub fn append(&mut self, line: Line) {
        if self.lines.len() >= MOST
            && let Some(oldest) = self.lines.pop_front()
        {
            self.places.remove(&oldest.row.key);
            self.places.remove(oldest.client_id());
            self.dropped += 1;
        }
        self.places.insert(line.row.key.clone(), self.dropped + self.lines.len() as u64);
        self.lines.push_back(line);
    }

    /// The comment in this row is sent under another client id from now on, and is found by it as
    /// well as by its key.
    pub fn set_client_id(&mut self, key: &str, client_id: String) {
        let Some(place) = self.places.get(key).copied() else {
            return;
        };
        let Some(line) = self.get_mut(key) else {
            return;
        };
        let before = line.client_id.replace(client_id.clone());
        if let Some(before) = before {
            self.places.remove(&before);
        }
        self.places.insert(client_id, place);
    }

    pub fn contains(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Line> {
        let place = self.places.get(key)?.checked_sub(self.dropped)?;
        self.lines.get_mut(usize::try_from(place).ok()?)
    }

    pub fn rows(&self) -> impl Iterator<Item = &ChatRow> {
        self.lines.iter().map(|line| &line.row)
    }

    /// Rows that were dropped because the log was full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::RowState;

    fn line(key: &str) -> Line {
        let row = ChatRow {
            key: key.into(),
            seq: 0,
            user_id: "u".into(),
            name: "u".into(),
            text: key.into(),
            own: false,
            time_ms: 0.0,
            state: RowState::Sent,
            code: 0,
            reason: String::new(),
        };
        Line::new(row, false)
    }

    #[test]
    fn a_full_log_drops_the_oldest_and_still_finds_the_others() {
        let mut log = ChatLog::default();
        for n in 0..MOST + 3 {
            log.append(line(&n.to_string()));
        }
        assert_eq!((log.rows().count(), log.dropped()), (MOST, 3));
        assert!(!log.contains("2"));
        for key in ["3", "500", "1002"] {
            assert_eq!(log.get_mut(key).unwrap().row.text, key);
        }
        log.get_mut("1002").unwrap().row.seq = 9;
        assert_eq!(log.rows().last().unwrap().seq, 9);
    }

    #[test]
    fn a_row_is_found_by_its_key_and_by_its_newest_client_id() {
        let mut log = ChatLog::default();
        log.append(line("a"));
        assert_eq!(log.get_mut("a").unwrap().client_id(), "a");
        log.set_client_id("a", "b".into());
        log.set_client_id("a", "c".into());
        log.set_client_id("nothing", "d".into());
        for id in ["a", "c"] {
            assert_eq!(log.get_mut(id).unwrap().client_id(), "c");
        }
        assert!(!log.contains("b") && !log.contains("d"));
        for n in 0..MOST {
            log.append(line(&n.to_string()));
        }
        assert_eq!(log.places.len(), MOST, "with the row go all its names");
    }
}
