//! Message elements and priority ("Message Formats", product/1047/33527).

use serde::{Deserialize, Serialize};

use crate::code::{ApiError, Code};

/// Largest message body, as the JSON bytes of `MsgBody` (the limit of the 8.0 client library).
pub const MAX_MESSAGE_BYTES: usize = 12 * 1024;
/// Elements in one message: far above any real one, so that a body of tiny elements stays cheap.
pub const MAX_ELEMENTS: usize = 64;

/// Priority of a group message. Case sensitive on the wire.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// One element of a message body, with the field names of the REST API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "MsgType", content = "MsgContent")]
pub enum Element {
    #[serde(rename = "TIMTextElem")]
    Text(TextElement),
    #[serde(rename = "TIMCustomElem")]
    Custom(CustomElement),
    #[serde(rename = "TIMFaceElem")]
    Face(FaceElement),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TextElement {
    pub text: String,
}

/// Business data of the application; the service never reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CustomElement {
    pub data: String,
    pub desc: String,
    pub ext: String,
    pub sound: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FaceElement {
    pub index: i64,
    #[serde(default)]
    pub data: String,
}

impl Element {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextElement { text: text.into() })
    }
}

/// The text a person reads in a message: its text elements, and the names of its faces in
/// brackets. Empty when the message holds only custom data.
pub fn readable_text(elements: &[Element]) -> String {
    let mut out = String::new();
    for element in elements {
        match element {
            Element::Text(text) => out.push_str(&text.text),
            Element::Face(face) if face.data.is_empty() => {
                out.push_str(&format!("[{}]", face.index));
            }
            Element::Face(face) => out.push_str(&format!("[{}]", face.data)),
            Element::Custom(_) => {}
        }
    }
    out
}

/// Checks what the documentation demands of a message body: at least one element, at most one
/// custom element (10004), at most [`MAX_MESSAGE_BYTES`] (80002).
pub fn check_body(elements: &[Element]) -> Result<(), ApiError> {
    if elements.is_empty() {
        return Err(ApiError::bad_parameter("MsgBody is empty: give at least one element"));
    }
    if elements.len() > MAX_ELEMENTS {
        return Err(ApiError::bad_parameter(format!(
            "MsgBody has {} elements; {MAX_ELEMENTS} is the most",
            elements.len()
        )));
    }
    let custom = elements.iter().filter(|element| matches!(element, Element::Custom(_))).count();
    if custom > 1 {
        return Err(ApiError::bad_parameter(
            "MsgBody has more than one TIMCustomElem: send them as separate messages",
        ));
    }
    if readable_text(elements).is_empty() && custom == 0 {
        return Err(ApiError::bad_parameter(
            "the message has no text: give Text at least one letter",
        ));
    }
    let bytes = serde_json::to_vec(elements).map(|json| json.len()).unwrap_or(usize::MAX);
    if bytes > MAX_MESSAGE_BYTES {
        return Err(ApiError::new(
            Code::MESSAGE_TOO_LONG,
            format!("the message has {bytes} bytes; {MAX_MESSAGE_BYTES} is the most"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_the_documented_json_form() {
        let json = serde_json::to_string(&[Element::text("hi")]).unwrap();
        assert_eq!(json, r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#);
        let custom: Element = serde_json::from_str(
            r#"{"MsgType":"TIMCustomElem","MsgContent":{"Data":"{}","Desc":"gift"}}"#,
        )
        .unwrap();
        assert!(matches!(custom, Element::Custom(c) if c.data == "{}" && c.desc == "gift"));
    }

    #[test]
    fn text_and_faces_read_as_one_line() {
        let face = Element::Face(FaceElement { index: 4, data: "wave".into() });
        assert_eq!(readable_text(&[Element::text("hi "), face]), "hi [wave]");
    }

    #[test]
    fn a_body_is_refused_when_empty_too_long_or_with_two_custom_elements() {
        assert_eq!(check_body(&[]).unwrap_err().code, Code::BAD_PARAMETER);
        assert_eq!(check_body(&[Element::text("")]).unwrap_err().code, Code::BAD_PARAMETER);
        let long = Element::text("x".repeat(MAX_MESSAGE_BYTES));
        assert_eq!(check_body(&[long]).unwrap_err().code, Code::MESSAGE_TOO_LONG);
        let custom = Element::Custom(CustomElement::default());
        assert_eq!(check_body(&[custom.clone(), custom.clone()]).unwrap_err().code.0, 10004);
        assert!(check_body(&[custom]).is_ok());
        assert!(check_body(&[Element::text("<b>hi</b>")]).is_ok());
    }
}
