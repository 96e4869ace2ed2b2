//! Deletes a person. What is only about the person goes; what others rely on – the ledger, orders,
//! figures, the record of a draw – stays under another name.
//!
//! A UserSig that was given before opens the chat service until it ends, and makes the account there
//! anew. So for as long as one may live, nobody is let in under the id, here or into a room; after
//! that the account is deleted once more, with what has come under the id meanwhile.

use chat_types::UserId;

use super::store::jobs::{self, Kind};
use super::store::{self, erase, gone};
use super::subjects::DELETED;
use crate::Business;
use crate::problem::Problem;
use crate::storage::{self, Error, Tx};

/// Clocks of two machines may differ by so much: by the chat service's a UserSig may end later.
const LEEWAY_MS: u64 = 5 * 60_000;
/// When the time is over, the chat service has still to answer.
const SOON_MS: u64 = 5_000;

/// Takes an account out of the database, and out of the chat service as soon as that answers. Gives
/// the name under which the rest stays. An account that owns a room is left as it is, and so is one
/// with coins or income unless they may be lost.
pub(super) async fn delete(
    business: &Business,
    tx: &mut Tx,
    user_id: &UserId,
    may_lose_coins: bool,
) -> Result<String, Problem> {
    let account = store::find(tx, user_id.as_str()).await?;
    if account.is_none() {
        return Err(Problem::not_found("account", format!("there is no account {user_id}")));
    }
    if let Some(room) = erase::room_of(tx, user_id.as_str()).await? {
        let detail = format!(
            "room {room} belongs to the account: first give its group to another owner \
             (change_group_owner of the chat service), or end it (destroy_group)"
        );
        return Err(Problem::conflict("owns_room", detail));
    }
    let (wallet, income) = erase::coins_of(tx, user_id.as_str()).await?;
    if (wallet > 0 || income > 0) && !may_lose_coins {
        let detail = format!(
            "the wallet has {wallet} coins and the income {income}, which nobody gets back: spend them \
             and have the income paid out, or call again with forfeit=true"
        );
        return Err(Problem::conflict("balance", detail));
    }
    let now_ms = business.clock.now_ms();
    let instead = erase_under_new_name(tx, user_id.as_str(), now_ms).await?;
    let lifetime = business.config.user_sig_lifetime.as_millis();
    let lifetime_ms = u64::try_from(lifetime).unwrap_or(u64::MAX);
    let until_ms = now_ms.saturating_add(lifetime_ms).saturating_add(LEEWAY_MS);
    gone::add(tx, user_id.as_str(), until_ms).await?;
    jobs::add(tx, user_id.as_str(), Kind::Delete).await?;
    Ok(instead)
}

/// Gives the name that stands in place of the person.
async fn erase_under_new_name(tx: &mut Tx, user_id: &str, now_ms: u64) -> Result<String, Error> {
    let instead = format!("{DELETED}{}", storage::next(tx, "deleted").await?);
    erase::erase(tx, user_id, &instead, now_ms).await?;
    Ok(instead)
}

/// The chat service has deleted the account. When no UserSig of before is left, what has come under
/// the id since is erased, and the id may be anybody's again.
pub(super) async fn deleted_at_chat_service(
    tx: &mut Tx,
    user_id: &str,
    now_ms: u64,
) -> Result<(), Error> {
    if gone::until_ms(tx, user_id).await?.is_some_and(|until_ms| until_ms <= now_ms) {
        erase_under_new_name(tx, user_id, now_ms).await?;
        gone::remove(tx, user_id).await?;
    }
    Ok(())
}

/// 403 for an id whose account was deleted a short time ago: an old UserSig would be that of whoever
/// came in under it.
pub(super) async fn check_not_gone(
    business: &Business,
    tx: &mut Tx,
    user_id: &str,
) -> Result<(), Problem> {
    let Some(until_ms) = gone::until_ms(tx, user_id).await? else { return Ok(()) };
    let left_ms = until_ms.saturating_sub(business.clock.now_ms()).max(SOON_MS);
    let detail = "this account was deleted a short time ago: its name is free when what it was given \
                  has ended";
    Err(Problem { retry_after_ms: Some(left_ms), ..Problem::new(403, "deleted", detail) })
}
