//! What waits to be written to one connection.
//!
//! Two bounded queues. *Control* frames (answers, profile changes, notices) go first and are never
//! left out: when their queue is full the connection is closed as a slow reader. *Room* frames
//! (messages, online count) that find their queue full are left out for this connection alone,
//! counted, and announced to it with a `missed` frame once it has read what waited.

use axum::extract::ws::Utf8Bytes;
use chat_types::gateway::{ServerFrame, close};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::encode;
use crate::counters::{Counters, add};

/// A client that has this many unread answers is not reading.
const CONTROL_QUEUE: usize = 64;
/// Room frames a reader may be behind: about six seconds of the busiest room of the documentation
/// (40 messages a second).
pub(crate) const ROOM_QUEUE: usize = 256;

/// Why a connection is being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

/// The sending side: held by the connection and by every room it is in.
pub(crate) struct Outbox {
    control: mpsc::Sender<Utf8Bytes>,
    room: mpsc::Sender<Utf8Bytes>,
    missed: AtomicU32,
    closing: OnceLock<Closing>,
    closed: CancellationToken,
    counters: Arc<Counters>,
}

/// The reading side: held by the connection's writer.
pub(crate) struct OutboxReceivers {
    pub(crate) control: mpsc::Receiver<Utf8Bytes>,
    pub(crate) room: mpsc::Receiver<Utf8Bytes>,
}

pub(crate) fn outbox(counters: Arc<Counters>) -> (Arc<Outbox>, OutboxReceivers) {
    let (control, control_receiver) = mpsc::channel(CONTROL_QUEUE);
    let (room, room_receiver) = mpsc::channel(ROOM_QUEUE);
    let outbox = Outbox {
        control,
        room,
        missed: AtomicU32::new(0),
        closing: OnceLock::new(),
        closed: CancellationToken::new(),
        counters,
    };
    (Arc::new(outbox), OutboxReceivers { control: control_receiver, room: room_receiver })
}

impl Outbox {
    pub(crate) fn answer(&self, frame: &ServerFrame) {
        self.control_frame(encode(frame));
    }

    pub(crate) fn control_frame(&self, frame: Utf8Bytes) {
        match self.control.try_send(frame) {
            Ok(()) => add(&self.counters.frames_queued, 1),
            Err(mpsc::error::TrySendError::Full(_)) => self.close_slow_reader(),
            // The connection has ended already; its rooms are about to be told.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    pub(crate) fn room_frame(&self, frame: Utf8Bytes) {
        match self.room.try_send(frame) {
            Ok(()) => add(&self.counters.frames_queued, 1),
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
                add(&self.counters.frames_missed_slow_reader, 1);
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    /// For a frame that belongs behind the earlier ones of its room and may not be left out: when
    /// the queue is full it goes ahead of them rather than not at all.
    pub(crate) fn room_frame_for_sure(&self, frame: Utf8Bytes) {
        match self.room.try_send(frame) {
            Ok(()) => add(&self.counters.frames_queued, 1),
            Err(mpsc::error::TrySendError::Full(frame)) => self.control_frame(frame),
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    /// Room frames left out since this was asked last.
    pub(crate) fn take_missed(&self) -> u32 {
        self.missed.swap(0, Ordering::Relaxed)
    }

    /// Asks the connection to end. The first reason stands.
    pub(crate) fn close(&self, closing: Closing) {
        // A second reason is not an error: two sides may notice the end at the same time.
        let _ = self.closing.set(closing);
        self.closed.cancel();
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

    pub(crate) fn closed(&self) -> &CancellationToken {
        &self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_room_queue_leaves_frames_out_counts_them_and_closes_nothing() {
        let counters = Arc::new(Counters::default());
        let (outbox, mut receivers) = outbox(Arc::clone(&counters));
        for _ in 0..ROOM_QUEUE + 5 {
            outbox.room_frame("x".into());
        }
        assert_eq!(counters.read().frames_missed_slow_reader, 5);
        assert_eq!(outbox.take_missed(), 5, "the reader is told how many");
        assert_eq!(outbox.take_missed(), 0, "and told once");
        assert!(outbox.closing().is_none());
        let mut waiting = 0;
        while receivers.room.try_recv().is_ok() {
            waiting += 1;
        }
        assert_eq!(waiting, ROOM_QUEUE, "the oldest frames are the ones kept");
    }

    #[test]
    fn a_full_control_queue_closes_the_connection_because_answers_are_never_left_out() {
        let counters = Arc::new(Counters::default());
        let (outbox, _receivers) = outbox(Arc::clone(&counters));
        for _ in 0..CONTROL_QUEUE + 3 {
            outbox.control_frame("x".into());
        }
        assert_eq!(outbox.closing().map(|closing| closing.code), Some(close::SLOW_READER));
        assert_eq!(
            counters.read().connections_closed_slow_reader,
            1,
            "one connection, counted once"
        );
    }
}
