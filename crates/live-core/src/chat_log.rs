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

/// Where a row has found its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    End,
    /// Before the row with this key.
    Before(String),
    /// It is older than all that a full log keeps, so it is not there.
    TooOld,
}

/// Rows in the order in which they first appeared; what was missing stands where its number says.
#[derive(Debug, Default)]
pub struct ChatLog {
    lines: VecDeque<Line>,
    /// Key of a row to its place, counted from the first row there ever was; and so for a client
    /// id that is not the key.
    places: HashMap<String, u64>,
    dropped: u64,
    /// Rows that were dropped before they were there.
    dropped_unseen: u64,
    /// Place from which on the numbers of rows mean something: those before are of a numbering
    /// that the service has given up.
    numbered_from: u64,
}

impl ChatLog {
    /// Appends a row. The caller has made sure that its key is not there yet.
    pub fn append(&mut self, line: Line) {
        if self.lines.len() >= MOST {
            self.drop_oldest();
        }
        self.places.insert(line.row.key.clone(), self.dropped + self.lines.len() as u64);
        self.lines.push_back(line);
    }

    /// Puts a row where its number says. The rows of others stand in the order of their numbers;
    /// an own one stands where it was written, which may be before others that were first. The
    /// caller has made sure that its key is not there yet.
    pub fn insert(&mut self, line: Line) -> Place {
        let numbered = self.numbered_from.saturating_sub(self.dropped);
        let floor = usize::try_from(numbered).unwrap_or(usize::MAX).min(self.lines.len());
        let lower = |line: &Line, row: &ChatRow| row.seq != 0 && row.seq < line.row.seq;
        let others = |other: &Line| !other.row.own && lower(&line, &other.row);
        let behind = self.lines.range(floor..).rposition(others);
        let first = behind.map_or(floor, |found| floor + found + 1);
        // Own rows between that one and the next of others.
        let up_to_next = self
            .lines
            .range(first..)
            .take_while(|other| other.row.own || other.row.seq < line.row.seq);
        let own = up_to_next.enumerate().filter(|(_, other)| lower(&line, &other.row)).last();
        let at = own.map_or(first, |(found, _)| first + found + 1);
        let Some(next) = self.lines.get(at).map(|next| next.row.key.clone()) else {
            self.append(line);
            return Place::End;
        };
        if self.lines.len() >= MOST && at == 0 {
            self.dropped_unseen += 1;
            return Place::TooOld;
        }
        let full = self.lines.len() >= MOST;
        if full {
            self.drop_oldest();
        }
        let at = at - usize::from(full);
        self.lines.insert(at, line);
        self.number_from(at);
        Place::Before(next)
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &str) {
        let Some(at) = self.place(key) else { return };
        if self.dropped + (at as u64) < self.numbered_from {
            self.numbered_from -= 1;
        }
        if let Some(line) = self.lines.remove(at) {
            self.places.remove(&line.row.key);
            self.places.remove(line.client_id());
        }
        self.number_from(at);
    }

    /// Keys of the rows with these numbers.
    pub fn numbered(&self, numbers: &[u32]) -> Vec<String> {
        let numbered = self.numbered_from.saturating_sub(self.dropped);
        let floor = usize::try_from(numbered).unwrap_or(usize::MAX).min(self.lines.len());
        let rows = self.lines.range(floor..).map(|line| &line.row);
        let named = rows.filter(|row| row.seq != 0 && numbers.contains(&row.seq));
        named.map(|row| row.key.clone()).collect()
    }

    /// The service begins its numbers anew: no row from here on belongs before one of those that
    /// are there.
    pub fn number_anew(&mut self) {
        self.numbered_from = self.dropped + self.lines.len() as u64;
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
        let at = self.place(key)?;
        self.lines.get_mut(at)
    }

    pub fn rows(&self) -> impl Iterator<Item = &ChatRow> {
        self.lines.iter().map(|line| &line.row)
    }

    /// Rows that were dropped because the log was full.
    pub fn dropped(&self) -> u64 {
        self.dropped + self.dropped_unseen
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.lines.pop_front() {
            self.places.remove(&oldest.row.key);
            self.places.remove(oldest.client_id());
            self.dropped += 1;
        }
    }

    fn place(&self, key: &str) -> Option<usize> {
        usize::try_from(self.places.get(key)?.checked_sub(self.dropped)?).ok()
    }

    /// Gives the rows from this one on their places.
    fn number_from(&mut self, at: usize) {
        for (line, place) in self.lines.range(at..).zip(self.dropped + at as u64..) {
            self.places.insert(line.row.key.clone(), place);
            if let Some(client_id) = &line.client_id {
                self.places.insert(client_id.clone(), place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{RowKind, RowState};

    fn line(key: &str) -> Line {
        let row = ChatRow {
            key: key.into(),
            kind: RowKind::Comment,
            seq: 0,
            user_id: "u".into(),
            name: "u".into(),
            text: key.into(),
            own: false,
            time_ms: 0.0,
            state: RowState::Sent,
            reached: 0,
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

    fn numbered(seq: u32) -> Line {
        let mut line = line(&seq.to_string());
        line.row.seq = seq;
        line
    }

    fn keys(log: &ChatLog) -> Vec<&str> {
        log.rows().map(|row| row.key.as_str()).collect()
    }

    #[test]
    fn what_was_missing_stands_where_its_number_says() {
        let mut log = ChatLog::default();
        for seq in [1, 5] {
            log.append(numbered(seq));
        }
        log.append(line("sending"));
        assert_eq!(log.insert(numbered(3)), Place::Before("5".into()));
        assert_eq!(log.insert(numbered(4)), Place::Before("5".into()));
        assert_eq!(log.insert(numbered(7)), Place::Before("sending".into()));
        log.get_mut("sending").unwrap().row.seq = 8;
        assert_eq!(log.insert(numbered(9)), Place::End);
        assert_eq!(keys(&log), ["1", "3", "4", "5", "7", "sending", "9"]);
        log.remove("4");
        log.remove("4");
        assert_eq!(log.numbered(&[3, 4, 8]), ["3", "sending"]);
        for key in ["1", "3", "5", "7", "sending", "9"] {
            assert_eq!(log.get_mut(key).unwrap().row.key, key);
        }
        log.number_anew();
        assert_eq!(log.insert(numbered(2)), Place::End);
        assert_eq!(log.insert(line("0")), Place::Before("2".into()));
        assert!(log.numbered(&[9]).is_empty(), "that was another nine");
    }

    #[test]
    fn an_own_row_that_stands_elsewhere_misleads_nobody() {
        let own = |key: &str, seq| {
            let mut line = line(key);
            line.row.own = true;
            line.row.seq = seq;
            line
        };
        let mut log = ChatLog::default();
        for line in [numbered(3), numbered(7), own("failed", 0), own("one", 1), own("nine", 9)] {
            log.append(line);
        }
        assert_eq!(log.insert(numbered(2)), Place::Before("3".into()));
        assert_eq!(log.insert(numbered(8)), Place::Before("nine".into()));
        assert_eq!(log.insert(numbered(10)), Place::End);
        assert_eq!(keys(&log), ["2", "3", "7", "failed", "one", "8", "nine", "10"]);
    }

    #[test]
    fn a_full_log_has_no_place_for_what_is_older_than_all_it_keeps() {
        let mut log = ChatLog::default();
        for seq in 0..MOST {
            log.append(numbered(2 * seq as u32 + 10));
        }
        assert_eq!(log.insert(numbered(3)), Place::TooOld);
        assert_eq!(log.insert(numbered(21)), Place::Before("22".into()));
        assert_eq!((log.rows().count(), log.dropped()), (MOST, 2));
        assert_eq!(keys(&log)[..6], ["12", "14", "16", "18", "20", "21"]);
        assert_eq!(log.places.len(), MOST);
        assert_eq!(log.get_mut("2008").unwrap().row.seq, 2008);
    }
}
