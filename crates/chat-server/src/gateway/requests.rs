//! What a signed-in client may ask for.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{ClientFrame, Platform, ServerFrame};
use chat_types::{Element, GroupId, Priority};
use std::collections::HashMap;
use std::sync::Arc;

use crate::room::{ConnectionId, Outbox, Room};
use crate::service::{Outgoing, Service, SignedIn, no_such_group};

/// Rooms that one connection may be in at once.
const MAX_ROOMS: usize = 256;

/// A signed-in connection and the rooms it is in.
pub(super) struct Session {
    service: Arc<Service>,
    who: SignedIn,
    nick: String,
    platform: Platform,
    connection: ConnectionId,
    outbox: Arc<Outbox>,
    rooms: HashMap<GroupId, Arc<Room>>,
}

/// A message as the client gave it.
struct Given {
    client_id: String,
    priority: Priority,
    elements: Vec<Element>,
    cloud_custom_data: String,
}

impl Session {
    pub(super) fn new(
        service: Arc<Service>,
        who: SignedIn,
        nick: String,
        platform: Platform,
        connection: ConnectionId,
        outbox: Arc<Outbox>,
    ) -> Self {
        Self { service, who, nick, platform, connection, outbox, rooms: HashMap::new() }
    }

    /// Answers one request. `false` after `logout`.
    pub(super) async fn handle(&mut self, frame: ClientFrame) -> bool {
        let (id, answer) = match frame {
            ClientFrame::Ping { id } => (id, Ok(Some(ServerFrame::Pong { id }))),
            ClientFrame::Logout { .. } => return false,
            ClientFrame::Login { id, .. } => {
                let info = "this connection is signed in already: log out first";
                (id, Err(ApiError::bad_parameter(info)))
            }
            ClientFrame::Join { id, group_id, after_seq } => {
                (id, self.join(id, &group_id, after_seq).await)
            }
            ClientFrame::Leave { id, group_id } => (id, self.leave(id, &group_id)),
            ClientFrame::Send {
                id,
                group_id,
                client_id,
                priority,
                elements,
                cloud_custom_data,
            } => {
                let given = Given { client_id, priority, elements, cloud_custom_data };
                (id, self.send(id, &group_id, given).await)
            }
        };
        match answer {
            Ok(Some(frame)) => self.outbox.answer(&frame),
            Ok(None) => {}
            Err(ApiError { code, info }) => {
                self.outbox.answer(&ServerFrame::Error { id, code, info });
            }
        }
        true
    }

    /// Takes the connection out of its rooms and ends the login.
    pub(super) fn end(self) {
        for room in self.rooms.values() {
            room.leave(self.connection);
        }
        self.service.signed_out(&self.who, self.platform, self.connection);
    }

    /// The room itself answers, so that nothing of the room can come before the answer.
    async fn join(
        &mut self,
        id: u32,
        group_id: &str,
        after_seq: Option<u32>,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.service.room(self.who.sdk_app_id, &group_id).await?;
        if self.rooms.len() >= MAX_ROOMS {
            self.rooms.retain(|_, room| !room.is_dismissed());
        }
        if self.rooms.len() >= MAX_ROOMS && !self.rooms.contains_key(&group_id) {
            return Err(ApiError::new(
                Code::TOO_MANY_ROOMS,
                format!("a connection may be in {MAX_ROOMS} rooms: leave one first"),
            ));
        }
        let now_s = self.service.now_s();
        let user = &self.who.user_id;
        if !room.join(self.connection, user, &self.outbox, id, after_seq, now_s) {
            return Err(no_such_group(&group_id));
        }
        self.rooms.insert(group_id, room);
        Ok(None)
    }

    fn leave(&mut self, id: u32, group_id: &str) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let was_in = self.rooms.remove(&group_id).is_some_and(|room| room.leave(self.connection));
        if was_in {
            Ok(Some(ServerFrame::LeaveOk { id }))
        } else {
            let info = format!("this connection is not in {group_id}");
            Err(ApiError::new(Code::NOT_IN_ROOM, info))
        }
    }

    async fn send(
        &self,
        id: u32,
        group_id: &str,
        given: Given,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let client_id = given.client_id.clone();
        let outgoing = Outgoing {
            from: self.who.user_id.clone(),
            nick: Some(self.nick.clone()),
            connection: Some(self.connection),
            priority: given.priority,
            elements: given.elements,
            cloud_custom_data: given.cloud_custom_data,
            client_id: given.client_id,
            random: 0,
        };
        let stamp = self.service.send(self.who.sdk_app_id, &group_id, outgoing).await?;
        let (seq, time_s) = (stamp.seq, stamp.time_s);
        Ok(Some(ServerFrame::SendOk { id, client_id, seq, time_s }))
    }
}
