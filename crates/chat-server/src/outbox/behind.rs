//! What waits for a socket that takes nothing at present.
//!
//! Two bounded queues. *Control* frames (answers, notices to this connection alone) go first and are
//! never left out: when their queue is full, the connection is closed as a slow reader. *Room* items
//! wait in the order of their rooms. When there are too many of them, the lowest class goes first,
//! of all that wait: tips, likes, comments, and so on. When nothing is left that may be left out, the
//! connection is closed.

use bytes::{Buf, Bytes};
use chat_types::gateway::{MessageClass, ServerFrame};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::burst::Item;
use super::encode;

/// Answers that a reader may leave unread.
pub(super) const CONTROL_FRAMES: usize = 64;
/// Room items that a reader may be behind; in a room without ticks, six seconds of the busiest room
/// of the documentation (40 messages a second).
pub(super) const ROOM_ITEMS: usize = 256;
/// Bytes of answers that wait; with more, the connection is closed.
const CONTROL_BYTES: usize = 2 * 1024 * 1024;
/// With so many bytes of answers waiting, no further request is heard.
const MUCH_OWED: usize = 256 * 1024;
/// Bytes of room items that a reader may be behind.
pub(super) const ROOM_BYTES: usize = 512 * 1024;
/// Rooms that one notice names.
const ROOMS_NAMED: usize = 16;

/// The reader does not read, and nothing more may be left out for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stuck {
    /// What was left out before that showed.
    pub(super) left_out: u32,
}

struct Waiting {
    item: Arc<Item>,
    /// Lower classes of the item are left out.
    floor: MessageClass,
    /// What of it may be left out next; known here, since a full queue is searched for it with each
    /// item that comes.
    lowest: Option<MessageClass>,
    bytes: usize,
}

/// The queues of one connection that is behind.
#[derive(Default)]
pub(super) struct Behind {
    /// The rest of what is being written.
    current: Bytes,
    control: VecDeque<Bytes>,
    control_bytes: usize,
    room: VecDeque<Waiting>,
    room_bytes: usize,
    missed: u32,
    missed_of: BTreeSet<Arc<str>>,
    /// Room items that were written since something was left out.
    written: usize,
    deflate: bool,
}

impl Behind {
    /// Begins with the rest of a frame, which goes before everything else.
    pub(super) fn new(rest: Bytes, deflate: bool) -> Self {
        Self { current: rest, deflate, ..Self::default() }
    }

    pub(super) fn push_control(&mut self, frame: Bytes) -> Result<(), Stuck> {
        let bytes = self.control_bytes + frame.len();
        if self.control.len() >= CONTROL_FRAMES || bytes > CONTROL_BYTES {
            return Err(Stuck { left_out: 0 });
        }
        self.control_bytes = bytes;
        self.control.push_back(frame);
        Ok(())
    }

    pub(super) fn control_frames(&self) -> usize {
        self.control.len()
    }

    /// As [`Behind::push_control`], before those from this place on.
    pub(super) fn insert_control(&mut self, place: usize, frame: Bytes) -> Result<(), Stuck> {
        self.push_control(frame)?;
        if let Some(frame) = self.control.pop_back() {
            self.control.insert(place.min(self.control.len()), frame);
        }
        Ok(())
    }

    pub(super) fn owes_much(&self) -> bool {
        self.control_bytes > MUCH_OWED
    }

    /// Takes the close frame, whatever waits.
    pub(super) fn push_last(&mut self, frame: Bytes) {
        self.control.push_back(frame);
    }

    /// Takes an item, and says how many messages and tips were left out to make room.
    pub(super) fn push_room(&mut self, item: &Arc<Item>) -> Result<u32, Stuck> {
        if item.is_newest() {
            self.drop_replaced(item);
        }
        let floor = MessageClass::Tip;
        let bytes = item.bytes(floor, self.deflate).len();
        let lowest = item.lowest(floor);
        self.room.push_back(Waiting { item: Arc::clone(item), floor, lowest, bytes });
        self.room_bytes += bytes;
        let mut left_out = 0;
        while self.room.len() > ROOM_ITEMS || self.room_bytes > ROOM_BYTES {
            let Some(more) = self.leave_out_lowest() else { return Err(Stuck { left_out }) };
            left_out += more;
        }
        Ok(left_out)
    }

    /// Drops what waits of the same room and is of no use beside the item.
    fn drop_replaced(&mut self, item: &Item) {
        let replaced = |waiting: &Waiting| {
            waiting.item.is_newest() && waiting.item.group_id() == item.group_id()
        };
        if let Some(at) = self.room.iter().position(replaced)
            && let Some(useless) = self.room.remove(at)
        {
            self.room_bytes -= useless.bytes.min(self.room_bytes);
        }
    }

    /// Leaves the lowest class out of the oldest item that has any of it; `None` when nothing may be
    /// left out any more.
    fn leave_out_lowest(&mut self) -> Option<u32> {
        let class = self.room.iter().filter_map(|waiting| waiting.lowest).min()?;
        let place = self.room.iter().position(|waiting| waiting.lowest == Some(class))?;
        let waiting = self.room.get_mut(place)?;
        let above = MessageClass::ALL.into_iter().find(|each| *each > class);
        let left_out = waiting.item.count_left_out(waiting.floor, above);
        let bytes = above.map_or_else(Bytes::new, |floor| waiting.item.bytes(floor, self.deflate));
        self.room_bytes -= waiting.bytes.min(self.room_bytes);
        if self.missed_of.len() < ROOMS_NAMED {
            self.missed_of.insert(Arc::clone(waiting.item.group_id()));
        }
        if let (false, Some(floor)) = (bytes.is_empty(), above) {
            (waiting.floor, waiting.bytes) = (floor, bytes.len());
            waiting.lowest = waiting.item.lowest(floor);
            self.room_bytes += bytes.len();
        } else {
            self.room.remove(place);
        }
        self.missed = self.missed.saturating_add(left_out);
        Some(left_out)
    }

    /// What goes next over the wire; empty when nothing waits any more.
    pub(super) fn next(&mut self) -> &[u8] {
        if self.current.is_empty() {
            self.current = self.take();
        }
        &self.current
    }

    /// So many bytes of [`Behind::next`] are gone.
    pub(super) fn taken(&mut self, bytes: usize) {
        self.current.advance(bytes.min(self.current.len()));
    }

    fn take(&mut self) -> Bytes {
        if let Some(frame) = self.control.pop_front() {
            self.control_bytes -= frame.len().min(self.control_bytes);
            return frame;
        }
        // The notice comes when nothing of the rooms waits behind it any more, so that whoever asks
        // for the gap then gets all of it; or, in a room that never pauses, after one whole queue.
        if self.missed > 0 && (self.room.is_empty() || self.written >= ROOM_ITEMS) {
            let group_ids = std::mem::take(&mut self.missed_of);
            let notice = ServerFrame::Missed {
                count: std::mem::take(&mut self.missed),
                group_ids: group_ids.iter().map(|id| id.to_string()).collect(),
            };
            self.written = 0;
            return encode(&notice);
        }
        let Some(waiting) = self.room.pop_front() else { return Bytes::new() };
        self.room_bytes -= waiting.bytes.min(self.room_bytes);
        self.written = if self.missed > 0 { self.written + 1 } else { 0 };
        waiting.item.bytes(waiting.floor, self.deflate)
    }

    /// Only what is being written and the control frames are still of use. Counts what a reader that
    /// is too slow does not get, and gives its number.
    pub(super) fn give_up_rooms(&mut self) -> u32 {
        let waiting = self.room.iter();
        let left_out =
            waiting.map(|waiting| waiting.item.count_left_out(waiting.floor, None)).sum();
        self.forget_rooms();
        left_out
    }

    /// The connection ends for another reason: nothing of its rooms is of use.
    pub(super) fn forget_rooms(&mut self) {
        self.room.clear();
        (self.room_bytes, self.missed) = (0, 0);
        self.missed_of.clear();
    }
}
