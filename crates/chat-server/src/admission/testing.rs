//! What tests of the limits have in common.

use chat_types::gateway::ClientFrame;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;

/// A clock that stands still unless a test moves it.
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(5_000)))
    }

    pub(crate) fn pass_ms(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> u64 {
        self.monotonic_ms()
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// One frame of every kind.
pub(crate) fn every_frame() -> Vec<ClientFrame> {
    let frames: [(&str, Value); 17] = [
        ("login", json!({"sdk_app_id": 1})),
        ("join", json!({"group_id": "r"})),
        ("leave", json!({"group_id": "r"})),
        ("send", json!({"group_id": "r", "client_id": "c", "elements": []})),
        ("catch_up", json!({"group_id": "r", "after_seq": 0})),
        ("modify_rules", json!({"group_id": "r"})),
        ("modify_group", json!({"group_id": "r"})),
        ("recall", json!({"group_id": "r", "seq": 1})),
        ("history", json!({"group_id": "r", "count": 1})),
        ("send_c2c", json!({"to": "b", "client_id": "c", "elements": []})),
        ("c2c_history", json!({"peer": "b", "count": 1})),
        ("c2c_read", json!({"peer": "b"})),
        ("c2c_withdraw", json!({"peer": "b", "key": "k"})),
        ("conversations", json!({})),
        ("presence", json!({"user_ids": []})),
        ("ping", json!({})),
        ("logout", json!({})),
    ];
    let frames = frames.into_iter().map(|(kind, mut frame)| {
        frame["t"] = kind.into();
        frame["id"] = 1.into();
        serde_json::from_value(frame).unwrap()
    });
    frames.collect()
}
