//! Between claims and text: the JSON members, zlib, and the alphabet.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, Decompress, FlushDecompress, Status, write::ZlibEncoder};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Claims, Malformed};

/// The longest UserSig that is made or read, in bytes as it arrives, escapes included: 16 KiB.
pub const MAX_USER_SIG_BYTES: usize = 16 * 1024;

/// The most JSON that a UserSig may hold, in bytes: 16 KiB.
pub const MAX_INFLATED_BYTES: usize = 16 * 1024;

const VERSION: &str = "2.0";

#[derive(Serialize, Deserialize)]
struct Members {
    #[serde(rename = "TLS.ver")]
    ver: String,
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    sdkappid: u32,
    #[serde(rename = "TLS.expire")]
    expire: i128,
    #[serde(rename = "TLS.time")]
    time: u64,
    #[serde(
        rename = "TLS.userbuf",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    userbuf: Option<String>,
    #[serde(rename = "TLS.sig")]
    sig: String,
}

/// A member that may be missing but, when it is there, may not be `null`.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    String::deserialize(value).map(Some)
}

pub(crate) fn encode(claims: &Claims, signature: &[u8]) -> Result<String, Malformed> {
    check_identifier(&claims.identifier)?;
    let json = serde_json::to_vec(&Members {
        ver: VERSION.to_owned(),
        identifier: claims.identifier.clone(),
        sdkappid: claims.sdk_app_id,
        expire: claims.expire_s.into(),
        time: claims.time_s,
        userbuf: claims.userbuf.as_ref().map(|bytes| STANDARD.encode(bytes)),
        sig: STANDARD.encode(signature),
    })
    .map_err(|_never_for_these_members| Malformed::Json)?;
    if json.len() > MAX_INFLATED_BYTES {
        return Err(Malformed::TooLarge);
    }
    let text = to_alphabet(&STANDARD.encode(deflate(&json)?));
    if text.len() > MAX_USER_SIG_BYTES {
        return Err(Malformed::TooLong);
    }
    Ok(text)
}

/// What stands in a text, unchecked.
pub(crate) struct Decoded {
    /// With a lifetime of 0 for one below that.
    pub(crate) claims: Claims,
    /// The lifetime as it was signed, seconds.
    pub(crate) expire_s: i128,
    pub(crate) signature: Vec<u8>,
}

pub(crate) fn decode(user_sig: &str) -> Result<Decoded, Malformed> {
    if user_sig.len() > MAX_USER_SIG_BYTES {
        return Err(Malformed::TooLong);
    }
    let compressed =
        STANDARD.decode(from_alphabet(user_sig)?).map_err(|_inner| Malformed::Base64)?;
    let members = parse(&inflate(&compressed)?)?;
    if members.ver != VERSION {
        return Err(Malformed::Version);
    }
    check_identifier(&members.identifier)?;
    let userbuf = members
        .userbuf
        .map(|text| STANDARD.decode(text))
        .transpose()
        .map_err(|_inner| Malformed::Userbuf)?;
    let signature = STANDARD.decode(members.sig).map_err(|_inner| Malformed::Signature)?;
    let claims = Claims {
        identifier: members.identifier,
        sdk_app_id: members.sdkappid,
        time_s: members.time,
        // What is read as a whole number goes up to that of `u64`.
        expire_s: u64::try_from(members.expire).unwrap_or(0),
        userbuf,
    };
    Ok(Decoded { claims, expire_s: members.expire, signature })
}

/// The signed text is made of lines, so a line feed in the identifier would let one signature stand
/// for two sets of members. No account needs any other control character either.
fn check_identifier(identifier: &str) -> Result<(), Malformed> {
    if identifier.is_empty() || identifier.chars().any(char::is_control) {
        return Err(Malformed::Identifier);
    }
    Ok(())
}

/// The parser's own sentences are dropped: they quote the values they stumble over.
fn parse(json: &[u8]) -> Result<Members, Malformed> {
    // Without this an array of the values, in order, would pass for the object.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(Malformed::Json);
    }
    serde_json::from_slice(json).map_err(|_quotes_values| Malformed::Json)
}

fn deflate(json: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(json)
        .and_then(|()| encoder.finish())
        .map_err(|_never_in_memory| Malformed::Zlib)
}

/// One whole zlib stream, into a buffer one byte larger than what is allowed.
fn inflate(compressed: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut out = vec![0; MAX_INFLATED_BYTES + 1];
    let mut stream = Decompress::new(true);
    let status = stream.decompress(compressed, &mut out, FlushDecompress::Finish);
    let count = |total: u64| usize::try_from(total).unwrap_or(usize::MAX);
    if count(stream.total_out()) > MAX_INFLATED_BYTES {
        return Err(Malformed::TooLarge);
    }
    match status {
        Ok(Status::StreamEnd) if count(stream.total_in()) < compressed.len() => {
            Err(Malformed::TrailingBytes)
        }
        Ok(Status::StreamEnd) => {
            out.truncate(count(stream.total_out()));
            Ok(out)
        }
        Ok(Status::Ok | Status::BufError) | Err(_) => Err(Malformed::Zlib),
    }
}

fn to_alphabet(base64: &str) -> String {
    base64
        .chars()
        .map(|c| match c {
            '+' => '*',
            '/' => '-',
            '=' => '_',
            other => other,
        })
        .collect()
}

/// Back to standard base64, with the three escapes undone.
fn from_alphabet(user_sig: &str) -> Result<Vec<u8>, Malformed> {
    let mut base64 = Vec::with_capacity(user_sig.len());
    let mut rest = user_sig.as_bytes();
    loop {
        let (symbol, after) = match rest {
            [] => return Ok(base64),
            [b'%', b'2', b'A' | b'a', after @ ..] => (b'*', after),
            [b'%', b'2', b'D' | b'd', after @ ..] => (b'-', after),
            [b'%', b'5', b'F' | b'f', after @ ..] => (b'_', after),
            [symbol, after @ ..] => (*symbol, after),
        };
        base64.push(match symbol {
            b'*' => b'+',
            b'-' => b'/',
            b'_' => b'=',
            symbol if symbol.is_ascii_alphanumeric() => symbol,
            _ => return Err(Malformed::Alphabet),
        });
        rest = after;
    }
}
