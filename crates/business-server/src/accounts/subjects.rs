//! Which account a person of the identity server gets. The server's own names may be of any length and
//! form; an account id has 1 to 32 bytes of printable ASCII and is seen by everybody in a room.

use chat_types::UserId;
use sha2::{Digest as _, Sha256};

use super::erasure::check_not_gone;
use super::store::{self, subjects};
use crate::Business;
use crate::problem::Problem;
use crate::storage::{Error, Tx};

/// What the ids begin with that are made here.
const DERIVED: &str = "u_";
/// Bytes of the digest in such an id, which is as long as an id may be.
const DERIVED_BYTES: usize = 15;
/// What stands in place of an account that was deleted begins with this.
pub(super) const DELETED: &str = "deleted-";

/// SHA-256 of who somebody is, and at which identity server, in hexadecimal.
fn digest(issuer: &str, subject: &str) -> String {
    // No issuer is an address with a zero byte in it, so the two cannot run into each other.
    hex::encode(
        Sha256::new().chain_update(issuer).chain_update([0_u8]).chain_update(subject).finalize(),
    )
}

/// An id of a form that no plain subject keeps.
fn derived(digest: &str) -> Result<UserId, Problem> {
    let hash = digest.get(..2 * DERIVED_BYTES).unwrap_or(digest);
    UserId::new(format!("{DERIVED}{hash}")).map_err(|error| Problem::invalid(error.info))
}

fn is_derived(subject: &str) -> bool {
    subject.strip_prefix(DERIVED).is_some_and(|hash| {
        hash.len() == 2 * DERIVED_BYTES
            && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether the id is kept for what was deleted.
pub(super) fn is_reserved(user_id: &str) -> bool {
    user_id.starts_with(DELETED)
}

/// Whether a subject may be seen by everybody and be part of an address.
fn is_plain(subject: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    subject.bytes().all(is_plain)
        && ![".", ".."].contains(&subject)
        && !is_derived(subject)
        && !is_reserved(subject)
}

/// A person whose account is known.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) user_id: UserId,
    pub(super) digest: String,
}

/// The account of a person, always the same one. The first time, a subject that is short and plain
/// stays as it is, and so does one whose account is here already; another gets an id that is made of
/// its digest.
///
/// A token that is outdated is refused before it changes anything, here or at the chat service.
pub(super) async fn account_of(
    business: &Business,
    issuer: &str,
    subject: &str,
    issued_ms: u64,
) -> Result<Known, Problem> {
    let digest = digest(issuer, subject);
    let mut tx = business.database.read().await?;
    let seen = subjects::find(&mut tx, &digest).await?;
    if seen.as_ref().is_some_and(|seen| seen.outdates(issued_ms)) {
        return Err(super::outdated());
    }
    let user_id = match seen.and_then(|seen| seen.user_id) {
        Some(user_id) => {
            check_not_revoked(&mut tx, &user_id, issued_ms).await?;
            read(user_id)?
        }
        None => {
            drop(tx);
            let mut tx = business.database.write().await?;
            let who = subjects::Subject { digest: &digest, issuer, subject };
            let user_id = claim(business, &mut tx, who).await?;
            check_not_revoked(&mut tx, user_id.as_str(), issued_ms).await?;
            tx.commit().await?;
            user_id
        }
    };
    Ok(Known { user_id, digest })
}

/// 401 for a token that was issued before an administrator took all of the account's back.
pub(super) async fn check_not_revoked(
    tx: &mut Tx,
    user_id: &str,
    issued_ms: u64,
) -> Result<(), Problem> {
    let account = store::find(tx, user_id).await?;
    if account.is_some_and(|account| account.has_revoked(issued_ms)) {
        return Err(super::outdated());
    }
    Ok(())
}

async fn claim(
    business: &Business,
    tx: &mut Tx,
    who: subjects::Subject<'_>,
) -> Result<UserId, Problem> {
    let mut candidates = vec![derived(who.digest)?];
    if let Ok(own) = UserId::new(who.subject)
        && (is_plain(who.subject) || store::find(tx, who.subject).await?.is_some())
    {
        candidates.insert(0, own);
    }
    for user_id in candidates {
        check_not_gone(business, tx, user_id.as_str()).await?;
        if subjects::claim(tx, who, user_id.as_str()).await? {
            return Ok(user_id);
        }
    }
    // Another call of the same person was faster.
    let known = subjects::find(tx, who.digest).await?.and_then(|seen| seen.user_id);
    known.map(read).transpose()?.ok_or_else(Problem::internal)
}

fn read(user_id: String) -> Result<UserId, Error> {
    UserId::new(user_id).map_err(|error| Error::Unreadable(error.info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_short_and_plain_subjects_stay_as_they_are() {
        for plain in ["mei", "Mei_01", "a-b.c", &"x".repeat(32)] {
            assert!(is_plain(plain), "{plain}");
        }
        let made = derived(&digest("https://id.example", "mei")).unwrap();
        for other in [made.as_str(), "mei@shop.example", "https://id.example/7", "deleted-7", ".."]
        {
            assert!(!is_plain(other), "{other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn an_id_that_is_made_fits_and_belongs_to_one_person_of_one_server(
            one in ("\\PC{0,40}", "\\PC{1,600}"),
            other in ("\\PC{0,40}", "\\PC{1,600}"),
        ) {
            let id = |(issuer, subject): &(String, String)| derived(&digest(issuer, subject));
            let (first, second) = (id(&one).unwrap(), id(&other).unwrap());
            prop_assert!(is_derived(first.as_str()) && first.as_str().len() == 32);
            prop_assert_eq!(first == second, one == other);
        }
    }
}
