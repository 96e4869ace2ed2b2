//! Orders that are given back: by an administrator, or by themselves when the room cannot be told.
//!
//! The gifts of a combo have places in the order in which they were paid, and a message tells a run of
//! them: those up to its `total`. An order that is given back takes its gifts out of what nobody can
//! have been told yet: out of messages that wait, and of what the combo holds back. What comes after
//! them moves up, so that totals never count a gift that is not paid. What has been told stays said,
//! and while it may still become known whether a message has been told, its orders are not given back.
//! When it will not ([`Told::Unclear`]), they are given back as [`RefundReason::Unclear`]: the message
//! does not tell of them any more, and the totals count them, because somebody may have seen them.

use chat_types::business::{BusinessMessage, Gift};
use std::ops::Range;
use std::pin::Pin;

use super::combo::lane;
use super::store::combos::{self, Combo};
use super::store::{self, Order, sums};
use super::wallet::{self, Account, Booking, Kind, RefundReason};
use crate::notifications::{self, RefundEvent, ShopEvent};
use crate::outbox::{self, Refusal, Told};
use crate::problem::Problem;
use crate::storage::{self, Tx};

/// Why postings of an order are taken back, in the outbox.
const CANCELLED: &str = "the order was given back";
/// Who refunds what is being told may ask again after this.
const BEING_TOLD_RETRY_MS: u64 = 1_000;
/// Orders of a combo that are read at once.
const PAGE: u32 = 100;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("there is no order {0}")]
    Absent(String),
    #[error("order {0} was given back before")]
    Refunded(String),
    #[error(
        "it is not known yet whether the room was told of order {order}: ask again, for at most ten \
         minutes"
    )]
    BeingTold { order: String, posting: u64 },
    #[error(transparent)]
    Wallet(#[from] wallet::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Absent(_) => Self::not_found("order", text),
            Error::Refunded(_) => Self::conflict("refunded", text),
            Error::BeingTold { .. } => Self {
                retry_after_ms: Some(BEING_TOLD_RETRY_MS),
                ..Self::conflict("being_told", text)
            },
            Error::Wallet(error) => error.into(),
            Error::Storage(error) => error.into(),
        }
    }
}

/// Gives a whole order back, once: the coins return, income and ranking fall, and what was not told
/// is not told any more. Gives the order and the coins in its giver's wallet.
pub(super) async fn refund(
    tx: &mut Tx,
    order_id: &str,
    reason: RefundReason,
    now_ms: u64,
) -> Result<(Order, i64), Error> {
    let order = store::order(tx, order_id).await?;
    let order = order.ok_or_else(|| Error::Absent(order_id.to_owned()))?;
    if order.refunded_ms.is_some() {
        return Err(Error::Refunded(order.order_id));
    }
    let is_known = withdraw(tx, &order, now_ms).await?;
    let reason = if is_known { reason } else { RefundReason::Unclear };
    let booking = Booking {
        kind: Kind::Refund,
        reference: &format!("refund:{order_id}"),
        reason: Some(reason),
        from: Account::Income(&order.owner),
        to: Account::Wallet(&order.user_id),
        coins: order.coins,
    };
    let (_, balance) = wallet::book(tx, booking, now_ms).await?;
    store::mark_refunded(tx, order.number, reason, now_ms).await?;
    sums::take_out(tx, &order).await?;
    let event =
        ShopEvent::GiftRefunded(RefundEvent { gift: super::told(&order), reason: reason.name() });
    notifications::queue(tx, &order.group_id, &event, now_ms).await?;
    Ok((order, balance))
}

/// Gives the orders back of whose gifts the room will not be told, because the chat service refuses
/// the message for good. True when one was.
pub(crate) fn given_up<'a>(
    tx: &'a mut Tx,
    refusal: Refusal<'a>,
) -> Pin<Box<dyn Future<Output = Result<bool, storage::Error>> + Send + 'a>> {
    Box::pin(async move {
        let Some(BusinessMessage::Gift(gift)) = BusinessMessage::read(refusal.body) else {
            return Ok(false);
        };
        let Refusal { group_id, now_ms, .. } = refusal;
        let mut untold = Untold::read(tx, group_id, &gift.combo, now_ms).await?;
        let cut = places(&gift);
        let mut end = untold.total().max(cut.end);
        let (mut before, mut orders) = (u64::MAX, Vec::new());
        'combo: while end > cut.start {
            let page = store::orders_before(tx, group_id, &gift.combo, before, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for order in page {
                before = order.number;
                let own = end.saturating_sub(order.left())..end;
                end = own.start;
                let of_message = overlap(&own, &cut);
                if of_message > 0 {
                    store::add_withdrawn(tx, order.number, of_message).await?;
                    orders.push(order.order_id);
                }
                if end <= cut.start {
                    break 'combo;
                }
            }
        }
        untold.cut(tx, &cut, now_ms).await?;
        let mut refunded = false;
        for order_id in orders {
            match refund(tx, &order_id, RefundReason::Untold, now_ms).await {
                Ok((order, _)) => {
                    refunded = true;
                    tracing::warn!(order_id, order.coins, "gift given back: nobody can be told");
                }
                Err(Error::Refunded(_)) => {}
                Err(Error::Storage(error) | Error::Wallet(wallet::Error::Storage(error))) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::error!(order_id, %error, "gift not given back: do it by hand");
                }
            }
        }
        Ok(refunded)
    })
}

/// Takes out what nobody can have been told of an order. False when nobody knows of some of the rest
/// whether it was told.
async fn withdraw(tx: &mut Tx, order: &Order, now_ms: u64) -> Result<bool, Error> {
    let mut untold = Untold::read(tx, &order.group_id, &order.combo, now_ms).await?;
    let end = untold.total().saturating_sub(store::places_after(tx, order).await?);
    let own = end.saturating_sub(order.left())..end;
    let is_of_order = |(_, gift): &&(u64, Gift)| overlap(&places(gift), &own) > 0;
    if let Some((posting, _)) = untold.known_later.iter().find(is_of_order) {
        return Err(Error::BeingTold { order: order.order_id.clone(), posting: *posting });
    }
    let mut is_known = true;
    for (number, gift) in untold.unclear.iter().filter(is_of_order) {
        is_known = false;
        let count = gift.count - overlap(&places(gift), &own);
        if count == 0 {
            outbox::cancel(tx, *number, CANCELLED, now_ms).await?;
        } else {
            let rest = Gift { count, ..gift.clone() };
            outbox::rewrite(tx, *number, &BusinessMessage::Gift(rest)).await?;
        }
    }
    let cut = own.start.max(untold.begin())..own.end;
    if !cut.is_empty() {
        store::add_withdrawn(tx, order.number, cut.end - cut.start).await?;
        untold.cut(tx, &cut, now_ms).await?;
    }
    Ok(is_known)
}

/// What of a combo may be or is certainly not told yet: messages that wait, by their numbers in the
/// outbox.
struct Untold {
    combo: Option<Combo>,
    known_later: Vec<(u64, Gift)>,
    unclear: Vec<(u64, Gift)>,
    /// Those that were never on their way.
    waiting: Vec<(u64, Gift)>,
}

impl Untold {
    async fn read(
        tx: &mut Tx,
        group_id: &str,
        combo: &str,
        now_ms: u64,
    ) -> Result<Self, storage::Error> {
        let mut untold = Self {
            combo: combos::find(tx, group_id, combo).await?,
            known_later: Vec::new(),
            unclear: Vec::new(),
            waiting: Vec::new(),
        };
        let lane = lane(group_id, combo);
        for posting in outbox::waiting_in(tx, &lane, group_id, now_ms).await? {
            let Some(BusinessMessage::Gift(gift)) = posting.message else { continue };
            let of = match posting.told {
                Told::No => &mut untold.waiting,
                Told::KnownLater => &mut untold.known_later,
                Told::Unclear => &mut untold.unclear,
            };
            of.push((posting.number, gift));
        }
        Ok(untold)
    }

    /// Gifts of the combo. One that is not kept any more has no others than its last message tells.
    fn total(&self) -> u32 {
        let last = || self.waiting.last().map_or(0, |(_, gift)| gift.total);
        self.combo.as_ref().map_or_else(last, |combo| combo.total)
    }

    /// The first place that certainly has not been told.
    fn begin(&self) -> u32 {
        let held_back = || self.combo.as_ref().map_or(0, |combo| combo.told);
        self.waiting.first().map_or_else(held_back, |(_, gift)| places(gift).start)
    }

    /// Takes these places out; what comes after them moves up.
    async fn cut(
        &mut self,
        tx: &mut Tx,
        cut: &Range<u32>,
        now_ms: u64,
    ) -> Result<(), storage::Error> {
        for (number, gift) in &self.waiting {
            match without(gift, cut) {
                None => outbox::cancel(tx, *number, CANCELLED, now_ms).await?,
                Some(rest) if rest == *gift => {}
                Some(rest) => {
                    outbox::rewrite(tx, *number, &BusinessMessage::Gift(rest)).await?;
                }
            }
        }
        if let Some(combo) = &mut self.combo {
            combo.cut(cut);
            combos::put(tx, combo).await?;
        }
        Ok(())
    }
}

impl Combo {
    fn cut(&mut self, cut: &Range<u32>) {
        self.total -= overlap(&(0..self.total), cut);
        self.told -= overlap(&(0..self.told), cut);
        if self.total == self.told {
            self.pending = None;
        }
    }
}

/// The places of the gifts of which a message tells.
fn places(gift: &Gift) -> Range<u32> {
    gift.total.saturating_sub(gift.count)..gift.total
}

fn overlap(a: &Range<u32>, b: &Range<u32>) -> u32 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

/// The message when these places are taken out; `None` when nothing is left of it.
fn without(gift: &Gift, cut: &Range<u32>) -> Option<Gift> {
    let count = gift.count - overlap(&places(gift), cut);
    let total = gift.total - overlap(&(0..gift.total), cut);
    (count > 0).then(|| Gift { count, total, ..gift.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(count: u32, total: u32) -> Gift {
        Gift { count, total, ..Gift::default() }
    }

    #[test]
    fn what_comes_after_gifts_that_are_taken_out_moves_up() {
        let rest = |count, total, cut| {
            without(&message(count, total), &cut).map(|gift| (gift.count, gift.total))
        };
        assert_eq!(rest(20, 20, 20..40), Some((20, 20)), "what comes before stays");
        assert_eq!(rest(20, 40, 30..50), Some((10, 30)));
        assert_eq!(rest(20, 40, 20..40), None);
        assert_eq!(rest(20, 40, 25..30), Some((15, 35)));
        assert_eq!(rest(20, 60, 30..50), Some((10, 40)));
        assert_eq!(rest(20, 90, 30..50), Some((20, 70)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn totals_stay_the_sums_of_the_counts(
            counts in prop::collection::vec(1..30_u32, 1..20),
            cut in (0..300_u32, 0..300_u32).prop_map(|(a, b)| a.min(b)..a.max(b)),
        ) {
            let (mut total, mut left) = (0, 0);
            for count in counts {
                total += count;
                if let Some(rest) = without(&message(count, total), &cut) {
                    left += rest.count;
                    prop_assert_eq!(rest.total, left);
                }
            }
            prop_assert_eq!(left, total - overlap(&(0..total), &cut));
        }
    }
}
