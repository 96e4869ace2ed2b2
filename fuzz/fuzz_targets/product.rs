//! Run with `cargo +nightly fuzz run product`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::product(data));
