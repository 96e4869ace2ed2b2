//! Gifts: paid once, told once, counted exactly.
//!
//! One transaction does all of it: the wallet pays, the owner of the room gets the income, the order
//! is written, the sums of the room grow, and the message stands in the outbox, or waits in its combo
//! for more clicks. So at every moment either all of this has happened or nothing, whatever ends the
//! process; a call whose answer was lost is made again with the same `Idempotency-Key`.

mod catalogue;
mod combo;
pub(crate) mod http;
mod idempotency;
mod orders;
mod refund;
mod store;
pub(crate) mod wallet;

pub(crate) use catalogue::Catalogue;
pub use catalogue::Error as CatalogueError;
pub(crate) use combo::tell_due;
pub(crate) use refund::given_up;

use chat_types::UserId;
use chat_types::business::api::{MAX_CLICKS, MAX_COUNT};
use chat_types::business::{Gift, MAX_BUSINESS_ID_BYTES};
use tokio::sync::Notify;

use crate::notifications::{self, GiftEvent, ShopEvent};
use crate::outbox::Coming;
use crate::problem::Problem;
use crate::storage::{self, Error, Tx};
use crate::{Business, accounts, moderation, rooms, secrets};
use catalogue::{ComboRule, GiftKind};
use store::combos::{self, Combo};
use store::{Order, sums};
use wallet::{Account, Booking, Kind};

/// Clicks that name no combo belong to the last one of the same gift, if the last click was not
/// longer ago.
const COMBO_GAP_MS: u64 = 5_000;
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// What the service knows of gifts beside the database.
#[derive(Debug)]
pub(crate) struct Gifts {
    catalogue: Catalogue,
    /// Order ids begin with it: clients drop a message whose order they have seen, also when the
    /// database behind them was made anew.
    tag: String,
    /// Wakes the routine that tells what is due.
    held_back: Notify,
}

impl Gifts {
    pub(crate) async fn open(tx: &mut Tx, catalogue: Catalogue) -> Result<Self, Error> {
        let fresh = format!("{:08x}", rand::random::<u32>());
        let tag = secrets::secret(tx, secrets::ORDER_TAG, &fresh).await?;
        Ok(Self { catalogue, tag, held_back: Notify::new() })
    }
}

/// How many gifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// Chosen in advance.
    Count(u32),
    /// Clicked one by one.
    Clicks(u32),
}

impl Amount {
    fn checked(count: Option<u32>, clicks: Option<u32>) -> Result<Self, Problem> {
        match (count, clicks) {
            (Some(count @ 1..=MAX_COUNT), None) => Ok(Self::Count(count)),
            (None, Some(clicks @ 1..=MAX_CLICKS)) => Ok(Self::Clicks(clicks)),
            _ => Err(Problem::invalid(format!(
                "give either count (1 to {MAX_COUNT}) or clicks (1 to {MAX_CLICKS})"
            ))),
        }
    }

    fn number(self) -> u32 {
        match self {
            Self::Count(number) | Self::Clicks(number) => number,
        }
    }

    /// Most messages that come of it, beside what is held back already.
    fn messages(self, rule: ComboRule) -> u32 {
        match self {
            Self::Clicks(clicks) if rule.merge => clicks.div_ceil(rule.merge_count.max(1)),
            _ => 1,
        }
    }
}

/// What somebody wants to give.
#[derive(Debug, Clone, Copy)]
struct Wish<'a> {
    room: &'a str,
    gift: &'a str,
    amount: Amount,
    combo: Option<&'a str>,
}

/// Pays and writes everything; the caller commits. Gives the gift as its giver's own screen shows it
/// at once, and the coins that are left.
async fn give(
    business: &Business,
    tx: &mut Tx,
    user: &UserId,
    wish: Wish<'_>,
    now_ms: u64,
) -> Result<(Gift, i64), Problem> {
    let Wish { room, gift, amount, .. } = wish;
    let kind = business.gifts.catalogue.find(gift);
    let kind =
        kind.ok_or_else(|| Problem::not_found("gift", format!("there is no gift {gift}")))?;
    let room = rooms::find(tx, room).await?;
    let open = rooms::store::open_stream(tx, &room.group_id).await?;
    let stream = open.filter(|_| room.is_on_air());
    let stream = stream.ok_or_else(|| {
        Problem::conflict("not_live", format!("room {} is not on air", room.group_id))
    })?;
    let giver = accounts::store::find(tx, user.as_str()).await?;
    let giver =
        giver.ok_or_else(|| Problem::not_found("account", "the account is gone: sign in"))?;
    moderation::check_may_be_shown(business, tx, &room.group_id, user.as_str()).await?;
    let nick =
        moderation::shown_name(business, tx, &room.group_id, user.as_str(), &giver.nick).await?;
    let messages = u64::from(amount.messages(kind.combo));
    let (of_room, in_all) = combos::pending(tx, &room.group_id).await?;
    let coming = Coming {
        group_id: &room.group_id,
        for_room: of_room.saturating_add(messages),
        in_all: in_all.saturating_add(messages),
    };
    business.outbox.admit(tx, coming).await?;

    let number = storage::next(tx, "gift_orders").await?;
    let order_id = format!("{}-{number}", business.gifts.tag);
    let count = amount.number();
    let coins = i64::from(kind.price) * i64::from(count);
    let owner = room.owner.as_str();
    let booking = Booking {
        kind: Kind::Gift,
        reference: &format!("gift:{order_id}"),
        reason: None,
        from: Account::Wallet(user.as_str()),
        to: Account::Income(owner),
        coins,
    };
    let (balance, _) = wallet::book(tx, booking, now_ms).await?;

    let mut message = Gift {
        order: order_id.clone(),
        combo: String::new(),
        gift: kind.id.clone(),
        title: kind.title.clone(),
        count,
        total: count,
        user: user.to_string(),
        nick,
        level: accounts::levels::level_of(&business.config.levels, giver.experience),
        price: kind.price,
        effect: kind.effect,
    };
    let place = Place { group_id: &room.group_id, user: user.as_str(), number, now_ms };
    let mut combo = open_combo(tx, place, kind, &business.gifts.tag, wish, &message).await?;
    if combo.total.checked_add(count).is_none() {
        return Err(Problem::conflict("combo", "this combo is full: begin another"));
    }
    message.combo.clone_from(&combo.combo);
    let messages = match amount {
        Amount::Count(_) => combo.add_at_once(message.clone(), now_ms),
        Amount::Clicks(_) => combo.add_clicks(message.clone(), kind.combo, now_ms),
    };
    message.total = combo.total;
    combo::put(tx, &combo, messages, now_ms).await?;
    let order = Order {
        number,
        order_id,
        group_id: room.group_id.clone(),
        stream,
        day: now_ms / DAY_MS,
        user_id: user.to_string(),
        owner: owner.to_owned(),
        gift: kind.id.clone(),
        combo: combo.combo,
        count,
        coins,
        at_ms: now_ms,
        withdrawn: 0,
        refunded_ms: None,
        refund_reason: None,
    };
    store::insert_order(tx, &order).await?;
    sums::add(tx, &order).await?;
    notifications::queue(tx, &order.group_id, &ShopEvent::GiftPaid(told(&order)), now_ms).await?;
    Ok((message, balance))
}

/// An order as the shop is told of it.
fn told(order: &Order) -> GiftEvent {
    GiftEvent {
        order: order.order_id.clone(),
        user: order.user_id.clone(),
        owner: order.owner.clone(),
        gift: order.gift.clone(),
        count: order.count,
        coins: order.coins,
    }
}

/// Where an order stands.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    group_id: &'a str,
    user: &'a str,
    number: u64,
    now_ms: u64,
}

/// The combo that an order belongs to. One that the giver has named is the giver's, for one gift in
/// one room; without a name, clicks go on with the last combo if it is fresh, and anything else
/// begins one that is named after the order. No giver can choose such a name for a new combo.
async fn open_combo(
    tx: &mut Tx,
    place: Place<'_>,
    kind: &GiftKind,
    tag: &str,
    wish: Wish<'_>,
    message: &Gift,
) -> Result<Combo, Problem> {
    let Place { group_id, user, number, now_ms } = place;
    let found = match (wish.combo, wish.amount) {
        (Some(name), _) => {
            let is_id = (1..=MAX_BUSINESS_ID_BYTES).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_id {
                return Err(Problem::invalid("combo has 1 to 64 bytes of printable ASCII"));
            }
            combos::find(tx, group_id, name).await?
        }
        (None, Amount::Clicks(_)) => {
            let last = combos::last_of(tx, group_id, user, &kind.id).await?;
            last.filter(|combo| combo.last_ms.abs_diff(now_ms) <= COMBO_GAP_MS)
        }
        (None, Amount::Count(_)) => None,
    };
    let taken = || {
        Problem::conflict(
            "combo",
            "this combo is somebody else's or another gift's: choose another id",
        )
    };
    if let Some(combo) = found {
        let is_own = combo.user == user && combo.gift == kind.id;
        return if is_own { Ok(combo) } else { Err(taken()) };
    }
    let is_reserved = |name: &str| name.strip_prefix(tag).is_some_and(|rest| rest.starts_with('-'));
    if wish.combo.is_some_and(is_reserved) {
        return Err(Problem::conflict(
            "combo",
            format!("combos that begin with {tag}- are named by the service: choose another id"),
        ));
    }
    let name = wish.combo.unwrap_or(&message.order);
    let message = Gift { combo: name.to_owned(), ..message.clone() };
    let combo = Combo::empty(group_id, message, now_ms);
    if combos::open(tx, &combo, number).await? { Ok(combo) } else { Err(taken()) }
}
