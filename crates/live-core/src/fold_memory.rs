//! Which comments count as repeats of each other, and what is remembered of recent ones.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How long after its representative was admitted or shown a repeat still folds into it.
pub const WINDOW: Duration = Duration::from_secs(8);
/// Texts that are remembered. When one more comes the oldest is forgotten: its next repeat stands
/// for itself.
pub const MOST: usize = 512;

/// Longer texts are not compared, which bounds the memory of this. Nobody repeats a text of this
/// length by hand.
const LONGEST: usize = 500;
/// One character repeated more often than this counts as this often.
const LONGEST_RUN: usize = 3;

/// The form in which texts are compared: without spaces around it, one space for any inside,
/// lower case, full-width ASCII as half-width, and no character more than three times in a row,
/// so that "666666" and "6666" are the same. `None` for a text that is never folded.
pub fn normal_form(text: &str) -> Option<Arc<str>> {
    let mut normal = String::with_capacity(text.len().min(4 * LONGEST));
    let mut last = None;
    let mut run = 0;
    let mut length = 0;
    for word in text.split_whitespace() {
        let space = if normal.is_empty() { "" } else { " " };
        for c in space.chars().chain(word.chars().map(half_width).flat_map(char::to_lowercase)) {
            run = if last == Some(c) { run + 1 } else { 1 };
            last = Some(c);
            if run <= LONGEST_RUN {
                normal.push(c);
                length += 1;
            }
        }
        if length > LONGEST {
            return None;
        }
    }
    if normal.is_empty() { None } else { Some(normal.into()) }
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xff01 + u32::from('!')).unwrap_or(c)
        }
        other => other,
    }
}

/// Where the comment is that stands for its repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the line with this number, under this ticket.
    Waiting { line: usize, ticket: u64 },
    /// On screen, as the flight with this id.
    Flying { id: u32, count: u32 },
}

#[derive(Debug)]
struct Remembered {
    place: Place,
    at: Duration,
    order: u64,
}

/// The representatives of recent texts, by normal form.
#[derive(Debug, Default)]
pub struct FoldMemory {
    texts: HashMap<Arc<str>, Remembered>,
    by_age: BTreeMap<u64, Arc<str>>,
    order: u64,
    forgotten: u64,
}

impl FoldMemory {
    /// The representative into which a repeat would fold now.
    pub fn find(&self, normal: &str, now: Duration) -> Option<Place> {
        let remembered = self.texts.get(normal)?;
        (now.saturating_sub(remembered.at) <= WINDOW).then_some(remembered.place)
    }

    /// A comment with this text was admitted or shown, and stands for its repeats from now on.
    pub fn remember(&mut self, normal: &Arc<str>, place: Place, now: Duration) {
        self.forget(normal);
        if self.texts.len() >= MOST
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.texts.remove(&oldest);
            self.forgotten += 1;
        }
        self.order += 1;
        self.by_age.insert(self.order, normal.clone());
        self.texts.insert(normal.clone(), Remembered { place, at: now, order: self.order });
    }

    /// The representative is somewhere else, or stands for more, without being fresh again.
    pub fn moved(&mut self, normal: &str, place: Place) {
        if let Some(remembered) = self.texts.get_mut(normal) {
            remembered.place = place;
        }
    }

    /// Forgets the text if its representative is at this place: it was dropped.
    pub fn forget_at(&mut self, normal: &str, place: Place) {
        if self.texts.get(normal).is_some_and(|remembered| remembered.place == place) {
            self.forget(normal);
        }
    }

    /// Forgets the text if its representative is this flight: nobody sees it.
    pub fn forget_flight(&mut self, normal: &str, flight: u32) {
        let flies =
            |text: &Remembered| matches!(text.place, Place::Flying { id, .. } if id == flight);
        if self.texts.get(normal).is_some_and(flies) {
            self.forget(normal);
        }
    }

    /// Whether the representative of the text is at this place.
    pub fn stands(&self, normal: &str, place: Place) -> bool {
        self.texts.get(normal).is_some_and(|remembered| remembered.place == place)
    }

    pub fn clear(&mut self) {
        self.texts.clear();
        self.by_age.clear();
    }

    /// Texts that were forgotten before their time because the memory was full.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn forget(&mut self, normal: &str) {
        if let Some(remembered) = self.texts.remove(normal) {
            self.by_age.remove(&remembered.order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_read_the_same_have_one_normal_form() {
        for (a, b) in [
            ("666666", "6666"),
            ("  So   CUTE ", "so cute"),
            ("\u{ff28}\u{ff29}\u{ff01}", "hi!"),
            ("\u{54c8}\u{54c8}\u{54c8}\u{54c8}\u{54c8}", "\u{54c8}\u{54c8}\u{54c8}"),
            ("a\u{3000}b", "a b"),
            ("\u{ff16}\u{ff16}\u{ff16}", "66666"),
        ] {
            assert_eq!(normal_form(a), normal_form(b), "{a:?} and {b:?} are repeats");
        }
        for (a, b) in [("66", "666"), ("ab", "a b"), ("no", "on")] {
            assert_ne!(normal_form(a), normal_form(b), "{a:?} and {b:?} differ");
        }
    }

    #[test]
    fn an_empty_or_very_long_text_is_never_folded() {
        assert_eq!(normal_form("  \n "), None);
        assert_eq!(normal_form(&"ab".repeat(300)), None);
        assert!(normal_form(&"a".repeat(3000)).is_some(), "a run is short once it is capped");
    }

    #[test]
    fn flights_are_forgotten_one_by_one_and_what_waits_stays() {
        let mut memory = FoldMemory::default();
        let texts: Vec<_> = (0..4).filter_map(|n| normal_form(&format!("t{n}"))).collect();
        memory.remember(&texts[0], Place::Waiting { line: 1, ticket: 1 }, Duration::ZERO);
        for (id, text) in (1..).zip(&texts[1..]) {
            memory.remember(text, Place::Flying { id, count: 3 }, Duration::ZERO);
        }
        memory.forget_flight(&texts[1], 1);
        memory.forget_flight(&texts[2], 1);
        memory.forget_flight(&texts[0], 1);
        let known = |memory: &FoldMemory| -> Vec<bool> {
            texts.iter().map(|text| memory.find(text, Duration::ZERO).is_some()).collect()
        };
        assert_eq!(known(&memory), [true, false, true, true]);
        assert_eq!((memory.texts.len(), memory.by_age.len()), (3, 3));
    }

    #[test]
    fn a_full_memory_forgets_the_oldest() {
        let mut memory = FoldMemory::default();
        let texts: Vec<_> = (0..=MOST).filter_map(|n| normal_form(&format!("t{n}"))).collect();
        let place = Place::Flying { id: 1, count: 1 };
        for text in &texts[..MOST] {
            memory.remember(text, place, Duration::ZERO);
        }
        memory.remember(&texts[0], place, Duration::ZERO);
        memory.remember(&texts[MOST], place, Duration::ZERO);
        assert_eq!((memory.texts.len(), memory.forgotten()), (MOST, 1));
        assert!(memory.find(&texts[0], Duration::ZERO).is_some(), "it was fresh again");
        assert!(memory.find(&texts[1], Duration::ZERO).is_none());
        assert!(memory.find(&texts[2], WINDOW).is_some());
        assert!(memory.find(&texts[2], WINDOW + Duration::from_millis(1)).is_none());
    }
}
