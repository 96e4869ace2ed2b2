//! What the service counts.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections_opened: AtomicU64,
    pub(crate) messages_accepted: AtomicU64,
    pub(crate) messages_repeated: AtomicU64,
    pub(crate) frames_queued: AtomicU64,
    /// Room frames that a full connection queue did not take.
    pub(crate) frames_missed_slow_reader: AtomicU64,
    /// Connections ended because the reader made no progress.
    pub(crate) connections_closed_slow_reader: AtomicU64,
    pub(crate) connections_closed_silent: AtomicU64,
    pub(crate) frames_malformed: AtomicU64,
}

/// The counters at one moment, since the service started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub connections_opened: u64,
    pub messages_accepted: u64,
    pub messages_repeated: u64,
    pub frames_queued: u64,
    pub frames_missed_slow_reader: u64,
    pub connections_closed_slow_reader: u64,
    pub connections_closed_silent: u64,
    pub frames_malformed: u64,
}

pub(crate) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections_opened: get(&self.connections_opened),
            messages_accepted: get(&self.messages_accepted),
            messages_repeated: get(&self.messages_repeated),
            frames_queued: get(&self.frames_queued),
            frames_missed_slow_reader: get(&self.frames_missed_slow_reader),
            connections_closed_slow_reader: get(&self.connections_closed_slow_reader),
            connections_closed_silent: get(&self.connections_closed_silent),
            frames_malformed: get(&self.frames_malformed),
        }
    }
}
