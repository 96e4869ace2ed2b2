//! Accounts: how people come in, and what they may do.
//!
//! In development a name is enough. In production the shop's own identity server vouches for a
//! person, and its token is exchanged for ours. Either way the answer has a token for this API and a
//! UserSig for the chat service; the key that signs UserSigs never leaves this process.

mod badges;
pub(crate) mod http;
mod identity;
pub(crate) mod levels;
pub(crate) mod store;
mod tokens;

pub(crate) use badges::{Badges, badge_data};
pub(crate) use identity::Identity;
pub use identity::IdentityError;
pub use levels::LevelRules;
pub(crate) use tokens::Tokens;

use chat_types::UserId;
use chat_types::rest::AccountImport;

use crate::Business;
use crate::http::{Problem, Role};

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

/// Keeps the account here and makes it known to the chat service. 403 for the accounts in whose name
/// this service itself speaks: their UserSig opens the whole application.
pub(crate) async fn admit(business: &Business, person: &Person) -> Result<(), Problem> {
    let chat = &business.config.chat;
    if [&chat.admin, &chat.assistant].contains(&&person.user_id) {
        return Err(Problem::forbidden("this account belongs to the service itself"));
    }
    let import = AccountImport {
        user_id: person.user_id.to_string(),
        nick: Some(person.nick.clone()),
        face_url: None,
    };
    business.chat.account_import(&import).await?;
    let mut tx = business.database.write().await?;
    store::put(&mut tx, person, business.clock.now_s()).await?;
    tx.commit().await?;
    Ok(())
}
