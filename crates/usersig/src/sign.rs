//! Making a UserSig.

use std::fmt;

use hmac::Mac as _;

use crate::{Claims, Error, mac, wire};

/// The lifetime the vendor's libraries use when none is given: 180 days, in seconds.
pub const DEFAULT_EXPIRE_S: u64 = 180 * 24 * 60 * 60;

/// What to sign. `Debug` hides the key.
#[derive(Clone, Copy)]
pub struct SignRequest<'a> {
    /// The application's number, `SDKAppID`.
    pub sdk_app_id: u32,
    /// The application's secret key. Its text is the key: it is not decoded. Not empty.
    pub key: &'a str,
    /// The account. Not empty, no control characters.
    pub identifier: &'a str,
    /// The time of signing, Unix seconds.
    pub time_s: u64,
    /// The lifetime, seconds. The vendor advises at least a day. One of 0 is over at once.
    pub expire_s: u64,
    /// Bytes to sign along, which the verifier gives back. `None` and `Some(&[])` are different.
    pub userbuf: Option<&'a [u8]>,
}

impl fmt::Debug for SignRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("identifier", &self.identifier)
            .field("time_s", &self.time_s)
            .field("expire_s", &self.expire_s)
            .field("userbuf", &self.userbuf)
            .finish_non_exhaustive()
    }
}

/// Makes a UserSig: letters, digits, `*`, `-` and `_`, fit for a URL without escaping.
///
/// # Errors
///
/// What [`verify`](crate::verify) would refuse is not made in the first place:
///
/// - [`Error::Malformed`] with [`Identifier`](crate::Malformed::Identifier) if the identifier is
///   empty or holds a control character, with [`TooLarge`](crate::Malformed::TooLarge) or
///   [`TooLong`](crate::Malformed::TooLong) if the identifier and the userbuf together need more
///   than [`MAX_INFLATED_BYTES`](crate::MAX_INFLATED_BYTES) of JSON or
///   [`MAX_USER_SIG_BYTES`](crate::MAX_USER_SIG_BYTES) of text;
/// - [`Error::SignatureMismatch`] if the key is empty.
pub fn sign(request: &SignRequest<'_>) -> Result<String, Error> {
    let claims = Claims {
        identifier: request.identifier.to_owned(),
        sdk_app_id: request.sdk_app_id,
        time_s: request.time_s,
        expire_s: request.expire_s,
        userbuf: request.userbuf.map(<[u8]>::to_vec),
    };
    let signature =
        mac::over(&claims, request.expire_s.into(), request.key)?.finalize().into_bytes();
    Ok(wire::encode(&claims, &signature)?)
}
