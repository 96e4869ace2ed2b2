//! What happened and what did not: the two kinds of events that an application is told.

use chat_types::Code;
use chat_types::rest::MemberAccount;
use chat_types::webhook::Webhook;

use crate::storage::Subject;

/// The two kinds share nothing: no queue, no places, no breaker. What did not happen can be made by
/// anybody at any rate, and must never displace what did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Told at least once, also after a restart.
    Happened(Subject),
    /// Something was refused or left out; told while there is room.
    Exception { cause: Cause, account: String },
}

/// Why something did not happen, as the metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    Muted,
    /// The room delivered other messages.
    SampledOut,
    Webhook,
    WebhookFailed,
    Link,
    BlockedWord,
    TooLong,
    Other,
}

impl Cause {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::SampledOut => "sampled_out",
            Self::Webhook => "webhook",
            Self::WebhookFailed => "webhook_failed",
            Self::Link => "link",
            Self::BlockedWord => "blocked_word",
            Self::TooLong => "too_long",
            Self::Other => "other",
        }
    }

    fn of(code: Code) -> Self {
        match code {
            Code::SENDER_MUTED | Code::C2C_SENDER_MUTED => Self::Muted,
            Code::MESSAGE_RATE => Self::SampledOut,
            // The last are codes of the application's own.
            Code::REFUSED_BY_WEBHOOK
            | Code::C2C_REFUSED_BY_WEBHOOK
            | Code(10_100..=10_200 | 120_001..=130_000) => Self::Webhook,
            Code::WEBHOOK_FAILED => Self::WebhookFailed,
            Code::LINK_REFUSED => Self::Link,
            Code::BLOCKED_WORD => Self::BlockedWord,
            Code::MESSAGE_TOO_LONG => Self::TooLong,
            _ => Self::Other,
        }
    }
}

/// Which kind an event is. A before-webhook is asked and never told; it counts as happened.
pub(crate) fn kind(webhook: &Webhook) -> Kind {
    match webhook {
        Webhook::GroupSendMsgException(failed) => Kind::Exception {
            cause: Cause::of(failed.error_code),
            account: failed.message.from_account.clone(),
        },
        Webhook::C2cAfterSendMsg(sent) if sent.send_msg_result != Code::OK => Kind::Exception {
            cause: Cause::of(sent.send_msg_result),
            account: sent.message.from_account.clone(),
        },
        Webhook::StateChange(change) => of_account(&change.info.to_account),
        Webhook::PortraitSet(change) => of_account(&change.from_account),
        Webhook::C2cBeforeSendMsg(message) => of_account(&message.from_account),
        Webhook::C2cAfterSendMsg(sent) => of_account(&sent.message.from_account),
        Webhook::C2cAfterMsgReport(read) => of_account(&read.report_account),
        Webhook::C2cAfterMsgWithdraw(withdrawn) => of_account(&withdrawn.from_account),
        Webhook::BeforeCreateGroup(group) => of_account(&group.operator_account),
        Webhook::AfterCreateGroup(group) => in_group(&group.group_id, None),
        Webhook::BeforeApplyJoinGroup(join) => {
            in_group(&join.group_id, Some(&join.requestor_account))
        }
        Webhook::BeforeInviteJoinGroup(invited) => {
            in_group(&invited.group_id, only(&invited.destination_members))
        }
        Webhook::AfterNewMemberJoin(join) => in_group(&join.group_id, only(&join.new_member_list)),
        Webhook::AfterMemberExit(exit) => in_group(&exit.group_id, only(&exit.exit_member_list)),
        Webhook::GroupBeforeSendMsg(message) => {
            in_group(&message.group_id, Some(&message.from_account))
        }
        Webhook::GroupAfterSendMsg(sent) => {
            in_group(&sent.message.group_id, Some(&sent.message.from_account))
        }
        Webhook::AfterGroupFull(full) => in_group(&full.group_id, None),
        Webhook::AfterGroupDestroyed(group) => in_group(&group.group_id, None),
        Webhook::AfterGroupInfoChanged(change) => in_group(&change.group_id, None),
        Webhook::AfterChangeGroupOwner(change) => in_group(&change.group_id, None),
        Webhook::OnMemberStateChange(change) => {
            in_group(&change.group_id, only(&change.member_list))
        }
        Webhook::AfterMemberFieldChanged(change) => {
            in_group(&change.group_id, Some(&change.member_account))
        }
        Webhook::AfterGroupAttrChanged(change) => in_group(&change.group_id, None),
    }
}

fn in_group(group: &str, account: Option<&String>) -> Kind {
    Kind::Happened(Subject { group: Some(group.to_owned()), account: account.cloned() })
}

fn of_account(account: &str) -> Kind {
    Kind::Happened(Subject { group: None, account: Some(account.to_owned()) })
}

/// The account that a list names, unless it names several.
fn only(accounts: &[MemberAccount]) -> Option<&String> {
    match accounts {
        [account] => Some(&account.member_account),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::webhook::{AfterJoin, C2cAfterMsg, C2cMsg, GroupMsg, GroupMsgFailed};

    fn refused(code: Code) -> Webhook {
        let message = GroupMsg { from_account: "troll".into(), ..GroupMsg::default() };
        let error_info = String::new();
        Webhook::GroupSendMsgException(GroupMsgFailed { message, error_code: code, error_info })
    }

    fn one_to_one(code: Code) -> Webhook {
        let message =
            C2cMsg { from_account: "a".into(), to_account: "b".into(), ..C2cMsg::default() };
        Webhook::C2cAfterSendMsg(C2cAfterMsg {
            message,
            send_msg_result: code,
            error_info: String::new(),
            unread_msg_num: 0,
        })
    }

    #[test]
    fn what_was_refused_is_an_exception_of_its_sender_by_its_cause() {
        for (webhook, account, cause) in [
            (refused(Code::SENDER_MUTED), "troll", Cause::Muted),
            (refused(Code::MESSAGE_RATE), "troll", Cause::SampledOut),
            (refused(Code(10_123)), "troll", Cause::Webhook),
            (refused(Code::INTERNAL), "troll", Cause::Other),
            (one_to_one(Code::C2C_SENDER_MUTED), "a", Cause::Muted),
        ] {
            assert_eq!(kind(&webhook), Kind::Exception { cause, account: account.into() });
        }
        assert_eq!(kind(&one_to_one(Code::OK)), of_account("a"));
    }

    #[test]
    fn what_concerns_several_members_concerns_the_whole_group() {
        let joined = |users: &[&str]| {
            let members = users.iter().map(|user| MemberAccount { member_account: (*user).into() });
            Webhook::AfterNewMemberJoin(AfterJoin {
                group_id: "r".into(),
                new_member_list: members.collect(),
                ..AfterJoin::default()
            })
        };
        assert_eq!(kind(&joined(&["a"])), in_group("r", Some(&"a".into())));
        assert_eq!(kind(&joined(&["a", "b"])), in_group("r", None));
    }
}
