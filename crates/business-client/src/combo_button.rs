//! Clicks on gifts: they become few orders, and each order is paid once.
//!
//! * The first click is sent at once. What is clicked while an order is on its way, or within
//!   [`EVERY`] after it, goes together in the next one.
//! * One order is on its way at a time, so orders arrive in the order of the clicks. One that was not
//!   answered is sent again under the same key, so it is paid once however often it arrives; after
//!   [`SENDINGS`] it is given up, and whether it was paid is then not known.
//! * Clicks on one gift with less than [`GAP`] between them are one combo. A click on another gift
//!   begins another one.
//! * What waits when the service is shut is given up.
//! * At most [`MOST_WAITING`] orders wait, of [`MAX_CLICKS`] clicks each; a click beyond that is not
//!   taken.

use chat_types::business::api::MAX_CLICKS;
use rand::{Rng, RngExt};
use std::collections::VecDeque;
use std::time::Duration;

/// The least time between two orders: an account may call twenty times a second, and has other calls
/// to make.
pub const EVERY: Duration = Duration::from_millis(200);
/// The longest pause within a combo.
pub const GAP: Duration = Duration::from_secs(5);
/// Orders that may wait, the one on its way included.
pub const MOST_WAITING: usize = 8;
/// How often an order is sent before it is given up.
pub const SENDINGS: u32 = 6;
/// An order that failed waits so long before it is sent again, twice as long each time up to
/// [`RETRY_AT_MOST`].
pub const RETRY_AFTER: Duration = Duration::from_millis(500);
pub const RETRY_AT_MOST: Duration = Duration::from_secs(4);

/// Clicks that are paid together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The same whenever the order is sent again.
    pub key: String,
    pub gift: String,
    pub combo: String,
    pub clicks: u32,
}

#[derive(Debug)]
struct Combo {
    id: String,
    gift: String,
    last_click: Duration,
    /// Gifts of the combo that are paid.
    paid: u32,
}

/// What became of an order that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// It is sent again.
    Again,
    /// It is given up, and so is what waited of the same combo.
    Dropped { gift: String, clicks: u32 },
}

#[derive(Debug, Default)]
pub struct ComboButton {
    /// Begins the name of every combo and order of this client; drawn with the first click.
    session: Option<u128>,
    made: u64,
    combo: Option<Combo>,
    /// The first one is on its way, or the next to be.
    orders: VecDeque<Order>,
    on_its_way: bool,
    sendings: u32,
    /// Nothing is sent before this.
    next_at: Duration,
}

impl ComboButton {
    /// Somebody clicks on a gift. False when too much waits already: the click was not taken.
    pub fn click(&mut self, gift: &str, now: Duration, rng: &mut impl Rng) -> bool {
        self.tick(now);
        let session = *self.session.get_or_insert_with(|| rng.random());
        let goes_on = self.combo.as_ref().is_some_and(|combo| combo.gift == gift);
        let id = match &self.combo {
            Some(combo) if goes_on => combo.id.clone(),
            _ => self.name(session),
        };
        let waiting = self.orders.len();
        // What was sent once stays as it is: its key stands for it.
        let sent = usize::from(self.sendings > 0);
        let open = self.orders.back_mut().filter(|_| waiting > sent);
        match open.filter(|order| order.combo == id && order.clicks < MAX_CLICKS) {
            Some(order) => order.clicks += 1,
            None if waiting >= MOST_WAITING => return false,
            None => {
                let (key, gift, combo) = (self.name(session), gift.into(), id.clone());
                self.orders.push_back(Order { key, gift, combo, clicks: 1 });
            }
        }
        match &mut self.combo {
            Some(combo) if goes_on => combo.last_click = now,
            _ => self.combo = Some(Combo { id, gift: gift.into(), last_click: now, paid: 0 }),
        }
        true
    }

    /// The order that is to be sent now.
    pub fn send(&mut self, now: Duration) -> Option<Order> {
        if self.on_its_way || now < self.next_at {
            return None;
        }
        let order = self.orders.front()?.clone();
        self.on_its_way = true;
        self.sendings += 1;
        self.next_at = now + EVERY;
        Some(order)
    }

    /// The order on its way was paid; `total` is what its combo has now.
    pub fn paid(&mut self, total: u32) {
        let Some(order) = self.take() else { return };
        if let Some(combo) = self.combo.as_mut().filter(|combo| combo.id == order.combo) {
            combo.paid = combo.paid.max(total);
        }
    }

    /// The order on its way was not answered, or is to be sent again for another reason, and not
    /// before `at_least` has passed.
    pub fn failed(&mut self, at_least: Option<Duration>, now: Duration) -> Failed {
        if self.sendings >= SENDINGS {
            return self.refused();
        }
        self.on_its_way = false;
        let doubled =
            RETRY_AFTER * 1_u32.checked_shl(self.sendings.saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = doubled.min(RETRY_AT_MOST).max(at_least.unwrap_or_default());
        self.next_at = self.next_at.max(now + wait);
        Failed::Again
    }

    /// The order on its way was refused. What waits of its combo would be refused as well.
    pub fn refused(&mut self) -> Failed {
        let Some(order) = self.take() else { return Failed::Again };
        let mut clicks = order.clicks;
        self.orders.retain(|waiting| {
            let same = waiting.combo == order.combo;
            clicks += if same { waiting.clicks } else { 0 };
            !same
        });
        self.combo.take_if(|combo| combo.id == order.combo);
        Failed::Dropped { gift: order.gift, clicks }
    }

    /// Gives up all that waits: nobody wants to pay later for what was clicked now.
    pub fn give_up(&mut self) -> Failed {
        let clicks = self.orders.iter().map(|order| order.clicks).sum();
        let Some(order) = self.orders.pop_front() else { return Failed::Again };
        self.orders.clear();
        (self.combo, self.on_its_way, self.sendings) = (None, false, 0);
        Failed::Dropped { gift: order.gift, clicks }
    }

    /// Ends a combo that nobody goes on with. True when one ended.
    pub fn tick(&mut self, now: Duration) -> bool {
        let orders = &self.orders;
        let over = |combo: &mut Combo| {
            now >= combo.last_click + GAP && !orders.iter().any(|order| order.combo == combo.id)
        };
        self.combo.take_if(over).is_some()
    }

    /// When [`ComboButton::send`] or [`ComboButton::tick`] has something to do; nothing of it while
    /// an order is on its way.
    pub fn due(&self) -> Option<Duration> {
        if self.on_its_way {
            return None;
        }
        if !self.orders.is_empty() {
            return Some(self.next_at);
        }
        self.combo.as_ref().map(|combo| combo.last_click + GAP)
    }

    /// The running combo: its gift, its gifts with those that are not answered yet, and these alone.
    pub fn running(&self) -> Option<(&str, u32, u32)> {
        let combo = self.combo.as_ref()?;
        let of_it = self.orders.iter().filter(|order| order.combo == combo.id);
        let unanswered = of_it.map(|order| order.clicks).sum();
        Some((&combo.gift, combo.paid.saturating_add(unanswered), unanswered))
    }

    /// Clicks that are not answered yet, by gift.
    pub fn unanswered(&self) -> impl Iterator<Item = (&str, u32)> {
        self.orders.iter().map(|order| (order.gift.as_str(), order.clicks))
    }

    fn take(&mut self) -> Option<Order> {
        if !std::mem::take(&mut self.on_its_way) {
            return None;
        }
        self.sendings = 0;
        self.orders.pop_front()
    }

    /// A name that nobody else chooses, of 1 to 64 bytes.
    fn name(&mut self, session: u128) -> String {
        self.made += 1;
        format!("{session:032x}-{}", self.made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::Config;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use std::collections::{BTreeMap, BTreeSet};

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    struct Clicker {
        button: ComboButton,
        rng: StdRng,
    }

    impl Clicker {
        fn new() -> Self {
            Self { button: ComboButton::default(), rng: StdRng::seed_from_u64(7) }
        }

        fn click(&mut self, gift: &str, now: Duration) -> bool {
            self.button.click(gift, now, &mut self.rng)
        }
    }

    #[test]
    fn the_first_click_goes_at_once_and_the_others_go_together() {
        let mut clicker = Clicker::new();
        clicker.click("rose", ms(0));
        let first = clicker.button.send(ms(0)).unwrap();
        for n in 1..=98 {
            clicker.click("rose", ms(n));
        }
        assert_eq!((first.clicks, clicker.button.send(ms(99))), (1, None), "one at a time");
        assert_eq!(clicker.button.running(), Some(("rose", 99, 99)));
        clicker.button.paid(1);
        assert_eq!(clicker.button.send(ms(199)), None);
        let second = clicker.button.send(ms(200)).unwrap();
        assert_eq!((second.clicks, &second.combo), (98, &first.combo));
        assert_ne!(second.key, first.key);
        clicker.button.paid(99);
        assert_eq!(clicker.button.running(), Some(("rose", 99, 0)));
    }

    #[test]
    fn an_order_without_an_answer_goes_again_under_its_key_until_it_is_given_up() {
        let mut clicker = Clicker::new();
        clicker.click("rose", ms(0));
        let first = clicker.button.send(ms(0)).unwrap();
        clicker.click("rose", ms(1));
        for _ in 1..SENDINGS {
            assert_eq!(clicker.button.failed(None, ms(0)), Failed::Again);
            let due = clicker.button.due().unwrap();
            assert_eq!(clicker.button.send(due), Some(first.clone()), "and nothing is added to it");
        }
        let dropped = Failed::Dropped { gift: "rose".into(), clicks: 2 };
        assert_eq!(clicker.button.failed(None, ms(0)), dropped);
        assert_eq!((clicker.button.running(), clicker.button.due()), (None, None));
    }

    #[test]
    fn the_service_may_ask_for_more_time() {
        let mut clicker = Clicker::new();
        clicker.click("rose", ms(0));
        clicker.button.send(ms(0)).unwrap();
        clicker.button.failed(Some(ms(9_000)), ms(0));
        assert_eq!(clicker.button.due(), Some(ms(9_000)));
    }

    #[test]
    fn a_refusal_ends_its_combo_and_leaves_the_other_gift_alone() {
        let mut clicker = Clicker::new();
        clicker.click("crown", ms(0));
        clicker.button.send(ms(0)).unwrap();
        clicker.click("crown", ms(1));
        clicker.click("rose", ms(2));
        let dropped = Failed::Dropped { gift: "crown".into(), clicks: 2 };
        assert_eq!(clicker.button.refused(), dropped);
        assert_eq!(clicker.button.send(ms(200)).unwrap().gift, "rose");
        assert_eq!(clicker.button.running(), Some(("rose", 1, 1)));
    }

    #[test]
    fn what_waits_is_given_up_as_a_whole() {
        let mut clicker = Clicker::new();
        assert_eq!(clicker.button.give_up(), Failed::Again, "there is nothing");
        clicker.click("crown", ms(0));
        clicker.button.send(ms(0)).unwrap();
        clicker.button.failed(None, ms(0));
        clicker.click("rose", ms(2));
        let dropped = Failed::Dropped { gift: "crown".into(), clicks: 2 };
        assert_eq!(clicker.button.give_up(), dropped);
        assert_eq!((clicker.button.running(), clicker.button.due()), (None, None));
        clicker.click("rose", ms(3));
        assert_eq!(clicker.button.send(RETRY_AT_MOST).unwrap().clicks, 1);
    }

    #[test]
    fn a_combo_ends_after_a_pause_but_not_before_its_last_click_is_answered() {
        let mut clicker = Clicker::new();
        clicker.click("rose", ms(0));
        let first = clicker.button.send(ms(0)).unwrap();
        assert!(!clicker.button.tick(GAP * 2), "nobody knows yet what became of it");
        clicker.button.paid(1);
        assert_eq!(clicker.button.due(), Some(GAP));
        assert!(clicker.button.tick(GAP));
        clicker.click("rose", GAP);
        assert_ne!(clicker.button.send(GAP).unwrap().combo, first.combo);
    }

    #[test]
    fn of_too_many_clicks_the_last_ones_are_not_taken() {
        let mut clicker = Clicker::new();
        let most = MOST_WAITING as u32 * MAX_CLICKS;
        let taken = (0..most + 10).filter(|_| clicker.click("rose", ms(0))).count();
        assert_eq!(taken, most as usize);
        assert_eq!(clicker.button.running(), Some(("rose", most, most)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Click(u8),
        Wait(u64),
        /// Answer what is on its way: paid, lost before or after it was done, or refused.
        Answer(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0u8..2).prop_map(Step::Click),
            2 => (0u64..8_000).prop_map(Step::Wait),
            3 => (0u8..4).prop_map(Step::Answer),
        ]
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        /// A service that pays each key once, and a client that sends it again when an answer is lost.
        #[test]
        fn every_click_is_paid_once_or_told_as_dropped(steps in prop::collection::vec(step(), 0..300)) {
            let mut clicker = Clicker::new();
            let mut now = ms(0);
            let mut paid: BTreeMap<String, Order> = BTreeMap::new();
            let mut keys = BTreeSet::new();
            let (mut taken, mut dropped, mut lost) = (0, 0, 0);
            let mut sent: Option<Order> = None;
            let total = |paid: &BTreeMap<String, Order>, combo: &str| {
                paid.values().filter(|order| order.combo == combo).map(|order| order.clicks).sum()
            };
            for step in steps {
                match step {
                    Step::Click(gift) => taken += u32::from(clicker.click(&gift.to_string(), now)),
                    Step::Wait(wait) => now += ms(wait),
                    Step::Answer(how) => if let Some(order) = sent.take() {
                        if how < 2 {
                            paid.insert(order.key.clone(), order.clone());
                        }
                        let outcome = match how {
                            0 => {
                                clicker.button.paid(total(&paid, &order.combo));
                                Failed::Again
                            }
                            // Refused once, refused again: nothing of it was paid.
                            3 if !paid.contains_key(&order.key) => clicker.button.refused(),
                            _ => clicker.button.failed(None, now),
                        };
                        if let Failed::Dropped { clicks, .. } = outcome {
                            dropped += clicks;
                            if paid.contains_key(&order.key) {
                                lost += order.clicks;
                            }
                        }
                    },
                }
                if sent.is_none() && let Some(order) = clicker.button.send(now) {
                    prop_assert!((1..=MAX_CLICKS).contains(&order.clicks));
                    prop_assert!(order.key.len() <= 64 && order.combo.len() <= 64);
                    if let Some(before) = paid.get(&order.key) {
                        prop_assert_eq!(before, &order, "the same key says the same");
                    }
                    keys.insert(order.key.clone());
                    sent = Some(order);
                }
                prop_assert!(clicker.button.orders.len() <= MOST_WAITING);
            }
            // What waits is answered well.
            for _ in 0..2 * MOST_WAITING {
                now += RETRY_AT_MOST;
                let Some(order) = sent.take().or_else(|| clicker.button.send(now)) else { break };
                paid.insert(order.key.clone(), order.clone());
                clicker.button.paid(total(&paid, &order.combo));
            }
            let given: u32 = paid.values().map(|order| order.clicks).sum();
            prop_assert_eq!(given + dropped - lost, taken);
        }
    }
}
