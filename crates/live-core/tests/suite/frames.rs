//! What a gateway says in the tests of the client core and of its driver.

use chat_types::Element;
use chat_types::gateway::{Message, RoomSnapshot};
use chat_types::group::GroupProfile;

/// The answer to a join of somebody who has missed nothing.
pub(crate) fn snapshot(group: GroupProfile, last_seq: u32, messages: Vec<Message>) -> RoomSnapshot {
    RoomSnapshot { group, online: 3, last_seq, messages, complete: true, ..RoomSnapshot::default() }
}

pub(crate) fn profile() -> GroupProfile {
    serde_json::from_value(serde_json::json!({
        "group_id": "room_1", "type": "AVChatRoom", "name": "Kiln", "introduction": "",
        "notification": "", "face_url": "", "owner": "host_1", "owner_nick": "Mei",
        "custom_fields": {},
    }))
    .unwrap()
}

pub(crate) fn message(seq: u32, from: &str, text: &str) -> Message {
    Message {
        seq,
        time_s: 1_760_000_000 + seq,
        from: from.into(),
        nick: String::new(),
        priority: chat_types::Priority::Normal,
        elements: vec![Element::text(text)],
        ..Message::default()
    }
}
