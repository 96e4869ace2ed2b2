//! The body of a call, before its fields are checked.

use chat_types::code::{ApiError, Code};
use serde_json::{Map, Value};

/// The members of a body. One that is `null`, at any depth, counts as absent: libraries write an
/// empty list or a text that was not given so, and nothing in a call is `null` by its meaning. What
/// an application keeps for itself (`Data`, `CloudCustomData`, values of fields) is text here, and
/// is not looked into.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| {
        ApiError::new(
            Code::BODY_NOT_JSON,
            format!("the body is not JSON: {error}; send {{}} when there is nothing to say"),
        )
    })?;
    leave_out_nulls(&mut value);
    match value {
        Value::Object(body) => Ok(body),
        _ => Err(ApiError::new(Code::BODY_NOT_JSON, "the body has to be a JSON object")),
    }
}

/// The depth has the bound of the JSON reader.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(entries) => entries.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_that_is_null_is_absent_at_any_depth_and_an_entry_of_a_list_stays() {
        let body = json!({"A": null, "B": {"C": null, "D": [{"E": null, "F": 1}, null]},
            "G": "null", "H": "{\"I\":null}"});
        assert_eq!(
            Value::Object(read(body.to_string().as_bytes()).unwrap()),
            json!({"B": {"D": [{"F": 1}, null]}, "G": "null", "H": "{\"I\":null}"})
        );
        assert_eq!(read(b"null").unwrap_err().code, Code::BODY_NOT_JSON);
    }
}
