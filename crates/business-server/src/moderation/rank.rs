//! What an account is in a room: who has a higher rank may mute and ban who has a lower one, and lift
//! what one of a lower rank has set; who has any keeps itself in order.

use super::store;
use crate::http::{Caller, Problem, Role};
use crate::rooms;
use crate::storage::Tx;

/// The numbers are those of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[repr(i64)]
pub(super) enum Rank {
    /// Also of what the rules of a room do by themselves.
    Viewer = 0,
    /// Of this room, by its host's word.
    RoomModerator = 1,
    /// Of this room.
    Host = 2,
    /// Of all rooms.
    Moderator = 3,
    Admin = 4,
}

impl Rank {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "a viewer",
            Self::RoomModerator => "a moderator of this room",
            Self::Host => "the host of this room",
            Self::Moderator => "a moderator",
            Self::Admin => "an administrator",
        }
    }
}

/// The caller's rank in a room, or 403 for who does not moderate there. `None` stands for all rooms.
pub(super) async fn admit(
    tx: &mut Tx,
    caller: &Caller,
    room: Option<&str>,
) -> Result<Rank, Problem> {
    let rank = match (caller.role, room) {
        (Role::Admin, _) => Rank::Admin,
        (Role::Moderator, _) => Rank::Moderator,
        (_, Some(room)) => {
            let room = rooms::find(tx, room).await?;
            let sender = store::sender(tx, &room.group_id, caller.user_id.as_str()).await?;
            // A host who is none any more has lost the rooms, too.
            let owns_room = sender.owns_room && caller.role >= Role::Host;
            store::Sender { owns_room, role: caller.role, ..sender }.rank()
        }
        (_, None) => Rank::Viewer,
    };
    if rank > Rank::Viewer {
        return Ok(rank);
    }
    Err(Problem::forbidden(match room {
        Some(room) => format!("{} does not moderate the room {room}", caller.user_id),
        None => "this needs the role moderator: name the room that you moderate".to_owned(),
    }))
}
