//! What a subscriber is told, and when: events and comments wait here until it asks for the next
//! batch. Nothing is made for a subscriber that does not ask.

use std::time::Duration;

use crate::batch::{Batch, Interest};
use crate::danmaku_queue::{Comment, DanmakuQueue};
use crate::room::Room;
use crate::view::{DanmakuCounters, RoomEvent, RoomEventKind, SessionView};

/// Counters change with every comment; a person reads them once a second.
const COUNTERS_EVERY: Duration = Duration::from_secs(1);

/// The news of one room for one subscriber.
#[derive(Debug)]
pub struct News {
    danmaku: DanmakuQueue,
    batch: Batch,
    every: Duration,
    /// No batch before this.
    next_at: Duration,
    told_counters: DanmakuCounters,
    counters_told_at: Duration,
}

impl News {
    /// The first batch is everything there is to know of the kinds that the subscriber reads, and
    /// may be taken at once. `every` is the least time between two batches.
    pub fn new(
        interest: Interest,
        session: SessionView,
        room: &Room,
        now: Duration,
        every: Duration,
    ) -> Self {
        let mut batch = Batch::new(interest);
        batch.push(RoomEvent::Session { session });
        room.snapshot(now).into_iter().for_each(|event| batch.push(event));
        let told_counters = DanmakuCounters::default();
        batch.push(RoomEvent::DanmakuCounters { counters: told_counters });
        let danmaku = DanmakuQueue::default();
        Self {
            danmaku,
            batch,
            every,
            next_at: now,
            told_counters,
            counters_told_at: Duration::ZERO,
        }
    }

    pub fn tell(&mut self, event: RoomEvent) {
        self.batch.push(event);
    }

    /// A comment may fly, if the subscriber shows any.
    pub fn fly(&mut self, comment: Comment, now: Duration) {
        if self.batch.interest().has(RoomEventKind::Danmaku) {
            self.danmaku.admit(comment, now);
        }
    }

    pub fn danmaku(&self) -> &DanmakuQueue {
        &self.danmaku
    }

    pub fn danmaku_mut(&mut self) -> &mut DanmakuQueue {
        &mut self.danmaku
    }

    /// From when on [`News::take`] has something; `None` when there is nothing.
    pub fn due(&self) -> Option<Duration> {
        if self.batch.has_news() || self.danmaku.has_news() {
            return Some(self.next_at);
        }
        let counted = self.danmaku.counters() != self.told_counters;
        counted.then(|| self.next_at.max(self.counters_told_at + COUNTERS_EVERY))
    }

    /// Everything that waits.
    pub fn take(&mut self, room: &Room, now: Duration) -> Vec<RoomEvent> {
        self.next_at = now + self.every;
        let (enter, folded) = self.danmaku.drain(now);
        let leave = self.danmaku.take_leaving();
        if !(enter.is_empty() && folded.is_empty() && leave.is_empty()) {
            self.batch.push(RoomEvent::Danmaku { enter, folded, leave });
        }
        let counters = self.danmaku.counters();
        if counters != self.told_counters && now >= self.counters_told_at + COUNTERS_EVERY {
            self.told_counters = counters;
            self.counters_told_at = now;
            self.batch.push(RoomEvent::DanmakuCounters { counters });
        }
        // What is left of a wait is a duration; it was told for an earlier moment.
        if self.batch.has_waiting(RoomEventKind::Speech) {
            self.batch.push(room.speech_event(now));
        }
        self.batch.take(room.log())
    }

    /// Notifications that were dropped because the subscriber had not read for long.
    pub fn dropped_notifications(&self) -> u64 {
        self.batch.dropped_notifications()
    }

    /// Times that the whole chat was given anew because the subscriber had not read for long.
    pub fn resets(&self) -> u64 {
        self.batch.resets()
    }
}
