//! The application's answer to a webhook.

use serde::{Deserialize, Serialize};

use crate::element::Element;

/// What a receiver answers. The service itself reads answers more leniently: only `ErrorCode` has
/// to be there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebhookAnswer {
    /// `OK`, or `FAIL`.
    pub action_status: String,
    /// 0 to go on; what another code means depends on the command.
    pub error_code: i32,
    /// A sentence for the person whose request is refused.
    pub error_info: String,
    /// In place of the message's own body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_body: Option<Vec<Element>>,
    /// In place of the message's own data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_documented_form() {
        let documented =
            r#"{"ActionStatus":"OK","ErrorCode":10123,"ErrorInfo":"slow mode: wait 5 s"}"#;
        let answer: WebhookAnswer = serde_json::from_str(documented).unwrap();
        assert_eq!((answer.error_code, answer.error_info.as_str()), (10123, "slow mode: wait 5 s"));
        assert_eq!(serde_json::to_string(&answer).unwrap(), documented);
    }
}
