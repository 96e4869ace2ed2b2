//! Who consumes the events of the chat service.

use crate::accounts::levels;
use crate::webhooks::Consumer;
use crate::{accounts, assistant, draws, moderation, outbox, rooms, statistics};

/// The commands that some subject wants, or that are decided here. Others are answered and left alone,
/// also one-to-one messages, which are nobody's business here.
pub const WANTED_WEBHOOKS: [&str; 11] = [
    "Group.CallbackBeforeSendMsg",
    "Group.CallbackBeforeApplyJoinGroup",
    "Group.CallbackAfterSendMsg",
    "Group.CallbackSendMsgException",
    "Group.CallbackAfterNewMemberJoin",
    "Group.CallbackAfterMemberExit",
    "Group.CallbackOnMemberStateChange",
    "Group.CallbackAfterCreateGroup",
    "Group.CallbackAfterGroupDestroyed",
    "Group.CallbackAfterChangeGroupOwner",
    "State.StateChange",
];

/// The subjects that handle events, in this order. A consumer is a line here.
pub(super) static CONSUMERS: [Consumer; 8] = [
    Consumer::new("outbox", |b, tx, event| Box::pin(outbox::on_event(b, tx, event))),
    Consumer::new("rooms", |b, tx, event| Box::pin(rooms::on_event(b, tx, event))),
    Consumer::new("moderation", |b, tx, event| Box::pin(moderation::on_event(b, tx, event))),
    Consumer::new("assistant", |b, tx, event| Box::pin(assistant::on_event(b, tx, event))),
    Consumer::new("draws", |b, tx, event| Box::pin(draws::on_event(b, tx, event))),
    Consumer::new("statistics", |b, tx, event| Box::pin(statistics::on_event(b, tx, event))),
    Consumer::new("accounts", |_, tx, event| Box::pin(accounts::on_event(tx, event))),
    Consumer::new("levels", |b, tx, event| Box::pin(levels::on_event(b, tx, event))),
];

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::webhook::WebhookCommand;

    #[test]
    fn every_wanted_webhook_is_one_of_the_chat_service() {
        for name in WANTED_WEBHOOKS {
            assert!(WebhookCommand::named(name).is_some(), "{name}");
        }
    }
}
