//! Run with `cargo +nightly fuzz run rest_query`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::rest_query(data));
