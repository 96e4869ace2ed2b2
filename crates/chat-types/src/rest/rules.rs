//! Rules and figures of a room: an extension of this service, which the cloud does not have. The rules stand in
//! a member of their own, with the names that the gateway has for them.

use serde::{Deserialize, Serialize};

use crate::gateway::{RoomFigures, RoomRules, RulesChange};

/// `liveroom_ext/modify_room_rules`. Rules that are absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyRoomRules {
    pub group_id: String,
    pub rules: RulesChange,
}

/// The answer to `liveroom_ext/get_room_rules`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoomRulesInfo {
    /// What is set, with nothing left out: sending it back changes nothing.
    pub rules: RulesChange,
    /// What holds at present, with the settings of the application in the place of what is not set.
    pub effective: RoomRules,
}

/// The answer to `liveroom_ext/get_room_figures`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoomFiguresInfo {
    pub figures: RoomFigures,
}
