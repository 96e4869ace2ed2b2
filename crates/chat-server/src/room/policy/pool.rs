//! The messages that wait, and whose turn it is among their senders.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::last_second::CLASSES;

/// Messages that wait at most, of all classes together.
pub(super) const POOL: usize = 512;
/// Messages of one class that wait at most of one sender. Assured ones come from few accounts, and
/// all of them from the application's own server: only the pool bounds them.
pub(super) const OF_SENDER: [usize; CLASSES] = [32, 32, 32, 32, POOL];
/// How far back it counts who was chosen how often.
pub(super) const FAIRNESS_MS: u64 = 10_000;
/// Choices that are remembered for it at most: all of them up to a budget of 400 a second, the
/// newest ones above.
const REMEMBERED: usize = 4_096;

/// Number of a sender, never used again for another one.
type SenderNo = u64;

pub(super) struct Waiting<T> {
    pub(super) sender: SenderNo,
    pub(super) offered_ms: u64,
    pub(super) item: T,
}

/// A message that has left the pool.
pub(super) struct Taken<T> {
    pub(super) class: usize,
    /// Rises with every message that is offered.
    pub(super) number: u64,
    pub(super) sender: SenderNo,
    pub(super) item: T,
}

struct Sender {
    name: Arc<str>,
    shares: [Share; CLASSES],
}

/// What a sender has of one class.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    waiting: u16,
    chosen: u16,
    /// Decides among equals. Drawn when the sender begins to wait and after each choice, so it does
    /// not depend on how often the pool is looked at.
    lot: u32,
}

impl Share {
    const fn turn(self, sender: SenderNo) -> (u16, u32, SenderNo) {
        (self.chosen, self.lot, sender)
    }

    const fn crowding(self, sender: SenderNo) -> (u16, u16, u32, SenderNo) {
        (self.waiting, self.chosen, self.lot, sender)
    }
}

pub(super) struct Pool<T> {
    offered: u64,
    /// By number, so the oldest of each class first.
    waiting: [BTreeMap<u64, Waiting<T>>; CLASSES],
    of_sender: BTreeSet<(SenderNo, usize, u64)>,
    /// Senders with waiting messages of the class: who comes next.
    turns: [BTreeSet<(u16, u32, SenderNo)>; CLASSES],
    /// The same senders: who gives way is last.
    crowding: [BTreeSet<(u16, u16, u32, SenderNo)>; CLASSES],
    /// Those who wait or are remembered.
    senders: HashMap<SenderNo, Sender>,
    numbers: HashMap<Arc<str>, SenderNo>,
    newest_sender: SenderNo,
    /// Choices of the last ten seconds, the oldest first.
    remembered: VecDeque<(u64, SenderNo, usize)>,
    rng: SmallRng,
}

impl<T> Pool<T> {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            offered: 0,
            waiting: Default::default(),
            of_sender: BTreeSet::new(),
            turns: Default::default(),
            crowding: Default::default(),
            senders: HashMap::new(),
            numbers: HashMap::new(),
            newest_sender: 0,
            remembered: VecDeque::new(),
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    pub(super) fn waiting(&self, class: usize) -> usize {
        self.waiting[class].len()
    }

    /// The highest class of which something waits.
    pub(super) fn highest(&self) -> Option<usize> {
        (0..CLASSES).rev().find(|&class| !self.waiting[class].is_empty())
    }

    /// When the message of this class was offered that has waited longest.
    pub(super) fn oldest_ms(&self, class: usize) -> Option<u64> {
        self.waiting[class].first_key_value().map(|(_, waiting)| waiting.offered_ms)
    }

    /// Adds a message and returns the one that gives way for it, possibly itself.
    pub(super) fn add(
        &mut self,
        sender: &str,
        class: usize,
        item: T,
        now_ms: u64,
    ) -> Option<Taken<T>> {
        let sender = self.number_of(sender);
        self.offered += 1;
        let number = self.offered;
        let held = self.senders.get(&sender).map_or(0, |sender| sender.shares[class].waiting);
        if usize::from(held) >= OF_SENDER[class] {
            return Some(Taken { class, number, sender, item });
        }
        let lot = (held == 0).then(|| self.rng.random());
        self.waiting[class].insert(number, Waiting { sender, offered_ms: now_ms, item });
        self.of_sender.insert((sender, class, number));
        self.change(sender, class, |share| {
            share.waiting += 1;
            share.lot = lot.unwrap_or(share.lot);
        });
        if self.waiting.iter().map(BTreeMap::len).sum::<usize>() <= POOL {
            return None;
        }
        let lowest = (0..CLASSES).find(|&class| !self.waiting[class].is_empty())?;
        let &(.., crowding) = self.crowding[lowest].last()?;
        let newest = self.of_sender.range(all_of(crowding, lowest)).next_back()?.2;
        self.remove(lowest, newest)
    }

    /// Takes the message of this class whose turn it is.
    pub(super) fn choose(&mut self, class: usize, now_ms: u64) -> Option<Taken<T>> {
        let &(.., sender) = self.turns[class].first()?;
        let number = self.of_sender.range(all_of(sender, class)).next()?.2;
        let lot = self.rng.random();
        self.of_sender.remove(&(sender, class, number));
        let waiting = self.waiting[class].remove(&number)?;
        self.remembered.push_back((now_ms, sender, class));
        self.change(sender, class, |share| {
            share.waiting = share.waiting.saturating_sub(1);
            share.chosen = share.chosen.saturating_add(1);
            share.lot = lot;
        });
        if self.remembered.len() > REMEMBERED {
            self.forget_oldest();
        }
        Some(Taken { class, number, sender, item: waiting.item })
    }

    /// Takes what was offered up to `offered_ms` from this class.
    pub(super) fn take_until(&mut self, class: usize, offered_ms: u64, into: &mut Vec<Taken<T>>) {
        while let Some((&number, waiting)) = self.waiting[class].first_key_value()
            && waiting.offered_ms <= offered_ms
        {
            into.extend(self.remove(class, number));
        }
    }

    /// Takes what the sender of a message said before it in lower classes.
    pub(super) fn take_overtaken(&mut self, by: &Taken<T>, into: &mut Vec<Taken<T>>) {
        for class in 0..by.class {
            let before = (by.sender, class, 0)..(by.sender, class, by.number);
            while let Some(&(.., number)) = self.of_sender.range(before.clone()).next() {
                into.extend(self.remove(class, number));
            }
        }
    }

    /// Takes everything, in the order in which it was offered.
    pub(super) fn take_all(&mut self) -> Vec<Taken<T>> {
        let mut taken = Vec::new();
        for class in 0..CLASSES {
            self.take_until(class, u64::MAX, &mut taken);
        }
        taken.sort_unstable_by_key(|message| message.number);
        taken
    }

    /// Forgets choices that are too old to count, and gives back the memory that a flood has left.
    pub(super) fn forget(&mut self, now_ms: u64) {
        while let Some((chosen_ms, ..)) = self.remembered.front()
            && chosen_ms + FAIRNESS_MS <= now_ms
        {
            self.forget_oldest();
        }
        let (senders, remembered) = (self.senders.len(), self.remembered.len());
        if self.senders.capacity() > super::spare(senders) {
            self.senders.shrink_to(senders * 2);
        }
        if self.numbers.capacity() > super::spare(senders) {
            self.numbers.shrink_to(senders * 2);
        }
        if self.remembered.capacity() > super::spare(remembered) {
            self.remembered.shrink_to(remembered * 2);
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, sender, class)) = self.remembered.pop_front() {
            self.change(sender, class, |share| share.chosen = share.chosen.saturating_sub(1));
        }
    }

    fn number_of(&mut self, sender: &str) -> SenderNo {
        if let Some(&number) = self.numbers.get(sender) {
            return number;
        }
        self.newest_sender += 1;
        let name: Arc<str> = Arc::from(sender);
        self.numbers.insert(Arc::clone(&name), self.newest_sender);
        self.senders.insert(self.newest_sender, Sender { name, shares: Default::default() });
        self.newest_sender
    }

    fn remove(&mut self, class: usize, number: u64) -> Option<Taken<T>> {
        let waiting = self.waiting[class].remove(&number)?;
        let sender = waiting.sender;
        self.of_sender.remove(&(sender, class, number));
        self.change(sender, class, |share| share.waiting = share.waiting.saturating_sub(1));
        Some(Taken { class, number, sender, item: waiting.item })
    }

    /// Changes what a sender has of a class, and with it its place in the orders.
    fn change(&mut self, number: SenderNo, class: usize, change: impl FnOnce(&mut Share)) {
        let Some(sender) = self.senders.get_mut(&number) else {
            return;
        };
        let old = sender.shares[class];
        change(&mut sender.shares[class]);
        let new = sender.shares[class];
        if new.waiting == 0 && sender.shares.iter().all(|s| s.waiting == 0 && s.chosen == 0) {
            self.numbers.remove(&sender.name);
            self.senders.remove(&number);
        }
        if old.waiting > 0 {
            self.crowding[class].remove(&old.crowding(number));
        }
        if new.waiting > 0 {
            self.crowding[class].insert(new.crowding(number));
        }
        let stays = old.waiting > 0 && new.waiting > 0 && old.turn(number) == new.turn(number);
        if old.waiting > 0 && !stays {
            self.turns[class].remove(&old.turn(number));
        }
        if new.waiting > 0 && !stays {
            self.turns[class].insert(new.turn(number));
        }
    }

    #[cfg(test)]
    pub(super) fn room_for(&self) -> usize {
        self.senders.capacity()
            + self.numbers.capacity()
            + self.remembered.capacity()
            + self.of_sender.len()
            + self.turns.iter().map(BTreeSet::len).sum::<usize>()
            + self.crowding.iter().map(BTreeSet::len).sum::<usize>()
            + self.waiting.iter().map(BTreeMap::len).sum::<usize>()
    }
}

fn all_of(sender: SenderNo, class: usize) -> std::ops::RangeInclusive<(SenderNo, usize, u64)> {
    (sender, class, 0)..=(sender, class, u64::MAX)
}
