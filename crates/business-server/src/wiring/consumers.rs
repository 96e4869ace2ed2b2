//! Who hears what has happened.

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

/// Tells every subject of an event, in the transaction in which it is noted as heard. A subject that
/// wants to hear is a line here.
pub(super) async fn hear(business: &Business, tx: &mut Tx, event: Event<'_>) -> Result<(), Error> {
    outbox::hear(business, tx, event).await?;
    rooms::hear(business, tx, event).await?;
    moderation::hear(business, tx, event).await?;
    assistant::hear(business, tx, event).await?;
    draws::on_event(business, tx, event).await?;
    statistics::hear(business, tx, event).await?;
    accounts::hear(tx, event).await?;
    levels::hear(business, tx, event).await
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
