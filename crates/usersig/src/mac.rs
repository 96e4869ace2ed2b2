//! The text that is signed, and the HMAC over it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Claims, Error};

/// HMAC-SHA256 of the text of `claims` with this lifetime, ready to be finished or compared.
///
/// An empty key is a [`Error::SignatureMismatch`]: everybody has it, so it proves nothing.
pub(crate) fn over(claims: &Claims, expire_s: i128, key: &str) -> Result<Hmac<Sha256>, Error> {
    if key.is_empty() {
        return Err(Error::SignatureMismatch);
    }
    let mut mac = Hmac::new_from_slice(key.as_bytes())
        .map_err(|_any_length_fits| Error::SignatureMismatch)?;
    mac.update(text(claims, expire_s).as_bytes());
    Ok(mac)
}

/// Unambiguous only while the identifier has no line feed; `wire` sees to that in both directions.
fn text(claims: &Claims, expire_s: i128) -> String {
    let Claims { identifier, sdk_app_id, time_s, userbuf, .. } = claims;
    let mut text = format!(
        "TLS.identifier:{identifier}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time_s}\n\
         TLS.expire:{expire_s}\n"
    );
    if let Some(userbuf) = userbuf {
        text.push_str("TLS.userbuf:");
        STANDARD.encode_string(userbuf, &mut text);
        text.push('\n');
    }
    text
}
