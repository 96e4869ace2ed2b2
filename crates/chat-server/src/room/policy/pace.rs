//! The rhythm of a room whose budget is not enough: its slots spread evenly over the second.

const SECOND_US: u64 = 1_000_000;
/// How much of its time a slot that could not be used keeps. It makes up for turns that are late by
/// less; more would repeat one late turn in every second that follows, as a gap and a burst.
const KEPT_US: u64 = 50_000;

/// When the next slot begins.
#[derive(Default)]
pub(super) struct Pace {
    next_us: u64,
}

impl Pace {
    /// The first millisecond in which the next slot has begun.
    pub(super) fn next_ms(&self) -> u64 {
        self.next_us.div_ceil(1_000)
    }

    /// A slot is used, also by a message that did not have to wait for it. Slots that nobody wanted
    /// are saved up, but no more than those of one second.
    pub(super) fn use_slot(&mut self, budget_per_s: u32, now_ms: u64) {
        let oldest_us = now_ms.saturating_mul(1_000).saturating_sub(SECOND_US);
        let slot_us = SECOND_US / u64::from(budget_per_s.max(1));
        self.next_us = self.next_us.max(oldest_us).saturating_add(slot_us);
    }

    /// Somebody waits, and may not go before `free_ms`, slot or no slot: the slots before are lost.
    pub(super) fn hold_until(&mut self, free_ms: u64) {
        self.next_us = self.next_us.max(free_ms.saturating_mul(1_000).saturating_sub(KEPT_US));
    }
}
