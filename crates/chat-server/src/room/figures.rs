//! What the room counts of its messages.

use chat_types::UserId;
use chat_types::gateway::{
    ClassFigures, MessageClass, RefusalCause, RoomFigures, ServerFrame, ShedCause,
};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{ConnectionId, Room, State, To};
use crate::message_counters::MessageCounters;

/// Totals since the room came into memory, and the counters of the whole service beside them.
#[derive(Debug)]
pub(super) struct Figures {
    of_room: BTreeMap<MessageClass, ClassFigures>,
    of_service: Arc<MessageCounters>,
}

impl Figures {
    pub(super) fn new(of_service: Arc<MessageCounters>) -> Self {
        Self { of_room: BTreeMap::new(), of_service }
    }

    pub(super) fn received(&mut self, class: MessageClass, by: u64) {
        self.of_room.entry(class).or_default().received += by;
        self.of_service.received(class, by);
    }

    pub(super) fn delivered(&mut self, class: MessageClass, by: u64) {
        self.of_room.entry(class).or_default().delivered += by;
        self.of_service.delivered(class, by);
    }

    pub(super) fn shed(&mut self, class: MessageClass, cause: ShedCause, by: u64) {
        *self.of_room.entry(class).or_default().shed.entry(cause).or_default() += by;
        self.of_service.shed(class, cause, by);
    }

    fn refused(&mut self, class: MessageClass, cause: RefusalCause) {
        *self.of_room.entry(class).or_default().refused.entry(cause).or_default() += 1;
        self.of_service.refused(class, cause);
    }
}

impl Room {
    /// Counts a message that was refused before it could wait for the room's choice.
    pub(crate) fn count_refused(&self, class: MessageClass, cause: RefusalCause) {
        let mut state = self.lock();
        state.figures.received(class, 1);
        state.figures.refused(class, cause);
    }

    /// Counts a message that the application's webhook has dropped.
    pub(crate) fn count_dropped(&self, class: MessageClass) {
        let mut state = self.lock();
        state.figures.received(class, 1);
        state.figures.shed(class, ShedCause::Webhook, 1);
    }

    /// Tells those of the accounts that are here what the room has done, unless they know.
    pub(crate) fn tell_figures(&self, hosts: &[UserId], budget_per_s: u32, now_ms: u64) {
        let mut state = self.lock();
        let here: HashSet<ConnectionId> = state.connections_of(hosts).into_iter().collect();
        if here.is_empty() {
            state.told_figures = None;
            return;
        }
        let figures = state.live_figures(budget_per_s, now_ms);
        // Somebody new among them has to be told, too.
        let told = (figures, here.len());
        if state.told_figures.as_ref() == Some(&told) {
            return;
        }
        let group_id = state.group.group_id.clone();
        let frame = ServerFrame::RoomFigures { group_id, figures: told.0.clone() };
        state.told_figures = Some(told);
        // A tip, of which the totals know only what slow readers missed: it tells of nobody.
        state.tip(&To::Connections(here), 1, &frame);
        drop(state);
        self.wake();
    }

    /// What the room has done with its messages.
    pub(crate) fn live_figures(&self, budget_per_s: u32, now_ms: u64) -> RoomFigures {
        self.lock().live_figures(budget_per_s, now_ms)
    }
}

impl State {
    pub(super) fn live_figures(&mut self, budget_per_s: u32, now_ms: u64) -> RoomFigures {
        let mut classes = self.figures.of_room.clone();
        for (class, waiting) in self.policy.waiting() {
            let missed_copies = self.source.missed.of(class);
            if missed_copies > 0 || waiting > 0 {
                let figures = classes.entry(class).or_default();
                (figures.missed_copies, figures.waiting) = (missed_copies, waiting as u64);
            }
        }
        RoomFigures {
            online: self.online(),
            connections: u32::try_from(self.members.len()).unwrap_or(u32::MAX),
            guests: self.guests,
            budget_per_s,
            received_per_s: self.policy.received_last_second(now_ms),
            delivered_per_s: self.policy.delivered_last_second(now_ms),
            tick_ms: self.tick_ms,
            classes,
        }
    }
}
