//! What the shop's payment sells: a signed call, made again as often as it likes.

use chat_types::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Account, Booking, Kind, balance_of, book, store};
use crate::accounts;
use crate::problem::Problem;
use crate::storage::Tx;

/// Most coins of one payment.
const MAX_COINS: i64 = 1_000_000_000;
const MAX_PAYMENT_ID_BYTES: usize = 64;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    /// The shop's own name of the payment, 1 to 64 bytes of printable ASCII. A payment is booked
    /// once, however often it is told.
    payment_id: String,
    /// Whose wallet gets the coins; the account has to exist.
    user: String,
    /// 1 to 1,000,000,000.
    coins: i64,
    /// When this call was signed, in Unix seconds, not when the payment was made. It is checked with
    /// the signature.
    #[expect(dead_code, reason = "the check of the signature reads it from the same body")]
    at_s: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Paid {
    payment_id: String,
    user: String,
    coins: i64,
    /// Coins in the wallet now.
    balance: i64,
}

/// Books the payment unless it was booked before.
pub(super) async fn take(tx: &mut Tx, payment: Payment, now_ms: u64) -> Result<Paid, Problem> {
    let Payment { payment_id, user, coins, .. } = payment;
    let is_id = (1..=MAX_PAYMENT_ID_BYTES).contains(&payment_id.len())
        && payment_id.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_id {
        return Err(Problem::invalid("payment_id has 1 to 64 bytes of printable ASCII"));
    }
    if !(1..=MAX_COINS).contains(&coins) {
        return Err(Problem::invalid(format!("coins are 1 to {MAX_COINS}")));
    }
    let user = UserId::new(user).map_err(|error| Problem::invalid(error.info))?;
    let reference = format!("payment:{payment_id}");
    let wallet = Account::Wallet(user.as_str());
    match store::booked(tx, &reference).await? {
        Some(booked) if booked == (wallet.name(), coins) => {}
        Some(_) => {
            return Err(Problem::conflict(
                "payment",
                format!("payment {payment_id} was booked with another account or amount"),
            ));
        }
        None => {
            if accounts::store::find(tx, user.as_str()).await?.is_none() {
                return Err(Problem::not_found("account", format!("there is no account {user}")));
            }
            let (from, to) = (Account::Payment, wallet);
            let (kind, reference) = (Kind::TopUp, &reference);
            let booking = Booking { kind, reference, reason: None, from, to, coins };
            book(tx, booking, now_ms).await?;
        }
    }
    let balance = balance_of(tx, &user).await?;
    Ok(Paid { payment_id, user: user.to_string(), coins, balance })
}
