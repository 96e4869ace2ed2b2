//! What a member was delivered, read from the frames without parsing their JSON.

use std::collections::VecDeque;

use chat_types::gateway::deflate;
use memchr::memmem;

use crate::frames::{BINARY, Frame, TEXT};

/// How every frame with messages of a room begins.
const MESSAGES: &[u8] = br#"{"t":"messages""#;
const SEQ: &[u8] = br#""seq":"#;
const SAID: &[u8] = br#""Text":""#;
/// Longest frame of the gateway.
const LONGEST: usize = 512 * 1024;
/// Compressed frames that are remembered: all members get the same ones, a little apart.
const REMEMBERED: usize = 64;

/// What the text of a message tells of it: see [`said`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Counts the messages of all senders, from 0.
    pub number: u64,
    /// When it was sent, in microseconds of the client's clock.
    pub sent_us: u64,
}

/// The text of a message: its mark, and words as people say them in a room.
pub fn said(mark: Mark) -> String {
    const WORDS: [&str; 12] = [
        "what a glaze",
        "so pretty",
        "666",
        "is the small bowl still there?",
        "hello from the coast",
        "how deep is the plate",
        "please show the back of it",
        "where do I order",
        "that blue again",
        "does it go into the dishwasher?",
        "good evening everybody",
        "one more for me",
    ];
    // Stepping by a number that has no factor in common with theirs uses them all.
    let words = WORDS[usize::try_from(mark.number * 5 % WORDS.len() as u64).unwrap_or_default()];
    format!("{} {} {words}", mark.number, mark.sent_us)
}

/// The first number in the bytes, and how many digits it has.
fn number(bytes: &[u8]) -> (u64, usize) {
    let digits = bytes.iter().take(18).take_while(|byte| byte.is_ascii_digit());
    digits.fold((0, 0), |(sum, count), byte| (sum * 10 + u64::from(byte - b'0'), count + 1))
}

fn mark(entry: &[u8]) -> Option<Mark> {
    let text = &entry[memmem::find(entry, SAID)? + SAID.len()..];
    let (count, digits) = number(text);
    let (sent_us, more) = number(text.get(digits + 1..)?);
    (digits > 0 && more > 0).then_some(Mark { number: count, sent_us })
}

/// The deliveries of one member.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages whose number in the room is not above that of the one before.
    pub disorder: u64,
    last_seq: u64,
}

impl Tally {
    /// How many messages a frame brings, which may be any of the gateway's.
    pub fn take(&mut self, frame: &[u8]) -> u64 {
        if !frame.starts_with(MESSAGES) {
            return 0;
        }
        let mut messages = 0;
        for at in memmem::find_iter(frame, SEQ) {
            let (seq, _) = number(&frame[at + SEQ.len()..]);
            messages += 1;
            self.disorder += u64::from(seq <= self.last_seq);
            self.last_seq = seq;
        }
        messages
    }
}

/// The marks of the messages in a frame, in its order.
pub fn marks(frame: &[u8]) -> impl Iterator<Item = Mark> + '_ {
    let room = frame.starts_with(MESSAGES);
    let entries = memmem::find_iter(frame, SEQ).take_while(move |_| room);
    entries.filter_map(|at| mark(&frame[at..]))
}

/// Reads compressed frames. All members are sent the same bytes, so that each frame is inflated
/// once, whoever comes with it first.
#[derive(Debug, Default)]
pub struct Inflater {
    recent: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl Inflater {
    /// The JSON of a frame; nothing for one that carries none.
    pub fn json<'a>(&'a mut self, frame: Frame<'a>) -> Result<Option<&'a [u8]>, deflate::Error> {
        match frame.opcode {
            TEXT => Ok(Some(frame.payload)),
            BINARY => self.inflate(frame.payload).map(Some),
            _ => Ok(None),
        }
    }

    fn inflate(&mut self, compressed: &[u8]) -> Result<&[u8], deflate::Error> {
        let known = self.recent.iter().position(|(known, _)| known == compressed);
        let at = match known {
            Some(at) => at,
            None => {
                let json = deflate::inflate(compressed, LONGEST)?;
                self.recent.truncate(REMEMBERED - 1);
                self.recent.push_front((compressed.to_vec(), json));
                0
            }
        };
        Ok(&self.recent[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = br#"{"t":"messages","group_id":"g","after":8,"messages":[{"seq":9,"from":"a","elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"4 170 666"}}]},{"seq":10,"from":"b","elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\"seq\":3"}}]}]}"#;

    #[test]
    fn messages_are_counted_and_nothing_else_is() {
        let mut tally = Tally::default();
        assert_eq!(tally.take(TWO), 2);
        assert_eq!(tally.take(br#"{"t":"join_ok","id":2,"messages":[{"seq":7}]}"#), 0);
        assert_eq!(tally.disorder, 0);
        assert_eq!(tally.take(br#"{"t":"messages","group_id":"g","messages":[{"seq":10}]}"#), 1);
        assert_eq!(tally.disorder, 1);
    }

    #[test]
    fn a_message_tells_its_number_and_when_it_was_sent() {
        let found: Vec<Mark> = marks(TWO).collect();
        assert_eq!(found, [Mark { number: 4, sent_us: 170 }]);
        let text = said(Mark { number: 31, sent_us: 9 });
        let entry = format!(r#""seq":1,"elements":[{{"Text":"{text}"}}]"#);
        assert_eq!(mark(entry.as_bytes()), Some(Mark { number: 31, sent_us: 9 }));
    }

    #[test]
    fn a_compressed_frame_is_read_as_its_json_and_inflated_once() {
        let mut inflater = Inflater::default();
        let compressed = deflate::compress(TWO);
        for _ in 0..3 {
            let frame = Frame { opcode: BINARY, mask: None, payload: &compressed };
            assert_eq!(inflater.json(frame), Ok(Some(TWO)));
        }
        assert_eq!(inflater.recent.len(), 1);
        let broken = Frame { opcode: BINARY, mask: None, payload: &compressed[..9] };
        assert_eq!(inflater.json(broken), Err(deflate::Error::Malformed));
    }
}
