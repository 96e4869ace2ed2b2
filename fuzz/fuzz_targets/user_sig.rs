//! No text makes `verify` panic, neither as it stands nor packed as the JSON inside a UserSig.
//! Run with `cargo +nightly fuzz run user_sig`.
#![no_main]

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::ZlibEncoder};
use libfuzzer_sys::fuzz_target;
use usersig::{Expected, verify};

fuzz_target!(|data: &[u8]| {
    let expected = Expected { sdk_app_id: 1, key: "key", identifier: "a", now_s: 0 };
    let _ = verify(&String::from_utf8_lossy(data), &expected);

    let mut packed = Vec::new();
    if ZlibEncoder::new(data, Compression::fast()).read_to_end(&mut packed).is_ok() {
        let text = STANDARD.encode(packed).replace('+', "*").replace('/', "-").replace('=', "_");
        let _ = verify(&text, &expected);
    }
});
