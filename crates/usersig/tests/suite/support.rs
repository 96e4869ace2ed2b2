//! Packing and unpacking by hand, independent of the crate, and the values the tests share.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{
    Compression,
    read::{ZlibDecoder, ZlibEncoder},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use usersig::{Error, Expected, Malformed, SignRequest, sign, verify};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const APP: u32 = 1_400_000_001;
pub(crate) const ID: &str = "viewer_01";
pub(crate) const TIME: u64 = 1_700_000_000;
pub(crate) const EXPIRE: u64 = 86_400;

pub(crate) const EXPECTED: Expected<'static> =
    Expected { sdk_app_id: APP, key: KEY, identifier: ID, now_s: TIME };

pub(crate) const REQUEST: SignRequest<'static> = SignRequest {
    sdk_app_id: APP,
    key: KEY,
    identifier: ID,
    time_s: TIME,
    expire_s: EXPIRE,
    userbuf: None,
};

pub(crate) fn valid() -> String {
    sign(&REQUEST).unwrap()
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ZlibEncoder::new(bytes, Compression::default()).read_to_end(&mut out).unwrap();
    out
}

pub(crate) fn alphabet(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "*").replace('/', "-").replace('=', "_")
}

pub(crate) fn compressed(user_sig: &str) -> Vec<u8> {
    STANDARD.decode(user_sig.replace('*', "+").replace('-', "/").replace('_', "=")).unwrap()
}

/// A UserSig around any JSON.
pub(crate) fn pack(json: &str) -> String {
    alphabet(&deflate(json.as_bytes()))
}

pub(crate) fn unpack(user_sig: &str) -> String {
    let mut json = String::new();
    ZlibDecoder::new(&compressed(user_sig)[..]).read_to_string(&mut json).unwrap();
    json
}

/// `TLS.sig` of any text under `KEY`.
pub(crate) fn hmac(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

pub(crate) fn malformed(user_sig: &str) -> Malformed {
    match verify(user_sig, &EXPECTED) {
        Err(Error::Malformed(what)) => what,
        other => panic!("expected a malformed UserSig, got {other:?}"),
    }
}
