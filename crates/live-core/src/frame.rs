//! Reads the frames of the gateway, and forgives it what this client does not know.

use chat_types::Element;
use chat_types::gateway::{ServerFrame, deflate};
use serde::Deserialize;
use serde_json::Value;

/// Largest frame that is read, in bytes. The gateway puts at most 256 KiB of messages, as JSON, into
/// one frame, and beside them into a `join_ok` the texts of the group, its attributes and its
/// counters, which are a few hundred KiB at most. The rest is room for a gateway that allows more.
pub const MAX_SERVER_FRAME_BYTES: usize = 4 * 1024 * 1024;

/// The frames that this client knows, by `t`.
const KNOWN: [&str; 42] = [
    "login_ok",
    "join_ok",
    "leave_ok",
    "send_ok",
    "catch_up_ok",
    "done",
    "history_ok",
    "send_c2c_ok",
    "c2c_history_ok",
    "conversations_ok",
    "presence_ok",
    "pong",
    "error",
    "messages",
    "broadcast",
    "recalled",
    "system_notification",
    "group_info_changed",
    "attributes_changed",
    "counter_changed",
    "online",
    "group_dismissed",
    "removed",
    "member_entered",
    "member_left",
    "member_banned",
    "member_muted",
    "unbanned",
    "muted",
    "admin_changed",
    "marks_changed",
    "rules_changed",
    "room_figures",
    "profile_changed",
    "c2c_message",
    "c2c_read",
    "c2c_withdrawn",
    "presence_changed",
    "missed",
    "kicked",
    "sig_expired",
    "shutting_down",
];

/// Why a frame was left out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A newer gateway says something that this client has not learnt.
    #[error("the frame {0:?} is unknown")]
    Unknown(String),
    #[error("the frame is malformed: {0}")]
    Malformed(String),
}

#[derive(Deserialize)]
struct Tag {
    t: String,
}

/// Reads one frame. Elements and profile changes of kinds that this client does not know are left
/// out of it, so that one new thing in a message does not cost the whole frame.
///
/// # Errors
/// [`Error::Unknown`] for a frame of another kind, [`Error::Malformed`] for anything else.
pub fn read(text: &str) -> Result<ServerFrame, Error> {
    let error = match serde_json::from_str(text) {
        Ok(frame) => return Ok(frame),
        Err(error) => error,
    };
    let tag: Tag = serde_json::from_str(text).map_err(|_| Error::Malformed(error.to_string()))?;
    if !KNOWN.contains(&tag.t.as_str()) {
        return Err(Error::Unknown(tag.t.chars().take(64).collect()));
    }
    let mut value: Value =
        serde_json::from_str(text).map_err(|error| Error::Malformed(error.to_string()))?;
    leave_out_unknown(&mut value);
    serde_json::from_value(value).map_err(|_| Error::Malformed(error.to_string()))
}

/// Reads one compressed frame, of which no more than [`MAX_SERVER_FRAME_BYTES`] are unpacked.
///
/// # Errors
/// As [`read`]; [`Error::Malformed`] also for what cannot be unpacked.
pub fn read_compressed(bytes: &[u8]) -> Result<ServerFrame, Error> {
    let malformed = |error: &dyn std::fmt::Display| Error::Malformed(error.to_string());
    let frame =
        deflate::inflate(bytes, MAX_SERVER_FRAME_BYTES).map_err(|error| malformed(&error))?;
    read(std::str::from_utf8(&frame).map_err(|error| malformed(&error))?)
}

fn leave_out_unknown(frame: &mut Value) {
    let messages = frame.get_mut("messages").and_then(Value::as_array_mut);
    messages.into_iter().flatten().for_each(keep_known_elements);
    frame.get_mut("message").into_iter().for_each(keep_known_elements);
    let conversations = frame.get_mut("conversations").and_then(Value::as_array_mut);
    let lasts = conversations.into_iter().flatten().filter_map(|entry| entry.get_mut("last"));
    lasts.for_each(keep_known_elements);
    if let Some(changes) = frame.get_mut("changes").and_then(Value::as_array_mut) {
        changes.retain(|change| chat_types::gateway::InfoChange::deserialize(change).is_ok());
    }
}

fn keep_known_elements(message: &mut Value) {
    if let Some(elements) = message.get_mut("elements").and_then(Value::as_array_mut) {
        elements.retain(|element| Element::deserialize(element).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::Code;
    use chat_types::gateway::RoomMessages;
    use proptest::prelude::*;

    #[test]
    fn a_frame_of_a_newer_gateway_is_unknown_and_not_malformed() {
        assert_eq!(read(r#"{"t":"weather","sun":1}"#), Err(Error::Unknown("weather".into())));
        for malformed in ["", "[]", "{", r#"{"t":7}"#, r#"{"t":"online","count":-1}"#] {
            assert!(matches!(read(malformed), Err(Error::Malformed(_))), "{malformed:?}");
        }
    }

    #[test]
    fn every_frame_of_the_vocabulary_is_known() {
        let error = ServerFrame::Error {
            id: 0,
            code: Code(1),
            info: String::new(),
            retry_after_ms: Some(5),
        };
        for (frame, t) in [
            (ServerFrame::SigExpired {}, "sig_expired"),
            (ServerFrame::Pong { id: 1 }, "pong"),
            (error, "error"),
            (ServerFrame::Missed { count: 1, group_ids: vec![] }, "missed"),
        ] {
            let json = serde_json::to_string(&frame).unwrap();
            assert!(json.contains(t) && KNOWN.contains(&t));
            assert_eq!(read(&json).unwrap(), frame);
        }
        let refusal = serde_json::from_str::<ServerFrame>(r#"{"t":"?"}"#).unwrap_err().to_string();
        for t in KNOWN {
            assert!(refusal.contains(&format!("`{t}`")), "{t} is in the vocabulary");
        }
        assert_eq!(refusal.matches('`').count(), 2 * (KNOWN.len() + 1), "none is missing here");
    }

    #[test]
    fn a_message_with_an_unknown_element_still_comes() {
        let frame = read(
            r#"{"t":"messages","group_id":"g","messages":[
                {"seq":1,"time_s":1,"from":"a","nick":"","priority":"Normal","elements":[
                    {"MsgType":"TIMHologramElem","MsgContent":{}},
                    {"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}]}"#,
        );
        let Ok(ServerFrame::Messages(RoomMessages { messages, .. })) = frame else {
            panic!("it is readable")
        };
        assert_eq!(messages[0].elements, [Element::text("hi")]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = read(&text);
            let _ = read_compressed(text.as_bytes());
            prop_assert_eq!(read_compressed(&deflate::compress(text.as_bytes())), read(&text));
        }
    }
}
