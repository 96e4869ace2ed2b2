//! Whether an account can be reached now.

use serde::{Deserialize, Serialize};

/// The status of an account (product/269/2566).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PresenceStatus {
    /// It has a connection.
    Online,
    /// The program on the phone is gone, and an offline push would still reach it.
    PushOnline,
    /// Logged out, or gone for long.
    Offline,
}
