//! Domains that exist at the top: of the list of the root zone, as they are written in a text.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::folded;

/// The longest label of a name, in bytes of its ASCII form (RFC 1035). One in letters has fewer.
pub(crate) const MAX_LABEL: usize = 63;

/// Those that are not ASCII. The list has them in their ASCII form; turning them into letters once
/// is cheaper than the way back for every label of every text.
static IN_LETTERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let encoded = tld::TLD.iter().filter(|name| name.starts_with("xn--"));
    let decoded = encoded.filter_map(|name| match idna::domain_to_unicode(name) {
        (name, Ok(())) => Some(folded(&name)),
        _ => None,
    });
    decoded.collect()
});

/// Whether a folded label is the domain of a country or another that exists at the top.
pub(crate) fn exists(label: &str) -> bool {
    let label = label.trim_end_matches('-');
    if !(2..=4 * MAX_LABEL).contains(&label.len()) {
        return false;
    }
    if label.is_ascii() { tld::exist(label) } else { IN_LETTERS.contains(label) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_known_in_ascii_and_in_letters() {
        for name in ["com", "cn", "com-", "xn--fiqs8s", "中国", "みんな", "рф", "भारत", "한국"]
        {
            assert!(exists(&folded(name)), "{name}");
        }
        for name in ["", "c", "bye", "中", "谢谢"] {
            assert!(!exists(name), "{name}");
        }
    }

    #[test]
    fn every_domain_of_the_list_is_known_in_letters() {
        let encoded = tld::TLD.iter().filter(|name| name.starts_with("xn--")).count();
        assert!(encoded > 100);
        assert_eq!(IN_LETTERS.len(), encoded);
    }
}
