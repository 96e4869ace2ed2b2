//! What happened and what did not: the two kinds of events that an application is told.

use chat_types::Code;
use chat_types::webhook::Webhook;

/// The two kinds share nothing: no queue, no places, no breaker. What did not happen can be made by
/// anybody at any rate, and must never displace what did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Told at least once, also after a restart.
    Happened,
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
        Webhook::StateChange(_)
        | Webhook::PortraitSet(_)
        | Webhook::C2cBeforeSendMsg(_)
        | Webhook::C2cAfterSendMsg(_)
        | Webhook::C2cAfterMsgReport(_)
        | Webhook::C2cAfterMsgWithdraw(_)
        | Webhook::BeforeCreateGroup(_)
        | Webhook::AfterCreateGroup(_)
        | Webhook::BeforeApplyJoinGroup(_)
        | Webhook::BeforeInviteJoinGroup(_)
        | Webhook::AfterNewMemberJoin(_)
        | Webhook::AfterMemberExit(_)
        | Webhook::GroupBeforeSendMsg(_)
        | Webhook::GroupAfterSendMsg(_)
        | Webhook::AfterGroupFull(_)
        | Webhook::AfterGroupDestroyed(_)
        | Webhook::AfterGroupInfoChanged(_)
        | Webhook::AfterChangeGroupOwner(_)
        | Webhook::OnMemberStateChange(_)
        | Webhook::AfterMemberFieldChanged(_)
        | Webhook::AfterGroupAttrChanged(_) => Kind::Happened,
    }
}
