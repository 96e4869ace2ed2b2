//! Answers that come before whatever the connection is told because of them.
//!
//! Who comes into a room is told by it from that moment on, and the answer has to come first. Writing
//! it while the room is locked would make the whole room wait for one socket. So the connection is
//! held before: what comes meanwhile waits in its queues.

use bytes::Bytes;

use super::behind::Behind;
use super::{Flushed, Outbox};

/// A connection to which nothing is written. Ends when it is dropped.
pub(crate) struct Held<'a> {
    outbox: &'a Outbox,
    /// Where the answer goes among the control frames that wait.
    place: usize,
}

impl Outbox {
    /// From now on everything waits until the answer stands before it. Only the task of the connection
    /// may ask for it, and has to let go without waiting for anything in between: it is the one that
    /// writes what waits.
    pub(crate) fn hold(&self) -> Held<'_> {
        let mut writing = self.lock();
        let deflate = writing.deflate;
        let behind =
            writing.behind.get_or_insert_with(|| Behind::new(Bytes::new(), deflate).into());
        Held { outbox: self, place: behind.control_frames() }
    }

    /// Tells the connection something without writing to it: its own task does that. For those who
    /// hold a lock that must not wait for a socket.
    pub(crate) fn queue_control(&self, frame: Bytes) {
        let mut writing = self.lock();
        let writing = &mut *writing;
        if writing.over {
            return;
        }
        let deflate = writing.deflate;
        let behind =
            writing.behind.get_or_insert_with(|| Behind::new(Bytes::new(), deflate).into());
        if let Err(stuck) = behind.push_control(frame) {
            self.stuck(writing, stuck);
        }
        self.task.wake();
    }
}

impl Held<'_> {
    /// Puts the answer before everything that came since the connection was held, and lets go.
    pub(crate) fn answer(self, frame: Bytes) {
        let mut writing = self.outbox.lock();
        let writing = &mut *writing;
        if writing.over {
            return;
        }
        // Nobody but the connection's own task takes frames out, so the place is still the one.
        let taken = writing.behind.as_mut().map(|behind| behind.insert_control(self.place, frame));
        if let Some(Err(stuck)) = taken {
            self.outbox.stuck(writing, stuck);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.outbox.flush() != Flushed::All {
            self.outbox.task.wake();
        }
    }
}
