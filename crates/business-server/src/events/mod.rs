//! What the chat service tells, as every subject sees it, and the codes with which it is answered.

pub(crate) mod codes;

use chat_types::webhook::Webhook;

/// An event of the chat service. Each is handled once: what the subjects write and the note that it
/// was handled are one transaction, and a duplicate is dropped before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) webhook: &'a Webhook,
    /// When it happened by the chat service's clock, in Unix milliseconds; when it came, for events
    /// that do not say.
    pub(crate) at_ms: u64,
}
