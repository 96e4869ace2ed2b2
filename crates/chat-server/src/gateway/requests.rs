//! What a signed-in client may ask for.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{ClientFrame, Platform, RulesChange, ServerFrame};
use chat_types::group::{GroupType, KeyValue};
use chat_types::rest::ModifyGroupBaseInfo;
use chat_types::{Element, GroupId, Priority};
use futures_util::future::join_all;
use std::sync::Arc;

use super::c2c_requests::GivenC2c;
use super::joined::{Joined, not_in};
use super::sending::{Pending, answer};
use crate::admission::{Allowance, Cost, is_told_to_wait};
use crate::application::Application;
use crate::room::Room;
use crate::service::{Ended, JoinRequest, Login, Offered, Outgoing, Service, SignedIn};

/// A signed-in connection and the rooms it is in.
pub(super) struct Session {
    pub(super) service: Arc<Service>,
    pub(super) who: SignedIn,
    pub(super) login: Login,
    pub(super) rooms: Joined,
    pub(super) allowance: Allowance,
    /// What the request has put on its way, until the connection takes it over.
    offered: Option<Pending>,
    /// The request was a message that had been sent before.
    repeated: bool,
}

/// What became of a request.
pub(super) enum Handled {
    Answered,
    /// The answer comes when the room has decided.
    Sent(Pending),
    LoggedOut,
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
        let rooms = Joined::new(login.connection);
        let account = Some((who.sdk_app_id, &who.user_id));
        let admission = &service.admission;
        let allowance = Allowance::new(admission, login.connection, account, login.client_ip);
        Self { service, who, login, rooms, allowance, offered: None, repeated: false }
    }

    /// Configuration as it is now, or as it was at the login when the application is gone.
    pub(super) fn app(&self) -> Arc<Application> {
        let known = self.service.known_application(self.who.sdk_app_id);
        known.unwrap_or_else(|_| Arc::clone(&self.who.app))
    }

    /// Answers one request, unless a room has to decide first.
    pub(super) async fn handle(&mut self, frame: ClientFrame) -> Handled {
        let id = frame.id();
        if let ClientFrame::Logout { .. } = frame {
            return Handled::LoggedOut;
        }
        let (answer, is_free) = match self.allowance.admit(&frame) {
            Ok(cost) => (self.answer(id, frame, cost).await, cost == Cost::Free),
            Err(error) => (Err(error), false),
        };
        let repeated = std::mem::take(&mut self.repeated);
        let is_noise = is_free || repeated || answer.as_ref().is_err_and(is_told_to_wait);
        match answer {
            Ok(Some(frame)) => self.login.outbox.answer(&frame),
            Ok(None) => {}
            Err(ApiError { code, info, retry_after_ms }) => {
                self.login.outbox.answer(&ServerFrame::Error { id, code, info, retry_after_ms });
            }
        }
        if is_noise {
            self.allowance.noise().await;
        }
        self.offered.take().map_or(Handled::Answered, Handled::Sent)
    }

    /// Carries out a request that was admitted at this cost.
    async fn answer(
        &mut self,
        id: u32,
        frame: ClientFrame,
        cost: Cost,
    ) -> Result<Option<ServerFrame>, ApiError> {
        // The application may be asked about these before they are carried out.
        let _question = match frame {
            ClientFrame::Join { .. } | ClientFrame::Send { .. } | ClientFrame::SendC2c { .. } => {
                self.allowance.ask().await
            }
            _ => None,
        };
        let answer = match frame {
            ClientFrame::Ping { .. } => Ok(Some(ServerFrame::Pong { id })),
            ClientFrame::Logout { .. } => Ok(None),
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
                mute_all,
                ..
            } => {
                let body = ModifyGroupBaseInfo {
                    group_id,
                    name,
                    introduction,
                    notification,
                    face_url,
                    shut_up_all_member: mute_all.map(|on| if on { "On" } else { "Off" }.to_owned()),
                    app_defined_data: custom_fields
                        .into_iter()
                        .map(|(key, value)| KeyValue { key, value })
                        .collect(),
                    ..ModifyGroupBaseInfo::default()
                };
                self.modify_group(id, body).await
            }
            ClientFrame::CatchUp { group_id, after_seq, before_seq, .. } => {
                self.catch_up(id, &group_id, after_seq, before_seq)
            }
            ClientFrame::ModifyRules { group_id, change, .. } => {
                self.modify_rules(id, &group_id, change).await
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
        if let Err(error) = &answer {
            self.allowance.was_refused(cost, error);
        }
        answer
    }

    /// Takes the connection out of its rooms and ends the login.
    pub(super) async fn end(&self, ended: Ended) {
        let (app, user) = (self.app(), &self.who.user_id);
        // It is out of all of them at once. Of each the application is told, which may have to wait.
        let rooms = self.rooms.all().map(|(_, room)| room);
        let leaving = rooms.map(|room| self.service.ended_in(&app, room, user, &self.login, ended));
        join_all(leaving).await;
        self.service.signed_out(&self.who, &self.login, ended).await;
    }

    /// The same as far as memory goes, when the end was not carried out: the application is not told.
    pub(super) fn let_go(&self) {
        for (_, room) in self.rooms.all() {
            room.drop_connection(self.login.connection, self.service.now_s());
        }
        self.service.let_go(&self.who, &self.login);
    }

    /// Takes the connection out of rooms that it does not know of itself, because a panic came while
    /// it was coming in or going out.
    pub(super) fn sweep(&self) {
        self.service.sweep(self.who.sdk_app_id, self.login.connection);
    }

    /// A room that the connection is in: it has joined, or was put in as a member.
    pub(super) fn room(&self, group_id: &GroupId) -> Option<Arc<Room>> {
        let connection = self.login.connection;
        self.rooms.get(group_id).or_else(|| {
            let room = self.service.attached.room(connection, group_id);
            // It may have been taken out since.
            room.filter(|room| room.has(connection))
        })
    }

    /// The room itself answers, so that nothing of the room can come before the answer.
    async fn join(
        &mut self,
        id: u32,
        group_id: &str,
        after_seq: Option<u32>,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        if self.rooms.knows(&group_id) {
            self.allowance.admit_catch_up()?;
        }
        self.rooms.check_place(&group_id)?;
        let request = JoinRequest { id, after_seq };
        let (app, user) = (self.app(), &self.who.user_id);
        let room = self.service.join(&app, &group_id, user, &self.login, request).await?;
        self.rooms.put(group_id.clone(), Arc::clone(&room));
        if self.login.platform == Platform::Web && app.settings.web_one_room && is_live(&room) {
            self.leave_others(&app, &group_id).await;
            let user = &self.who.user_id;
            self.service.moved_elsewhere(&app, &room, user, &self.login).await;
        }
        Ok(None)
    }

    /// A web client is in one AVChatRoom at a time: who enters another leaves the one before.
    async fn leave_others(&mut self, app: &Arc<Application>, entered: &GroupId) {
        let others = self.rooms.all().filter(|(id, room)| *id != entered && is_live(room));
        let others: Vec<GroupId> = others.map(|(id, _)| id.clone()).collect();
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
            return Err(not_in(&group_id));
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
        &mut self,
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
        match self.service.offer(&self.app(), &group_id, outgoing).await? {
            Offered::Done(outcome) => Ok(Some(answer(id, client_id, outcome))),
            Offered::Repeated(outcome) => {
                self.repeated = true;
                Ok(Some(answer(id, client_id, outcome)))
            }
            Offered::OnItsWay(message) => {
                self.offered = Some(Pending { id, client_id, message });
                Ok(None)
            }
        }
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

    async fn modify_rules(
        &self,
        id: u32,
        group_id: &str,
        change: RulesChange,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let Some(room) = self.room(&group_id) else {
            let info = format!("join {group_id} before you change its rules");
            return Err(ApiError::new(Code::NOT_IN_ROOM, info));
        };
        self.service.modify_rules(&self.app(), &self.who.user_id, &room, change).await?;
        Ok(Some(ServerFrame::Done { id }))
    }
}

fn is_live(room: &Room) -> bool {
    room.with(|group| group.group_type == GroupType::AVChatRoom)
}
