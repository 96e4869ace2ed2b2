//! Tokens of this API: JSON Web Tokens that only this service signs and reads. A token says who calls
//! and not what the account may do, which may be less by now.

use chat_types::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::problem::Problem;

/// A longer text is no token of ours.
const MAX_TOKEN_BYTES: usize = 1_024;

/// What a sign-in opens, and what its tokens say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    #[serde(rename = "sub")]
    pub(crate) user_id: UserId,
    /// Nothing that is given in it lives longer. Unix seconds.
    #[serde(rename = "end")]
    pub(crate) ends_s: u64,
    /// That of the account when it signed in.
    pub(crate) epoch: u64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    session: Session,
    /// Unix seconds.
    exp: u64,
}

/// The key of the tokens. It is made at the first start and kept, so that tokens outlive a restart.
pub(crate) struct Tokens {
    signing: EncodingKey,
    reading: DecodingKey,
    lifetime: Duration,
}

impl Tokens {
    pub(crate) fn new(key: &str, lifetime: Duration) -> Result<Self, jsonwebtoken::errors::Error> {
        Ok(Self {
            signing: EncodingKey::from_secret(key.as_bytes())?,
            reading: DecodingKey::from_secret(key.as_bytes())?,
            lifetime,
        })
    }

    /// A token, and when it ends in Unix seconds: not after the session.
    pub(crate) fn make(&self, session: &Session, now_s: u64) -> Result<(String, u64), Problem> {
        let exp = now_s.saturating_add(self.lifetime.as_secs()).min(session.ends_s);
        let claims = Claims { session: session.clone(), exp };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.signing);
        token.map(|token| (token, exp)).map_err(|error| {
            tracing::error!(%error, "token not signed");
            Problem::internal()
        })
    }

    /// Of which session it is. 401 for one that is not ours, was changed, or has ended.
    pub(crate) fn read(&self, token: &str, now_s: u64) -> Result<Session, Problem> {
        let refused = Problem::foreign_token;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(refused());
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // By the clock that is passed in, below.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let read = decode::<Claims>(token, &self.reading, &validation).map_err(|_| refused())?;
        let Claims { session, exp } = read.claims;
        if session.ends_s <= now_s {
            let detail = "nobody stays in for longer without signing in again: sign in again";
            return Err(Problem::new(401, "session_ended", detail));
        }
        if exp <= now_s {
            return Err(Problem::new(401, "token_expired", "the token has ended: sign in again"));
        }
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(key: &str) -> Tokens {
        Tokens::new(key, Duration::from_secs(60)).unwrap()
    }

    fn session(user: &str) -> Session {
        Session { user_id: UserId::new(user).unwrap(), ends_s: 1_100, epoch: 7 }
    }

    #[test]
    fn a_token_says_who_it_was_made_for_until_it_ends() {
        let tokens = tokens("one");
        let (token, ends_s) = tokens.make(&session("mei"), 1_000).unwrap();
        assert_eq!(ends_s, 1_060);
        assert_eq!(tokens.read(&token, 1_059).unwrap(), session("mei"));
        assert_eq!(tokens.read(&token, 1_060).unwrap_err().code, "token_expired");
    }

    #[test]
    fn no_token_outlives_its_session() {
        let tokens = tokens("one");
        let (token, ends_s) = tokens.make(&session("mei"), 1_090).unwrap();
        assert_eq!(ends_s, 1_100);
        assert_eq!(tokens.read(&token, 1_099).unwrap(), session("mei"));
        assert_eq!(tokens.read(&token, 1_100).unwrap_err().code, "session_ended");
    }

    #[test]
    fn a_token_that_was_changed_or_signed_by_another_key_is_refused() {
        let (token, _) = tokens("one").make(&session("mei"), 1_000).unwrap();
        assert_eq!(tokens("two").read(&token, 1_000).unwrap_err().status, 401);
        let (admins, _) = tokens("two").make(&session("boss"), 1_000).unwrap();
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (mine, theirs) = (parts(&token), parts(&admins));
        let forged = format!("{}.{}.{}", mine[0], theirs[1], mine[2]);
        // {"alg":"none"}
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", theirs[1]);
        for wrong in [forged.as_str(), &unsigned, "", "a.b.c", &"x".repeat(5_000)] {
            assert_eq!(tokens("one").read(wrong, 1_000).unwrap_err().code, "token");
        }
    }
}
