//! The banners over the stage: which gifts are shown there, and for how long.
//!
//! * At most [`PLACES`] at the same time. The others wait: own ones first, then by price, the
//!   higher first, then by age.
//! * A combo has one banner, whose count grows while it waits and while it is shown.
//! * A banner stays for [`STAYS`] after it has grown last. When others wait it does not grow older
//!   than [`STAYS_AT_MOST`] that way, and leaves with the end of its time.
//! * An own gift is shown at once: it takes the place of a banner of somebody else, which waits
//!   again.
//! * At most [`MOST_WAITING`] wait. Of more, the last in the line gives way; so does one that has
//!   waited for [`WAITS_AT_MOST`]. Both are counted. Nothing of this touches the totals.

use chat_types::business::Gift;
use std::cmp::Reverse;
use std::time::Duration;

use crate::view::GiftBannerView;

/// Banners that are shown at the same time.
pub const PLACES: usize = 2;
/// Banners that may wait.
pub const MOST_WAITING: usize = 64;
/// How long a banner stays after it has grown last.
pub const STAYS: Duration = Duration::from_secs(4);
/// How long a growing banner may hold its place while others wait, before its last [`STAYS`].
pub const STAYS_AT_MOST: Duration = Duration::from_secs(12);
/// How long a banner may wait: later it would tell of something that is long over.
pub const WAITS_AT_MOST: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Banner {
    combo: u64,
    view: GiftBannerView,
    since: Duration,
}

impl Banner {
    /// The lower goes first. Numbers of banners rise, so they tell the age.
    fn rank(&self) -> (bool, Reverse<u32>, u32) {
        (!self.view.own, Reverse(self.view.price), self.view.id)
    }
}

#[derive(Debug)]
struct Shown {
    banner: Banner,
    entered: Duration,
    until: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Banners {
    /// In the order in which they entered.
    shown: Vec<Shown>,
    /// The next one first.
    waiting: Vec<Banner>,
    last_id: u32,
    changed: bool,
    dropped: u64,
}

impl Banners {
    /// The combo has grown to this total.
    pub(super) fn put(&mut self, combo: u64, gift: &Gift, total: u32, own: bool, now: Duration) {
        let others_wait = !self.waiting.is_empty();
        if let Some(shown) = self.shown.iter_mut().find(|shown| shown.banner.combo == combo) {
            shown.banner.view.count = total;
            if !others_wait || now < shown.entered + STAYS_AT_MOST {
                shown.until = shown.until.max(now + STAYS);
            }
            self.changed = true;
            return;
        }
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.combo == combo) {
            waiting.view.count = total;
            return;
        }
        self.last_id = self.last_id.wrapping_add(1);
        let name = if gift.nick.is_empty() { &gift.user } else { &gift.nick };
        let view = GiftBannerView {
            id: self.last_id,
            user_id: gift.user.clone(),
            name: name.clone(),
            level: gift.level,
            gift: gift.gift.clone(),
            title: gift.title.clone(),
            count: total,
            price: gift.price,
            effect: gift.effect.into(),
            own,
        };
        self.wait(Banner { combo, view, since: now });
        if own {
            self.make_place();
        }
        self.tick(now);
    }

    /// Ends what has been shown for long enough, and shows what comes next.
    pub(super) fn tick(&mut self, now: Duration) {
        let before = (self.shown.len(), self.waiting.len());
        self.shown.retain(|shown| now < shown.until);
        self.waiting.retain(|waiting| now < waiting.since + WAITS_AT_MOST);
        self.dropped += (before.1 - self.waiting.len()) as u64;
        let free = PLACES.saturating_sub(self.shown.len()).min(self.waiting.len());
        for banner in self.waiting.drain(..free) {
            self.shown.push(Shown { banner, entered: now, until: now + STAYS });
        }
        self.changed |= free > 0 || self.shown.len() != before.0;
    }

    /// When [`Banners::tick`] has something to do.
    pub(super) fn due(&self) -> Option<Duration> {
        let ends = self.shown.iter().map(|shown| shown.until);
        let stale = self.waiting.iter().map(|waiting| waiting.since + WAITS_AT_MOST);
        ends.chain(stale).min()
    }

    pub(super) fn view(&self) -> Vec<GiftBannerView> {
        self.shown.iter().map(|shown| shown.banner.view.clone()).collect()
    }

    pub(super) fn take_news(&mut self) -> Option<Vec<GiftBannerView>> {
        std::mem::take(&mut self.changed).then(|| self.view())
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn clear(&mut self) {
        self.changed |= !self.shown.is_empty();
        self.shown.clear();
        self.waiting.clear();
    }

    fn wait(&mut self, banner: Banner) {
        let rank = banner.rank();
        let at = self.waiting.partition_point(|waiting| waiting.rank() < rank);
        self.waiting.insert(at, banner);
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop();
            self.dropped += 1;
        }
    }

    /// Sends the banner of somebody else that would end first back into the line.
    fn make_place(&mut self) {
        if self.shown.len() < PLACES {
            return;
        }
        let others = self.shown.iter().enumerate().filter(|(_, shown)| !shown.banner.view.own);
        let Some((at, _)) = others.min_by_key(|(_, shown)| shown.until) else { return };
        let gives_way = self.shown.remove(at).banner;
        self.changed = true;
        self.wait(gives_way);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::business::EffectClass;
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn gift(user: &str, price: u32) -> Gift {
        Gift {
            user: user.into(),
            gift: "rose".into(),
            title: "Rose".into(),
            price,
            effect: EffectClass::Banner,
            ..Gift::default()
        }
    }

    fn put(banners: &mut Banners, combo: u64, price: u32, now: Duration) {
        banners.put(combo, &gift(&combo.to_string(), price), 1, false, now);
    }

    fn users(banners: &Banners) -> Vec<String> {
        banners.view().into_iter().map(|banner| banner.user_id).collect()
    }

    #[test]
    fn two_are_shown_and_the_others_wait_by_price_and_then_by_age() {
        let mut banners = Banners::default();
        for (combo, price) in [(1, 1), (2, 1), (3, 1), (4, 9), (5, 1), (6, 9)] {
            put(&mut banners, combo, price, s(0));
        }
        let mut seen = users(&banners);
        for end in 1..=2 {
            assert_eq!(banners.due(), Some(STAYS * end));
            banners.tick(STAYS * end);
            seen.extend(users(&banners));
        }
        assert_eq!(seen, ["1", "2", "4", "6", "3", "5"]);
        banners.tick(STAYS * 3);
        assert_eq!((users(&banners).len(), banners.due(), banners.dropped()), (0, None, 0));
    }

    #[test]
    fn a_combo_grows_in_its_banner_wherever_that_is() {
        let mut banners = Banners::default();
        for combo in 1..=3 {
            put(&mut banners, combo, 5, s(0));
        }
        banners.put(3, &gift("3", 5), 30, false, s(1));
        banners.put(1, &gift("1", 5), 10, false, s(2));
        let shown = banners.view();
        assert_eq!((shown.len(), shown[0].count), (2, 10));
        banners.tick(s(4));
        assert_eq!(users(&banners), ["1", "3"], "the first one has grown, so it stays longer");
        assert_eq!(banners.view()[1].count, 30);
    }

    #[test]
    fn a_banner_that_grows_without_end_leaves_when_others_wait() {
        let mut banners = Banners::default();
        put(&mut banners, 1, 5, s(0));
        for now in 1..60 {
            banners.put(1, &gift("1", 5), now, false, s(now.into()));
            banners.tick(s(now.into()));
        }
        assert_eq!(users(&banners), ["1"], "nobody waits, so it may stay");
        for combo in 2..=3 {
            put(&mut banners, combo, 5, s(60));
        }
        for now in 60..64 {
            banners.put(1, &gift("1", 5), now, false, s(now.into()));
            banners.tick(s(now.into()));
        }
        assert_eq!(users(&banners), ["2", "3"]);
    }

    #[test]
    fn an_own_gift_is_shown_at_once_and_who_gave_way_comes_back() {
        let mut banners = Banners::default();
        put(&mut banners, 1, 9, s(0));
        put(&mut banners, 2, 1, s(1));
        put(&mut banners, 3, 5, s(1));
        banners.put(4, &gift("me", 1), 1, true, s(2));
        assert_eq!(users(&banners), ["2", "me"]);
        banners.tick(s(5));
        assert_eq!(users(&banners), ["me", "1"], "it is worth more than the one that waits");
        banners.put(5, &gift("me", 1), 1, true, s(5));
        banners.put(6, &gift("me", 1), 1, true, s(5));
        assert_eq!(users(&banners), ["me", "me"], "an own one does not give way to an own one");
        assert_eq!(banners.dropped(), 0);
    }

    #[test]
    fn of_too_many_the_cheapest_and_youngest_give_way_and_what_is_stale_goes() {
        let mut banners = Banners::default();
        for combo in 0..2 + MOST_WAITING as u64 {
            put(&mut banners, combo, 5, s(0));
        }
        put(&mut banners, 900, 9, s(0));
        put(&mut banners, 901, 1, s(0));
        assert_eq!((banners.waiting.len(), banners.dropped()), (MOST_WAITING, 2));
        assert_eq!(banners.waiting[0].combo, 900);
        assert!(banners.waiting.iter().all(|waiting| waiting.view.price >= 5));
        banners.tick(WAITS_AT_MOST);
        assert_eq!((users(&banners).len(), banners.dropped()), (0, 2 + MOST_WAITING as u64));
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn the_bounds_hold_and_every_banner_ends_in_time(
            gifts in prop::collection::vec(
                (0u64..100, 0u32..5, any::<bool>(), 0u64..3_000), 0..200,
            ),
        ) {
            let mut banners = Banners::default();
            let mut now = Duration::ZERO;
            for (combo, price, own, pause) in gifts {
                now += Duration::from_millis(pause);
                banners.tick(now);
                banners.put(combo, &gift(&combo.to_string(), price), 1, own, now);
                prop_assert!(banners.shown.len() <= PLACES);
                prop_assert!(banners.waiting.len() <= MOST_WAITING);
                prop_assert!(banners.waiting.is_empty() || banners.shown.len() == PLACES);
                prop_assert!(banners.waiting.is_sorted_by_key(Banner::rank));
                prop_assert!(banners.due().is_none_or(|due| due > now));
            }
            let mut ticks = 0;
            while let Some(due) = banners.due() {
                banners.tick(due);
                ticks += 1;
                prop_assert!(ticks < 1_000, "every tick ends something");
            }
            prop_assert!(banners.shown.is_empty() && banners.waiting.is_empty());
        }
    }
}
