//! What a signed-in client may ask for.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{ClientFrame, Platform, ServerFrame};
use chat_types::group::{GroupType, KeyValue};
use chat_types::rest::ModifyGroupBaseInfo;
use chat_types::{Element, GroupId, Priority};
use std::collections::HashMap;
use std::sync::Arc;

use super::c2c_requests::GivenC2c;
use crate::application::Application;
use crate::room::Room;
use crate::service::{Ended, JoinRequest, Login, Outgoing, Service, SignedIn};

/// Rooms that one connection may be in at once.
const MAX_ROOMS: usize = 256;

/// A signed-in connection and the rooms it is in.
pub(super) struct Session {
    pub(super) service: Arc<Service>,
    pub(super) who: SignedIn,
    pub(super) login: Login,
    pub(super) rooms: HashMap<GroupId, Arc<Room>>,
}

/// A message as the client gave it.
struct Given {
    client_id: String,
    priority: Priority,
    elements: Vec<Element>,
    cloud_custom_data: String,
}

impl Session {
    pub(super) fn new(service: Arc<Service>, who: SignedIn, login: Login) -> Self {
        Self { service, who, login, rooms: HashMap::new() }
    }

    /// Configuration as it is now, or as it was at the login when the application is gone.
    pub(super) fn app(&self) -> Arc<Application> {
        let known = self.service.known_application(self.who.sdk_app_id);
        known.unwrap_or_else(|_| Arc::clone(&self.who.app))
    }

    /// Answers one request. `false` after `logout`.
    pub(super) async fn handle(&mut self, frame: ClientFrame) -> bool {
        let id = frame.id();
        let answer = match frame {
            ClientFrame::Ping { .. } => Ok(Some(ServerFrame::Pong { id })),
            ClientFrame::Logout { .. } => return false,
            ClientFrame::Login { .. } => {
                Err(ApiError::bad_parameter("this connection is signed in already: log out first"))
            }
            ClientFrame::Join { group_id, after_seq, .. } => {
                self.join(id, &group_id, after_seq).await
            }
            ClientFrame::Leave { group_id, .. } => self.leave(id, &group_id).await,
            ClientFrame::Send {
                group_id,
                client_id,
                priority,
                elements,
                cloud_custom_data,
                ..
            } => {
                let given = Given { client_id, priority, elements, cloud_custom_data };
                self.send(id, &group_id, given).await
            }
            ClientFrame::ModifyGroup {
                group_id,
                name,
                introduction,
                notification,
                face_url,
                custom_fields,
                ..
            } => {
                let body = ModifyGroupBaseInfo {
                    group_id,
                    name,
                    introduction,
                    notification,
                    face_url,
                    app_defined_data: custom_fields
                        .into_iter()
                        .map(|(key, value)| KeyValue { key, value })
                        .collect(),
                    ..ModifyGroupBaseInfo::default()
                };
                self.modify_group(id, body).await
            }
            ClientFrame::Recall { group_id, seq, .. } => self.recall(id, &group_id, seq).await,
            ClientFrame::History { group_id, before_seq, count, .. } => {
                self.history(id, &group_id, before_seq, count).await
            }
            ClientFrame::SendC2c {
                to,
                client_id,
                elements,
                cloud_custom_data,
                online_only,
                ..
            } => {
                let given = GivenC2c { to, client_id, elements, cloud_custom_data, online_only };
                self.send_c2c(id, given).await
            }
            ClientFrame::C2cHistory { peer, before_key, count, .. } => {
                self.c2c_history(id, &peer, before_key.as_deref(), count).await
            }
            ClientFrame::C2cRead { peer, .. } => self.c2c_read(id, &peer).await,
            ClientFrame::C2cWithdraw { peer, key, .. } => self.c2c_withdraw(id, &peer, &key).await,
            ClientFrame::Conversations { .. } => self.conversations(id).await,
            ClientFrame::Presence { user_ids, .. } => self.presence(id, &user_ids),
        };
        match answer {
            Ok(Some(frame)) => self.login.outbox.answer(&frame),
            Ok(None) => {}
            Err(ApiError { code, info }) => {
                self.login.outbox.answer(&ServerFrame::Error { id, code, info });
            }
        }
        true
    }

    /// Takes the connection out of its rooms and ends the login.
    pub(super) async fn end(self, ended: Ended) {
        let (app, user) = (self.app(), &self.who.user_id);
        for room in self.rooms.values() {
            self.service.ended_in(&app, room, user, &self.login, ended).await;
        }
        self.service.signed_out(&self.who, &self.login, ended).await;
    }

    /// A room that the connection is in: it has joined, or was put in as a member.
    pub(super) fn room(&self, group_id: &GroupId) -> Option<Arc<Room>> {
        let joined = self.rooms.get(group_id).map(Arc::clone);
        let connection = self.login.connection;
        let room = joined.or_else(|| self.service.attached.room(connection, group_id));
        // It may have been taken out since.
        room.filter(|room| room.has(connection))
    }

    /// Puts the connection into the rooms of all groups that its account is a stored member of.
    pub(super) async fn attach(&self) -> Result<(), ApiError> {
        self.service.attach_login(self.who.sdk_app_id, &self.who.user_id, &self.login).await
    }

    /// The room itself answers, so that nothing of the room can come before the answer.
    async fn join(
        &mut self,
        id: u32,
        group_id: &str,
        after_seq: Option<u32>,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        if self.rooms.len() >= MAX_ROOMS {
            self.rooms.retain(|_, room| room.has(self.login.connection));
        }
        if self.rooms.len() >= MAX_ROOMS && !self.rooms.contains_key(&group_id) {
            return Err(ApiError::new(
                Code::TOO_MANY_ROOMS,
                format!("a connection may be in {MAX_ROOMS} rooms: leave one first"),
            ));
        }
        let request = JoinRequest { id, after_seq };
        let (app, user) = (self.app(), &self.who.user_id);
        let room = self.service.join(&app, &group_id, user, &self.login, request).await?;
        self.rooms.insert(group_id.clone(), room);
        if self.login.platform == Platform::Web {
            self.leave_others(&app, &group_id).await;
        }
        Ok(None)
    }

    /// A web client is in one AVChatRoom at a time: who enters another leaves the one before.
    async fn leave_others(&mut self, app: &Arc<Application>, entered: &GroupId) {
        let entered_room = self.rooms.get(entered).is_some_and(|room| is_live(room));
        let others: Vec<GroupId> = self
            .rooms
            .iter()
            .filter(|(id, room)| entered_room && *id != entered && is_live(room))
            .map(|(id, _)| id.clone())
            .collect();
        for group_id in others {
            if let Some(room) = self.rooms.remove(&group_id) {
                let user = &self.who.user_id;
                self.service.moved_on(app, &room, user, &self.login).await;
            }
        }
    }

    async fn leave(&mut self, id: u32, group_id: &str) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let Some(room) = self.room(&group_id) else {
            self.rooms.remove(&group_id);
            let info = format!("this connection is not in {group_id}");
            return Err(ApiError::new(Code::NOT_IN_ROOM, info));
        };
        let app = self.app();
        let left = self.service.leave(&app, &group_id, &room, &self.who.user_id, &self.login).await;
        // The owner of a group that stores its members may not leave.
        if !room.has(self.login.connection) {
            self.rooms.remove(&group_id);
        }
        left?;
        Ok(Some(ServerFrame::LeaveOk { id }))
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
            nick: None,
            connection: Some(self.login.connection),
            origin: self.login.origin(),
            priority: given.priority,
            elements: given.elements,
            cloud_custom_data: given.cloud_custom_data,
            client_id: given.client_id,
            operator: self.who.user_id.clone(),
            // Receivers of webhooks know a message by its sender and this.
            random: rand::random(),
            mentions: Vec::new(),
            mention_all: false,
            online_only: false,
            ask_before: true,
            tell_after: true,
        };
        let stamp = self.service.send(&self.app(), &group_id, outgoing).await?;
        let (seq, time_s) = (stamp.seq, stamp.time_s);
        Ok(Some(ServerFrame::SendOk { id, client_id, seq, time_s }))
    }

    async fn modify_group(
        &self,
        id: u32,
        body: ModifyGroupBaseInfo,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let (app, user) = (self.app(), &self.who.user_id);
        let group_id = GroupId::new(&*body.group_id)?;
        if self.room(&group_id).is_none() {
            let info = format!("join {group_id} before you change it");
            return Err(ApiError::new(Code::NOT_IN_ROOM, info));
        }
        self.service.modify_group(&app, user, self.login.origin(), body).await?;
        Ok(Some(ServerFrame::Done { id }))
    }
}

fn is_live(room: &Room) -> bool {
    room.with(|group| group.group_type == GroupType::AVChatRoom)
}
