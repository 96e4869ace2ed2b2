//! Run with `cargo +nightly fuzz run user_sig`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::user_sig(data));
