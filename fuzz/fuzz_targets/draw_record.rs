//! Run with `cargo +nightly fuzz run draw_record`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::draw_record(data));
