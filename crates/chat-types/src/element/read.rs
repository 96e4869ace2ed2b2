//! Reading an element, with an answer that a person understands when its type is unknown.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

use super::Element;

/// Of an unknown type this much is repeated in the refusal.
const SHOWN_CHARS: usize = 32;

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Custom,
    Face,
    Location,
    Image,
    Sound,
    File,
    Video,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "TIMTextElem" => Self::Text,
            "TIMCustomElem" => Self::Custom,
            "TIMFaceElem" => Self::Face,
            "TIMLocationElem" => Self::Location,
            "TIMImageElem" => Self::Image,
            "TIMSoundElem" => Self::Sound,
            "TIMFileElem" => Self::File,
            "TIMVideoFileElem" => Self::Video,
            _ => return None,
        })
    }
}

/// Reads the content as the kind wants it. The expression is read as another type in each arm.
macro_rules! read_as {
    ($kind:expr, $content:expr) => {
        match $kind {
            Kind::Text => Element::Text($content),
            Kind::Custom => Element::Custom($content),
            Kind::Face => Element::Face($content),
            Kind::Location => Element::Location($content),
            Kind::Image => Element::Image($content),
            Kind::Sound => Element::Sound($content),
            Kind::File => Element::File($content),
            Kind::Video => Element::Video($content),
        }
    };
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let shown: String = name.chars().take(SHOWN_CHARS).collect();
            D::Error::custom(format!(
                "MsgType {shown:?} is unknown: use TIMTextElem, TIMCustomElem, TIMFaceElem, \
                 TIMLocationElem, TIMImageElem, TIMSoundElem, TIMFileElem or TIMVideoFileElem"
            ))
        })
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element with MsgType and MsgContent")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        let (mut kind, mut kept, mut element) = (None, None, None);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match (name.as_ref(), kind) {
                ("MsgType", Some(_)) => return Err(A::Error::duplicate_field("MsgType")),
                ("MsgType", None) => kind = Some(map.next_value::<Kind>()?),
                ("MsgContent", _) if kept.is_some() || element.is_some() => {
                    return Err(A::Error::duplicate_field("MsgContent"));
                }
                // Read straight from the input: the type came first, as it mostly does.
                ("MsgContent", Some(kind)) => element = Some(read_as!(kind, map.next_value()?)),
                ("MsgContent", None) => kept = Some(map.next_value::<Value>()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let Some(element) = element {
            return Ok(element);
        }
        let Some(kind) = kind else { return Err(A::Error::missing_field("MsgType")) };
        let Some(kept) = kept else { return Err(A::Error::missing_field("MsgContent")) };
        Ok(read_as!(kind, serde_json::from_value(kept).map_err(A::Error::custom)?))
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ElementVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_content_come_in_any_order_and_unknown_members_are_left_out() {
        for json in [
            r#"{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi","X":1},"Y":[]}"#,
            r#"{"MsgContent":{"Text":"hi"},"MsgType":"TIMTextElem"}"#,
        ] {
            assert_eq!(serde_json::from_str::<Element>(json).unwrap(), Element::text("hi"));
        }
    }

    #[test]
    fn what_is_no_element_is_refused_with_a_sentence() {
        for (json, sentence) in [
            (r#"{"MsgType":"TIMSongElem","MsgContent":{}}"#, "MsgType \"TIMSongElem\" is unknown"),
            (r#"{"MsgType":"TIMTextElem"}"#, "missing field `MsgContent`"),
            (r#"{"MsgContent":{"Text":"hi"}}"#, "missing field `MsgType`"),
            (r#"{"MsgContent":{"Text":1},"MsgType":"TIMTextElem"}"#, "expected a string"),
            (r#"{"MsgType":"TIMTextElem","MsgContent":{}}"#, "missing field `Text`"),
            (r#"{"MsgType":"TIMFaceElem","MsgContent":{"Index":"4"}}"#, "invalid type"),
            ("[]", "an element with MsgType and MsgContent"),
        ] {
            let refusal = serde_json::from_str::<Element>(json).unwrap_err().to_string();
            assert!(refusal.contains(sentence), "{json}: {refusal}");
        }
    }
}
