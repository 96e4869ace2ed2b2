//! Words that a room does not take.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use unicode_normalization::UnicodeNormalization;

/// The blocked words of a room, ready to be looked for.
pub(crate) struct BlockedWords {
    matcher: AhoCorasick,
    /// As somebody wrote them, in the order of the matcher's patterns.
    written: Vec<String>,
}

impl BlockedWords {
    /// `None` without words.
    pub(super) fn new(words: &[String]) -> Option<Self> {
        if words.is_empty() {
            return None;
        }
        let patterns = words.iter().map(|word| normalised(word));
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // The other kinds are faster and take a thousand times the memory for many words.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns);
        match built {
            Ok(matcher) => Some(Self { matcher, written: words.to_vec() }),
            Err(error) => {
                // The words of a room are few and short, which always builds.
                tracing::error!(%error, "blocked words not built");
                None
            }
        }
    }

    /// The first of the words that is in a [`normalised`] text, as it was written; of two that begin
    /// together the longer one.
    pub(crate) fn find(&self, plain: &str) -> Option<&str> {
        let found = self.matcher.find(plain)?;
        self.written.get(found.pattern().as_usize()).map(String::as_str)
    }
}

/// A text as it is compared: compatibility forms (full width, ligatures) as the plain letters, lower
/// case, without signs that nobody sees.
pub(crate) fn normalised(text: &str) -> String {
    // Letter by letter: a word must look the same wherever in a text it stands.
    let visible = text.chars().filter(|sign| !is_invisible(*sign));
    visible.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Signs without width, and those that only say how others are drawn or in which direction.
const fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(words: &[&str]) -> BlockedWords {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        BlockedWords::new(&words).unwrap()
    }

    #[test]
    fn without_words_there_is_nothing_to_look_for() {
        assert!(BlockedWords::new(&[]).is_none());
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
            ("s p a m", None),
            ("sp am", None),
            ("加 微信", None),
        ] {
            assert_eq!(blocked.find(&normalised(text)), word, "{text:?}");
        }
    }

    #[test]
    fn the_first_word_of_a_text_is_named_and_of_two_there_the_longer() {
        let blocked = words(&["car", "cargo", "bus"]);
        assert_eq!(blocked.find("the cargo and the bus"), Some("cargo"));
        assert_eq!(blocked.find("a bus, a car"), Some("bus"));
    }

    fn wide(letter: char) -> char {
        char::from_u32(letter as u32 + 0xFEE0).unwrap()
    }

    proptest! {
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
            prop_assert_eq!(blocked.find(&normalised(&text)), Some(&*word), "{:?}", text);
        }

        #[test]
        fn nothing_is_found_that_is_not_there(word in "[a-m]{1,8}", text in "[n-zN-Z ]{0,40}") {
            let blocked = words(&[&word]);
            prop_assert_eq!(blocked.find(&normalised(&text)), None);
        }

        #[test]
        fn what_was_made_plain_once_is_plain(text in "\\PC{0,30}") {
            let once = normalised(&text);
            prop_assert_eq!(normalised(&once), once.clone());
        }
    }
}
