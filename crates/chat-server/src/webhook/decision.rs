//! What the answer of a before-webhook, or its absence, means for the one who asked.

use chat_types::code::{ApiError, Code};
use serde_json::Value;
use std::ops::RangeInclusive;

use super::Verdict;
use super::answer::Answer;
use crate::model::OnFailure;

/// Codes that the business server may give its own meaning in group webhooks.
const OWN_GROUP_CODES: RangeInclusive<i32> = 10_100..=10_200;
/// The same for one-to-one messages.
const OWN_C2C_CODES: RangeInclusive<i32> = 120_001..=130_000;
/// "Drop the message, and let the sender believe that it was sent."
const SILENT: i32 = 2;

/// Which table of codes an answer is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `Group.CallbackBeforeSendMsg`.
    GroupMessage,
    /// Creating a group and joining one.
    GroupLife,
    /// `C2C.CallbackBeforeSendMsg`. The vendor leaves open what code 2 does; here it drops
    /// silently, as in a group.
    C2c,
}

/// What the receiver put in the place of the sender's content. Unchecked: if the elements break a
/// rule, the webhook has failed ([`super::Webhooks::replacement_failed`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// A JSON array.
    pub(crate) msg_body: Option<Value>,
    pub(crate) cloud_custom_data: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Allow(Replacement),
    Refuse(ApiError),
    /// Deliver to nobody and answer success.
    Silent,
}

impl Decision {
    /// What an application wants when its receiver cannot be asked.
    pub(crate) fn of_failure(policy: OnFailure) -> Self {
        match policy {
            OnFailure::Allow => Self::Allow(Replacement::default()),
            OnFailure::Reject => Self::Refuse(ApiError::new(
                Code::WEBHOOK_FAILED,
                "the application's webhook did not give a usable answer in time; try again later",
            )),
        }
    }
}

pub(crate) fn decide(verdict: Verdict, family: Family, policy: OnFailure) -> Decision {
    match verdict {
        Verdict::NotAsked => Decision::Allow(Replacement::default()),
        Verdict::Failed => Decision::of_failure(policy),
        Verdict::Answered(answer) => judge(answer, family),
    }
}

fn judge(answer: Answer, family: Family) -> Decision {
    let (refusal, own) = match family {
        Family::GroupMessage | Family::GroupLife => (Code::REFUSED_BY_WEBHOOK, OWN_GROUP_CODES),
        Family::C2c => (Code::C2C_REFUSED_BY_WEBHOOK, OWN_C2C_CODES),
    };
    match answer.error_code {
        0 => Decision::Allow(Replacement {
            msg_body: answer.msg_body,
            cloud_custom_data: answer.cloud_custom_data,
        }),
        SILENT if family != Family::GroupLife => Decision::Silent,
        code if own.contains(&code) => Decision::Refuse(refuse(Code(code), answer.error_info)),
        _ => Decision::Refuse(refuse(refusal, String::new())),
    }
}

fn refuse(code: Code, info: String) -> ApiError {
    let info = if info.is_empty() { "the application's webhook refused this".into() } else { info };
    ApiError::new(code, info)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code_of(family: Family, error_code: i32) -> Result<Decision, i32> {
        let answer = Answer {
            error_code,
            error_info: "slow mode".into(),
            msg_body: None,
            cloud_custom_data: None,
        };
        match decide(Verdict::Answered(answer), family, OnFailure::Reject) {
            Decision::Refuse(error) => {
                let own = !matches!(error.code.0, 10_016 | 20_006);
                assert_eq!(error.info == "slow mode", own, "{error}");
                Err(error.code.0)
            }
            other => Ok(other),
        }
    }

    #[test]
    fn each_family_reads_the_code_by_its_own_table() {
        let allowed = || Ok(Decision::Allow(Replacement::default()));
        for family in [Family::GroupMessage, Family::GroupLife, Family::C2c] {
            assert_eq!(code_of(family, 0), allowed());
        }
        let group = |code| code_of(Family::GroupMessage, code);
        assert_eq!(group(1), Err(10_016));
        assert_eq!(group(2), Ok(Decision::Silent));
        assert_eq!(
            [10_099, 10_100, 10_200, 10_201, -1, 120_001].map(group),
            [10_016, 10_100, 10_200, 10_016, 10_016, 10_016].map(Err)
        );
        assert_eq!(
            [1, 2, 10_100, 70_000].map(|code| code_of(Family::GroupLife, code)),
            [10_016, 10_016, 10_100, 10_016].map(Err)
        );
        let c2c = |code| code_of(Family::C2c, code);
        assert_eq!(c2c(2), Ok(Decision::Silent));
        assert_eq!(
            [1, 10_100, 120_000, 120_001, 130_000, 130_001].map(c2c),
            [20_006, 20_006, 20_006, 120_001, 130_000, 20_006].map(Err)
        );
    }

    #[test]
    fn the_policy_decides_when_the_receiver_failed_and_only_then() {
        let family = Family::GroupMessage;
        let allowed = Decision::Allow(Replacement::default());
        assert_eq!(decide(Verdict::NotAsked, family, OnFailure::Reject), allowed);
        assert_eq!(decide(Verdict::Failed, family, OnFailure::Allow), allowed);
        let refused = decide(Verdict::Failed, family, OnFailure::Reject);
        assert!(matches!(refused, Decision::Refuse(error) if error.code == Code::WEBHOOK_FAILED));
    }

    #[test]
    fn a_replaced_body_comes_through() {
        let answer = Answer {
            error_code: 0,
            error_info: String::new(),
            msg_body: Some(json!([{"MsgType": "TIMTextElem"}])),
            cloud_custom_data: Some("x".into()),
        };
        let decision = decide(Verdict::Answered(answer), Family::GroupMessage, OnFailure::Allow);
        let Decision::Allow(replacement) = decision else { panic!("{decision:?}") };
        assert_eq!(replacement.msg_body, Some(json!([{"MsgType": "TIMTextElem"}])));
        assert_eq!(replacement.cloud_custom_data.as_deref(), Some("x"));
    }
}
