//! Whether somebody sends a link.
//!
//! One pass over the folded signs of a text. At every sign the scan knows all that it will need of
//! what came before: how much of `://` has been seen, whether a label of a name has just ended in a
//! dot, the label and the number that it stands in. Labels and numbers are kept up to a bound.

use std::net::Ipv4Addr;

use crate::fold::{is_invisible, is_mark};
use crate::steps::Steps;
use crate::{as_shown, folded_signs, top_domains};

/// The full stop of Chinese and Japanese. In a name it is read as a dot (RFC 3490).
pub(crate) const STOP: char = '\u{3002}';
/// `255.255.255.255`
const MAX_ADDRESS: usize = 15;

/// Whether there is a link in a text, as it is written or as it is shown: an address with a scheme,
/// a name under a domain that exists (`shop.example.com`, but not `thanks.bye`), or the number of a
/// machine with a port or a path (`10.0.0.1/x`, but not the version `1.2.3.4`). What stands around a
/// name does not hide it: `_shop.example.com` and `me@example.com` have one in them.
pub fn has_link(source: &str) -> bool {
    counted(source, &mut ())
}

pub(crate) fn counted(source: &str, steps: &mut impl Steps) -> bool {
    // The most of what people say.
    if source.is_ascii() && !source.bytes().any(|byte| matches!(byte, b'.' | b':')) {
        return false;
    }
    is_in(source, steps) || as_shown(source).is_some_and(|shown| is_in(&shown, steps))
}

fn is_in(text: &str, steps: &mut impl Steps) -> bool {
    let seen = text.chars().filter(|sign| !is_invisible(*sign));
    is_in_folded(folded_signs(seen), steps)
}

pub(crate) fn is_in_folded(mut signs: impl Iterator<Item = char>, steps: &mut impl Steps) -> bool {
    let mut scan = Scan::default();
    signs.any(|sign| scan.meets(sign, steps)) || scan.name.ends(steps)
}

#[derive(Debug, Default)]
struct Scan {
    scheme: Scheme,
    name: Name,
    machine: Machine,
    /// The same with a [`STOP`] read as a dot.
    stopped: Machine,
}

impl Scan {
    /// Whether a link is complete with this sign.
    fn meets(&mut self, sign: char, steps: &mut impl Steps) -> bool {
        steps.add(1);
        let dotted = if sign == STOP { '.' } else { sign };
        self.scheme.meets(sign)
            || self.name.meets(sign, steps)
            || self.machine.meets(sign, steps)
            || self.stopped.meets(dotted, steps)
    }
}

/// How much of an address with a scheme was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Scheme {
    #[default]
    Nothing,
    Name,
    Colon,
    Slash,
    Slashes,
}

impl Scheme {
    fn meets(&mut self, sign: char) -> bool {
        let before = *self;
        *self = match (before, sign) {
            (Self::Name, ':') => Self::Colon,
            (Self::Colon, '/') => Self::Slash,
            (Self::Slash, '/') => Self::Slashes,
            (_, 'a'..='z' | '0'..='9' | '+' | '.' | '-') => Self::Name,
            _ => Self::Nothing,
        };
        before == Self::Slashes && !sign.is_whitespace()
    }
}

/// What stands before a label, if that is the end of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Dot,
    /// A [`STOP`]. Between words of these languages the same sign ends a sentence, without a space
    /// after it, so it joins Latin labels only.
    Stop,
}

/// A name: labels with dots between them.
#[derive(Debug, Default)]
struct Name {
    joint: Option<Joint>,
    /// The last sign of this label.
    last: Option<char>,
    /// This label, if it stands behind a joint, as far as it could be a domain.
    label: String,
    /// Its ASCII part at the beginning, without marks: in a text without spaces a name has letters
    /// of the text behind it.
    latin: String,
    is_latin: bool,
}

impl Name {
    fn meets(&mut self, sign: char, steps: &mut impl Steps) -> bool {
        match sign {
            '.' => self.next_label(Joint::Dot, steps),
            STOP => self.next_label(Joint::Stop, steps),
            _ if sign == '-' || sign.is_alphanumeric() || is_mark(sign) => self.push(sign, steps),
            _ => {
                let is_link = self.ends(steps);
                self.begin(None);
                is_link
            }
        }
    }

    fn push(&mut self, sign: char, steps: &mut impl Steps) -> bool {
        self.last = Some(sign);
        if self.joint.is_none() {
            return false;
        }
        // One more than the longest shows that it is too long.
        if self.label.len() <= 4 * top_domains::MAX_LABEL {
            self.label.push(sign);
        }
        if is_mark(sign) || !self.is_latin {
            return false;
        }
        if sign.is_ascii() {
            if self.latin.len() <= top_domains::MAX_LABEL {
                self.latin.push(sign);
            }
            return false;
        }
        self.is_latin = false;
        steps.add(self.latin.len());
        top_domains::exists(&self.latin)
    }

    fn next_label(&mut self, joint: Joint, steps: &mut impl Steps) -> bool {
        let is_link = self.ends(steps);
        let is_joined = self.last.is_some_and(|last| match joint {
            Joint::Dot => last != '-',
            Joint::Stop => last.is_ascii_alphanumeric(),
        });
        self.begin(is_joined.then_some(joint));
        is_link
    }

    fn begin(&mut self, joint: Option<Joint>) {
        self.joint = joint;
        self.last = None;
        self.label.clear();
        self.latin.clear();
        self.is_latin = true;
    }

    /// Whether the label that ends here is a domain, with a name before it.
    fn ends(&self, steps: &mut impl Steps) -> bool {
        let Some(joint) = self.joint else { return false };
        steps.add(self.label.len() + self.latin.len());
        (self.is_latin && top_domains::exists(&self.latin))
            || (joint == Joint::Dot && top_domains::exists(&self.label))
    }
}

/// The number of a machine, and whether a port or a path stands behind it.
#[derive(Debug, Default)]
struct Machine {
    /// Digits and dots; one more than fit shows that it is no number of a machine.
    number: String,
    /// The number is a part of a word, as a version is.
    in_word: bool,
    before: Option<char>,
    /// A whole number and a colon were there.
    wants_port: bool,
}

impl Machine {
    fn meets(&mut self, sign: char, steps: &mut impl Steps) -> bool {
        if self.wants_port && sign.is_ascii_digit() {
            return true;
        }
        self.wants_port = false;
        match sign {
            '0'..='9' | '.' => {
                if self.number.is_empty() {
                    self.in_word = self.before.is_some_and(|sign| sign.is_ascii_alphabetic());
                }
                if self.number.len() <= MAX_ADDRESS {
                    self.number.push(sign);
                }
            }
            _ if self.number.is_empty() => {}
            _ => {
                steps.add(self.number.len());
                let is_end = matches!(sign, '/' | ':');
                let is_whole = is_end && !self.in_word && self.number.parse::<Ipv4Addr>().is_ok();
                self.number.clear();
                if is_whole && sign == '/' {
                    return true;
                }
                self.wants_port = is_whole;
            }
        }
        self.before = Some(sign);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_found_with_and_without_a_scheme() {
        for text in [
            "https://example.com/a?b=c",
            "look: http://10.0.0.1:8080/x",
            "ftp://files.example",
            "example.com",
            "see (www.example.co.uk/path), ok",
            "EXAMPLE.COM",
            "ＥＸＡＭＰＬＥ．ｃｏｍ",
            "exam\u{200B}ple.com",
            "看example.com吧",
            "加https://example.com领券",
            "例え.jp",
            "看例え.jp吧",
            "t.me/room",
            "exam\u{202E}ple.com",
            "\u{202E}moc.elpmaxe",
            "example。com",
            "看example｡com吧",
            "例子.中国",
            "看 例え.みんな/x",
            "1.2.3.4/x",
            "看10.0.0.1:8080吧",
            "10。0。0。1/x",
            "你好。10.0.0.1/x",
        ] {
            assert!(has_link(text), "{text:?}");
        }
    }

    #[test]
    fn what_stands_around_a_name_does_not_hide_it() {
        for text in [
            "_a._b.example.com",
            "~example.com~",
            "a:example.com",
            "me@example.com",
            "example.com.thanks",
            "example.com-",
            "example.c\u{336}o\u{336}m\u{336}",
            "[[[[example.com",
            "...example.com",
        ] {
            assert!(has_link(text), "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_a_little_like_a_link_is_none() {
        for text in [
            "",
            "so pretty",
            "thanks.bye",
            "well...ok",
            "3.14",
            "version 1.2.3",
            "a.b",
            "真好看。谢谢",
            "我爱你。中国",
            "真的。my god",
            "12:30",
            "and/or",
            "what?!",
            "version 1.2.3.4",
            "v1.2.3.4/5",
            "1.2.3.4: better",
            "1.2.3.400/5",
            "1.2.3.4.5/6",
            "http://",
            "http:// no",
            "a-.com",
            ".com",
            "a. com",
        ] {
            assert!(!has_link(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_link_between_any_texts_is_found(
            before in "[a-z_~:@ (中。]{0,20}",
            link in prop::sample::select(vec!["https://x", "shop.example.com", "例子.中国 ", "x.cn中"]),
            after in "([ _~:@(/中][a-z_~:@ (中。]{0,20})?",
        ) {
            let text = format!("{before}{link}{after}");
            prop_assert!(has_link(&text), "{:?}", text);
        }
    }
}
