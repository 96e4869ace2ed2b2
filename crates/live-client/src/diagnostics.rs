//! What went wrong quietly.

/// Counted since the client was opened; of a room, since it was entered, and of its subscribers,
/// of those that are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Diagnostics {
    pub malformed_frames: u64,
    pub unknown_frames: u64,
    /// Frames that the gateway left out because this client read too slowly.
    pub missed_frames: u64,
    /// Messages that no catch-up brought back. At most so many: some of their numbers may never
    /// have existed.
    pub missed_messages: u64,
    /// Connections that were dropped because the gateway took nothing any more.
    pub stuck_connections: u64,
    /// Own comments that were refused because too many were on their way.
    pub outbox_full: u64,
    /// Rows that were dropped because the chat log was full.
    pub dropped_rows: u64,
    /// Times that a subscriber was given the whole chat anew because it had not read for long.
    pub chat_resets: u64,
    /// Texts that were forgotten before their time because the fold memory was full.
    pub forgotten_texts: u64,
    /// Notifications of the application that were dropped because a subscriber had not read.
    pub dropped_notifications: u64,
    /// One-to-one conversations that were dropped because there were too many.
    pub dropped_conversations: u64,
    /// Business messages that were not believed, because the shop's own server did not send them.
    pub forged_messages: u64,
    /// Own likes that will never count: too many waited, or the service refused them.
    pub dropped_likes: u64,
    /// Banners of gifts that were never shown, because too many waited.
    pub dropped_banners: u64,
    /// Orders and combos that were forgotten because there were too many.
    pub forgotten_gifts: u64,
    /// Requests of rooms that were forgotten because there were too many: their answers are nobody's.
    pub forgotten_requests: u64,
}
