//! A text as it is compared: compatibility forms (full width, ligatures) as the plain letters, lower
//! case, without signs that nobody sees.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Marks over one letter that are read, the number of the stream-safe text format (Unicode Standard
/// Annex 15). Marks are put in order before they are compared, so their number needs a bound; no
/// language writes more than a few.
pub(crate) const MAX_MARKS: usize = 30;

/// A text as it is compared.
pub fn folded(text: &str) -> String {
    // Letter by letter: a word must look the same wherever in a text it stands.
    folded_signs(text.chars().filter(|sign| !is_invisible(*sign))).collect()
}

/// The same of signs, with what nobody sees left in.
pub fn folded_signs(signs: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let mut marks = 0;
    let few_marks = signs.filter(move |sign| {
        marks = if is_mark(*sign) { marks + 1 } else { 0 };
        marks <= MAX_MARKS
    });
    // Folding the case may bring up a mark, and composing may bring up another case.
    few_marks.nfkc().flat_map(char::to_lowercase).nfkc()
}

/// Signs that stand over or behind the letter before them.
pub(crate) fn is_mark(sign: char) -> bool {
    is_combining_mark(sign) || matches!(sign, '\u{FF9E}' | '\u{FF9F}')
}

/// Signs without width, those that only say how others are drawn or in which direction, and control
/// characters that are no white space.
pub(crate) const fn is_invisible(sign: char) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_or_sounds_the_same_is_the_same() {
        for (text, plain) in [
            ("ＳＰＡＭ", "spam"),
            ("s\u{200B}p\u{00AD}a\u{FEFF}m\u{1}", "spam"),
            ("of\u{FB01}ce", "office"),
            ("e\u{301}", "é"),
            ("ⓢⓟⓐⓜ", "spam"),
        ] {
            assert_eq!(folded(text), plain, "{text:?}");
        }
    }

    #[test]
    fn of_marks_without_end_a_letter_keeps_as_many_as_a_language_could_write() {
        // The third and fourth are marks by what they stand for, not by their class.
        for mark in ["\u{0301}", "\u{0327}", "\u{0F73}", "\u{FF9E}", "\u{0301}\u{0327}"] {
            let text = format!("o{}k", mark.repeat(4_000));
            let plain = folded(&text);
            assert!(plain.chars().count() <= 2 * MAX_MARKS + 2, "{mark:?}");
            assert!(plain.ends_with('k'), "{mark:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_was_folded_once_is_folded(text in "\\PC{0,30}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once.clone());
        }
    }
}
