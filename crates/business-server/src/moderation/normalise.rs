//! A text as words are looked for in it: without what makes a word look different or the same.
//!
//! Width and ligatures go (NFKC), then case, then the marks over letters of the Latin, Greek and
//! Cyrillic alphabets, then the difference between letters that look alike, and what nobody sees.
//! Other scripts keep their marks, which make different letters there. Digits and signs that look
//! like letters are taken for them among letters (`sc4m`), and are what they are elsewhere: a price
//! is no word. White space of any kind and length is one space. Each letter remembers where in the source it came from, so that a found word can be
//! replaced.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The sign that turns what follows around, letter by letter, and the one that ends that.
const TURN: char = '\u{202E}';
const TURN_ENDS: char = '\u{202C}';

/// A text in the order in which its letters are shown, where a sign in it turns a part around.
pub(super) fn as_shown(source: &str) -> Option<String> {
    if !source.contains(TURN) {
        return None;
    }
    let mut shown = String::with_capacity(source.len());
    for (number, part) in source.split(TURN).enumerate() {
        let end = part.find([TURN_ENDS, '\n']).filter(|_| number > 0);
        let (turned, rest) = match end {
            Some(end) => part.split_at(end),
            None if number > 0 => (part, ""),
            None => ("", part),
        };
        shown.extend(turned.chars().rev());
        shown.push_str(rest);
    }
    Some(shown)
}

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
    /// A digit or sign by itself: it is taken for a letter where gaps are left out.
    alone: bool,
}

/// A text ready for looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain {
    text: String,
    letters: Vec<Letter>,
}

/// What was found, as a part of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Bytes of the source.
    pub(super) source: Range<usize>,
    /// It begins and ends where a word does.
    pub(super) whole: bool,
    /// Something that belongs to no word was left out within it.
    pub(super) has_gap: bool,
}

impl Plain {
    pub(super) fn of(source: &str) -> Self {
        let mut signs = Vec::new();
        let mut cluster = String::new();
        let mut rest = source.char_indices().peekable();
        while let Some((from, first)) = rest.next() {
            cluster.clear();
            push_visible(&mut cluster, first);
            let mut to = from + first.len_utf8();
            while let Some((at, sign)) = rest.next_if(|(_, sign)| belongs_to_one_before(*sign)) {
                push_visible(&mut cluster, sign);
                to = at + sign.len_utf8();
            }
            add(&mut signs, &cluster, from, to);
        }
        fold_runs(&mut signs);
        Self::from_signs(signs)
    }

    /// The same with nothing but letters and digits.
    pub(super) fn spread(&self) -> Self {
        let mut spread = Self { text: String::new(), letters: Vec::new() };
        for (letter, sign) in self.letters.iter().zip(self.text.chars()) {
            let sign = if letter.alone { alike(sign) } else { sign };
            if sign.is_alphanumeric() {
                spread.letters.push(Letter { at: spread.text.len(), ..*letter });
                spread.text.push(sign);
            }
        }
        spread
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a part of the plain text, in bytes, came from.
    pub(super) fn stretch(&self, found: Range<usize>) -> Option<Stretch> {
        let first = self.letters.partition_point(|letter| letter.at < found.start);
        let after = self.letters.partition_point(|letter| letter.at < found.end);
        let letters = self.letters.get(first..after)?;
        let (one, last) = (letters.first()?, letters.last()?);
        let within = &letters[..letters.len() - 1];
        Some(Stretch {
            source: one.from..last.to,
            whole: one.starts && last.ends,
            has_gap: within.iter().any(|letter| letter.ends),
        })
    }

    fn from_signs(signs: Vec<Sign>) -> Self {
        let is_word = |at: usize| signs.get(at).is_some_and(|sign| sign.sign.is_alphanumeric());
        let mut plain = Self { text: String::new(), letters: Vec::with_capacity(signs.len()) };
        for (at, Sign { sign, from, to, alone }) in signs.iter().copied().enumerate() {
            let starts = at == 0 || !is_word(at - 1);
            let ends = !is_word(at + 1);
            plain.letters.push(Letter { at: plain.text.len(), from, to, starts, ends, alone });
            plain.text.push(sign);
        }
        plain
    }

    /// With every digit and sign taken for the letter that it looks like.
    pub(super) fn all_letters(&self) -> String {
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
        _ => {
            // Folding the case may bring up a mark, and composing may bring up another case.
            let lower = cluster.nfkc().flat_map(char::to_lowercase).nfkc();
            lower.filter_map(without_mark).for_each(put);
        }
    }
}

/// Takes digits and signs for letters where at least every third of a run is a letter, unless it is
/// a number with its unit.
fn fold_runs(signs: &mut [Sign]) {
    let in_run = |sign: &Sign| {
        looks_like_letter(sign.sign) || (sign.sign.is_alphabetic() && sign.sign <= LAST_MARKED)
    };
    for run in signs.chunk_by_mut(|one, next| in_run(one) && in_run(next)) {
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

/// What is no letter and may be meant for one.
const fn looks_like_letter(sign: char) -> bool {
    sign.is_ascii_digit() || matches!(sign, '@' | '$' | '€')
}

fn push_visible(cluster: &mut String, sign: char) {
    if !is_invisible(sign) {
        cluster.push(sign);
    }
}

/// Marks, what nobody sees, and the later parts of a Korean syllable.
fn belongs_to_one_before(sign: char) -> bool {
    is_combining_mark(sign)
        || is_invisible(sign)
        || matches!(sign, '\u{1160}'..='\u{11FF}' | '\u{FF9E}' | '\u{FF9F}')
}

/// Signs without width, those that only say how others are drawn or in which direction, and control
/// characters that are no white space.
pub(super) const fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\0'..='\u{0008}'
            | '\u{000E}'..='\u{001F}'
            | '\u{007F}'..='\u{0084}'
            | '\u{0086}'..='\u{009F}'
            | '\u{00AD}'
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
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
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

/// One letter for all that look like it. Where more than one letter looks like a sign, the letters
/// are one as well.
const fn alike(sign: char) -> char {
    match sign {
        '4' | '@' | 'а' | 'α' | 'ɑ' | 'ᴀ' => 'a',
        '8' | 'в' | 'β' | 'ʙ' | 'ь' => 'b',
        'с' | 'ϲ' | 'ᴄ' | 'ƈ' => 'c',
        'ԁ' | 'đ' | 'ɖ' | 'ᴅ' => 'd',
        '3' | 'е' | 'ε' | 'є' | 'ᴇ' | 'ə' | 'ɛ' | '€' => 'e',
        'ғ' | 'ꜰ' | 'ƒ' => 'f',
        'ɡ' | 'ɢ' | 'ǥ' => 'g',
        'һ' | 'н' | 'ħ' | 'ʜ' => 'h',
        '1' | 'l' | 'і' | 'ı' | 'ι' | 'ł' | 'ɩ' | 'ɪ' | 'ʟ' | 'ӏ' | 'ɨ' => 'i',
        'ј' | 'ᴊ' | 'ϳ' => 'j',
        'к' | 'κ' | 'ᴋ' | 'ĸ' => 'k',
        'м' | 'ᴍ' => 'm',
        'п' | 'η' | 'ɴ' | 'ŋ' => 'n',
        '0' | 'о' | 'ο' | 'σ' | 'ø' | 'ɵ' | 'ᴏ' => 'o',
        'р' | 'ρ' | 'ᴘ' | 'þ' => 'p',
        'ԛ' => 'q',
        'г' | 'ʀ' => 'r',
        '5' | '$' | 'ѕ' | 'ς' | 'ꜱ' => 's',
        '7' | 'т' | 'τ' | 'ᴛ' | 'ŧ' => 't',
        'и' | 'μ' | 'υ' | 'ᴜ' | 'ʋ' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ш' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' | 'ʏ' => 'y',
        'ᴢ' | 'ʐ' | 'ƶ' => 'z',
        // Letters in boxes and circles, and those that flags are made of.
        '\u{1F130}'..='\u{1F149}' => boxed(sign, '\u{1F130}'),
        '\u{1F150}'..='\u{1F169}' => boxed(sign, '\u{1F150}'),
        '\u{1F170}'..='\u{1F189}' => boxed(sign, '\u{1F170}'),
        '\u{1F1E6}'..='\u{1F1FF}' => boxed(sign, '\u{1F1E6}'),
        _ => sign,
    }
}

const fn boxed(sign: char, first: char) -> char {
    let letter = (sign as u32 - first as u32) as u8;
    match b'a' + letter {
        b'l' => 'i',
        letter => letter as char,
    }
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
    fn a_text_that_is_turned_around_is_read_as_it_is_shown() {
        assert_eq!(as_shown("plain \u{202D}text"), None);
        let shown = |source| plain(&as_shown(source).unwrap());
        assert_eq!(shown("a \u{202E}macs"), "a scam");
        assert_eq!(shown("s\u{202E}ac\u{202C}m"), "scam");
        assert_eq!(shown("\u{202E}cs\u{202C}, \u{202E}ma\nno"), "sc, am no");
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
