//! Run with `cargo +nightly fuzz run ids`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::ids(data));
