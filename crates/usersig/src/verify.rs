//! Checking a UserSig.

use std::fmt;

use hmac::Mac as _;

use crate::{Error, mac, wire};

/// What the request says, and the key and the time to hold the UserSig against. `Debug` hides the
/// key.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The application the request names, `SDKAppID`.
    pub sdk_app_id: u32,
    /// That application's secret key. Its text is the key: it is not decoded.
    pub key: &'a str,
    /// The account the request names.
    pub identifier: &'a str,
    /// The time now, Unix seconds.
    pub now_s: u64,
}

impl fmt::Debug for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("identifier", &self.identifier)
            .field("now_s", &self.now_s)
            .finish_non_exhaustive()
    }
}

/// What a valid UserSig says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The account it is signed for.
    pub identifier: String,
    /// The application it is signed for, `SDKAppID`.
    pub sdk_app_id: u32,
    /// When it was signed, Unix seconds. May lie in the future.
    pub time_s: u64,
    /// Its lifetime, seconds.
    pub expire_s: u64,
    /// The bytes signed along, if there were any.
    pub userbuf: Option<Vec<u8>>,
}

impl Claims {
    /// The last second at which it is valid, Unix seconds; `u64::MAX` if the sum is larger.
    pub const fn expires_at_s(&self) -> u64 {
        self.time_s.saturating_add(self.expire_s)
    }
}

/// Checks a UserSig against what the request says.
///
/// The text may hold `%2A`, `%2D` and `%5F` for `*`, `-` and `_`.
///
/// # Errors
///
/// The first of these that applies: [`Error::Empty`] (70002), [`Error::Malformed`] (70003),
/// [`Error::IdentifierMismatch`] (70013), [`Error::AppMismatch`] (70014),
/// [`Error::SignatureMismatch`] (70009), [`Error::Expired`] (70001). The two mismatches before the
/// signature speak of what the text claims, true or not. A lifetime of 0 or less has expired,
/// whatever the time is.
///
/// Signatures are compared in constant time.
pub fn verify(user_sig: &str, expected: &Expected<'_>) -> Result<Claims, Error> {
    if user_sig.is_empty() {
        return Err(Error::Empty);
    }
    let wire::Decoded { claims, expire_s, signature } = wire::decode(user_sig)?;
    if claims.identifier != expected.identifier {
        return Err(Error::IdentifierMismatch {
            signed: claims.identifier,
            requested: expected.identifier.to_owned(),
        });
    }
    if claims.sdk_app_id != expected.sdk_app_id {
        return Err(Error::AppMismatch {
            signed: claims.sdk_app_id,
            requested: expected.sdk_app_id,
        });
    }
    mac::over(&claims, expire_s, expected.key)?
        .verify_slice(&signature)
        .map_err(|_differs| Error::SignatureMismatch)?;
    if expire_s <= 0 || claims.expires_at_s() < expected.now_s {
        return Err(Error::Expired { expired_at_s: claims.expires_at_s(), now_s: expected.now_s });
    }
    Ok(claims)
}
