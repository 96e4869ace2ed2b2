//! Deletes a person. What is only about the person goes; what others rely on – the ledger, orders,
//! figures, the record of a draw – stays under another name.

use chat_types::UserId;

use super::store::jobs::{self, Kind};
use super::store::{self, erase};
use super::subjects::DELETED;
use crate::Business;
use crate::problem::Problem;
use crate::storage::{Tx, next_number};

/// Takes an account out of the database, and out of the chat service as soon as that answers. Gives
/// the name under which the rest stays. An account that owns a room is left as it is, and so is one
/// with coins unless they may be lost.
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
        let detail = format!("room {room} belongs to the account: give it to another owner first");
        return Err(Problem::conflict("owns_room", detail));
    }
    let coins = erase::coins_of(tx, user_id.as_str()).await?;
    if coins > 0 && !may_lose_coins {
        let detail = format!(
            "the wallet has {coins} coins, which nobody gets back: spend them, or call again with \
             forfeit=true"
        );
        return Err(Problem::conflict("balance", detail));
    }
    let instead = format!("{DELETED}{}", next_number(tx, "deleted").await?);
    erase::erase(tx, user_id.as_str(), &instead, business.clock.now_ms()).await?;
    jobs::add(tx, user_id.as_str(), Kind::Delete).await?;
    Ok(instead)
}
