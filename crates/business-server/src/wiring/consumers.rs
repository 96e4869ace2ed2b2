//! Who hears what has happened.

use crate::Business;
use crate::accounts::levels;
use crate::events::Event;
use crate::storage::{Error, Tx};
use crate::{assistant, draws, moderation, statistics};

/// Tells every subject of an event, in the transaction in which it is noted as heard. A subject that
/// wants to hear is a line here.
pub(super) async fn hear(business: &Business, tx: &mut Tx, event: Event<'_>) -> Result<(), Error> {
    moderation::hear(business, tx, event).await?;
    assistant::hear(business, tx, event).await?;
    draws::hear(business, tx, event).await?;
    statistics::hear(business, tx, event).await?;
    levels::hear(business, tx, event).await
}
