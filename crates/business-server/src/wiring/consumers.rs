//! Who consumes the events of the chat service.

use crate::Business;
use crate::accounts::levels;
use crate::events::Event;
use crate::storage::{Error, Tx};
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

/// Has every subject handle an event, in the transaction in which it is noted as processed. A consumer
/// is a line here.
pub(super) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), Error> {
    outbox::on_event(business, tx, event).await?;
    rooms::on_event(business, tx, event).await?;
    moderation::on_event(business, tx, event).await?;
    assistant::on_event(business, tx, event).await?;
    draws::on_event(business, tx, event).await?;
    statistics::on_event(business, tx, event).await?;
    accounts::on_event(tx, event).await?;
    levels::on_event(business, tx, event).await
}

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
