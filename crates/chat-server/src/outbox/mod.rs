//! What is on its way to one connection.
//!
//! A frame goes straight to the socket, without waiting and without waking anybody. Only a socket
//! that takes no more gets a queue ([`behind`]), which its connection's task writes as soon as the
//! socket takes something again. Whoever writes holds the outbox's lock for one write, so frames of
//! several rooms never mix.

mod behind;
mod burst;
mod hold;
mod splice;
mod tls;
mod wire;

pub(crate) use burst::{Burst, Item, MissedCopies, OwnPiece, Piece, Source};
pub(crate) use splice::encode_with;
pub(crate) use tls::TlsWire;
pub(crate) use wire::{Taken, Wire};

use bytes::Bytes;
use chat_types::gateway::{ServerFrame, close};
use futures_util::task::AtomicWaker;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use behind::{Behind, Stuck};

use crate::counters::{Counters, add};

/// Why a connection is being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

impl Closing {
    /// After a panic.
    pub(crate) const FAILED: Self = Self { code: 1011, reason: "the service failed inside" };
}

/// Standard close code for "the connection was over without a reason of ours".
const NORMAL: u16 = 1000;

/// Held by the connection and by every room it is in.
pub(crate) struct Outbox {
    wire: Arc<dyn Wire>,
    writing: Mutex<Writing>,
    closing: OnceLock<Closing>,
    /// Woken when the connection's task has something to do: a queue to write, or an end to come to.
    task: AtomicWaker,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Writing {
    /// `None` while the socket takes everything.
    behind: Option<Box<Behind>>,
    /// The client reads compressed frames.
    deflate: bool,
    /// Nothing is written any more.
    over: bool,
}

/// How far the queue of a connection, or what a wire has taken, got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// Nothing waits.
    All,
    /// The socket takes no more at present; something of it was taken since the last time.
    Some,
    /// The socket has taken nothing.
    Nothing,
}

/// What became of a burst at one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Took {
    /// It was written.
    Written,
    /// It waits, or a part of it was left out.
    Behind,
    /// The connection is over.
    Nothing,
}

/// What a write left over.
enum Left {
    Nothing,
    /// Some of it was taken. The rest is empty when only the wire still holds something back.
    Rest(Bytes),
    Everything,
    /// The socket is gone.
    Lost,
}

/// The frame in the form that goes over the wire.
pub(crate) fn encode(frame: &ServerFrame) -> Bytes {
    match serde_json::to_vec(frame) {
        Ok(json) => wire::text(json),
        Err(error) => {
            // Frames are plain data with text keys, which always encode.
            tracing::error!(%error, "frame not encoded");
            Bytes::new()
        }
    }
}

impl Outbox {
    pub(crate) fn new(wire: Arc<dyn Wire>, counters: Arc<Counters>) -> Self {
        let writing = Mutex::default();
        Self { wire, writing, closing: OnceLock::new(), task: AtomicWaker::new(), counters }
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on room frames go out compressed.
    pub(crate) fn reads_deflate(&self) {
        self.lock().deflate = true;
    }

    pub(crate) fn answer(&self, frame: &ServerFrame) {
        self.control_frame(encode(frame));
    }

    /// For what this connection alone is told; goes ahead of what waits of its rooms.
    pub(crate) fn control_frame(&self, frame: Bytes) {
        self.control(&mut self.lock(), frame);
    }

    fn control(&self, writing: &mut Writing, frame: Bytes) {
        if writing.over {
            return;
        }
        let taken = match &mut writing.behind {
            Some(behind) => behind.push_control(frame),
            None => {
                match self.try_write(writing, &frame) {
                    Left::Nothing | Left::Lost => {}
                    Left::Rest(rest) => self.fall_behind(writing, rest),
                    Left::Everything => self.fall_behind(writing, frame),
                }
                Ok(())
            }
        };
        if let Err(stuck) = taken {
            self.stuck(writing, stuck);
        }
    }

    /// Writes what a room says in one tick.
    pub(crate) fn burst(&self, burst: &Burst) -> Took {
        let mut writing = self.lock();
        let writing = &mut *writing;
        if writing.over {
            return Took::Nothing;
        }
        if writing.behind.is_none() {
            match self.try_write(writing, burst.bytes(writing.deflate)) {
                Left::Nothing => return Took::Written,
                Left::Lost => return Took::Nothing,
                Left::Rest(rest) => {
                    // A frame that was begun has to be ended; those after it come with it.
                    self.fall_behind(writing, rest);
                    return Took::Behind;
                }
                Left::Everything => self.fall_behind(writing, Bytes::new()),
            }
        }
        let Some(behind) = &mut writing.behind else { return Took::Nothing };
        for item in burst.items() {
            match behind.push_room(item) {
                Ok(0) => {}
                Ok(left_out) => add(&self.counters.copies_missed_slow_reader, left_out.into()),
                Err(stuck) => {
                    self.stuck(writing, stuck);
                    return Took::Nothing;
                }
            }
        }
        Took::Behind
    }

    fn try_write(&self, writing: &mut Writing, bytes: &Bytes) -> Left {
        match self.wire.try_write(bytes) {
            Ok(Taken { bytes: taken, all_out: true }) if taken >= bytes.len() => Left::Nothing,
            Ok(Taken { bytes: 0, .. }) => Left::Everything,
            Ok(Taken { bytes: taken, .. }) => Left::Rest(bytes.slice(taken.min(bytes.len())..)),
            Err(error) if is_busy(&error) => Left::Everything,
            Err(_) => {
                self.lost(writing);
                Left::Lost
            }
        }
    }

    fn fall_behind(&self, writing: &mut Writing, rest: Bytes) {
        writing.behind = Some(Box::new(Behind::new(rest, writing.deflate)));
        self.task.wake();
    }

    /// Writes what waits, as far as the socket takes it.
    pub(crate) fn flush(&self) -> Flushed {
        let mut writing = self.lock();
        let writing = &mut *writing;
        if writing.behind.is_none() {
            return Flushed::All;
        }
        let flushed = self.write_behind(writing);
        flushed.unwrap_or_else(|_| {
            self.lost(writing);
            Flushed::All
        })
    }

    fn write_behind(&self, writing: &mut Writing) -> io::Result<Flushed> {
        // What was taken before goes first.
        match self.wire.try_flush()? {
            Flushed::All => {}
            owed => return Ok(owed),
        }
        let mut flushed = Flushed::Nothing;
        while let Some(behind) = &mut writing.behind {
            let next = behind.next();
            if next.is_empty() {
                writing.behind = None;
                break;
            }
            match self.wire.try_write(next) {
                Ok(Taken { bytes: 0, .. }) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => {
                    behind.taken(taken.bytes);
                    flushed = Flushed::Some;
                    if !taken.all_out {
                        return Ok(flushed);
                    }
                }
                Err(error) if is_busy(&error) => return Ok(flushed),
                Err(error) => return Err(error),
            }
        }
        Ok(Flushed::All)
    }

    /// Puts the wire's own bytes into the queue, as it were: what it has to send by itself goes out
    /// as soon as the socket takes it, and a socket that never does counts as stuck.
    pub(crate) fn owe_flush(&self) {
        let mut writing = self.lock();
        if writing.behind.is_none() {
            self.fall_behind(&mut writing, Bytes::new());
        }
    }

    /// Whether so many answers wait that the client should read them before it asks for more.
    pub(crate) fn owes_much(&self) -> bool {
        self.lock().behind.as_ref().is_some_and(|behind| behind.owes_much())
    }

    /// Whether something waits for the socket.
    pub(crate) fn is_behind(&self) -> bool {
        self.lock().behind.is_some()
    }

    /// From now on this task is woken when there is something to do. Look for it afterwards: it may
    /// be there already.
    pub(crate) fn register(&self, waker: &Waker) {
        self.task.register(waker);
    }

    fn lost(&self, writing: &mut Writing) {
        (writing.over, writing.behind) = (true, None);
        self.close(Closing { code: NORMAL, reason: "connection lost" });
    }

    fn stuck(&self, writing: &mut Writing, stuck: Stuck) {
        let given_up = writing.behind.as_mut().map_or(0, |behind| behind.give_up_rooms());
        let missed = u64::from(stuck.left_out) + u64::from(given_up);
        add(&self.counters.copies_missed_slow_reader, missed);
        self.close_slow_reader();
    }

    /// Asks the connection to end. The first reason stands.
    pub(crate) fn close(&self, closing: Closing) {
        // A second reason is not an error: two sides may notice the end at the same time.
        let _ = self.closing.set(closing);
        self.task.wake();
    }

    pub(crate) fn close_slow_reader(&self) {
        if self.closing.get().is_none() {
            add(&self.counters.connections_closed_slow_reader, 1);
        }
        self.close(Closing { code: close::SLOW_READER, reason: "the client does not read" });
    }

    pub(crate) fn closing(&self) -> Option<Closing> {
        self.closing.get().copied()
    }

    /// Puts the close frame behind the answers that wait; what waits of rooms is given up, and
    /// nothing is taken any more.
    pub(crate) fn say_close(&self) {
        let mut writing = self.lock();
        let closing = self.closing().unwrap_or(Closing { code: NORMAL, reason: "" });
        match &mut writing.behind {
            Some(behind) if closing.code == close::SLOW_READER => {
                let given_up = behind.give_up_rooms();
                add(&self.counters.copies_missed_slow_reader, given_up.into());
            }
            Some(behind) => behind.forget_rooms(),
            None => {}
        }
        let frame = wire::close(closing);
        match &mut writing.behind {
            Some(behind) => behind.push_last(frame),
            None => self.control(&mut writing, frame),
        }
        writing.over = true;
    }
}

fn is_busy(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
