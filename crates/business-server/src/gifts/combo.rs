//! Gifts in a row become few messages: which ones, and when.
//!
//! A count that was chosen in advance is one message. Clicks are held back until there are enough of
//! them or the first has waited long enough ([`ComboRule`]). What is held back stands in the database
//! with the time at which it is due, so an end of the process loses none of it. Every message has the
//! running total; the totals of a combo rise by exactly the counts of its messages.

use chat_types::Priority;
use chat_types::business::{BusinessMessage, Gift};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::catalogue::ComboRule;
use super::store::combos::{self, Combo, Pending};
use crate::Business;
use crate::outbox::{self, Posting, What};
use crate::routine::{Next, every};
use crate::storage::{Error, Tx};

/// The routine looks so often even when nothing is known to become due: the wall clock may have been
/// moved, and a call may be dropped between its commit and the wake.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Combos that are worked on in one transaction, so that others get their turn at the writer.
const AT_ONCE: u32 = 100;

impl Combo {
    /// Adds gifts whose number was chosen in advance: one message, after what was held back.
    pub(super) fn add_at_once(&mut self, gift: Gift, now_ms: u64) -> Vec<Gift> {
        let mut messages = Vec::from_iter(self.tell_pending());
        self.take(&gift, now_ms);
        self.told = self.total;
        messages.push(Gift { total: self.total, ..gift });
        messages
    }

    /// Adds clicks; gives the messages that are full.
    pub(super) fn add_clicks(&mut self, gift: Gift, rule: ComboRule, now_ms: u64) -> Vec<Gift> {
        if !rule.merge {
            return self.add_at_once(gift, now_ms);
        }
        let mut messages = Vec::new();
        if !self.shows(&gift) {
            // A price or name that has changed holds for what comes, not for what is held back.
            messages.extend(self.tell_pending());
        }
        self.take(&gift, now_ms);
        while self.total - self.told >= rule.merge_count.max(1) {
            messages.push(self.tell(rule.merge_count.max(1)));
            self.pending = None;
        }
        if self.total > self.told && self.pending.is_none() {
            let due_ms = now_ms.saturating_add(rule.merge_ms.into());
            self.pending = Some(Pending { since_ms: now_ms, due_ms });
        }
        messages
    }

    /// A message for what is held back.
    fn tell_pending(&mut self) -> Option<Gift> {
        self.pending = None;
        let held_back = self.total - self.told;
        (held_back > 0).then(|| self.tell(held_back))
    }

    fn tell(&mut self, count: u32) -> Gift {
        self.told += count;
        self.messages = self.messages.saturating_add(1);
        // No two messages of a combo have the same number, nor two combos the same order.
        let order = format!("{}.{}", self.message.order, self.messages);
        Gift { order, count, total: self.told, ..self.message.clone() }
    }

    fn take(&mut self, gift: &Gift, now_ms: u64) {
        self.total = self.total.saturating_add(gift.count);
        self.message = gift.clone();
        self.last_ms = now_ms;
    }

    /// Whether the gift looks as the last one of the combo did. Its giver may have risen a level or
    /// taken another name meanwhile.
    fn shows(&self, gift: &Gift) -> bool {
        let looks = |gift: &Gift| (gift.title.clone(), gift.price, gift.effect);
        looks(&self.message) == looks(gift)
    }
}

/// The lane of a combo's messages.
pub(super) fn lane(group_id: &str, combo: &str) -> String {
    format!("gift:{group_id}:{combo}")
}

/// Writes the messages of a combo into the outbox, and the combo.
pub(super) async fn put(
    tx: &mut Tx,
    combo: &Combo,
    messages: Vec<Gift>,
    now_ms: u64,
) -> Result<(), Error> {
    let lane = lane(&combo.group_id, &combo.combo);
    for gift in messages {
        let key = format!("gift:{}", gift.order);
        let message = &BusinessMessage::Gift(gift);
        let what = What::Message { message, priority: Priority::High, from: None };
        let posting = Posting { lane: &lane, key: &key, group_id: &combo.group_id, what };
        outbox::enqueue(tx, posting, now_ms).await?;
    }
    combos::put(tx, combo).await
}

/// Tells what is due until the service stops. What is held back then is told after the next start.
pub(crate) async fn tell_due(business: Arc<Business>, stopping: CancellationToken) {
    let wake = Some(&business.gifts.held_back);
    every(&stopping, LOOK_EVERY, wake, || tell_due_now(&business)).await;
}

async fn tell_due_now(business: &Business) -> Result<Next, Error> {
    let now_ms = business.clock.now_ms();
    // Most looks find nothing, and are no reason to hold the writer up.
    let mut tx = business.database.read().await?;
    if combos::due(&mut tx, now_ms, 1).await?.is_empty() {
        let next = combos::next_due_ms(&mut tx).await?;
        let wait = next.map(|due_ms| Duration::from_millis(due_ms.saturating_sub(now_ms)));
        return Ok(wait.map_or(Next::Period, |wait| Next::In(wait.min(LOOK_EVERY))));
    }
    drop(tx);
    let mut tx = business.database.write().await?;
    for mut combo in combos::due(&mut tx, now_ms, AT_ONCE).await? {
        let messages = Vec::from_iter(combo.tell_pending());
        put(&mut tx, &combo, messages, now_ms).await?;
    }
    tx.commit().await?;
    business.outbox.wake();
    Ok(Next::Now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn combo() -> Combo {
        Combo::empty("r", gift(1, 0), 0)
    }

    fn gift(order: u64, count: u32) -> Gift {
        Gift {
            order: format!("o-{order}"),
            combo: "c".into(),
            gift: "rose".into(),
            title: "Rose".into(),
            count,
            price: 1,
            ..Gift::default()
        }
    }

    fn counts(messages: &[Gift]) -> Vec<(u32, u32)> {
        messages.iter().map(|gift| (gift.count, gift.total)).collect()
    }

    #[test]
    fn ninety_nine_clicks_are_five_messages() {
        let (mut combo, rule) = (combo(), ComboRule::default());
        let mut told = Vec::new();
        for click in 1..=99 {
            told.extend(combo.add_clicks(gift(click, 1), rule, 5));
        }
        assert_eq!(counts(&told), [(20, 20), (20, 40), (20, 60), (20, 80)]);
        assert_eq!(combo.pending, Some(Pending { since_ms: 5, due_ms: 1_005 }));
        let last = combo.tell_pending().unwrap();
        assert_eq!((last.count, last.total), (19, 99));
        assert_eq!(combo.tell_pending(), None);
    }

    #[test]
    fn the_second_begins_with_the_first_click_that_is_held_back() {
        let (mut combo, rule) = (combo(), ComboRule::default());
        combo.add_clicks(gift(1, 1), rule, 100);
        combo.add_clicks(gift(2, 18), rule, 900);
        assert_eq!(combo.pending, Some(Pending { since_ms: 100, due_ms: 1_100 }));
        combo.add_clicks(gift(3, 2), rule, 950);
        assert_eq!(combo.pending, Some(Pending { since_ms: 950, due_ms: 1_950 }));
        combo.add_clicks(gift(4, 19), rule, 960);
        assert_eq!((combo.pending, combo.told), (None, 40));
    }

    #[test]
    fn a_count_chosen_in_advance_comes_after_what_was_held_back() {
        let (mut combo, rule) = (combo(), ComboRule::default());
        combo.add_clicks(gift(1, 3), rule, 0);
        let told = combo.add_at_once(gift(2, 99), 1);
        assert_eq!(counts(&told), [(3, 3), (99, 102)]);
        assert_eq!(told[1].order, "o-2");
        assert_eq!(combo.pending, None);
    }

    #[test]
    fn gifts_that_do_not_merge_are_a_message_each() {
        let rule = ComboRule { merge: false, ..ComboRule::default() };
        let mut combo = combo();
        for click in 1..=3 {
            let told = combo.add_clicks(gift(click, 1), rule, 0);
            assert_eq!(counts(&told), [(1, click as u32)]);
        }
    }

    #[test]
    fn what_was_paid_at_the_old_price_is_told_with_it() {
        let (mut combo, rule) = (combo(), ComboRule::default());
        combo.add_clicks(gift(1, 3), rule, 0);
        let told = combo.add_clicks(Gift { price: 2, ..gift(2, 18) }, rule, 1);
        assert_eq!(counts(&told), [(3, 3)]);
        assert_eq!(told[0].price, 1);
        assert_eq!(combo.tell_pending().unwrap().price, 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_comes_the_messages_add_up_and_have_names_of_their_own(
            steps in prop::collection::vec((0..3_u8, 1..60_u32, 0..2_000_u64), 0..60),
            merge_count in 1..30_u32,
        ) {
            let rule = ComboRule { merge_count, ..ComboRule::default() };
            let (mut combo, mut now_ms, mut paid) = (combo(), 0, 0);
            let mut told = Vec::new();
            for (number, (kind, count, later_ms)) in steps.into_iter().enumerate() {
                now_ms += later_ms;
                let gift = gift(number as u64 + 1, count);
                match kind {
                    0 => told.extend(combo.tell_pending()),
                    1 => { told.extend(combo.add_at_once(gift, now_ms)); paid += count; }
                    _ => {
                        let full = combo.add_clicks(gift, rule, now_ms);
                        prop_assert!(full.iter().all(|gift| gift.count == merge_count));
                        told.extend(full);
                        paid += count;
                    }
                }
                let held_back = combo.total - combo.told;
                prop_assert_eq!(combo.total, paid);
                prop_assert!(held_back < merge_count);
                prop_assert_eq!(combo.pending.is_some(), held_back > 0);
            }
            told.extend(combo.tell_pending());
            let mut running = 0;
            for gift in &told {
                running += gift.count;
                prop_assert_eq!(gift.total, running);
            }
            prop_assert_eq!(running, paid);
            let names: HashSet<&str> = told.iter().map(|gift| gift.order.as_str()).collect();
            prop_assert_eq!(names.len(), told.len());
        }
    }
}
