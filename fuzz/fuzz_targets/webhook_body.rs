//! Run with `cargo +nightly fuzz run webhook_body`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::webhook_body(data));
