//! Who hears what has happened.

use crate::Business;
use crate::accounts::levels;
use crate::storage::{Error, Tx};
use crate::{assistant, draws, moderation, statistics};

use super::Heard;

/// Tells every subject of an event, in the transaction in which it is noted as heard. A subject that
/// wants to hear is a line here.
pub(super) async fn hear(business: &Business, tx: &mut Tx, heard: Heard<'_>) -> Result<(), Error> {
    moderation::hear(business, tx, heard).await?;
    assistant::hear(business, tx, heard).await?;
    draws::hear(business, tx, heard).await?;
    statistics::hear(business, tx, heard).await?;
    levels::hear(business, tx, heard).await
}
