//! The chat service tells of every message that a room has got. What was on its way without an answer
//! is known to be told then, also where it cannot be sent again to find out.

use chat_types::webhook::Webhook;
use std::sync::atomic::Ordering;

use super::store::{self, Done};
use crate::Business;
use crate::events::Event;
use crate::storage::{Error, Tx};

pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), Error> {
    let Webhook::GroupAfterSendMsg(said) = event.webhook else { return Ok(()) };
    let message = &said.message;
    if !business.config.chat.is_own(&message.operator_account) {
        return Ok(());
    }
    let outbox = &business.outbox;
    let now_ms = business.clock.now_ms();
    for tried in store::tried(tx, &message.group_id).await? {
        if outbox.randoms.of_number(tried.random_number) == message.random
            && store::settle(tx, tried.number, Done::Delivered, now_ms).await?
        {
            tracing::debug!(number = tried.number, "a posting without an answer was told");
            outbox.counters.delivered.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
