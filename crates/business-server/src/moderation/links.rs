//! Whether somebody sends a link.

use linkify::{LinkFinder, LinkKind};
use std::net::Ipv4Addr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::normalise::{as_shown, is_invisible};

/// The full stop of Chinese and Japanese. In a name it is read as a dot (RFC 3490).
const STOP: char = '\u{3002}';

/// Whether there is a link in a text: an address with a scheme, a bare name under a domain that
/// exists (`shop.example.com`, but not `thanks.bye`), or the number of a machine with a port or a
/// path (`10.0.0.1/x`, but not the version `1.2.3.4`).
pub(super) fn has_link(text: &str) -> bool {
    is_in(text) || as_shown(text).is_some_and(|shown| is_in(&shown))
}

fn is_in(text: &str) -> bool {
    let seen = text.chars().filter(|sign| !is_invisible(*sign));
    let folded: String = seen.nfkc().flat_map(char::to_lowercase).collect();
    if finds(&folded, leads_somewhere) || has_name(&folded) || has_machine(&folded) {
        return true;
    }
    if !folded.contains(STOP) {
        return false;
    }
    // Between words of these languages the same sign ends a sentence, without a space after it.
    let dotted = folded.replace(STOP, ".");
    finds(&dotted, |link| leads_somewhere(link) && is_latin_at_its_end(link))
        || has_machine(&dotted)
}

fn finds(text: &str, is_link: impl Fn(&str) -> bool) -> bool {
    // Once with letters of all scripts in a name, once with the ASCII part alone: in a text without
    // spaces a name has letters of the text beside it.
    [true, false].into_iter().any(|all_scripts| {
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false).url_can_be_iri(all_scripts);
        finder.links(text).any(|link| is_link(link.as_str()))
    })
}

fn leads_somewhere(link: &str) -> bool {
    link.contains("://") || domain(link).is_some_and(|(_, domain)| tld::exist(domain))
}

/// What stands before the last dot of a name, and after it.
fn domain(link: &str) -> Option<(&str, &str)> {
    link.split(['/', '?', '#', ':']).next().unwrap_or(link).rsplit_once('.')
}

/// Whether there is a bare name under a domain that is not ASCII, which the finder does not know.
fn has_name(text: &str) -> bool {
    let is_word = |sign: char| sign.is_alphanumeric() || is_combining_mark(sign) || sign == '-';
    text.match_indices('.').any(|(at, dot)| {
        let (before, after) = text.split_at(at);
        let after = &after[dot.len()..];
        let end = after.find(|sign: char| !is_word(sign)).unwrap_or(after.len());
        let domain = &after[..end];
        before.ends_with(is_word)
            && !domain.is_ascii()
            && idna::domain_to_ascii(domain).is_ok_and(|ascii| tld::exist(&ascii))
    })
}

fn is_latin_at_its_end(link: &str) -> bool {
    domain(link).is_some_and(|(before, domain)| {
        domain.is_ascii() && before.ends_with(|sign: char| sign.is_ascii_alphanumeric())
    })
}

/// Whether a port or a path stands behind four numbers.
fn has_machine(text: &str) -> bool {
    let is_part = |sign: char| sign.is_ascii_digit() || sign == '.';
    text.match_indices(['/', ':']).any(|(at, mark)| {
        let (before, after) = text.split_at(at);
        let rest = before.trim_end_matches(is_part);
        let is_port = after[mark.len()..].starts_with(|sign: char| sign.is_ascii_digit());
        before[rest.len()..].parse::<Ipv4Addr>().is_ok()
            && !rest.ends_with(|sign: char| sign.is_ascii_alphabetic())
            && (mark == "/" || is_port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_with_and_without_a_scheme() {
        for text in [
            "https://example.com/a?b=c",
            "look: http://10.0.0.1:8080/x",
            "example.com",
            "see (www.example.co.uk/path), ok",
            "ＥＸＡＭＰＬＥ．ｃｏｍ",
            "exam\u{200B}ple.com",
            "看example.com吧",
            "例え.jp",
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
        ] {
            assert!(has_link(text), "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_a_little_like_a_link_is_none() {
        for text in [
            "",
            "thanks.bye",
            "well...ok",
            "3.14",
            "真好看。谢谢",
            "我爱你。中国",
            "真的。my god",
            "12:30",
            "and/or",
            "version 1.2.3.4",
            "v1.2.3.4/5",
            "1.2.3.4: better",
            "1.2.3.400/5",
        ] {
            assert!(!has_link(text), "{text:?}");
        }
    }
}
