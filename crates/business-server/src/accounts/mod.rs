//! Accounts: how people come in, and what they may do.
//!
//! In development a name is enough. In production the shop's own identity server vouches for a
//! person, and its token is exchanged for ours. Either way the answer has a token for this API and a
//! UserSig for the chat service; the key that signs UserSigs never leaves this process.

mod badges;
mod caller;
pub(crate) mod http;
mod identity;
mod keys;
pub(crate) mod levels;
pub(crate) mod store;
mod tokens;

pub(crate) use badges::{Badges, badge_data, without_badge};
pub(crate) use identity::Identity;
pub use identity::IdentityError;
pub(crate) use tokens::Tokens;

use chat_types::UserId;
use chat_types::business::api::Role;
use chat_types::rest::AccountImport;

use crate::Business;
use crate::problem::Problem;

/// Longest display name, in characters.
pub(crate) const MAX_NICK_CHARS: usize = 32;

/// Someone whose identity is proven, or taken for granted in development.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user_id: UserId,
    pub(crate) nick: String,
    pub(crate) role: Role,
}

/// The display name as it is kept: without space around it, 1 to [`MAX_NICK_CHARS`] characters, none
/// of them a control character.
pub(crate) fn nick(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > MAX_NICK_CHARS || text.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "a name has 1 to {MAX_NICK_CHARS} characters, and no control characters"
        )));
    }
    Ok(text.to_owned())
}

/// 403 for an account whose UserSig this service gives to nobody: its own, and every administrator
/// of the application, who could do anything with it. The chat service knows who they are now, so
/// it is asked each time. While it is away, who was `known` before is what it said last.
pub(crate) async fn check_open(
    business: &Business,
    user_id: &UserId,
    known: Option<&store::Account>,
) -> Result<(), Problem> {
    if business.config.chat.is_own(user_id.as_str()) {
        return Err(Problem::forbidden(
            "this account belongs to the service itself: sign in with another one",
        ));
    }
    let is_admin = match (business.chat.is_admin(user_id).await, known) {
        (Ok(is_admin), known) => {
            if known.is_some_and(|account| account.barred != is_admin) {
                let mut tx = business.database.write().await?;
                store::bar(&mut tx, user_id.as_str(), is_admin).await?;
                tx.commit().await?;
            }
            is_admin
        }
        (Err(error), Some(account)) if error.is_temporary() => {
            tracing::warn!(%error, %user_id, "judged without the chat service's word");
            account.barred
        }
        (Err(error), _) => return Err(error.into()),
    };
    if is_admin {
        return Err(Problem::forbidden(
            "this account is an administrator of the application: sign in with another one",
        ));
    }
    Ok(())
}

/// Keeps the account here and makes it known to the chat service, unless it is known there by this
/// name, if it may be given a UserSig.
pub(crate) async fn admit(business: &Business, person: &Person) -> Result<(), Problem> {
    let before = store::find(&mut business.database.read().await?, person.user_id.as_str()).await?;
    check_open(business, &person.user_id, before.as_ref()).await?;
    if before.is_none_or(|account| account.nick != person.nick) {
        let import = AccountImport {
            user_id: person.user_id.to_string(),
            nick: Some(person.nick.clone()),
            face_url: None,
        };
        business.chat.account_import(&import).await?;
    }
    let mut tx = business.database.write().await?;
    store::put(&mut tx, person, business.clock.now_s()).await?;
    tx.commit().await?;
    Ok(())
}
