//! Texts that are turned around where they are shown.

/// The sign that turns what follows around, letter by letter, and the one that ends that.
const TURN: char = '\u{202E}';
const TURN_ENDS: char = '\u{202C}';

/// A text in the order in which its letters are shown, where a sign in it turns a part around;
/// `None` where none does.
pub fn as_shown(source: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folded;

    #[test]
    fn a_text_that_is_turned_around_is_read_as_it_is_shown() {
        assert_eq!(as_shown("plain \u{202D}text"), None);
        let shown = |source| folded(&as_shown(source).unwrap());
        assert_eq!(shown("a \u{202E}macs"), "a scam");
        assert_eq!(shown("s\u{202E}ac\u{202C}m"), "scam");
        assert_eq!(shown("\u{202E}cs\u{202C}, \u{202E}ma\nno"), "sc, am\nno");
    }
}
