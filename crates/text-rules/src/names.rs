//! Links in the names of people, where an abbreviation may look like one.

use crate::fold::is_mark;
use crate::links::{STOP, has_link, is_in_folded};
use crate::{as_shown, folded};

/// What people put before their names, folded.
const TITLES: [&str; 24] = [
    "capt", "col", "dj", "don", "dr", "fr", "frau", "herr", "jr", "lt", "mc", "miss", "mlle",
    "mme", "mr", "mrs", "ms", "mx", "prof", "rev", "sir", "sr", "st", "ste",
];

/// Whether there is a link in the name of a person. It is looked for as in a text, but titles and
/// initials with a name behind them are no domain, though the name may be one: `Mr.Li`, `J.Kim`. With
/// anything behind that makes it an address, such as a path or a port, it is a link (`t.me/spam`).
pub fn has_link_in_name(source: &str) -> bool {
    let is_in = |text: &str| is_in_folded(spelled_out(&folded(text)).chars(), &mut ());
    has_link(source) && (is_in(source) || as_shown(source).is_some_and(|shown| is_in(&shown)))
}

/// A folded name with a space for each dot of an abbreviation.
fn spelled_out(folded: &str) -> String {
    let words = folded.split_inclusive(char::is_whitespace);
    words
        .map(|word| if is_abbreviated(word) { word.replace('.', " ") } else { word.to_owned() })
        .collect()
}

/// Whether a word is titles and initials, each with a dot, and a name.
fn is_abbreviated(word: &str) -> bool {
    let word = word.trim_matches(|sign| !belongs_to_address(sign));
    let Some((before, name)) = word.rsplit_once('.') else { return false };
    let is_title = |part: &str| {
        TITLES.contains(&part)
            || (part.chars().count() == 1 && part.chars().all(char::is_alphabetic))
    };
    before.split('.').all(is_title)
        && !name.is_empty()
        && name.chars().all(|sign| sign.is_alphabetic() || is_mark(sign))
}

/// Signs that may be a part of an address; what else stands at the ends of a word adorns it.
fn belongs_to_address(sign: char) -> bool {
    sign.is_alphanumeric()
        || is_mark(sign)
        || matches!(sign, '.' | STOP | '-' | '_' | '/' | '\\' | ':' | '@' | '?' | '#' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles_and_initials_before_a_name_are_no_link() {
        for name in [
            "Mr.Li",
            "mr.li",
            "St.Anna",
            "Dr.Wang",
            "Ms.Kim",
            "J.Kim",
            "Dr.J.Li",
            "Prof. Q.Li",
            "\u{2605}Mr.Li\u{2605}",
            "Mr.Li\u{1f389}",
            "Mr.Li!",
            "(Mr.Li)",
            "Mr.Li\u{674e}",
            "Ｍｒ．Ｌｉ",
            "Li",
        ] {
            assert!(!has_link_in_name(name), "{name}");
        }
    }

    #[test]
    fn addresses_are_links_also_behind_titles_and_initials() {
        for name in [
            "t.me/spam",
            "spam.com",
            "anna.li",
            "www.spam.com",
            "https://x",
            "Mr.Li/spam",
            "t.me/",
            "Mr.Li:80",
            "Mr.Li.com",
            "Mr.spam.com",
            "Mr.Li spam.com",
            "me@mr.li",
            "Mr.Li?x",
            "Mr-.x.li",
            "Mr.Li\u{3002}com",
            "Mr.Li\u{ff0f}spam",
            "spam.c\u{200b}om",
            "\u{202e}moc.maps",
            "\u{202e}maps/em.t",
            "Mr.Li spam.cn",
        ] {
            assert!(has_link_in_name(name), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_link_in_a_name_is_one_in_a_text(name in "[mMrRtT.。/ \u{202e}\u{200b}liLI@:]{0,16}") {
            prop_assert!(!has_link_in_name(&name) || has_link(&name));
        }
    }
}
