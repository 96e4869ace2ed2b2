//! Names of people. What this service says itself passes no before-webhook, so the names in it are
//! looked at here: a name that would be refused as a text is replaced by a neutral one.

use sha2::{Digest, Sha256};

use super::ALL_ROOMS;
use crate::Business;
use crate::http::Problem;
use crate::storage::{Error, Tx};

/// The name under which the service speaks of an account in a room.
pub(crate) async fn shown_name(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    nick: &str,
) -> Result<String, Error> {
    let judge = business.moderation.judges.within(tx, group_id).await?;
    Ok(if judge.takes_name(nick) { nick.to_owned() } else { neutral_name(user_id) })
}

/// 400 for a name that no room would be told: it has a word of all rooms in it, or a link.
pub(crate) async fn check_name(business: &Business, nick: &str) -> Result<(), Problem> {
    if is_taken_everywhere(business, nick).await? {
        return Ok(());
    }
    Err(Problem::new(
        400,
        "name",
        "this name has a word or a link in it that is shown to nobody here: choose another one",
    ))
}

/// The name that somebody has elsewhere, or a neutral one in its place.
pub(crate) async fn public_name(
    business: &Business,
    user_id: &str,
    nick: String,
) -> Result<String, Error> {
    let is_taken = is_taken_everywhere(business, &nick).await?;
    Ok(if is_taken { nick } else { neutral_name(user_id) })
}

async fn is_taken_everywhere(business: &Business, nick: &str) -> Result<bool, Error> {
    let judge = business.moderation.judges.of(&business.database, ALL_ROOMS).await?;
    Ok(judge.takes_name(nick) && !text_rules::has_link_in_name(nick))
}

/// Always the same for an account, and mostly another one for others. The id itself may be as bad as
/// the name.
fn neutral_name(user_id: &str) -> String {
    let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(user_id));
    format!("Guest {first:02x}{second:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neutral_name_stays_and_says_nothing_of_the_id() {
        let name = neutral_name("t.me/spam");
        assert_eq!(name, neutral_name("t.me/spam"));
        assert_ne!(name, neutral_name("mei"));
        assert!(name.starts_with("Guest ") && name.len() == 10, "{name}");
    }
}
