//! Frames that are put together from messages which have been encoded before: each message is encoded
//! once, whoever gets it in whatever company.

use bytes::Bytes;
use chat_types::gateway::ServerFrame;

use super::wire;

/// The JSON of a frame that was made without its `messages`, with these in their place.
pub(super) fn json_with<'a>(
    frame: &ServerFrame,
    messages: impl Iterator<Item = &'a Bytes> + Clone,
) -> Vec<u8> {
    // Frames are plain data with text keys, which always encode.
    let empty = serde_json::to_vec(frame).unwrap_or_default();
    // A JSON text never holds this outside of its own structure: quotes in it are escaped. And no
    // member of a frame but its messages is an array under this name.
    const HOLE: &[u8] = br#""messages":[]"#;
    let hole = empty.windows(HOLE.len()).rposition(|window| window == HOLE);
    let (head, tail) = empty.split_at(hole.map_or(0, |hole| hole + HOLE.len() - 1));
    let bytes: usize = messages.clone().map(|message| message.len() + 1).sum();
    let mut json = Vec::with_capacity(empty.len() + bytes);
    json.extend_from_slice(head);
    for (index, message) in messages.enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(message);
    }
    json.extend_from_slice(tail);
    json
}

/// As [`super::encode`], for a frame that was made without its `messages`.
pub(crate) fn encode_with(frame: &ServerFrame, messages: &[Bytes]) -> Bytes {
    wire::text(json_with(frame, messages.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::Element;
    use chat_types::gateway::{Message, RoomSnapshot};

    #[test]
    fn a_frame_with_messages_in_it_reads_as_the_types_describe() {
        let hostile = r#"{"messages":[]}, "messages":[] and \"messages\":[]"#;
        let message = |seq| Message {
            seq,
            from: "a".into(),
            elements: vec![Element::text(hostile)],
            ..Message::default()
        };
        let mut whole = RoomSnapshot { id: 3, complete: true, ..RoomSnapshot::default() };
        whole.group.name = hostile.into();
        whole.group.custom_fields.insert("messages".into(), "[]".into());
        whole.attributes.insert("messages".into(), hostile.into());
        whole.counters.insert("messages".into(), 0);
        let empty = ServerFrame::JoinOk(Box::new(whole.clone()));
        for count in [0, 1, 3] {
            whole.messages = (1..=count).map(message).collect();
            let encoded = |each| Bytes::from(serde_json::to_vec(each).unwrap());
            let messages: Vec<Bytes> = whole.messages.iter().map(encoded).collect();
            let json = json_with(&empty, messages.iter());
            let read: ServerFrame = serde_json::from_slice(&json).unwrap();
            assert_eq!(read, ServerFrame::JoinOk(Box::new(whole.clone())));
        }
    }
}
