//! A text as words are looked for in it: without what makes a word look different or the same.
//!
//! Width and ligatures go (NFKC), then case, then the marks over letters of the Latin, Greek and
//! Cyrillic alphabets, then the difference between letters that look alike, and what nobody sees.
//! Other scripts keep their marks, which make different letters there. Digits and signs that look
//! like letters are taken for them among letters (`sc4m`), and are what they are elsewhere: a price
//! is no word. White space of any kind and length is one space. Each letter remembers where in the
//! source it came from, so that a found word can be replaced.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

use crate::alike::{alike, looks_like_letter};
use crate::fold::{is_invisible, is_mark};
use crate::folded_signs;
use crate::steps::Steps;

/// One letter of a plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Letter {
    /// Place in the plain text, in bytes.
    at: usize,
    /// The source's bytes that it came from.
    from: usize,
    to: usize,
    /// Nothing that could belong to a word stands before it.
    starts: bool,
    /// The same after it.
    ends: bool,
    /// Letters before it that have nothing after them that could belong to a word.
    ends_before: usize,
    /// A digit or sign by itself: it is taken for a letter where gaps are left out.
    alone: bool,
}

/// A text ready for looking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plain {
    text: String,
    letters: Vec<Letter>,
}

/// What was found, as a part of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Bytes of the source.
    pub source: Range<usize>,
    /// It begins and ends where a word does.
    pub whole: bool,
    /// Something that belongs to no word was left out within it.
    pub has_gap: bool,
}

impl Plain {
    pub fn of(source: &str) -> Self {
        Self::counted(source, &mut ())
    }

    pub(crate) fn counted(source: &str, steps: &mut impl Steps) -> Self {
        let mut signs = Vec::with_capacity(source.len());
        let mut cluster = String::new();
        let mut rest = source.char_indices().peekable();
        while let Some((from, first)) = rest.next() {
            cluster.clear();
            push_visible(&mut cluster, first);
            let mut to = from + first.len_utf8();
            while let Some((at, sign)) = rest.next_if(|(_, sign)| belongs_to_one_before(*sign)) {
                push_visible(&mut cluster, sign);
                to = at + sign.len_utf8();
                steps.add(1);
            }
            steps.add(1);
            let before = signs.len();
            add(&mut signs, &cluster, from, to);
            steps.add(signs.len() - before);
        }
        fold_runs(&mut signs, steps);
        Self::from_signs(&signs, steps)
    }

    /// The same with nothing but letters and digits.
    pub fn spread(&self) -> Self {
        self.spread_counted(&mut ())
    }

    pub(crate) fn spread_counted(&self, steps: &mut impl Steps) -> Self {
        let mut spread = Self::default();
        for (letter, sign) in self.letters.iter().zip(self.text.chars()) {
            steps.add(1);
            let sign = if letter.alone { alike(sign) } else { sign };
            if sign.is_alphanumeric() {
                spread.push(sign, *letter);
            }
        }
        spread
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a part of the plain text, in bytes, came from.
    pub fn stretch(&self, found: Range<usize>) -> Option<Stretch> {
        let first = self.letters.partition_point(|letter| letter.at < found.start);
        let after = self.letters.partition_point(|letter| letter.at < found.end);
        let letters = self.letters.get(first..after)?;
        let (one, last) = (letters.first()?, letters.last()?);
        Some(Stretch {
            source: one.from..last.to,
            whole: one.starts && last.ends,
            has_gap: last.ends_before > one.ends_before,
        })
    }

    fn from_signs(signs: &[Sign], steps: &mut impl Steps) -> Self {
        let is_word = |at: usize| signs.get(at).is_some_and(|sign| sign.sign.is_alphanumeric());
        let mut plain = Self { text: String::new(), letters: Vec::with_capacity(signs.len()) };
        for (at, Sign { sign, from, to, alone }) in signs.iter().copied().enumerate() {
            steps.add(1);
            let starts = at == 0 || !is_word(at - 1);
            let ends = !is_word(at + 1);
            plain.push(sign, Letter { at: 0, from, to, starts, ends, ends_before: 0, alone });
        }
        plain
    }

    /// A letter with what is known about its source.
    fn push(&mut self, sign: char, letter: Letter) {
        let ends_before =
            self.letters.last().map_or(0, |last| last.ends_before + usize::from(last.ends));
        self.letters.push(Letter { at: self.text.len(), ends_before, ..letter });
        self.text.push(sign);
    }

    /// With every digit and sign taken for the letter that it looks like.
    pub(crate) fn all_letters(&self) -> String {
        self.text.chars().map(alike).collect()
    }
}

/// A letter before it has a place.
#[derive(Debug, Clone, Copy)]
struct Sign {
    sign: char,
    from: usize,
    to: usize,
    alone: bool,
}

fn add(signs: &mut Vec<Sign>, cluster: &str, from: usize, to: usize) {
    let mut put = |sign: char| {
        if sign.is_whitespace() {
            match signs.last_mut() {
                Some(last) if last.sign == ' ' => last.to = to,
                _ => signs.push(Sign { sign: ' ', from, to, alone: false }),
            }
            return;
        }
        let sign = if looks_like_letter(sign) { sign } else { alike(sign) };
        signs.push(Sign { sign, from, to, alone: false });
    };
    match cluster.as_bytes() {
        [] => {}
        [byte] => put(char::from(*byte).to_ascii_lowercase()),
        _ => folded_signs(cluster.chars()).filter_map(without_mark).for_each(put),
    }
}

/// Takes digits and signs for letters where at least every third of a run is a letter, unless it is
/// a number with its unit.
fn fold_runs(signs: &mut [Sign], steps: &mut impl Steps) {
    let in_run = |sign: &Sign| {
        looks_like_letter(sign.sign) || (sign.sign.is_alphabetic() && sign.sign <= LAST_MARKED)
    };
    for run in signs.chunk_by_mut(|one, next| in_run(one) && in_run(next)) {
        steps.add(run.len());
        let letters = run.iter().filter(|sign| !looks_like_letter(sign.sign)).count();
        if let [only] = run {
            only.alone = looks_like_letter(only.sign);
        } else if 3 * letters >= run.len() && !is_measure(run) {
            run.iter_mut().for_each(|sign| sign.sign = alike(sign.sign));
        }
    }
}

/// A number of two digits or more and up to three letters after it, as `455kg`.
fn is_measure(run: &[Sign]) -> bool {
    let digits = run.iter().take_while(|sign| looks_like_letter(sign.sign)).count();
    let unit = &run[digits..];
    let is_unit = unit.iter().all(|sign| !looks_like_letter(sign.sign));
    digits >= 2 && unit.len() <= 3 && is_unit
}

fn push_visible(cluster: &mut String, sign: char) {
    if !is_invisible(sign) {
        cluster.push(sign);
    }
}

/// Marks, what nobody sees, and the later parts of a Korean syllable.
fn belongs_to_one_before(sign: char) -> bool {
    is_mark(sign) || is_invisible(sign) || matches!(sign, '\u{1160}'..='\u{11FF}')
}

/// The last letter of the alphabets whose marks go.
const LAST_MARKED: char = '\u{052F}';

/// The letter below a mark; `None` for a mark of its own.
fn without_mark(sign: char) -> Option<char> {
    if matches!(sign, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
    {
        return None;
    }
    let below = std::iter::once(sign).nfd().next().filter(|below| *below <= LAST_MARKED);
    Some(below.unwrap_or(sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        Plain::of(text).text
    }

    #[test]
    fn dressed_letters_are_the_plain_ones() {
        for dressed in [
            "SCAM",
            "ｓｃａｍ",
            "ѕсам",
            "5c4m",
            "$c@m",
            "ⓢⓒⓐⓜ",
            "s\u{200B}c\u{00AD}a\u{FEFF}m",
            "s\u{202E}c\u{2066}a\u{061C}m\u{1}",
            "śçåm",
            "s\u{0301}c\u{0327}a\u{030A}m\u{0336}",
            "𝐬𝐜𝐚𝐦",
            "🅂🄲🄰🄼",
            "🇸🇨🇦🇲",
            "ꜱᴄᴀᴍ",
        ] {
            assert_eq!(plain(dressed), "scam", "{dressed:?}");
        }
        assert_eq!(plain("bill"), plain("BI1l"));
    }

    #[test]
    fn a_digit_is_a_letter_among_letters_and_a_digit_elsewhere() {
        assert_eq!(plain("a55 and v1ag4a"), "ass and viagaa");
        for text in ["455", "$455", "455元", "455 g", "1455kg", "455mg", "3.50€"] {
            assert_eq!(plain(text), text, "{text:?}");
        }
        assert_eq!(Plain::of("sc 4 m, 455").spread().as_str(), "scam455");
    }

    #[test]
    fn white_space_is_one_space() {
        for text in
            ["buy now", "buy  now", "buy\t\n now", "buy\u{3000}\u{A0}now", "buy \u{200B} now"]
        {
            assert_eq!(plain(text), "buy now", "{text:?}");
        }
        let found = Plain::of("a \u{3000} b").stretch(1..2).unwrap();
        assert_eq!(found.source, 1..6);
    }

    #[test]
    fn letters_of_other_scripts_stay_what_they_are() {
        for text in ["가각", "がか", "कि", "加微信", "ที่"] {
            assert_eq!(plain(text), text);
        }
        // The same syllable in one sign and in its parts.
        assert_eq!(plain("\u{1100}\u{1161}"), "가");
        assert_eq!(plain("\u{304B}\u{3099}"), "が");
        assert_eq!(plain("ｶﾞ"), "ガ");
    }

    #[test]
    fn a_found_part_leads_back_to_its_source() {
        let source = "oh ｓ\u{200B}p-Äm!";
        let plain = Plain::of(source);
        assert_eq!(plain.as_str(), "oh sp-am!");
        let found = plain.stretch(3..8).unwrap();
        assert_eq!(&source[found.source.clone()], "ｓ\u{200B}p-Äm");
        assert!(found.whole && found.has_gap);
        let part = plain.stretch(3..4).unwrap();
        assert_eq!(&source[part.source.clone()], "ｓ\u{200B}");
        assert!(!part.whole && !part.has_gap);

        let spread = plain.spread();
        assert_eq!(spread.as_str(), "ohspam");
        let found = spread.stretch(2..6).unwrap();
        assert_eq!(&source[found.source.clone()], "ｓ\u{200B}p-Äm");
        assert!(found.whole && found.has_gap);
        assert!(!spread.stretch(1..4).unwrap().whole);
        assert_eq!(spread.stretch(6..6), None);
    }

    #[test]
    fn gaps_are_counted_from_where_the_part_begins() {
        let spread = Plain::of("a b cd").spread();
        let gap = |range| spread.stretch(range).unwrap().has_gap;
        assert_eq!(spread.as_str(), "abcd");
        assert!(gap(0..2) && gap(1..3) && gap(0..4));
        assert!(!gap(0..1) && !gap(1..2) && !gap(2..4));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_part_of_any_text_leads_to_whole_letters_of_its_source(
            source in "\\PC{0,40}",
            from in 0_usize..80,
            length in 0_usize..80,
        ) {
            for plain in [Plain::of(&source), Plain::of(&source).spread()] {
                let length = length.min(plain.as_str().len());
                if let Some(found) = plain.stretch(from..from + length) {
                    prop_assert!(source.get(found.source).is_some());
                }
            }
        }

        #[test]
        fn what_was_made_plain_once_is_plain(source in "\\PC{0,40}") {
            let once = plain(&source);
            prop_assert_eq!(plain(&once), once.clone());
        }
    }
}
