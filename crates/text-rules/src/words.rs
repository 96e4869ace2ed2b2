//! Words in a text, all of them in one pass over it.

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};

use crate::plain::{Plain, Stretch};
use crate::{as_shown, folded};

/// Words that a room does not take: each a part of the folded text, as it is written or as it is
/// shown.
#[derive(Debug)]
pub struct BlockedWords {
    matcher: AhoCorasick,
    /// As somebody wrote them, in the order of the matcher's patterns.
    written: Vec<String>,
}

impl BlockedWords {
    /// `None` without words. Fails for more words than the numbers of the matcher reach.
    pub fn new(words: &[String]) -> Result<Option<Self>, BuildError> {
        if words.is_empty() {
            return Ok(None);
        }
        let patterns: Vec<String> = words.iter().map(|word| folded(word)).collect();
        let matcher = matcher(MatchKind::LeftmostLongest, &patterns)?;
        Ok(Some(Self { matcher, written: words.to_vec() }))
    }

    /// The first of the words that is in a text, as it was written; of two that begin together the
    /// longer one.
    pub fn find(&self, source: &str) -> Option<&str> {
        let find = |text: &str| self.matcher.find(&folded(text));
        let found = find(source).or_else(|| find(&as_shown(source)?))?;
        self.written.get(found.pattern().as_usize()).map(String::as_str)
    }
}

/// Words that are looked for in plain texts.
#[derive(Debug)]
pub struct PlainWords {
    matcher: AhoCorasick,
}

/// A word in a plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundWord {
    /// Place among the words.
    pub word: usize,
    /// Where it ends in the plain text, in bytes.
    pub end: usize,
    pub stretch: Stretch,
    /// It begins with an ASCII sign.
    pub is_ascii: bool,
}

impl PlainWords {
    /// `None` without words. Fails for more words than the numbers of the matcher reach.
    pub fn new(patterns: &[String]) -> Result<Option<Self>, BuildError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        // All of them: a word that does not fit where it stands must not hide another one.
        Ok(Some(Self { matcher: matcher(MatchKind::Standard, patterns)? }))
    }

    /// Every word that is there, in the order in which they end, and of those that end together the
    /// longer ones first.
    pub fn find<'a>(&'a self, text: &'a Plain) -> impl Iterator<Item = FoundWord> {
        self.matcher.find_overlapping_iter(text.as_str()).filter_map(|found| {
            let (word, end) = (found.pattern().as_usize(), found.end());
            let stretch = text.stretch(found.start()..end)?;
            let first = text.as_str().as_bytes().get(found.start());
            Some(FoundWord { word, end, stretch, is_ascii: first.is_some_and(u8::is_ascii) })
        })
    }

    /// What is looked for in [`Plain::of`] a text, or in its [`Plain::spread`], for a word: itself,
    /// and if it has digits in it also as they are among letters. Nothing when nothing is left of
    /// the word.
    pub fn patterns(word: &Plain) -> Vec<String> {
        let mut patterns = vec![word.as_str().to_owned(), word.all_letters()];
        patterns.dedup();
        patterns.retain(|pattern| !pattern.is_empty());
        patterns
    }
}

fn matcher(kind: MatchKind, patterns: &[String]) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::builder()
        .match_kind(kind)
        // The other kinds are faster and take a thousand times the memory for many words.
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(words: &[&str]) -> BlockedWords {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        BlockedWords::new(&words).unwrap().unwrap()
    }

    #[test]
    fn without_words_there_is_nothing_to_look_for() {
        assert!(BlockedWords::new(&[]).unwrap().is_none());
        assert!(PlainWords::new(&[]).unwrap().is_none());
    }

    #[test]
    fn a_word_is_found_however_it_is_dressed() {
        let blocked = words(&["Spam", "加微信", "straße", "fi"]);
        for (text, word) in [
            ("buy SPAM here", Some("Spam")),
            ("ｓｐａｍ", Some("Spam")),
            ("s\u{200B}p\u{00AD}a\u{FEFF}m", Some("Spam")),
            ("快加微\u{2060}信吧", Some("加微信")),
            ("STRAßE", Some("straße")),
            ("of\u{FB01}ce", Some("fi")),
            ("ⓢⓟⓐⓜ", Some("Spam")),
            ("buy \u{202E}maps", Some("Spam")),
            ("s p a m", None),
            ("sp am", None),
            ("加 微信", None),
            ("maps", None),
        ] {
            assert_eq!(blocked.find(text), word, "{text:?}");
        }
    }

    #[test]
    fn the_first_word_of_a_text_is_named_and_of_two_there_the_longer() {
        let blocked = words(&["car", "cargo", "bus"]);
        assert_eq!(blocked.find("the cargo and the bus"), Some("cargo"));
        assert_eq!(blocked.find("a bus, a car"), Some("bus"));
    }

    #[test]
    fn of_words_that_end_together_the_longer_comes_first() {
        let patterns = ["go", "cargo", "argo"].map(str::to_owned);
        let words = PlainWords::new(&patterns).unwrap().unwrap();
        let text = Plain::of("a cargo");
        let found: Vec<_> = words.find(&text).map(|found| (found.word, found.end)).collect();
        assert_eq!(found, [(1, 7), (2, 7), (0, 7)]);
    }

    fn wide(letter: char) -> char {
        char::from_u32(letter as u32 + 0xFEE0).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_word_between_any_texts_is_found(
            word in "[a-z]{1,12}",
            dress in prop::collection::vec(0_u8..4, 12),
            before in "[ A-Z\u{4E00}-\u{4E20}]{0,20}",
            after in "[ 0-9\u{4E00}-\u{4E20}]{0,20}",
        ) {
            let blocked = words(&[&word]);
            let dressed: String = word
                .chars()
                .zip(dress)
                .map(|(letter, dress)| match dress {
                    0 => letter.to_string(),
                    1 => letter.to_ascii_uppercase().to_string(),
                    2 => wide(letter).to_string(),
                    _ => format!("\u{200D}{letter}\u{200B}"),
                })
                .collect();
            let text = format!("{before}{dressed}{after}");
            prop_assert_eq!(blocked.find(&text), Some(&*word), "{:?}", text);
        }

        #[test]
        fn nothing_is_found_that_is_not_there(word in "[a-m]{1,8}", text in "[n-zN-Z ]{0,40}") {
            let blocked = words(&[&word]);
            prop_assert_eq!(blocked.find(&text), None);
        }
    }
}
