//! What the gateway reads: whatever is accepted reads the same after it was written again.
//! Run with `cargo +nightly fuzz run client_frame`.
#![no_main]

use chat_types::element::{check_body, readable_text};
use chat_types::gateway::ClientFrame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(frame) = serde_json::from_str::<ClientFrame>(text) else { return };
    if let ClientFrame::Send { elements, .. } = &frame {
        let _ = check_body(elements);
        let _ = readable_text(elements);
    }
    let again = serde_json::to_string(&frame).expect("frames encode");
    assert_eq!(serde_json::from_str::<ClientFrame>(&again).expect("and decode"), frame);
});
