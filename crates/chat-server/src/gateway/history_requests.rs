//! What a signed-in client may ask of the messages of a room that have been sent.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::ServerFrame;

use super::requests::Session;
use crate::outbox::encode_with;
use crate::room::CaughtUp;

impl Session {
    pub(super) async fn recall(
        &self,
        id: u32,
        group_id: &str,
        seq: u32,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.room(&group_id).ok_or_else(|| not_in_room(&group_id))?;
        let (app, user) = (self.app(), &self.who.user_id);
        self.service.recall_as_member(&app, user, &group_id, &room, seq).await?;
        Ok(Some(ServerFrame::Done { id }))
    }

    /// What the room's short history still has of a gap.
    pub(super) fn catch_up(
        &mut self,
        id: u32,
        group_id: &str,
        after_seq: u32,
        before_seq: Option<u32>,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.room(&group_id).ok_or_else(|| not_in_room(&group_id))?;
        let (connection, now_s) = (self.login.connection, self.service.now_s());
        let caught_up = room.catch_up(connection, after_seq, before_seq, now_s);
        let CaughtUp { messages, complete, .. } =
            caught_up.ok_or_else(|| not_in_room(&group_id))?;
        let answer = ServerFrame::CatchUpOk { id, messages: Vec::new(), complete };
        self.login.outbox.control_frame(encode_with(&answer, &messages));
        Ok(None)
    }

    pub(super) async fn history(
        &self,
        id: u32,
        group_id: &str,
        before_seq: Option<u32>,
        count: u32,
    ) -> Result<Option<ServerFrame>, ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.room(&group_id).ok_or_else(|| not_in_room(&group_id))?;
        let app = self.app();
        let messages =
            self.service.history_for_member(&app, &group_id, &room, before_seq, count).await?;
        Ok(Some(ServerFrame::HistoryOk { id, messages }))
    }
}

fn not_in_room(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::NOT_IN_ROOM, format!("join {group_id} before you ask for its messages"))
}
