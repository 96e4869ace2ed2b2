//! Guests: connections without an account, which read in AVChatRooms if the application lets them.
//! Nothing is stored of them and no webhook hears of them.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{Platform, RoomRole};
use chat_types::group::GroupType;
use rand::RngExt;
use rand::distr::Alphanumeric;
use std::sync::Arc;

use super::fields::readable;
use super::rules::rules;
use super::{JoinRequest, Service, no_such_group};
use crate::application::{Application, Right};
use crate::outbox::Outbox;
use crate::room::{Arrival, Barred, ConnectionId, Room, View, Visitor};

/// Characters of a guest's name after `guest_`.
const NAME_CHARACTERS: usize = 8;

/// A signed-in connection of a guest.
pub(crate) struct Guest {
    /// The application as it was at the login.
    pub(crate) app: Arc<Application>,
    /// For the client's own use; an account may have the same one.
    pub(crate) name: String,
    pub(crate) connection: ConnectionId,
    pub(crate) platform: Platform,
    pub(crate) outbox: Arc<Outbox>,
}

impl Service {
    /// Lets a guest in: 60006 for an unknown application, 9012 for one without guests.
    pub(crate) async fn guest(
        &self,
        sdk_app_id: u32,
        platform: Platform,
        outbox: &Arc<Outbox>,
    ) -> Result<Guest, ApiError> {
        let app = self.application(sdk_app_id).await?;
        if !app.settings.guests {
            return Err(ApiError::new(
                Code::NO_GUESTS,
                "the application lets no guests in: sign in with an account, or switch the setting \
                 guests on",
            ));
        }
        let random = rand::rng().sample_iter(Alphanumeric).take(NAME_CHARACTERS);
        Ok(Guest {
            app,
            name: format!("guest_{}", random.map(char::from).collect::<String>()),
            connection: self.next_connection(),
            platform,
            outbox: Arc::clone(outbox),
        })
    }

    /// Lets a guest into an AVChatRoom; 10007 for a group of another type. As in [`Service::join`]
    /// the room itself answers.
    pub(crate) async fn join_as_guest(
        &self,
        app: &Application,
        group_id: &GroupId,
        guest: &Guest,
        request: JoinRequest,
    ) -> Result<Arc<Room>, ApiError> {
        let room = self.room(app.sdk_app_id, group_id).await?;
        let arrival = Arrival {
            connection: guest.connection,
            visitor: &Visitor::Guest,
            outbox: &guest.outbox,
            platform: guest.platform,
            request_id: request.id,
            after_seq: request.after_seq,
            join_messages: app.settings.join_messages as usize,
            muted_everywhere_until: 0,
            now_s: self.now_s(),
        };
        match room.join(arrival, |group| View {
            custom_fields: readable(app, group, Right::Anyone),
            role: RoomRole::Guest,
            rules: rules(app, group),
        }) {
            Ok(_) => Ok(room),
            Err(Barred::Dismissed) => Err(no_such_group(group_id)),
            Err(Barred::Banned | Barred::NoMember) => Err(ApiError::new(
                Code::NO_PERMISSION,
                format!("guests come into groups of type {} only", GroupType::AVChatRoom.name()),
            )),
        }
    }
}
