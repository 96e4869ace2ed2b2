//! What the receiver reads of a webhook, without a service behind it. For the fuzz targets alone.

use chat_types::Element;
use chat_types::webhook::{Webhook, WebhookCommand};

use super::before::{self, Kind};
use crate::webhooks::{key, parse};

/// What the receiver makes of a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub webhook: Webhook,
    /// Under which it is stored, if it can be told from a duplicate.
    pub key: Option<String>,
}

/// Reads the body of a webhook. `None` when the receiver would refuse it, or does not know the command.
pub fn webhook(command: &str, body: &[u8]) -> Option<Read> {
    let webhook = parse(WebhookCommand::named(command)?, body).ok()?;
    let key = key(&webhook, body);
    Some(Read { webhook, key })
}

/// Whether a client's message is refused because only the service may say it.
pub fn is_forged(body: &[Element]) -> bool {
    matches!(before::kind(body), Kind::Forged(_))
}
