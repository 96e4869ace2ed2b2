//! Coins: a ledger with double entry, and the wallets in it.
//!
//! Coins are never made or lost: every booking moves some from one account to another, as two entries
//! that add up to zero. Balances are kept beside the entries, in the transactions that write them.
//! Wallets never fall below zero. The sources stand below zero by all that they gave. The income of a
//! host may fall below zero too: a refund is never refused for want of income.

pub(super) mod http;
mod payment;
pub(crate) mod store;
mod support;

use chat_types::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::storage::{self, Tx};

/// Most coins in a wallet: programs that know only double-precision numbers count them exactly.
const MAX_BALANCE: i64 = 1_000_000_000_000_000;

/// An account of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account<'a> {
    Wallet(&'a str),
    /// What came in by gifts to somebody's rooms.
    Income(&'a str),
    /// Where coins come from without money, for development.
    Development,
    /// Where coins come from that the shop's payment has sold.
    Payment,
}

impl Account<'_> {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Wallet(user) => format!("wallet:{user}"),
            Self::Income(user) => format!("income:{user}"),
            Self::Development => "source:development".into(),
            Self::Payment => "source:payment".into(),
        }
    }

    fn may_fall_below_zero(self) -> bool {
        !matches!(self, Self::Wallet(_))
    }
}

/// What coins were moved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type, Serialize, ToSchema)]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = EntryKind)]
pub(crate) enum Kind {
    TopUp,
    Gift,
    Refund,
}

/// Why an order was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type, Serialize, ToSchema)]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundReason {
    /// An administrator did it.
    Asked,
    /// The chat service refused for good to tell the room of it.
    Untold,
    /// An administrator did it, and nobody knows whether the room was told.
    Unclear,
}

impl RefundReason {
    /// As every body has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Untold => "untold",
            Self::Unclear => "unclear",
        }
    }
}

/// Coins that go from one account to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Booking<'a> {
    pub(crate) kind: Kind,
    /// What it is for. Another booking of the same reference is refused by the database.
    pub(crate) reference: &'a str,
    /// Of a refund, why it is made.
    pub(crate) reason: Option<RefundReason>,
    pub(crate) from: Account<'a>,
    pub(crate) to: Account<'a>,
    /// More than zero.
    pub(crate) coins: i64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{coins} coins are needed, and there are {balance}: top up first")]
    Short { balance: i64, coins: i64 },
    #[error("a wallet holds at most {MAX_BALANCE} coins")]
    Full,
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Short { .. } => Self::new(402, "balance", error.to_string()),
            Error::Full => Self::conflict("wallet_full", error.to_string()),
            Error::Storage(error) => error.into(),
        }
    }
}

/// Books. Gives the balances after it of the account that pays and of the one that gets. When it fails
/// for want of coins, the transaction has to be undone; a full account is left as it was.
pub(crate) async fn book(
    tx: &mut Tx,
    booking: Booking<'_>,
    now_ms: u64,
) -> Result<(i64, i64), Error> {
    let Booking { from, to, coins, .. } = booking;
    if !(1..=MAX_BALANCE).contains(&coins) {
        return Err(Error::Full);
    }
    let got = store::add(tx, to, coins, MAX_BALANCE).await?.ok_or(Error::Full)?;
    let Some(paid) = store::take(tx, from, coins).await? else {
        return Err(Error::Short { balance: store::balance(tx, from).await?, coins });
    };
    store::enter(tx, booking, now_ms).await?;
    Ok((paid, got))
}

/// Coins in the wallet of this account.
pub(crate) async fn balance_of(tx: &mut Tx, user: &UserId) -> Result<i64, storage::Error> {
    store::balance(tx, Account::Wallet(user.as_str())).await
}
