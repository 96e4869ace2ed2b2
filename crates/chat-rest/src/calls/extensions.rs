//! What Liveroom's service has beyond the cloud, which answers 60009 to it.

use chat_types::rest::{GroupIdOnly, ModifyRoomRules, RoomFiguresInfo, RoomRulesInfo};

use crate::client::Client;
use crate::command as commands;
use crate::error::Error;

impl Client {
    /// Changes the rules of a room: rates, slow mode, links, blocked words.
    pub async fn modify_room_rules(&self, body: &ModifyRoomRules) -> Result<(), Error> {
        self.tell(&commands::MODIFY_ROOM_RULES, body).await
    }

    /// The rules of a room.
    pub async fn get_room_rules(&self, body: &GroupIdOnly) -> Result<RoomRulesInfo, Error> {
        self.call(&commands::GET_ROOM_RULES, body).await
    }

    /// What a room has done with its messages.
    pub async fn get_room_figures(&self, body: &GroupIdOnly) -> Result<RoomFiguresInfo, Error> {
        self.call(&commands::GET_ROOM_FIGURES, body).await
    }
}
