//! What a guest may ask for.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{ClientFrame, ServerFrame};
use std::net::IpAddr;
use std::sync::Arc;

use super::joined::{Joined, not_in};
use super::requests::Handled;
use crate::admission::{Allowance, Cost, is_told_to_wait};
use crate::application::Application;
use crate::outbox::encode_with;
use crate::room::{CaughtUp, Room};
use crate::service::{Guest, JoinRequest, Service};

/// The connection of a guest and the rooms it is in.
pub(super) struct GuestSession {
    service: Arc<Service>,
    guest: Guest,
    rooms: Joined,
    pub(super) allowance: Allowance,
}

impl GuestSession {
    pub(super) fn new(service: Arc<Service>, guest: Guest, client_ip: IpAddr) -> Self {
        let rooms = Joined::new(guest.connection);
        let admission = &service.admission;
        let allowance = Allowance::new(admission, guest.connection, None, Some(client_ip));
        Self { service, guest, rooms, allowance }
    }

    /// Configuration as it is now, or as it was at the login when the application is gone.
    fn app(&self) -> Arc<Application> {
        let known = self.service.known_application(self.guest.app.sdk_app_id);
        known.unwrap_or_else(|_| Arc::clone(&self.guest.app))
    }

    /// Answers one request.
    pub(super) async fn handle(&mut self, frame: ClientFrame) -> Handled {
        let id = frame.id();
        if let ClientFrame::Logout { .. } = frame {
            return Handled::LoggedOut;
        }
        let (answer, is_free) = match self.allowance.admit(&frame) {
            Ok(cost) => {
                let answer = self.answer(id, frame).await;
                if let Err(error) = &answer {
                    self.allowance.was_refused(cost, error);
                }
                (answer, cost == Cost::Free)
            }
            Err(error) => (Err(error), false),
        };
        let is_noise = is_free || answer.as_ref().is_err_and(is_told_to_wait);
        match answer {
            Ok(Some(frame)) => self.guest.outbox.answer(&frame),
            Ok(None) => {}
            Err(ApiError { code, info, retry_after_ms }) => {
                let error = ServerFrame::Error { id, code, info, retry_after_ms };
                self.guest.outbox.answer(&error);
            }
        }
        if is_noise {
            self.allowance.noise().await;
        }
        Handled::Answered
    }

    /// Carries out a request that was admitted.
    async fn answer(
        &mut self,
        id: u32,
        frame: ClientFrame,
    ) -> Result<Option<ServerFrame>, ApiError> {
        match frame {
            ClientFrame::Ping { .. } => Ok(Some(ServerFrame::Pong { id })),
            ClientFrame::Logout { .. } => Ok(None),
            ClientFrame::Login { .. } => {
                Err(ApiError::bad_parameter("this connection is signed in already: log out first"))
            }
            ClientFrame::Join { group_id, after_seq, .. } => {
                self.join(&group_id, JoinRequest { id, after_seq }).await
            }
            ClientFrame::Leave { group_id, .. } => self.leave(id, &group_id),
            ClientFrame::CatchUp { group_id, after_seq, before_seq, .. } => {
                self.catch_up(id, &group_id, after_seq, before_seq)
            }
            ClientFrame::History { group_id, before_seq, count, .. } => {
                self.history(id, &group_id, before_seq, count).await
            }
            ClientFrame::Send { .. }
            | ClientFrame::ModifyRules { .. }
            | ClientFrame::ModifyGroup { .. }
            | ClientFrame::Recall { .. }
            | ClientFrame::SendC2c { .. }
            | ClientFrame::C2cHistory { .. }
            | ClientFrame::C2cRead { .. }
            | ClientFrame::C2cWithdraw { .. }
            | ClientFrame::Conversations { .. }
            | ClientFrame::Presence { .. } => Err(ApiError::new(
                Code::GUESTS_READ_ONLY,
                "a guest only reads: sign in with an account",
            )),
        }
    }

    /// Takes the connection out of its rooms.
    pub(super) fn end(&self) {
        for (_, room) in self.rooms.all() {
            room.leave(self.guest.connection);
        }
    }

    /// As [`super::requests::Session::sweep`].
    pub(super) fn sweep(&self) {
        self.service.sweep(self.guest.app.sdk_app_id, self.guest.connection);
    }

    async fn join(
        &mut self,
        group_id: &str,
        request: JoinRequest,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        if self.rooms.knows(&group_id) {
            self.allowance.admit_catch_up()?;
        }
        self.rooms.check_place(&group_id)?;
        let app = self.app();
        let room = self.service.join_as_guest(&app, &group_id, &self.guest, request).await?;
        self.rooms.put(group_id, room);
        Ok(None)
    }

    fn leave(&mut self, id: u32, group_id: &str) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.rooms.remove(&group_id);
        let left = room.and_then(|room| room.leave(self.guest.connection));
        left.map(|_| Some(ServerFrame::LeaveOk { id })).ok_or_else(|| not_in(&group_id))
    }

    fn catch_up(
        &mut self,
        id: u32,
        group_id: &str,
        after_seq: u32,
        before_seq: Option<u32>,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let (group_id, room) = self.room(group_id)?;
        let now_s = self.service.now_s();
        let caught_up = room.catch_up(self.guest.connection, after_seq, before_seq, now_s);
        let caught_up = caught_up.ok_or_else(|| not_in(&group_id))?;
        let CaughtUp { messages, complete, .. } = caught_up;
        let answer = ServerFrame::CatchUpOk { id, messages: Vec::new(), complete };
        self.guest.outbox.control_frame(encode_with(&answer, &messages));
        Ok(None)
    }

    async fn history(
        &self,
        id: u32,
        group_id: &str,
        before_seq: Option<u32>,
        count: u32,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let (group_id, room) = self.room(group_id)?;
        let app = self.app();
        let messages =
            self.service.history_for_member(&app, &group_id, &room, before_seq, count).await?;
        Ok(Some(ServerFrame::HistoryOk { id, messages }))
    }

    fn room(&self, group_id: &str) -> Result<(GroupId, Arc<Room>), ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.rooms.get(&group_id).ok_or_else(|| not_in(&group_id))?;
        Ok((group_id, room))
    }
}
