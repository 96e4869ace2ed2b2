//! Messages of a history in one answer.

use serde::Serialize;

/// Bytes of the messages in one frame of the gateway. One message is given whatever it has.
pub(super) const MAX_FRAME_BYTES: usize = 256 * 1024;

/// Part of a history, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page<T> {
    pub(crate) messages: Vec<T>,
    /// Whether there is nothing before it.
    pub(crate) complete: bool,
}

/// Of messages that come newest first at most `count` and `max_bytes`, but at least one.
pub(super) fn cut<T: Serialize>(newest_first: Vec<T>, count: u32, max_bytes: usize) -> Page<T> {
    let (found, count) = (newest_first.len(), count as usize);
    let mut bytes = 0;
    let fits = |(position, message): &(usize, T)| {
        bytes += json_bytes(message);
        *position == 0 || bytes <= max_bytes
    };
    let some = newest_first.into_iter().take(count).enumerate().take_while(fits);
    let mut messages: Vec<T> = some.map(|(_, message)| message).collect();
    messages.reverse();
    Page { complete: messages.len() == found, messages }
}

pub(super) fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_by_number_and_by_bytes_and_never_empty_without_being_complete() {
        let words = || ["ccc", "bbb", "aaa"].map(str::to_owned).to_vec();
        let page = |count, max_bytes| cut(words(), count, max_bytes);
        assert_eq!(
            page(3, 100),
            Page { messages: vec!["aaa".into(), "bbb".into(), "ccc".into()], complete: true }
        );
        assert_eq!(page(2, 100).messages, ["bbb", "ccc"]);
        assert_eq!(
            page(3, 10),
            Page { messages: vec!["bbb".into(), "ccc".into()], complete: false }
        );
        assert_eq!(page(3, 1), Page { messages: vec!["ccc".into()], complete: false });
        assert!(cut(Vec::<String>::new(), 3, 1).complete);
    }
}
