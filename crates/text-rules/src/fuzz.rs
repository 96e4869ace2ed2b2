//! What tests and fuzz targets need: texts that were made to cost much, and what they cost.

use crate::plain::Plain;
use crate::{as_shown, folded_signs, links};

/// The longest text of a message, in bytes.
pub const MAX_TEXT_BYTES: usize = 12 * 1024;

/// A reader takes this many steps for a byte of a text at most: a sign of three bytes may stand for
/// eighteen letters, which each of the readers looks at a few times.
pub const MAX_STEPS_PER_BYTE: usize = 64;

/// Steps that are taken for any text, however short.
pub const MAX_STEPS_AT_ALL: usize = 1_024;

/// What over which a reader would stumble that looks forward from every dot, sign or mark, puts
/// marks in order, or looks for the other half of something.
const UNITS: &[&str] = &[
    "_a.",
    "a.a~",
    "::a.",
    "a.中~",
    "a.",
    "中.",
    "a。",
    "a.co",
    "co-.",
    "1.",
    "1.1.1.1",
    "1:",
    "1/",
    "://",
    "a:/",
    "a:",
    "[",
    "[(",
    "](",
    "@",
    "a@a.",
    "-",
    "a-",
    "xn--",
    "ab",
    "a b ",
    "a1",
    "4",
    "\u{301}",
    "\u{301}\u{327}",
    "a\u{301}\u{327}",
    "\u{F73}",
    "\u{FF9E}",
    "\u{200D}",
    "a\u{200D}",
    "\u{1F468}\u{200D}",
    "\u{202E}",
    "\u{202E}a.",
    "\u{202E}a\u{202C}",
    "\u{1100}\u{1161}",
    "\u{1161}",
    "\u{FDFA}",
    "\u{3300}",
    "\u{0130}",
    " ",
    " \u{3000}",
    "\u{FFFC}",
];

/// Texts of at most so many bytes, each one thing again and again, with something before and behind
/// it and without.
pub fn hostile_texts(bytes: usize) -> impl Iterator<Item = String> {
    let around = ["", "a", "a.", "http"];
    UNITS.iter().flat_map(move |unit| {
        let text = move |around: &str| {
            let room = bytes.saturating_sub(2 * around.len());
            format!("{around}{}{around}", unit.repeat(room / unit.len()))
        };
        around.into_iter().map(text)
    })
}

/// What it takes to look a text through: for links, and its plain forms. The words in them cost the
/// length of these forms, and what is found.
pub fn steps(text: &str) -> usize {
    let mut steps = 0;
    let read = text.chars().inspect(|_| steps += 1);
    let made = folded_signs(read).count();
    steps += made;
    links::counted(text, &mut steps);
    for text in [Some(text.to_owned()), as_shown(text)].into_iter().flatten() {
        steps += text.len();
        let plain = Plain::counted(&text, &mut steps);
        plain.spread_counted(&mut steps);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_bounded(bytes: usize, text: &str) {
        let steps = steps(text);
        assert!(
            steps <= MAX_STEPS_AT_ALL + MAX_STEPS_PER_BYTE * bytes,
            "{steps} steps for {bytes} bytes of {}",
            text.chars().take(20).collect::<String>()
        );
    }

    #[test]
    fn a_text_twice_as_long_takes_twice_the_steps() {
        let (half, whole) = (hostile_texts(MAX_TEXT_BYTES / 2), hostile_texts(MAX_TEXT_BYTES));
        for (half, whole) in half.zip(whole) {
            is_bounded(MAX_TEXT_BYTES, &whole);
            let (few, many) = (steps(&half), steps(&whole));
            assert!(10 * many <= 22 * few, "{few} and {many} steps: {:.20}", whole);
        }
    }

    #[test]
    fn no_unit_of_four_signs_makes_a_scan_for_links_look_again() {
        const SIGNS: [&str; 14] =
            ["a", "1", ".", "-", "_", "~", ":", "/", "@", "!", "(", "中", " ", "。"];
        const TIMES: usize = 16;
        let steps = |text: &str| {
            let mut steps = 0;
            links::is_in_folded(text.chars(), &mut steps);
            steps
        };
        for number in 0..SIGNS.len().pow(4) {
            let sign = |place: u32| SIGNS[number / SIGNS.len().pow(place) % SIGNS.len()];
            let unit: String = (0..4).map(sign).collect();
            let (few, many) = (steps(&unit.repeat(TIMES)), steps(&unit.repeat(2 * TIMES)));
            assert!(10 * many <= 22 * few && many <= 4 * 2 * TIMES * unit.len(), "{unit}: {many}");
        }
    }
}
