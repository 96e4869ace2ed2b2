//! Calls that another server of the shop makes, with a signature in place of a token: the header
//! `X-Signature` is the HMAC-SHA256 of the raw body in hexadecimal, and the body says in `at_s`, in
//! Unix seconds, when it was made.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderValue;
use chat_rest::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::sync::Arc;

use super::Problem;
use crate::Business;

const HEADER: &str = "x-signature";
const MAC_BYTES: usize = 32;
/// A call may be so old, or so far ahead by its sender's clock. What a repeat within this time does
/// is the call's own matter.
const WINDOW_S: u64 = 5 * 60;

/// A body that the shop has signed, and lately. 403 when there is no key to check it with, 401 when it
/// is not signed with that key or is too old.
#[derive(Debug)]
pub(crate) struct Signed<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<Business>> for Signed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, business: &Arc<Business>) -> Result<Self, Problem> {
        // Everybody has the empty key, so it proves nothing.
        let key = business.config.payment_key.as_ref().filter(|key| !key.reveal().is_empty());
        let key = key.ok_or_else(|| {
            Problem::forbidden("no payment key is configured to check the shop's signature with")
        })?;
        let signature = request.headers().get(HEADER).cloned();
        let body = Bytes::from_request(request, business).await.map_err(|rejection| {
            Problem::new(rejection.status().as_u16(), "body", rejection.body_text())
        })?;
        verify(signature.as_ref(), &body, key, business.clock.now_s())?;
        let read = serde_json::from_slice(&body);
        read.map(Self).map_err(|error| {
            Problem::new(422, "body", format!("the body is not what this call takes: {error}"))
        })
    }
}

#[derive(Deserialize)]
struct Made {
    at_s: u64,
}

/// 401 unless the body was signed with `key`, and lately.
fn verify(
    signature: Option<&HeaderValue>,
    body: &[u8],
    key: &Secret,
    now_s: u64,
) -> Result<(), Problem> {
    let refused = |why: &str| Problem::new(401, "signature", why);
    let given = signature.and_then(|value| from_hex(value.as_bytes())).ok_or_else(|| {
        refused("X-Signature has to be the HMAC-SHA256 of the body: 64 hexadecimal digits")
    })?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes())
        .map_err(|_| refused("signatures cannot be checked with the key of payments"))?;
    mac.update(body);
    mac.verify_slice(&given)
        .map_err(|_| refused("X-Signature is not that of this body with the key of payments"))?;
    let Made { at_s } = serde_json::from_slice(body)
        .map_err(|_| Problem::invalid("the body has to say in at_s when it was made"))?;
    if at_s.abs_diff(now_s) > WINDOW_S {
        return Err(refused(
            "at_s is more than five minutes off: sign again with the present time",
        ));
    }
    Ok(())
}

fn from_hex(digits: &[u8]) -> Option<[u8; MAC_BYTES]> {
    let mut bytes = [0; MAC_BYTES];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_760_000_000;
    const BODY: &[u8] = br#"{"at_s":1760000000}"#;
    /// By another program: `printf '{"at_s":1760000000}' | openssl dgst -sha256 -hmac key`.
    const SIGNATURE: &str = "9e2ce66c9f763e9b3bbe6195a17757fb7a415237d611984454844a9216a3ff3c";

    fn check(signature: &str, body: &[u8], key: &str, now_s: u64) -> Result<(), &'static str> {
        let signature = HeaderValue::from_str(signature).unwrap();
        verify(Some(&signature), body, &Secret::new(key), now_s).map_err(|problem| problem.code)
    }

    #[test]
    fn a_body_signed_by_the_shop_is_taken_for_five_minutes() {
        for now_s in [NOW_S - 300, NOW_S, NOW_S + 300] {
            assert_eq!(check(SIGNATURE, BODY, "key", now_s), Ok(()));
        }
        assert_eq!(check(&SIGNATURE.to_uppercase(), BODY, "key", NOW_S), Ok(()));
        for now_s in [0, NOW_S - 301, NOW_S + 301, u64::MAX] {
            assert_eq!(check(SIGNATURE, BODY, "key", now_s), Err("signature"));
        }
    }

    #[test]
    fn a_signature_of_anything_else_is_refused() {
        assert_eq!(check(SIGNATURE, br#"{"at_s":1760000001}"#, "key", NOW_S), Err("signature"));
        assert_eq!(check(SIGNATURE, BODY, "another", NOW_S), Err("signature"));
        for wrong in ["", "ab", &SIGNATURE[1..], &format!("{SIGNATURE}0"), &"+f".repeat(32)] {
            assert_eq!(check(wrong, BODY, "key", NOW_S), Err("signature"));
        }
        let nothing = verify(None, BODY, &Secret::new("key"), NOW_S);
        assert_eq!(nothing.unwrap_err().code, "signature");
    }
}
