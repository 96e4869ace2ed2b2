//! Run with `cargo +nightly fuzz run server_frame`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::server_frame(data));
