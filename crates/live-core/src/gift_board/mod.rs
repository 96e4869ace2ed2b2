//! The gifts of the room: each shown once, and counted exactly.
//!
//! * A message is known by its order; a repeat changes nothing. [`MOST_ORDERS`] orders are
//!   remembered, and of more the oldest is forgotten.
//! * What counts is the `total` of a combo, the highest that was heard of it. So a message that
//!   came twice adds nothing, and one that was missed is made good by the next of its combo.
//! * The own gift is taken from the answer of the business service, before the room hears of it.
//!   The message that comes later has the same order, or another order of the same combo, and says
//!   nothing new either way.
//! * Gifts that may take room on the stage get a banner ([`banners`]).

pub mod banners;
mod combos;

use chat_types::business::{EffectClass, Gift};
use std::collections::BTreeMap;
use std::time::Duration;

use self::banners::Banners;
use self::combos::Combos;
use crate::recent_ids::{RecentIds, digest};
use crate::view::{GiftBannerView, GiftTotalView, GiftTotalsView};

/// Orders that are remembered.
pub const MOST_ORDERS: usize = 4_096;
/// Combos whose totals are remembered. When there is one more, the one that has not grown for
/// longest is forgotten; should it grow after all, it is counted anew.
pub const MOST_COMBOS: usize = 4_096;
/// Kinds of gifts with a total of their own. Further ones are in the sums only.
pub const MOST_GIFTS: usize = 256;

/// What a gift has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Gifts of the combo that are known now.
    pub total: u32,
    /// Whether they are more than before.
    pub grew: bool,
}

#[derive(Debug, Default)]
struct Tally {
    title: String,
    count: u64,
    coins: u64,
}

#[derive(Debug)]
pub struct GiftBoard {
    orders: RecentIds,
    combos: Combos,
    banners: Banners,
    gifts: BTreeMap<String, Tally>,
    count: u64,
    coins: u64,
    totals_changed: bool,
}

impl Default for GiftBoard {
    fn default() -> Self {
        Self {
            orders: RecentIds::new(MOST_ORDERS),
            combos: Combos::new(MOST_COMBOS),
            banners: Banners::default(),
            gifts: BTreeMap::new(),
            count: 0,
            coins: 0,
            totals_changed: false,
        }
    }
}

impl GiftBoard {
    /// A gift that was paid, from a message or from the answer to the own order. It gets a banner
    /// when `flies`: what is told long after it happened is only counted.
    pub fn take(&mut self, gift: &Gift, own: bool, flies: bool, now: Duration) -> Taken {
        let combo = digest((&gift.user, &gift.combo));
        if self.orders.is_known(&gift.order) {
            return Taken { total: self.combos.total(combo), grew: false };
        }
        let added = self.combos.reach(combo, gift.total);
        let total = self.combos.total(combo);
        if added == 0 {
            return Taken { total, grew: false };
        }
        self.count(gift, added);
        if flies && gift.effect != EffectClass::Quiet {
            self.banners.put(combo, gift, total, own, now);
        }
        Taken { total, grew: true }
    }

    pub fn tick(&mut self, now: Duration) {
        self.banners.tick(now);
    }

    /// When [`GiftBoard::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        self.banners.due()
    }

    /// The banners, if they are others than when this was asked last.
    pub fn take_banners(&mut self) -> Option<Vec<GiftBannerView>> {
        self.banners.take_news()
    }

    /// The totals, if they are others than when this was asked last.
    pub fn take_totals(&mut self) -> Option<GiftTotalsView> {
        std::mem::take(&mut self.totals_changed).then(|| self.totals())
    }

    pub fn banners(&self) -> Vec<GiftBannerView> {
        self.banners.view()
    }

    pub fn totals(&self) -> GiftTotalsView {
        let view = |(gift, tally): (&String, &Tally)| GiftTotalView {
            gift: gift.clone(),
            title: tally.title.clone(),
            count: whole(tally.count),
            coins: whole(tally.coins),
        };
        let mut gifts: Vec<_> = self.gifts.iter().map(view).collect();
        gifts.sort_by(|a, b| b.coins.total_cmp(&a.coins));
        GiftTotalsView { count: whole(self.count), coins: whole(self.coins), gifts }
    }

    /// Another room: nothing of this one counts there.
    pub fn clear(&mut self) {
        self.banners.clear();
        self.gifts.clear();
        self.totals_changed |= self.count > 0;
        self.count = 0;
        self.coins = 0;
    }

    /// Banners that were never shown, because too many waited or they waited too long.
    pub fn dropped_banners(&self) -> u64 {
        self.banners.dropped()
    }

    /// Orders and combos that were forgotten because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.orders.forgotten() + self.combos.forgotten()
    }

    fn count(&mut self, gift: &Gift, added: u32) {
        let coins = u64::from(gift.price) * u64::from(added);
        self.count = self.count.saturating_add(added.into());
        self.coins = self.coins.saturating_add(coins);
        self.totals_changed = true;
        if self.gifts.len() >= MOST_GIFTS && !self.gifts.contains_key(&gift.gift) {
            return;
        }
        let tally = self.gifts.entry(gift.gift.clone()).or_default();
        tally.title.clone_from(&gift.title);
        tally.count = tally.count.saturating_add(added.into());
        tally.coins = tally.coins.saturating_add(coins);
    }
}

/// As the view has it: exact up to 2^53.
fn whole(number: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
    let number = number as f64;
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use proptest::test_runner::Config;

    const NOW: Duration = Duration::from_secs(100);

    fn gift(order: &str, combo: &str, count: u32, total: u32) -> Gift {
        Gift {
            order: order.into(),
            combo: combo.into(),
            gift: "rose".into(),
            title: "Rose".into(),
            count,
            total,
            user: "mei".into(),
            nick: "Mei".into(),
            level: 7,
            price: 3,
            effect: EffectClass::Banner,
        }
    }

    fn sums(board: &GiftBoard) -> (f64, f64) {
        (board.totals().count, board.totals().coins)
    }

    #[test]
    fn a_repeat_of_an_order_changes_nothing() {
        let mut board = GiftBoard::default();
        let first = gift("o1", "c1", 20, 20);
        assert_eq!(board.take(&first, false, true, NOW), Taken { total: 20, grew: true });
        assert_eq!(board.take(&first, false, true, NOW), Taken { total: 20, grew: false });
        assert_eq!(sums(&board), (20.0, 60.0));
        assert_eq!(board.banners().len(), 1);
    }

    #[test]
    fn a_message_that_was_missed_is_made_good_by_the_next_of_its_combo() {
        let mut board = GiftBoard::default();
        board.take(&gift("o1", "c1", 20, 20), false, true, NOW);
        let third = board.take(&gift("o3", "c1", 19, 59), false, true, NOW);
        assert_eq!((third, board.banners()[0].count), (Taken { total: 59, grew: true }, 59));
        let second = board.take(&gift("o2", "c1", 20, 40), false, true, NOW);
        assert_eq!(second, Taken { total: 59, grew: false }, "it comes late and is counted");
        assert_eq!(sums(&board), (59.0, 177.0));
    }

    #[test]
    fn the_own_gift_is_there_at_once_and_its_message_says_nothing_new() {
        let mut board = GiftBoard::default();
        for click in 1..=3 {
            board.take(&gift(&format!("click{click}"), "c1", 1, click), true, true, NOW);
        }
        board.take_banners();
        board.take_totals();
        let message = board.take(&gift("o1", "c1", 3, 3), true, true, NOW);
        assert_eq!(message, Taken { total: 3, grew: false });
        assert_eq!((board.take_banners(), board.take_totals()), (None, None));
        let again = gift("o2", "c2", 1, 1);
        board.take(&again, true, true, NOW);
        assert!(!board.take(&again, true, true, NOW).grew, "the same order");
        assert_eq!((sums(&board), board.banners().len()), ((4.0, 12.0), 2));
        assert!(board.banners().iter().all(|banner| banner.own));
    }

    #[test]
    fn a_quiet_gift_and_an_old_one_are_counted_and_take_no_room_on_the_stage() {
        let mut board = GiftBoard::default();
        let quiet = Gift { effect: EffectClass::Quiet, ..gift("o1", "c1", 1, 1) };
        board.take(&quiet, false, true, NOW);
        board.take(&gift("o2", "c2", 1, 1), false, false, NOW);
        assert_eq!((sums(&board).0, board.banners().len()), (2.0, 0));
    }

    #[test]
    fn each_kind_of_gift_has_its_own_total_and_of_too_many_the_later_ones_are_in_the_sums() {
        let mut board = GiftBoard::default();
        for n in 0..MOST_GIFTS + 5 {
            let id = n.to_string();
            board.take(&Gift { gift: id.clone(), ..gift(&id, &id, 2, 2) }, false, false, NOW);
        }
        board.take(
            &Gift { price: 900, gift: "7".into(), ..gift("x", "x", 1, 1) },
            false,
            true,
            NOW,
        );
        let totals = board.totals();
        assert_eq!((totals.gifts.len(), totals.count), (MOST_GIFTS, 2.0 * 261.0 + 1.0));
        let first = &totals.gifts[0];
        assert_eq!((first.gift.as_str(), first.count, first.coins), ("7", 3.0, 906.0));
    }

    #[test]
    fn another_room_begins_with_nothing() {
        let mut board = GiftBoard::default();
        board.take(&gift("o1", "c1", 1, 1), false, true, NOW);
        board.take_banners();
        board.take_totals();
        board.clear();
        assert_eq!(board.take_banners(), Some(vec![]));
        assert_eq!(board.take_totals(), Some(GiftTotalsView::default()));
        board.take(&gift("o1", "c1", 1, 1), false, true, NOW);
        board.take(&gift("o2", "c2", 5, 5), false, true, NOW);
        assert_eq!(sums(&board).0, 5.0, "what is repeated is of the room before");
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        /// Combos as the shop sends them, heard in any order, some of them twice, some never.
        #[test]
        fn totals_never_exceed_what_was_given_and_are_right_once_the_last_of_each_combo_is_there(
            combos in prop::collection::vec(prop::collection::vec(1u32..30, 1..6), 1..8),
            heard in prop::collection::vec(any::<Index>(), 0..80),
        ) {
            let mut sent = Vec::new();
            let mut last = Vec::new();
            for (c, counts) in combos.iter().enumerate() {
                let mut total = 0;
                for (n, count) in counts.iter().enumerate() {
                    total += count;
                    sent.push(gift(&format!("{c}-{n}"), &c.to_string(), *count, total));
                }
                last.extend(sent.last().cloned());
            }
            let given: u32 = combos.iter().flatten().sum();
            let mut board = GiftBoard::default();
            for (at, index) in heard.iter().enumerate() {
                let before = sums(&board).0;
                board.take(index.get(&sent), at % 3 == 0, true, NOW);
                let (count, coins) = sums(&board);
                prop_assert!(before <= count && count <= f64::from(given));
                prop_assert_eq!(coins, 3.0 * count);
            }
            for gift in &last {
                board.take(gift, false, true, NOW);
            }
            prop_assert_eq!(sums(&board), (f64::from(given), f64::from(3 * given)));
        }
    }
}
