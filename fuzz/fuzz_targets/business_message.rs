//! Run with `cargo +nightly fuzz run business_message`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::business_message(data));
