//! What the subscriber is told, and when: news and comments wait here until the next batch.

use std::time::Duration;
use tokio::sync::mpsc;

use super::BATCHES;
use live_core::batch::{Batch, Danmaku};
use live_core::danmaku_queue::DanmakuQueue;
use live_core::room::{Change, Room};
use live_core::view::{DanmakuCounters, RoomEvent, SessionView};

/// Counters change with every comment; a person reads them once a second.
const COUNTERS_EVERY: Duration = Duration::from_secs(1);

/// The way to the one subscriber. While there is none nothing is kept: the next subscriber gets
/// everything anyhow, but no old comments.
pub(crate) struct News {
    pub(crate) danmaku: DanmakuQueue,
    batch: Batch,
    subscriber: Option<mpsc::Sender<Vec<RoomEvent>>>,
    flush_every: Duration,
    flushed_at: Duration,
    told_counters: DanmakuCounters,
    counters_told_at: Duration,
}

impl News {
    pub(crate) fn new(flush_every: Duration) -> Self {
        Self {
            danmaku: DanmakuQueue::default(),
            batch: Batch::default(),
            subscriber: None,
            flush_every,
            flushed_at: Duration::ZERO,
            told_counters: DanmakuCounters::default(),
            counters_told_at: Duration::ZERO,
        }
    }

    /// A new subscriber takes the place of the old one. Its first batch is in the channel.
    pub(crate) fn subscribe(
        &mut self,
        session: SessionView,
        room: &Room,
        now: Duration,
    ) -> mpsc::Receiver<Vec<RoomEvent>> {
        let (sender, receiver) = mpsc::channel(BATCHES);
        self.subscriber = Some(sender);
        self.danmaku.renderer_changed();
        let counters = self.danmaku.counters();
        self.batch.snapshot(session, room.snapshot(now), counters);
        if room.is_dismissed() {
            self.batch.dismissed(room.group_id().to_owned());
        }
        self.flush(room, now);
        receiver
    }

    pub(crate) fn session(&mut self, session: SessionView) {
        if self.subscriber.is_some() {
            self.batch.session(session);
        }
    }

    /// Takes what belongs to no room.
    pub(crate) fn note(&mut self, note: impl FnOnce(&mut Batch)) {
        if self.subscriber.is_some() {
            note(&mut self.batch);
        }
    }

    /// Takes what became different in the room.
    pub(crate) fn tell(&mut self, change: Change, room: &Room, now: Duration) {
        if self.subscriber.is_none() {
            return;
        }
        match change {
            Change::Comment(comment) => self.danmaku.admit(comment, now),
            Change::Profile(profile) => self.batch.room(profile),
            Change::Dismissed => self.batch.dismissed(room.group_id().to_owned()),
            Change::Online(count) => self.batch.online(count),
            Change::Product(product) => self.batch.product(product),
            Change::LiveStatus(status) => self.batch.live_status(status),
            Change::Likes(likes, burst) => self.batch.likes(likes, burst),
            Change::GiftBanners(banners) => self.batch.gift_banners(banners),
            Change::GiftTotals(totals) => self.batch.gift_totals(totals),
            Change::Draws(draws) => self.batch.draws(draws),
            Change::Broadcasts(broadcasts) => self.batch.broadcasts(broadcasts),
            Change::Row(row) => self.batch.row(row),
            Change::Inserted(row, before) => self.batch.inserted(row, before),
            Change::Removed(keys) => self.batch.removed(keys),
            Change::Landed(keys) => self.danmaku.recall(&keys),
            Change::Speech(speech) => self.batch.speech(speech),
            Change::Missed(count) => self.batch.missed(count),
            Change::Passers(passers) => self.batch.passers(passers),
            Change::Attributes(attributes) => self.batch.attributes(attributes),
            Change::Counters(counters) => self.batch.group_counters(counters),
            // For the gateway, not for the subscriber.
            Change::Send(_) | Change::Knock => {}
        }
    }

    /// When [`News::flush`] has something to say; `None` when there is nothing.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.subscriber.as_ref()?;
        let next = self.flushed_at + self.flush_every;
        if self.batch.has_news() || self.danmaku.has_news() {
            return Some(next);
        }
        let counted = self.danmaku.counters() != self.told_counters;
        counted.then(|| next.max(self.counters_told_at + COUNTERS_EVERY))
    }

    /// Tells the subscriber everything that waits, if it has room for it.
    pub(crate) fn flush(&mut self, room: &Room, now: Duration) {
        self.flushed_at = now;
        if self.subscriber.as_ref().is_some_and(mpsc::Sender::is_closed) {
            self.subscriber = None;
        }
        let Some(permit) = self.subscriber.as_ref().and_then(|to| to.try_reserve().ok()) else {
            return;
        };
        let (enter, folded) = self.danmaku.drain(now);
        let danmaku = Danmaku { enter, folded, leave: self.danmaku.take_leaving() };
        let counters = self.danmaku.counters();
        if counters != self.told_counters && now >= self.counters_told_at + COUNTERS_EVERY {
            self.told_counters = counters;
            self.counters_told_at = now;
            self.batch.counters(counters);
        }
        let events = self.batch.take(room.log(), danmaku);
        if !events.is_empty() {
            permit.send(events);
        }
    }

    /// Notifications that were dropped because the subscriber had not read for long.
    pub(crate) fn dropped_notifications(&self) -> u64 {
        self.batch.dropped_notifications()
    }

    /// Times that the whole chat was given anew because the subscriber had not read for long.
    pub(crate) fn resets(&self) -> u64 {
        self.batch.resets()
    }
}
