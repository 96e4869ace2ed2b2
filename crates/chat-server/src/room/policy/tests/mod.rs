//! Generated traffic, played to a policy, and what came of it.

mod bounds;
mod fairness;
mod rules;

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Something that happens in a room.
#[derive(Debug, Clone, Copy)]
struct Step {
    after_ms: u64,
    sender: u8,
    class: MessageClass,
    /// The budget is changed to this before the message comes.
    budget: Option<u32>,
    /// Whether a late room looks at the policy after this.
    looks: bool,
}

/// When a room asks for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Driving {
    /// After the offers of a millisecond, and when the policy has said.
    Prompt,
    /// After the offers of a millisecond, and in every millisecond between.
    Busy,
    /// Now and then.
    Late,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Chosen,
    Budget,
    Crowded,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    sender: u8,
    class: MessageClass,
    offered_ms: u64,
    /// Turns that came before the offer.
    turns_before: usize,
    end: Option<(End, u64)>,
    /// Turns that came before the end, the one that brought it not counted.
    turns_until: usize,
}

struct Look {
    at_ms: u64,
    budget: u32,
    /// What waited when it began, by number.
    waiting: BTreeSet<usize>,
    chosen: Vec<usize>,
    shed: Vec<usize>,
}

struct Crowding {
    shed: usize,
    /// What waited, with the new one.
    waiting: BTreeSet<usize>,
}

/// A room, and what it has seen.
struct Played {
    policy: Policy<usize>,
    now_ms: u64,
    budget: u32,
    again_at_ms: Option<u64>,
    waiting: BTreeSet<usize>,
    /// Whether it writes down what waited, and counts it, each time.
    thorough: bool,
    messages: Vec<Told>,
    turns: Vec<Look>,
    crowdings: Vec<Crowding>,
}

impl Played {
    fn new(budget: u32) -> Self {
        Self {
            policy: Policy::new(7),
            now_ms: 1_000_000,
            budget,
            again_at_ms: None,
            waiting: BTreeSet::new(),
            thorough: false,
            messages: Vec::new(),
            turns: Vec::new(),
            crowdings: Vec::new(),
        }
    }

    fn play(budget: u32, steps: &[Step], driving: Driving) -> Self {
        let mut room = Self { thorough: true, ..Self::new(budget) };
        for (index, step) in steps.iter().enumerate() {
            room.pass(room.now_ms + step.after_ms, driving);
            if let Some(budget) = step.budget {
                room.budget = budget;
                if driving != Driving::Late {
                    room.select();
                }
            }
            room.offer(step.sender, step.class);
            let more = steps.get(index + 1).is_some_and(|next| next.after_ms == 0);
            if if driving == Driving::Late { step.looks } else { !more } {
                room.select();
            }
        }
        room.pass(room.now_ms + 6_000, driving);
        room.select();
        room
    }

    fn pass(&mut self, until_ms: u64, driving: Driving) {
        while driving != Driving::Late && self.now_ms < until_ms {
            let next_ms = match driving {
                Driving::Busy => Some(self.now_ms + 1),
                _ => self.again_at_ms,
            };
            match next_ms {
                Some(next_ms) if next_ms <= until_ms => self.now_ms = next_ms,
                _ => break,
            }
            self.select();
            let seen = self.turns.last().unwrap();
            assert!(
                driving == Driving::Busy || !seen.chosen.is_empty() || !seen.shed.is_empty(),
                "a turn for nothing at {}",
                self.now_ms
            );
        }
        self.now_ms = until_ms;
    }

    fn offer(&mut self, sender: u8, class: MessageClass) {
        let number = self.messages.len();
        let turns_before = self.turns.len();
        let offered_ms = self.now_ms;
        self.messages.push(Told {
            sender,
            class,
            offered_ms,
            turns_before,
            end: None,
            turns_until: 0,
        });
        self.waiting.insert(number);
        let shed = self.policy.offer(&sender.to_string(), class, number, self.now_ms);
        if let Some(shed) = shed {
            assert_eq!(shed.cause, ShedCause::Crowded);
            let waiting = self.waiting.clone();
            self.end(shed.item, shed.class, End::Crowded);
            self.crowdings.push(Crowding { shed: shed.item, waiting });
        }
        assert_eq!(self.policy.waiting().map(|(_, n)| n).sum::<usize>(), self.waiting.len());
    }

    fn select(&mut self) {
        let waiting = if self.thorough { self.waiting.clone() } else { BTreeSet::new() };
        let turn = self.policy.select(self.budget, self.now_ms);
        for chosen in &turn.chosen {
            self.end(chosen.item, chosen.class, End::Chosen);
        }
        for shed in &turn.shed {
            assert_eq!(shed.cause, ShedCause::Budget);
            self.end(shed.item, shed.class, End::Budget);
        }
        assert_eq!(turn.again_at_ms.is_none(), self.waiting.is_empty());
        assert!(turn.again_at_ms.is_none_or(|at_ms| at_ms > self.now_ms));
        self.again_at_ms = turn.again_at_ms;
        self.turns.push(Look {
            at_ms: self.now_ms,
            budget: self.budget,
            waiting,
            chosen: turn.chosen.into_iter().map(|chosen| chosen.item).collect(),
            shed: turn.shed.into_iter().map(|shed| shed.item).collect(),
        });
        self.counts_are_true();
    }

    fn end(&mut self, number: usize, class: MessageClass, end: End) {
        assert!(self.waiting.remove(&number), "message {number} came out twice");
        assert_eq!(self.messages[number].class, class);
        self.messages[number].end = Some((end, self.now_ms));
        self.messages[number].turns_until = self.turns.len();
    }

    /// Conservation: what has not come out is what waits, class by class.
    fn counts_are_true(&self) {
        if !self.thorough {
            return;
        }
        for (class, waiting) in self.policy.waiting() {
            let still = self.waiting.iter().filter(|&&n| self.messages[n].class == class).count();
            assert_eq!(waiting, still, "{class:?}");
        }
    }

    /// Times and numbers of the chosen messages, in the order of the choices.
    fn choices(&self) -> impl Iterator<Item = (u64, usize)> {
        self.turns.iter().flat_map(|turn| turn.chosen.iter().map(|&number| (turn.at_ms, number)))
    }

    fn chosen_within(&self, after_ms: u64, until_ms: u64) -> impl Iterator<Item = &Told> {
        self.choices()
            .filter(move |(at_ms, _)| (after_ms + 1..=until_ms).contains(at_ms))
            .map(|(_, number)| &self.messages[number])
    }

    fn offered_within(&self, after_ms: u64, until_ms: u64) -> impl Iterator<Item = &Told> {
        self.messages.iter().filter(move |m| (after_ms + 1..=until_ms).contains(&m.offered_ms))
    }

    fn chosen(&self, number: usize) -> bool {
        matches!(self.messages[number].end, Some((End::Chosen, _)))
    }
}

fn class() -> impl Strategy<Value = MessageClass> {
    prop_oneof![
        3 => Just(MessageClass::Low),
        6 => Just(MessageClass::Normal),
        3 => Just(MessageClass::High),
        1 => Just(MessageClass::Assured),
    ]
}

/// Bursts, floods and lulls.
fn gap_ms() -> impl Strategy<Value = u64> {
    prop_oneof![30 => Just(0), 60 => 1..12_u64, 8 => 12..80_u64, 1 => 80..1_500_u64]
}

fn steps(
    budgets: impl Strategy<Value = u32> + 'static,
    class: impl Strategy<Value = MessageClass> + 'static,
) -> impl Strategy<Value = Vec<Step>> {
    let budget = prop_oneof![99 => Just(None), 1 => budgets.prop_map(Some)];
    let step = (gap_ms(), 0..12_u8, class, budget, prop::bool::weighted(0.15)).prop_map(
        |(after_ms, sender, class, budget, looks)| Step { after_ms, sender, class, budget, looks },
    );
    prop::collection::vec(step, 1..400)
}

fn budget() -> impl Strategy<Value = u32> {
    prop_oneof![1..80_u32, Just(40), Just(100_000)]
}

fn driving() -> impl Strategy<Value = Driving> {
    prop_oneof![Just(Driving::Prompt), Just(Driving::Late)]
}

fn few() -> ProptestConfig {
    ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() }
}
