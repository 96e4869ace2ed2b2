//! Lists of words, ready to be looked for.

use serde::{Deserialize, Serialize};
use std::ops::Range;
use text_rules::{FoundWord, Plain, PlainWords, as_shown};
use utoipa::ToSchema;

/// Words of one list.
pub(super) const MAX_WORDS: usize = 10_000;
/// Longest word, in characters.
pub(super) const MAX_WORD_CHARS: usize = 64;

/// What is done with a message that has a word of the list in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// It passes and is shown to a moderator.
    Review,
    /// The word is replaced by `***`.
    Replace,
    /// Its sender is told why it was refused.
    Refuse,
    /// Nobody sees it, and its sender does not learn that.
    Drop,
}

/// Where a word is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// Also inside of other words.
    #[default]
    Anywhere,
    /// Only as a word of its own.
    Words,
    /// Also with anything between its letters that is neither letter nor digit. A Latin word that
    /// is torn apart has to begin and end where words do.
    Spread,
}

/// A list of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordList {
    /// Names the list within its room, 1 to 64 characters.
    pub(crate) name: String,
    pub(crate) action: Action,
    #[serde(default)]
    pub(crate) reach: Reach,
    /// With which messages are refused, 10100 to 10200.
    #[serde(default = "default_code")]
    pub(crate) code: i32,
    /// What their senders are told, up to 200 characters.
    #[serde(default = "default_sentence")]
    pub(crate) sentence: String,
    /// Up to 10,000 of up to 64 characters.
    pub(crate) words: Vec<String>,
}

fn default_code() -> i32 {
    crate::events::codes::WORD
}

fn default_sentence() -> String {
    "the message has a word in it that this room does not take".into()
}

/// The lists of a room, or of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Words {
    lists: Vec<WordList>,
    plain: Option<Matcher>,
    spread: Option<Matcher>,
}

#[derive(Debug)]
struct Matcher {
    words: PlainWords,
    /// For each pattern the place of its list, and of the word in it.
    patterns: Vec<(usize, usize)>,
}

/// A word in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) list: &'a WordList,
    /// As it stands in the list.
    pub(super) word: &'a str,
    /// Bytes of the source.
    pub(super) source: Range<usize>,
}

/// The forms of one text in which words are looked for.
pub(super) struct Text {
    plain: Plain,
    spread: Plain,
    /// Both in the order in which the letters are shown, where that is another one, and the source's
    /// bytes: what is found there is somewhere among them.
    shown: Option<(Plain, Plain, usize)>,
}

impl Text {
    pub(super) fn of(source: &str) -> Self {
        let both = |source: &str| {
            let plain = Plain::of(source);
            (plain.spread(), plain)
        };
        let (spread, plain) = both(source);
        let shown = as_shown(source).map(|shown| {
            let (spread, plain) = both(&shown);
            (plain, spread, source.len())
        });
        Self { plain, spread, shown }
    }
}

/// Whether anything of the word is left to be looked for.
pub(super) fn can_be_found(word: &str, reach: Reach) -> bool {
    !patterns(word, reach).is_empty()
}

fn patterns(word: &str, reach: Reach) -> Vec<String> {
    match reach {
        Reach::Anywhere | Reach::Words => PlainWords::patterns(&Plain::of(word.trim())),
        Reach::Spread => PlainWords::patterns(&Plain::of(word).spread()),
    }
}

impl Words {
    /// Takes milliseconds for thousands of words.
    pub(super) fn new(lists: Vec<WordList>) -> Self {
        let plain = matcher(&lists, |reach| reach != Reach::Spread);
        let spread = matcher(&lists, |reach| reach == Reach::Spread);
        Self { plain, spread, lists }
    }

    /// The words that are there, in no order. Of words of one list that end together the longest
    /// stands for all: it begins first, and the others lie within it.
    pub(super) fn find<'a>(&'a self, text: &'a Text) -> impl Iterator<Item = Found<'a>> {
        let as_written = self.find_both(&text.plain, &text.spread);
        let as_shown = text.shown.iter().flat_map(|(plain, spread, length)| {
            let found = self.find_both(plain, spread);
            found.map(|found| Found { source: 0..*length, ..found })
        });
        as_written.chain(as_shown)
    }

    fn find_both<'a>(
        &'a self,
        plain: &'a Plain,
        spread: &'a Plain,
    ) -> impl Iterator<Item = Found<'a>> {
        let both = [(&self.plain, plain), (&self.spread, spread)];
        both.into_iter()
            .filter_map(|(matcher, text)| Some((matcher.as_ref()?, text)))
            .flat_map(move |(matcher, text)| self.find_in(matcher, text))
    }

    fn find_in<'a>(
        &'a self,
        matcher: &'a Matcher,
        text: &'a Plain,
    ) -> impl Iterator<Item = Found<'a>> {
        let (mut end, mut told) = (0, Vec::new());
        matcher.words.find(text).filter_map(move |found| {
            if found.end != end {
                end = found.end;
                told.clear();
            }
            let (list_at, word) = *matcher.patterns.get(found.word)?;
            let list = self.lists.get(list_at)?;
            if told.contains(&list_at) || !fits(list.reach, &found) {
                return None;
            }
            told.push(list_at);
            Some(Found { list, word: list.words.get(word)?, source: found.stretch.source })
        })
    }
}

fn fits(reach: Reach, found: &FoundWord) -> bool {
    match reach {
        Reach::Anywhere => true,
        Reach::Words => found.stretch.whole,
        Reach::Spread => !found.stretch.has_gap || found.stretch.whole || !found.is_ascii,
    }
}

fn matcher(lists: &[WordList], reach: impl Fn(Reach) -> bool) -> Option<Matcher> {
    let mut places = Vec::new();
    let mut texts = Vec::new();
    for (at, list) in lists.iter().enumerate().filter(|(_, list)| reach(list.reach)) {
        for (word_at, word) in list.words.iter().enumerate() {
            for text in patterns(word, list.reach) {
                places.push((at, word_at));
                texts.push(text);
            }
        }
    }
    match PlainWords::new(&texts) {
        Ok(words) => words.map(|words| Matcher { words, patterns: places }),
        Err(error) => {
            // Lists are bounded, and of their size this always builds.
            tracing::error!(%error, "word lists not built");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(reach: Reach, words: &[&str]) -> WordList {
        WordList {
            name: "l".into(),
            action: Action::Refuse,
            reach,
            code: default_code(),
            sentence: default_sentence(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    fn found(lists: Vec<WordList>, source: &str) -> Vec<(String, String)> {
        let words = Words::new(lists);
        let text = Text::of(source);
        let pair = |found: Found<'_>| (found.word.to_owned(), source[found.source].to_owned());
        let mut all: Vec<_> = words.find(&text).map(pair).collect();
        all.sort();
        all
    }

    fn has(reach: Reach, word: &str, source: &str) -> bool {
        !found(vec![list(reach, &[word])], source).is_empty()
    }

    #[test]
    fn a_word_is_found_as_far_as_its_list_reaches() {
        for (source, anywhere, words, spread) in [
            ("spam", true, true, true),
            ("buy SPAM!", true, true, true),
            ("spamming", true, false, true),
            ("s p a m", false, false, true),
            ("buy s.p*a_m now", false, false, true),
            ("sp am", false, false, true),
            ("it has pam in it", false, false, false),
            ("wasp amour", false, false, false),
            ("s p a mm", false, false, false),
            ("", false, false, false),
        ] {
            assert_eq!(has(Reach::Anywhere, "spam", source), anywhere, "{source:?} anywhere");
            assert_eq!(has(Reach::Words, "spam", source), words, "{source:?} words");
            assert_eq!(has(Reach::Spread, "spam", source), spread, "{source:?} spread");
        }
        assert!(has(Reach::Spread, "加微信", "快来加 微-信吧"));
        assert!(!has(Reach::Anywhere, "加微信", "快来加 微信吧"));
    }

    #[test]
    fn all_words_are_found_with_their_place_in_the_source() {
        let lists = vec![list(Reach::Anywhere, &["car", "cargo"]), list(Reach::Words, &["go"])];
        let pair = |word: &str, source: &str| (word.to_owned(), source.to_owned());
        assert_eq!(
            found(lists, "ｃａｒgo, go"),
            [pair("car", "ｃａｒ"), pair("cargo", "ｃａｒgo"), pair("go", "go")]
        );
    }

    #[test]
    fn words_within_words_are_found_no_more_often_than_the_text_has_letters() {
        let nested: Vec<String> = (1..=MAX_WORD_CHARS).map(|length| "a".repeat(length)).collect();
        let nested: Vec<&str> = nested.iter().map(String::as_str).collect();
        let found = found(vec![list(Reach::Anywhere, &nested)], &"a".repeat(1_000));
        assert_eq!(found.len(), 1_000);
        assert!(found.iter().filter(|(word, _)| word.len() == MAX_WORD_CHARS).count() > 900);
    }

    #[test]
    fn a_word_that_is_turned_around_is_found_as_it_is_shown_and_as_it_is_written() {
        for source in ["oh \u{202E}macs", "sc\u{202E}ma", "oh \u{202E}scam"] {
            assert!(has(Reach::Words, "scam", source), "{source:?}");
        }
        assert!(has(Reach::Spread, "scam", "\u{202E}m a c s"));
        assert!(!has(Reach::Anywhere, "scam", "macs"));
        let all = found(vec![list(Reach::Anywhere, &["scam"])], "oh \u{202E}macs");
        assert_eq!(all, [("scam".to_owned(), "oh \u{202E}macs".to_owned())]);
    }

    #[test]
    fn words_of_an_entry_may_stand_far_apart() {
        for source in ["buy now", "buy   now", "buy\n\u{3000}now", "buy \u{202E}\u{202C} now"] {
            assert!(has(Reach::Words, "buy now", source), "{source:?}");
            assert!(has(Reach::Anywhere, "buy  now", source), "{source:?}");
        }
    }

    #[test]
    fn a_price_is_no_word_and_a_number_is_found_as_one() {
        for source in ["455", "only 455!", "$455", "455元", "1455"] {
            for reach in [Reach::Anywhere, Reach::Words, Reach::Spread] {
                assert!(!has(reach, "ass", source), "{source:?}");
            }
        }
        assert!(has(Reach::Anywhere, "ass", "a55"));
        assert!(has(Reach::Spread, "scam", "s c 4 m"));
        for source in ["123456", "qq123456", "加vx123456", "abcd123456"] {
            assert!(has(Reach::Anywhere, "123456", source), "{source:?}");
        }
        assert!(has(Reach::Spread, "123456", "123-456"));
    }

    #[test]
    fn a_word_of_which_nothing_is_left_is_told() {
        assert!(can_be_found("!!", Reach::Anywhere));
        for (word, reach) in
            [("", Reach::Words), (" \u{200B}", Reach::Anywhere), ("!!", Reach::Spread)]
        {
            assert!(!can_be_found(word, reach), "{word:?}");
        }
        assert!(!has(Reach::Spread, "!!", "!!"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_word_between_other_letters_is_found_however_it_is_dressed(
            word in "[a-z]{1,12}",
            dress in prop::collection::vec(0_u8..5, 12),
            before in "[ A-Z\u{4E00}-\u{4E20}]{0,20}",
            after in "[ 0-9\u{4E00}-\u{4E20}]{0,20}",
        ) {
            let dressed: String = word.chars().zip(dress).map(|(letter, dress)| match dress {
                0 => letter.to_string(),
                1 => letter.to_ascii_uppercase().to_string(),
                2 => char::from_u32(letter as u32 + 0xFEE0).unwrap().to_string(),
                3 => format!("{letter}\u{0301}"),
                _ => format!("\u{200D}{letter}\u{200B}"),
            }).collect();
            let source = format!("{before}{dressed}{after}");
            prop_assert!(has(Reach::Anywhere, &word, &source), "{source:?}");
        }

        #[test]
        fn a_word_in_pieces_is_found_where_gaps_are_left_out(
            word in "[a-km-z]{2,12}",
            gaps in prop::collection::vec("[ .*_-]{0,3}", 12),
        ) {
            let torn: String =
                word.chars().zip(gaps).map(|(letter, gap)| format!("{letter}{gap}")).collect();
            prop_assert!(has(Reach::Spread, &word, &format!("so {torn} it")), "{torn:?}");
        }

        #[test]
        fn nothing_is_found_that_is_not_there(word in "[a-h]{1,8}", source in "[p-zP-Z ]{0,40}") {
            for reach in [Reach::Anywhere, Reach::Words, Reach::Spread] {
                prop_assert!(!has(reach, &word, &source));
            }
        }
    }
}
