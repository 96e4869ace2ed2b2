//! When an event happened.

use chat_types::webhook::Webhook;

/// When an event happened by the chat service's word, in Unix milliseconds.
pub(super) fn happened_ms(webhook: &Webhook) -> Option<u64> {
    let seconds = |time_s: u32| u64::from(time_s) * 1_000;
    let at_ms = match webhook {
        Webhook::StateChange(event) => event.event_time.0,
        Webhook::PortraitSet(event) => event.event_time.0,
        Webhook::C2cBeforeSendMsg(message) => seconds(message.msg_time),
        Webhook::C2cAfterSendMsg(sent) => seconds(sent.message.msg_time),
        Webhook::C2cAfterMsgReport(event) => event.event_time.0,
        Webhook::C2cAfterMsgWithdraw(event) => event.event_time.0,
        Webhook::BeforeCreateGroup(event) => event.event_time.0,
        Webhook::AfterCreateGroup(event) => event.event_time.0,
        Webhook::BeforeApplyJoinGroup(event) => event.event_time.0,
        Webhook::BeforeInviteJoinGroup(event) => event.event_time.0,
        Webhook::AfterNewMemberJoin(event) => event.event_time.0,
        Webhook::AfterMemberExit(event) => event.event_time.0,
        Webhook::GroupBeforeSendMsg(message) => message.event_time.0,
        Webhook::GroupAfterSendMsg(sent) if sent.message.event_time.0 == 0 => {
            seconds(sent.msg_time)
        }
        Webhook::GroupAfterSendMsg(sent) => sent.message.event_time.0,
        Webhook::GroupSendMsgException(failed) => failed.message.event_time.0,
        Webhook::AfterGroupFull(event) => event.event_time.0,
        Webhook::AfterGroupDestroyed(event) => event.event_time.0,
        Webhook::AfterGroupInfoChanged(event) => event.event_time.0,
        Webhook::AfterChangeGroupOwner(event) => event.event_time.0,
        Webhook::OnMemberStateChange(_) => 0,
        Webhook::AfterMemberFieldChanged(event) => event.event_time.0,
        Webhook::AfterGroupAttrChanged(event) => event.event_time.0,
    };
    (at_ms > 0).then_some(at_ms)
}
