//! Which of the messages that want to go out may go now, when more is said in a room than its
//! budget takes. Pure: time and seed are passed in, and what waits may be anything.
//!
//! **Budget.** In no span of a second (half open) are more messages chosen than the budget that
//! holds at the choice. A log of the choices tells, exact to the millisecond, so a lower budget
//! holds at once. A budget of 0 is none: everything goes at once.
//!
//! **No delay.** A message goes in the turn of the millisecond in which it is offered if nothing
//! waits already and the messages of the last second, together with older ones that were chosen
//! within it, are no more than the budget. (A turn has to come before 512 messages, or 32 of one
//! sender and class, are offered.)
//!
//! **Rank.** A message is chosen only while nothing of a higher class waits. So nothing of a lower
//! class went out during the whole time that a message waited in vain, nor goes in the turn that
//! sheds it. And a class uses only what the higher ones leave: its choices and those of lower
//! classes in the last second stay below the budget less what was offered of higher classes in it,
//! so that these find room at once. High and Assured messages that are together no more than the
//! budget in any two seconds all go within one, whatever else is said.
//!
//! **Pace.** As long as more is offered of a class and those above it than the budget takes, its
//! messages go one by one, a slot of 1/budget seconds each, instead of all at the start of a second.
//! Other messages do not wait for slots, but use them up. A turn that comes late takes the slots that
//! have gone by; what the budget did not use in the last second may go at once.
//!
//! **Waiting.** A message waits 150 ms (Low), 400 ms (Normal), 1 s (High) or 5 s (Assured); then it
//! is shed, after the choices of that turn. A comment that comes later than that belongs to another
//! moment, while a gift is waited for. A second is enough for High, because after it all choices
//! that were made before the message came have left the budget.
//!
//! **Fairness.** Within a class it is the turn of the sender who was chosen least in the last ten
//! seconds; among equals the lot decides. Of one sender the oldest message goes first.
//!
//! **Order.** The messages of a turn go in the order in which they were offered. What a sender said
//! in a lower class before a chosen message, and what was not chosen with it, is shed: later it would
//! be out of order. It costs the others nothing, and a sender only what it overtook itself.
//!
//! **Bounds.** At most 512 messages wait. Above that, one of the lowest class gives way: the newest
//! one of the sender with most messages waiting there (among equals of who was chosen most, then by
//! lot), possibly the new one itself. Of one sender at most 32 messages of a class wait, Assured
//! ones excepted. Choices are remembered for fairness for ten seconds, 4096 of them at most, and what
//! happened in a second has at most a thousand entries, so a flood takes some hundreds of KiB. A
//! turn or an offer that comes ten seconds later gives them back; a policy at rest has about 1 KiB.

mod last_second;
mod pace;
mod pool;
#[cfg(test)]
mod tests;

use chat_types::gateway::{MessageClass, ShedCause};
use last_second::{CLASSES, LastSecond, first_ms};
use pace::Pace;
use pool::{Pool, Taken};

/// How long messages wait, by class, in milliseconds. Tips are never offered.
const WAITING_MS: [u64; CLASSES] = [150, 150, 400, 1_000, 5_000];
const HIGHEST: usize = CLASSES - 1;

pub(crate) struct Policy<T> {
    pool: Pool<T>,
    offered: LastSecond,
    chosen: LastSecond,
    pace: Pace,
    /// The budget of the last turn.
    budget_per_s: u32,
}

/// A message that goes to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shed<T> {
    pub(crate) class: MessageClass,
    pub(crate) cause: ShedCause,
    pub(crate) item: T,
}

/// A message that goes to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen<T> {
    pub(crate) class: MessageClass,
    pub(crate) item: T,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection<T> {
    /// In the order in which they go out.
    pub(crate) chosen: Vec<Chosen<T>>,
    pub(crate) shed: Vec<Shed<T>>,
    /// Before this moment a turn with the same budget chooses and sheds nothing, if nothing is
    /// offered. `None` when nothing waits.
    pub(crate) again_at_ms: Option<u64>,
}

impl<T> Policy<T> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            pool: Pool::new(seed),
            offered: LastSecond::default(),
            chosen: LastSecond::default(),
            pace: Pace::default(),
            budget_per_s: 0,
        }
    }

    /// Puts a message among the waiting. Returns the one that gives way for it, which may be the new
    /// one itself. `now_ms` never goes back.
    pub(crate) fn offer(
        &mut self,
        sender: &str,
        class: MessageClass,
        item: T,
        now_ms: u64,
    ) -> Option<Shed<T>> {
        let class = class as usize;
        self.offered.forget(now_ms);
        self.offered.add(class, now_ms);
        self.pool.forget(now_ms);
        self.pool.add(sender, class, item, now_ms).map(|taken| shed(taken, ShedCause::Crowded))
    }

    /// What may go now, and what has waited too long.
    pub(crate) fn select(&mut self, budget_per_s: u32, now_ms: u64) -> Selection<T> {
        self.offered.forget(now_ms);
        self.chosen.forget(now_ms);
        self.pool.forget(now_ms);
        if self.budget_per_s != budget_per_s {
            self.budget_per_s = budget_per_s;
            self.pace = Pace::default();
        }
        if budget_per_s == 0 {
            let all = self.pool.take_all();
            for message in &all {
                self.chosen.add(message.class, now_ms);
            }
            return Selection { chosen: go(all), shed: Vec::new(), again_at_ms: None };
        }

        let chosen = self.choose(budget_per_s, now_ms);
        let mut late = Vec::new();
        for message in &chosen {
            self.pool.take_overtaken(message, &mut late);
        }
        self.take_late(now_ms, &mut late);
        if let Some(highest) = self.pool.highest() {
            self.pace.hold_until(self.room_at_ms(highest, budget_per_s, now_ms));
        }
        Selection {
            chosen: go(chosen),
            shed: late.into_iter().map(|taken| shed(taken, ShedCause::Budget)).collect(),
            again_at_ms: self.again_at_ms(budget_per_s, now_ms),
        }
    }

    /// What has waited too long, at a time when nothing can be chosen, whatever the budget is.
    pub(crate) fn expire(&mut self, now_ms: u64) -> Vec<Shed<T>> {
        let mut late = Vec::new();
        self.take_late(now_ms, &mut late);
        late.into_iter().map(|taken| shed(taken, ShedCause::Crowded)).collect()
    }

    /// When the first of those that wait has waited too long. `None` when nothing waits.
    pub(crate) fn expires_at_ms(&self) -> Option<u64> {
        let oldest = |class| self.pool.oldest_ms(class).map(|ms| ms + WAITING_MS[class]);
        (0..CLASSES).filter_map(oldest).min()
    }

    /// Whether more was said in the last second than the budget takes, or something of an earlier
    /// moment still waits for it. Tips stay away then.
    pub(crate) fn is_overloaded(&self, budget_per_s: u32, now_ms: u64) -> bool {
        budget_per_s != 0
            && (self.received_last_second(now_ms) > budget_per_s
                || (0..CLASSES)
                    .any(|class| self.pool.oldest_ms(class).is_some_and(|ms| ms < now_ms)))
    }

    pub(crate) fn received_last_second(&self, now_ms: u64) -> u32 {
        u32::try_from(self.offered.count(0..=HIGHEST, now_ms)).unwrap_or(u32::MAX)
    }

    pub(crate) fn delivered_last_second(&self, now_ms: u64) -> u32 {
        u32::try_from(self.chosen.count(0..=HIGHEST, now_ms)).unwrap_or(u32::MAX)
    }

    /// How many messages of each class wait.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (MessageClass, usize)> {
        MessageClass::ALL.into_iter().map(|class| (class, self.pool.waiting(class as usize)))
    }

    /// Takes out everything that waits, in the order in which it was offered.
    pub(crate) fn drain(&mut self) -> Vec<(MessageClass, T)> {
        self.pool.take_all().into_iter().map(|taken| (rank(taken.class), taken.item)).collect()
    }

    fn take_late(&mut self, now_ms: u64, late: &mut Vec<Taken<T>>) {
        for (class, waiting_ms) in WAITING_MS.iter().enumerate() {
            if let Some(offered_ms) = now_ms.checked_sub(*waiting_ms) {
                self.pool.take_until(class, offered_ms, late);
            }
        }
    }

    /// In the order in which they were offered.
    fn choose(&mut self, budget_per_s: u32, now_ms: u64) -> Vec<Taken<T>> {
        let mut chosen = Vec::new();
        while let Some(class) = self.pool.highest()
            && self.has_room(class, budget_per_s, now_ms)
            && (self.pace.next_ms() <= now_ms || !self.is_paced(class, budget_per_s, now_ms))
            && let Some(message) = self.pool.choose(class, now_ms)
        {
            self.chosen.add(class, now_ms);
            self.pace.use_slot(budget_per_s, now_ms);
            chosen.push(message);
        }
        chosen.sort_unstable_by_key(|message| message.number);
        chosen
    }

    /// Whether the budget and the higher classes leave room for this one.
    fn has_room(&self, class: usize, budget_per_s: u32, at_ms: u64) -> bool {
        let budget = u64::from(budget_per_s);
        let above = self.offered.count(class + 1..=HIGHEST, at_ms);
        self.chosen.count(0..=HIGHEST, at_ms) < budget
            && self.chosen.count(0..=class, at_ms) + above < budget
    }

    fn is_paced(&self, class: usize, budget_per_s: u32, at_ms: u64) -> bool {
        self.offered.count(class..=HIGHEST, at_ms) > u64::from(budget_per_s)
    }

    fn room_at_ms(&self, class: usize, budget_per_s: u32, now_ms: u64) -> u64 {
        first_ms(now_ms, |at_ms| self.has_room(class, budget_per_s, at_ms))
    }

    fn again_at_ms(&self, budget_per_s: u32, now_ms: u64) -> Option<u64> {
        let highest = self.pool.highest()?;
        let room_ms = self.room_at_ms(highest, budget_per_s, now_ms);
        let slot_ms = self
            .pace
            .next_ms()
            .min(first_ms(now_ms, |at_ms| !self.is_paced(highest, budget_per_s, at_ms)));
        let over_ms = self.expires_at_ms();
        // When the last message of a class has just been shed, the next class has its turn later.
        over_ms.into_iter().chain([room_ms.max(slot_ms)]).min().map(|at_ms| at_ms.max(now_ms + 1))
    }
}

/// Room that a container may keep, in entries, when it has this many.
const fn spare(entries: usize) -> usize {
    entries * 4 + 64
}

fn go<T>(messages: Vec<Taken<T>>) -> Vec<Chosen<T>> {
    messages
        .into_iter()
        .map(|taken| Chosen { class: rank(taken.class), item: taken.item })
        .collect()
}

fn shed<T>(taken: Taken<T>, cause: ShedCause) -> Shed<T> {
    Shed { class: rank(taken.class), cause, item: taken.item }
}

fn rank(class: usize) -> MessageClass {
    MessageClass::ALL[class]
}
