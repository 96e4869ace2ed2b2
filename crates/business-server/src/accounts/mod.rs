//! Accounts: how people come in, and what they may do.
//!
//! In development a name is enough. In production the shop's own identity server vouches for a
//! person, and its token is exchanged for ours. Either way the answer has a token for this API and a
//! UserSig for the chat service; the key that signs UserSigs never leaves this process.

mod badges;
mod blocks;
mod caller;
mod chat_jobs;
mod erasure;
mod export;
pub(crate) mod http;
mod identity;
mod keys;
pub(crate) mod levels;
pub(crate) mod store;
mod subjects;
mod tokens;
mod waits;

pub(crate) use badges::{badge_data, without_badge};
pub(crate) use blocks::{Standing, standing};
pub(crate) use chat_jobs::{on_event, run as end_at_chat_service};
pub(crate) use identity::Identity;
pub use identity::IdentityError;
pub(crate) use tokens::{Session, Tokens};

use chat_types::UserId;
use chat_types::business::api::Role;
use chat_types::rest::AccountImport;
use tokio::sync::Notify;

use crate::Business;
use crate::problem::Problem;
use crate::rooms;
use crate::storage::Tx;
use store::subjects::Age;
use store::{Account, jobs};

/// What is known of accounts in memory.
#[derive(Default)]
pub(crate) struct Accounts {
    badges: badges::Badges,
    blocks: blocks::Blocks,
    /// The chat service has something to do.
    jobs: Notify,
    exports: export::Exports,
}

impl Accounts {
    /// Something of the account has changed, and was written.
    fn changed(&self, user_id: &str) {
        self.badges.forget(user_id);
        self.blocks.forget(user_id);
        self.jobs.notify_one();
    }
}

/// Longest display name, in characters.
pub(crate) const MAX_NICK_CHARS: usize = 32;

/// Someone whose identity is proven, or taken for granted in development.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user_id: UserId,
    pub(crate) nick: String,
    pub(crate) role: Role,
    /// By the identity server's token; without one by a name alone.
    proof: Option<Proof>,
}

#[derive(Debug, Clone)]
struct Proof {
    /// Of who the person is at the identity server.
    digest: String,
    /// When the token was issued.
    issued_ms: u64,
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

/// A display name out of what the identity server calls a person: without control characters, and cut
/// where it is too long. `None` when nothing is left.
fn cut_nick(text: &str) -> Option<String> {
    let shown: String = text.chars().filter(|letter| !letter.is_control()).collect();
    let cut: String = shown.trim().chars().take(MAX_NICK_CHARS).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

impl Account {
    /// 403 for an account that is kept out, 401 for a token with another number than the account has
    /// now.
    fn check_session(&self, epoch: u64) -> Result<(), Problem> {
        self.check_not_blocked()?;
        if self.token_epoch != epoch {
            let detail = "the token was taken back, as all of this account: sign in again";
            return Err(Problem::new(401, "token_revoked", detail));
        }
        Ok(())
    }

    /// 403 for an account that is kept out of everything.
    pub(crate) fn check_not_blocked(&self) -> Result<(), Problem> {
        if self.blocked_since_s().is_none() {
            return Ok(());
        }
        Err(Problem::new(403, "blocked", "this account is blocked: ask the shop why"))
    }
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
            if known.is_some_and(|account| account.is_barred() != is_admin) {
                let mut tx = business.database.write().await?;
                store::bar(&mut tx, user_id.as_str(), is_admin).await?;
                tx.commit().await?;
            }
            is_admin
        }
        (Err(error), Some(account)) if error.is_temporary() => {
            tracing::warn!(%error, %user_id, "judged without the chat service's word");
            account.is_barred()
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
/// name, if it may be given a UserSig. Gives it as it is now.
async fn admit(business: &Business, person: &Person) -> Result<Account, Problem> {
    let user_id = person.user_id.as_str();
    let mut tx = business.database.read().await?;
    let before = store::find(&mut tx, user_id).await?;
    // Here again after a deletion, and kept out as before: an administrator finds the account in the
    // list, and the chat service hears nothing of it.
    let is_kept_out = before.is_none() && store::decisions::is_blocked(&mut tx, user_id).await?;
    erasure::check_not_gone(business, &mut tx, user_id).await?;
    drop(tx);
    if let Some(account) = &before {
        account.check_not_blocked()?;
    }
    let before_role = before.as_ref().map(|account| account.role);
    if !is_kept_out {
        check_open(business, &person.user_id, before.as_ref()).await?;
    }
    if !is_kept_out && before.is_none_or(|account| account.nick != person.nick) {
        let import = AccountImport {
            user_id: person.user_id.to_string(),
            nick: Some(person.nick.clone()),
            face_url: None,
        };
        business.chat.account_import(&import).await?;
    }
    let mut tx = business.database.write().await?;
    // It may have been deleted meanwhile.
    erasure::check_not_gone(business, &mut tx, user_id).await?;
    if let Some(proof) = &person.proof {
        check_newest(&mut tx, person, proof).await?;
    }
    let account = store::put(&mut tx, person, business.clock.now_s()).await?;
    let has_lost_role = before_role.is_some_and(|role| role > account.role);
    if has_lost_role {
        rooms::end_unless_host(business, &mut tx, user_id).await?;
    }
    tx.commit().await?;
    if has_lost_role {
        business.outbox.wake();
    }
    account.check_not_blocked()?;
    Ok(account)
}

/// 401 for a token of the identity server after which it has issued another one, or which an
/// administrator took back: what the person was when it was made is over. Of two of the same time the
/// one that promises less holds.
async fn check_newest(tx: &mut Tx, person: &Person, proof: &Proof) -> Result<(), Problem> {
    subjects::check_not_revoked(tx, person.user_id.as_str(), proof.issued_ms).await?;
    let age = store::subjects::note_issued(tx, &proof.digest, proof.issued_ms).await?;
    let is_replay = match age {
        Age::Newer => false,
        Age::Older => true,
        Age::Same => {
            let account = store::find(tx, person.user_id.as_str()).await?;
            account.is_none_or(|account| account.told_role() < Some(person.role))
        }
    };
    if is_replay {
        return Err(outdated());
    }
    Ok(())
}

fn outdated() -> Problem {
    let detail = "a newer token of this person has been here, or this one was taken back: get a new \
                  one from the identity server";
    Problem::new(401, "identity", detail)
}

/// Ends every token of an account here and its logins at the chat service.
async fn sign_out(tx: &mut Tx, user_id: &str) -> Result<(), Problem> {
    store::end_tokens(tx, user_id).await?;
    jobs::add(tx, user_id, jobs::Kind::SignOut).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let long = "\u{5bb6}".repeat(40);
        assert_eq!(cut_nick(&long), Some("\u{5bb6}".repeat(32)));
        assert_eq!(cut_nick(&format!("{} b", "a".repeat(31))), Some("a".repeat(31)));
        assert_eq!(cut_nick(" Mei\u{7}\n "), Some("Mei".into()));
        for nothing in ["", " ", "\u{7}\n"] {
            assert_eq!(cut_nick(nothing), None);
        }
    }
}
