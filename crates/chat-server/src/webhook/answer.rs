//! What a receiver answers to a before-webhook (product/1047/34374).

use serde::Deserialize;
use serde_json::{Map, Value};

/// Longer answers are not read. A message has at most 12 KB, and the answer is hardly more than it.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The reason goes on to the sender in one line; the rest of a longer one is cut off.
const MAX_INFO_BYTES: usize = 1_024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the answer has {0} bytes, which is over {MAX_ANSWER_BYTES}")]
    TooLong(usize),
    #[error("the answer is not a JSON object: {0}")]
    NotAnObject(serde_json::Error),
    #[error("the answer has a field of the wrong type: {0}")]
    Field(serde_json::Error),
}

/// An answer that can be judged. What the code means depends on what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub error_code: i32,
    pub error_info: String,
    /// Takes the place of the message's elements. It is an array; its elements are unchecked.
    pub msg_body: Option<Value>,
    /// Takes the place of the message's `CloudCustomData`.
    pub cloud_custom_data: Option<String>,
}

/// `ActionStatus` is not among the fields: receivers leave it out, and `ErrorCode` decides.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fields {
    error_code: i32,
    error_info: Option<String>,
    msg_body: Option<Vec<Value>>,
    cloud_custom_data: Option<String>,
}

/// Reads the body of an answer. Only `ErrorCode` has to be there.
pub fn parse_answer(bytes: &[u8]) -> Result<Answer, Error> {
    if bytes.len() > MAX_ANSWER_BYTES {
        return Err(Error::TooLong(bytes.len()));
    }
    let object: Map<String, Value> = serde_json::from_slice(bytes).map_err(Error::NotAnObject)?;
    let fields: Fields = serde_json::from_value(Value::Object(object)).map_err(Error::Field)?;
    let mut error_info = fields.error_info.unwrap_or_default();
    error_info.truncate(error_info.floor_char_boundary(MAX_INFO_BYTES));
    Ok(Answer {
        error_code: fields.error_code,
        error_info,
        // Receivers that always write both fields leave them empty for "as it is".
        msg_body: fields.msg_body.filter(|body| !body.is_empty()).map(Value::Array),
        cloud_custom_data: fields.cloud_custom_data.filter(|data| !data.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_answer_needs_nothing_but_its_code() {
        let answer = parse_answer(br#"{"ErrorCode":0}"#).unwrap();
        assert_eq!(
            answer,
            Answer {
                error_code: 0,
                error_info: String::new(),
                msg_body: None,
                cloud_custom_data: None
            }
        );
    }

    #[test]
    fn an_answer_may_replace_elements_and_custom_data() {
        let text = json!({
            "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": null, "CloudCustomData": "level 7",
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "[7] hello"}}],
        });
        let answer = parse_answer(text.to_string().as_bytes()).unwrap();
        assert_eq!(answer.cloud_custom_data.as_deref(), Some("level 7"));
        assert_eq!(answer.msg_body.unwrap()[0]["MsgContent"]["Text"], "[7] hello");
    }

    #[test]
    fn what_cannot_be_judged_is_an_error() {
        for text in [
            "",
            "ok",
            "[0]",
            r#"[0,"",null,null]"#,
            "null",
            "{}",
            r#"{"ErrorCode":"0"}"#,
            r#"{"ErrorCode":0.5}"#,
            r#"{"ErrorCode":4294967296}"#,
            r#"{"ErrorCode":0,"MsgBody":"hello"}"#,
            r#"{"ErrorCode":0,"CloudCustomData":{}}"#,
            r#"{"ErrorCode":0} and more"#,
        ] {
            assert!(parse_answer(text.as_bytes()).is_err(), "{text}");
        }
        let long = format!(r#"{{"ErrorCode":0,"ErrorInfo":"{}"}}"#, "a".repeat(MAX_ANSWER_BYTES));
        assert!(matches!(parse_answer(long.as_bytes()), Err(Error::TooLong(_))));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let text = json!({"ErrorCode": 10100, "ErrorInfo": "慢".repeat(1_000)}).to_string();
        let answer = parse_answer(text.as_bytes()).unwrap();
        assert_eq!(answer.error_info, "慢".repeat(MAX_INFO_BYTES / 3));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_answer(&bytes);
        }

        #[test]
        fn no_object_makes_it_panic(code in any::<i64>(), info in ".{0,2000}") {
            let text = json!({"ErrorCode": code, "ErrorInfo": info}).to_string();
            let answer = parse_answer(text.as_bytes());
            prop_assert_eq!(answer.is_ok(), i32::try_from(code).is_ok());
        }
    }
}
