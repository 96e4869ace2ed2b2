//! Run with `cargo +nightly fuzz run room_frames`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_targets::room_frames(data));
