//! Run with `cargo +nightly fuzz run proxy_header`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::proxy_header(data));
