//! An event of the chat service, as the subjects hear it.

use chat_types::webhook::Webhook;

/// Each event is heard once: what the subjects write and the note that it was heard are one
/// transaction, and a duplicate is dropped before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard<'a> {
    pub(crate) webhook: &'a Webhook,
    /// When it happened by the chat service's word, in Unix milliseconds; when it came, for events
    /// that do not say.
    pub(crate) at_ms: u64,
}
