//! Whose a connection is.

use chat_types::UserId;

/// Who is behind a connection that is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visitor {
    Account(UserId),
    /// Only reads, and counts nowhere but among the guests.
    Guest,
}

impl Visitor {
    /// `None` for a guest.
    pub(crate) fn account(&self) -> Option<&UserId> {
        match self {
            Self::Account(user_id) => Some(user_id),
            Self::Guest => None,
        }
    }
}
