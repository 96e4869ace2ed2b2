//! Run with `cargo +nightly fuzz run rest_call`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::rest_call(data));
