//! What the client core reads from a gateway that may be newer, older or hostile.
//! Run with `cargo +nightly fuzz run server_frame`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use live_core::frame;

fuzz_target!(|text: &str| {
    let Ok(read) = frame::read(text) else { return };
    let again = serde_json::to_string(&read).expect("frames encode");
    assert_eq!(frame::read(&again).expect("and decode"), read);
});
