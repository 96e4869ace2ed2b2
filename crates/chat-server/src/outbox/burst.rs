//! What a room writes in one tick: made once, shared by everybody who gets it.

use bytes::Bytes;
use chat_types::gateway::{MessageClass, OwnMessage, RoomMessages, ServerFrame, deflate};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::splice::json_with;
use super::wire;
use crate::message_counters::MessageCounters;

/// Copies that a room's slow readers were not given, by class.
#[derive(Debug, Default)]
pub(crate) struct MissedCopies {
    of_room: [AtomicU64; MessageClass::ALL.len()],
    of_service: Arc<MessageCounters>,
}

impl MissedCopies {
    pub(crate) fn new(of_service: Arc<MessageCounters>) -> Self {
        Self { of_room: Default::default(), of_service }
    }

    fn add(&self, class: MessageClass, by: u64) {
        if let Some(count) = self.of_room.get(class as usize) {
            count.fetch_add(by, Ordering::Relaxed);
        }
        self.of_service.missed_copies(class, by);
    }

    pub(crate) fn of(&self, class: MessageClass) -> u64 {
        self.of_room.get(class as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// What an item knows of its room.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) group_id: Arc<str>,
    pub(crate) missed: Arc<MissedCopies>,
}

/// One message of a batch, encoded.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) seq: u32,
    /// Number of the message that everybody got before this one.
    pub(crate) after: u32,
    pub(crate) class: MessageClass,
    pub(crate) json: Bytes,
}

/// A message of the receiving connection itself.
#[derive(Debug, Clone)]
pub(crate) struct OwnPiece {
    /// Number of the message that everybody got before this one.
    pub(crate) after: u32,
    pub(crate) message: OwnMessage,
}

/// A frame of a room, or the part of one that a reader still gets.
#[derive(Debug)]
pub(crate) struct Item {
    source: Source,
    kind: Kind,
    /// The classes of what may be left out, a bit each.
    classes: u8,
    whole: Bytes,
    deflated: OnceLock<Bytes>,
    /// The frame without the classes below the one at the index.
    reduced: [OnceLock<Bytes>; MessageClass::ALL.len()],
}

#[derive(Debug)]
enum Kind {
    /// `None`: nobody may miss it. `copies` says for how many tips the frame stands.
    Frame {
        class: Option<MessageClass>,
        copies: u32,
    },
    /// As things are now: of several that wait only the last one is of use. Nobody may miss that.
    Newest,
    Messages {
        pieces: Vec<Piece>,
        own: Vec<OwnPiece>,
    },
}

impl Item {
    /// A frame that is no message. Without a class it is never left out.
    pub(crate) fn frame(
        source: Source,
        class: Option<MessageClass>,
        copies: u32,
        frame: &ServerFrame,
    ) -> Self {
        Self::new(source, Kind::Frame { class, copies }, super::encode(frame))
    }

    /// A frame that makes those of its room before it useless.
    pub(crate) fn newest(source: Source, frame: &ServerFrame) -> Self {
        Self::new(source, Kind::Newest, super::encode(frame))
    }

    /// Messages of a room. Everybody got the message `after` before the first of them; `own` are
    /// those that the receiving connection has sent itself.
    pub(crate) fn messages(
        source: Source,
        after: u32,
        pieces: Vec<Piece>,
        own: Vec<OwnPiece>,
    ) -> Self {
        let own_messages: Vec<OwnMessage> = own.iter().map(|own| own.message.clone()).collect();
        let json = messages_json(&source.group_id, after, pieces.iter(), &own_messages);
        Self::new(source, Kind::Messages { pieces, own }, wire::text(json))
    }

    fn new(source: Source, kind: Kind, whole: Bytes) -> Self {
        let bit = |class: MessageClass| 1_u8 << class as u32;
        let classes = match &kind {
            Kind::Frame { class, .. } => class.map_or(0, bit),
            Kind::Newest => 0,
            Kind::Messages { pieces, .. } => {
                pieces.iter().fold(0, |classes, piece| classes | bit(piece.class))
            }
        };
        let (deflated, reduced) = (OnceLock::new(), Default::default());
        Self { source, kind, classes, whole, deflated, reduced }
    }

    pub(super) fn group_id(&self) -> &Arc<str> {
        &self.source.group_id
    }

    /// Whether of several such items of a room only the last one is of use.
    pub(super) fn is_newest(&self) -> bool {
        matches!(self.kind, Kind::Newest)
    }

    fn deflated(&self) -> &Bytes {
        self.deflated.get_or_init(|| wire::binary(deflate::compress(payload(&self.whole))))
    }

    /// The lowest class in the item from `floor` on; `None` when nothing of it may be left out.
    pub(super) fn lowest(&self, floor: MessageClass) -> Option<MessageClass> {
        let mut from_floor = MessageClass::ALL.into_iter().filter(|class| *class >= floor);
        from_floor.find(|class| self.classes >> *class as u32 & 1 == 1)
    }

    /// Counts what a reader does not get who had everything from `before` on and now gets only what
    /// is at least `floor`; `None` is nothing at all.
    pub(super) fn count_left_out(&self, before: MessageClass, floor: Option<MessageClass>) -> u32 {
        let gone = |class: MessageClass| class >= before && floor.is_none_or(|floor| class < floor);
        let mut left_out = 0;
        match &self.kind {
            Kind::Frame { class, copies } => {
                if let Some(class) = class.filter(|class| gone(*class)) {
                    self.source.missed.add(class, u64::from(*copies));
                    left_out = *copies;
                }
            }
            Kind::Newest => {}
            Kind::Messages { pieces, .. } => {
                for piece in pieces.iter().filter(|piece| gone(piece.class)) {
                    self.source.missed.add(piece.class, 1);
                    left_out += 1;
                }
            }
        }
        left_out
    }

    /// What is left of the item from `floor` on, as bytes for the wire; empty when nothing is.
    pub(super) fn bytes(&self, floor: MessageClass, deflate: bool) -> Bytes {
        if self.classes == 0 || self.lowest(MessageClass::Tip) >= Some(floor) {
            return if deflate { self.deflated().clone() } else { self.whole.clone() };
        }
        let reduced = self.reduced.get(floor as usize);
        reduced.map_or_else(Bytes::new, |bytes| bytes.get_or_init(|| self.reduce(floor)).clone())
    }

    /// One frame for each row of messages without a hole, so that the reader sees the holes. Own
    /// messages have their place in the rows, and are never left out.
    fn reduce(&self, floor: MessageClass) -> Bytes {
        let Kind::Messages { pieces, own } = &self.kind else { return Bytes::new() };
        let mut places: Vec<Place<'_>> = pieces.iter().map(Place::Piece).collect();
        places.extend(own.iter().map(Place::Own));
        places.sort_by_key(Place::seq);
        let mut bytes = Vec::new();
        for row in places.split(|place| place.class().is_some_and(|class| class < floor)) {
            let Some(first) = row.first() else { continue };
            let pieces = row.iter().filter_map(|place| match place {
                Place::Piece(piece) => Some(*piece),
                Place::Own(_) => None,
            });
            let own: Vec<OwnMessage> = row
                .iter()
                .filter_map(|place| match place {
                    Place::Own(own) => Some(own.message.clone()),
                    Place::Piece(_) => None,
                })
                .collect();
            let json = messages_json(&self.source.group_id, first.after(), pieces, &own);
            bytes.extend_from_slice(&wire::text(json));
        }
        bytes.into()
    }
}

/// One number of a batch.
enum Place<'a> {
    Piece(&'a Piece),
    Own(&'a OwnPiece),
}

impl Place<'_> {
    fn seq(&self) -> u32 {
        match self {
            Self::Piece(piece) => piece.seq,
            Self::Own(own) => own.message.seq,
        }
    }

    fn after(&self) -> u32 {
        match self {
            Self::Piece(piece) => piece.after,
            Self::Own(own) => own.after,
        }
    }

    /// `None` when it is never left out.
    fn class(&self) -> Option<MessageClass> {
        match self {
            Self::Piece(piece) => Some(piece.class),
            Self::Own(_) => None,
        }
    }
}

/// The JSON of a server frame without the WebSocket header.
fn payload(frame: &Bytes) -> &[u8] {
    let header = match frame.get(1).map(|length| length & 0x7f) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.get(header..).unwrap_or_default()
}

/// A `messages` frame with messages that were encoded before.
fn messages_json<'a>(
    group_id: &str,
    after: u32,
    pieces: impl Iterator<Item = &'a Piece> + Clone,
    own: &[OwnMessage],
) -> Vec<u8> {
    let frame = RoomMessages {
        group_id: group_id.to_owned(),
        after,
        messages: Vec::new(),
        own: own.to_vec(),
    };
    json_with(&ServerFrame::Messages(frame), pieces.map(|piece| &piece.json))
}

/// Everything that a room says to the same readers in one tick.
#[derive(Debug)]
pub(crate) struct Burst {
    items: Vec<Arc<Item>>,
    whole: Bytes,
    deflated: OnceLock<Bytes>,
}

impl Burst {
    pub(crate) fn new(items: Vec<Arc<Item>>) -> Self {
        let whole = join(items.iter().map(|item| &item.whole));
        Self { items, whole, deflated: OnceLock::new() }
    }

    pub(super) fn items(&self) -> &[Arc<Item>] {
        &self.items
    }

    pub(super) fn bytes(&self, deflate: bool) -> &Bytes {
        if !deflate {
            return &self.whole;
        }
        self.deflated.get_or_init(|| join(self.items.iter().map(|item| item.deflated())))
    }
}

fn join<'a>(mut parts: impl ExactSizeIterator<Item = &'a Bytes>) -> Bytes {
    match parts.len() {
        1 => parts.next().cloned().unwrap_or_default(),
        _ => parts
            .fold(Vec::new(), |mut all, part| {
                all.extend_from_slice(part);
                all
            })
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::Element;
    use chat_types::gateway::Message;

    fn source() -> Source {
        Source { group_id: "r\"[]".into(), missed: Arc::default() }
    }

    fn message(seq: u32) -> Message {
        let elements = vec![Element::text(r#""messages":[] and more"#)];
        Message { seq, from: "a".into(), elements, ..Message::default() }
    }

    fn piece(seq: u32, class: MessageClass) -> Piece {
        let json = serde_json::to_vec(&message(seq)).unwrap().into();
        Piece { seq, after: seq - 1, class, json }
    }

    fn own(seq: u32, client_id: &str) -> OwnPiece {
        let message = OwnMessage { client_id: client_id.into(), seq, time_s: 9 };
        OwnPiece { after: seq - 1, message }
    }

    fn frames(mut bytes: &[u8]) -> Vec<RoomMessages> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let (header, length) = match bytes[1] {
                126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
                length => (2, usize::from(length)),
            };
            let json = &bytes[header..header + length];
            let Ok(ServerFrame::Messages(frame)) = serde_json::from_slice(json) else {
                panic!("messages expected")
            };
            frames.push(frame);
            bytes = &bytes[header + length..];
        }
        frames
    }

    #[test]
    fn a_batch_reads_as_the_frame_that_the_types_describe() {
        let own = own(7, r#""messages":[]"#);
        let pieces = vec![piece(5, MessageClass::Low), piece(6, MessageClass::Normal)];
        let item = Item::messages(source(), 4, pieces, vec![own.clone()]);
        let whole = RoomMessages {
            group_id: "r\"[]".into(),
            after: 4,
            messages: vec![message(5), message(6)],
            own: vec![own.message],
        };
        assert_eq!(frames(&item.bytes(MessageClass::Tip, false)), std::slice::from_ref(&whole));
        let inflated = deflate::inflate(payload(item.deflated()), 10_000).unwrap();
        assert_eq!(
            serde_json::from_slice::<ServerFrame>(&inflated).unwrap(),
            ServerFrame::Messages(whole)
        );
    }

    #[test]
    fn a_reduced_batch_shows_its_holes_and_counts_what_is_not_in_it() {
        use MessageClass::{High, Low, Normal, Tip};
        let classes = [(5, Low), (6, Normal), (7, High), (8, Low), (9, Normal)];
        let pieces = classes.map(|(seq, class)| piece(seq, class)).to_vec();
        let item = Item::messages(source(), 4, pieces, Vec::new());
        assert_eq!(item.lowest(Tip), Some(Low));
        let read: Vec<(u32, Vec<u32>)> = frames(&item.bytes(Normal, false))
            .iter()
            .map(|frame| (frame.after, frame.messages.iter().map(|each| each.seq).collect()))
            .collect();
        assert_eq!(read, [(5, vec![6, 7]), (8, vec![9])]);
        assert_eq!(item.count_left_out(Tip, Some(Normal)), 2);
        assert_eq!(item.count_left_out(Normal, None), 3);
        assert_eq!([Low, Normal, High].map(|class| item.source.missed.of(class)), [2, 2, 1]);
        assert!(item.bytes(MessageClass::Assured, false).is_empty());
    }

    #[test]
    fn own_messages_keep_their_place_in_what_is_left_and_are_never_left_out() {
        use MessageClass::{Low, Normal};
        let pieces = [(3, Normal), (5, Low), (6, Normal)];
        let pieces = pieces.map(|(seq, class)| piece(seq, class)).to_vec();
        let item = Item::messages(source(), 2, pieces, vec![own(4, "b"), own(7, "c")]);
        let read = |floor| -> Vec<(u32, Vec<u32>, Vec<u32>)> {
            let frames = frames(&item.bytes(floor, false));
            let row = |frame: RoomMessages| {
                let messages = frame.messages.iter().map(|each| each.seq).collect();
                (frame.after, messages, frame.own.iter().map(|own| own.seq).collect())
            };
            frames.into_iter().map(row).collect()
        };
        assert_eq!(read(Low), [(2, vec![3, 5, 6], vec![4, 7])]);
        assert_eq!(read(Normal), [(2, vec![3], vec![4]), (5, vec![6], vec![7])]);
        let of_others: [(u32, Vec<u32>, Vec<u32>); 2] =
            [(3, Vec::new(), vec![4]), (6, Vec::new(), vec![7])];
        assert_eq!(read(MessageClass::High), of_others);
    }
}
