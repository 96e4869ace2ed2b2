//! Run with `cargo +nightly fuzz run text`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::text(data));
