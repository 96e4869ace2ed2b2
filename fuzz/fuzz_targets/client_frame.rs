//! Run with `cargo +nightly fuzz run client_frame`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::client_frame(data));
