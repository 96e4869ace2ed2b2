//! Whether somebody sends a link.

use linkify::{LinkFinder, LinkKind};
use unicode_normalization::UnicodeNormalization;

/// Whether there is a link in a text: an address with a scheme, or a bare name under a domain that
/// exists (`shop.example.com`, but not `thanks.bye`).
pub(super) fn has_link(text: &str) -> bool {
    let seen = |sign: &char| {
        !matches!(sign, '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
    };
    let folded: String = text.chars().filter(seen).nfkc().flat_map(char::to_lowercase).collect();
    // Once with letters of all scripts in a name, once with the ASCII part alone: in a text without
    // spaces a name has letters of the text beside it.
    [true, false].into_iter().any(|all_scripts| {
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false).url_can_be_iri(all_scripts);
        finder.links(&folded).any(|link| leads_somewhere(link.as_str()))
    })
}

fn leads_somewhere(link: &str) -> bool {
    if link.contains("://") {
        return true;
    }
    let name = link.split(['/', '?', '#', ':']).next().unwrap_or(link);
    name.rsplit_once('.').is_some_and(|(_, domain)| tld::exist(domain))
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
        ] {
            assert!(has_link(text), "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_a_little_like_a_link_is_none() {
        for text in ["", "thanks.bye", "well...ok", "3.14", "真好看。谢谢", "12:30", "and/or"]
        {
            assert!(!has_link(text), "{text:?}");
        }
    }
}
