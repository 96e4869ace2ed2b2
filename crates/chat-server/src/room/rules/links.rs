//! Whether somebody sends a link.

use linkify::{LinkFinder, LinkKind};

/// Whether there is a link in a normalised text: an address with a scheme, or a bare name under a
/// domain that exists (`example.com`, but not `thanks.bye`).
pub(crate) fn has_link(plain: &str) -> bool {
    // Once with letters of all scripts in a name, once with the ASCII part alone: in a text without
    // spaces a name has letters of the text beside it.
    [true, false].into_iter().any(|all_scripts| {
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false).url_can_be_iri(all_scripts);
        finder.links(plain).any(|link| leads_somewhere(link.as_str()))
    })
}

fn leads_somewhere(link: &str) -> bool {
    if link.contains("://") {
        return true;
    }
    let end = link.find(['/', '?', '#', ':']).unwrap_or(link.len());
    let name = &link[..end];
    name.rsplit_once('.').is_some_and(|(_, domain)| tld::exist(domain))
}

#[cfg(test)]
mod tests {
    use super::super::normalised;
    use super::*;

    #[test]
    fn links_are_found_with_and_without_a_scheme() {
        for text in [
            "https://example.com/a?b=c",
            "look: http://10.0.0.1:8080/x",
            "ftp://files.example",
            "example.com",
            "see (www.example.co.uk/path), ok",
            "EXAMPLE.COM",
            "ｅｘａｍｐｌｅ．ｃｏｍ",
            "exam\u{200B}ple.com",
            "看example.com吧",
            "加https://example.com领券",
            "例え.jp",
            "t.me/room",
        ] {
            assert!(has_link(&normalised(text)), "{text:?}");
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
            "12:30",
            "and/or",
            "what?!",
        ] {
            assert!(!has_link(&normalised(text)), "{text:?}");
        }
    }
}
