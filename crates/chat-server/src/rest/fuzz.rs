//! The parts of a call that read what comes from outside, without a service behind them. For the
//! fuzz targets alone.

use chat_types::code::ApiError;
use chat_types::rest::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::catalogue::{self, Call, Field, Kind};

/// Application and account of a query string that passes the checks up to the signature.
pub fn rest_query(query: &str) -> Result<(u32, String), ApiError> {
    let parameters = super::parameters(query)?;
    Ok((parameters.sdk_app_id, parameters.user_id.into()))
}

/// What came of a body.
#[derive(Debug)]
pub struct Checked {
    /// The check of the catalogue.
    pub check: Result<(), ApiError>,
    /// Whether the typed body of the command takes it.
    pub typed: Result<(), serde_json::Error>,
}

/// Checks the body of a call and reads it. An error when there is no such command or the body is no
/// object.
pub fn rest_call(service: &str, command: &str, body: &[u8]) -> Result<Checked, ApiError> {
    let command = catalogue::find(service, command)?;
    let call = command.call()?;
    let body = super::to_object(body)?;
    let check = catalogue::check(command, &body);
    Ok(Checked { check, typed: typed(call, body.into()) })
}

/// Every command that is offered, with a body that has all fields.
pub fn rest_calls() -> impl Iterator<Item = (&'static str, &'static str, Value)> {
    let offered = catalogue::commands().filter(|command| command.call().is_ok());
    offered.map(|command| (command.service, command.name, full(command.fields).into()))
}

fn full(fields: &[Field]) -> Map<String, Value> {
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]);
    let value = |field: &Field| match field.name {
        // The table knows the frame of an element and not what is in it.
        "MsgBody" => text.clone(),
        _ => example(&field.kind),
    };
    fields.iter().map(|field| (field.name.to_owned(), value(field))).collect()
}

fn example(kind: &Kind) -> Value {
    match kind {
        Kind::Text { least, .. } => "x".repeat(*least).into(),
        Kind::Account | Kind::Group | Kind::TextOrNumber => "x".into(),
        Kind::Number { least, .. } => (*least).into(),
        Kind::NumberOr { word, .. } => (*word).into(),
        Kind::OneOf(words) => words.first().copied().into(),
        Kind::List { of, least, .. } => vec![example(of); (*least).max(1)].into(),
        Kind::Object(fields) => full(fields).into(),
        Kind::AnyObject => Map::new().into(),
    }
}

fn read<T: DeserializeOwned>(body: Value) -> Result<(), serde_json::Error> {
    serde_json::from_value::<T>(body).map(|_| ())
}

fn typed(call: Call, body: Value) -> Result<(), serde_json::Error> {
    match call {
        Call::ImportAccount => read::<AccountImport>(body),
        Call::ImportAccounts => read::<MultiaccountImport>(body),
        Call::DeleteAccounts => read::<AccountDelete>(body),
        Call::CheckAccounts => read::<AccountCheck>(body),
        Call::KickAccount => read::<Kick>(body),
        Call::QueryOnlineStatus => read::<QueryOnlineStatus>(body),
        Call::SetPortrait => read::<PortraitSet>(body),
        Call::GetPortraits => read::<PortraitGet>(body),
        Call::SetGlobalMute => read::<SetNoSpeaking>(body),
        Call::GetGlobalMute => read::<GetNoSpeaking>(body),
        Call::CreateGroup => read::<CreateGroup>(body),
        Call::GetGroupInfo => read::<GetGroupInfo>(body),
        Call::ModifyGroup => read::<ModifyGroupBaseInfo>(body),
        Call::ListGroups => read::<GetAppidGroupList>(body),
        Call::ChangeOwner => read::<ChangeGroupOwner>(body),
        Call::ImportGroup => read::<ImportGroup>(body),
        Call::GetMemberInfo => read::<GetGroupMemberInfo>(body),
        Call::GetOnlineMembers => read::<GetMembers>(body),
        Call::MarkMembers => read::<ModifyUserInfo>(body),
        Call::AddRobots | Call::DeleteRobots => read::<Robots>(body),
        Call::ModifyRoomAdmins => read::<ModifyAdmin>(body),
        Call::MuteMembers => read::<ForbidSendMsg>(body),
        Call::BanMembers => read::<BanGroupMember>(body),
        Call::UnbanMembers => read::<UnbanGroupMember>(body),
        Call::ListBannedMembers => read::<GetGroupBanMember>(body),
        Call::AddMembers => read::<AddGroupMember>(body),
        Call::DeleteMembers => read::<DeleteGroupMember>(body),
        Call::ModifyMember => read::<ModifyGroupMemberInfo>(body),
        Call::ListJoinedGroups => read::<GetJoinedGroupList>(body),
        Call::GetRoles => read::<GetRoleInGroup>(body),
        Call::SetUnreadNumber => read::<SetUnreadMsgNum>(body),
        Call::ImportMembers => read::<ImportGroupMember>(body),
        Call::ModifyAttributes | Call::SetAttributes => read::<WriteGroupAttr>(body),
        Call::DeleteAttributes => read::<DeleteGroupAttr>(body),
        Call::UpdateCounters => read::<UpdateGroupCounter>(body),
        Call::GetCounters | Call::DeleteCounters => read::<GroupCounterKeys>(body),
        Call::SendGroupMessage => read::<SendGroupMsg>(body),
        Call::SendSystemNotification => read::<SendGroupSystemNotification>(body),
        Call::SendBroadcast => read::<SendBroadcastMsg>(body),
        Call::RecallGroupMessages => read::<GroupMsgRecall>(body),
        Call::GetGroupHistory => read::<GroupMsgGetSimple>(body),
        Call::DeleteMessagesOfSender => read::<DeleteGroupMsgBySender>(body),
        Call::ImportGroupMessages => read::<ImportGroupMsg>(body),
        Call::ModifyGroupMessage => read::<ModifyGroupMsg>(body),
        Call::SendMessage => read::<SendMsg>(body),
        Call::SendMessageToMany => read::<BatchSendMsg>(body),
        Call::GetHistory => read::<AdminGetRoamMsg>(body),
        Call::WithdrawMessage => read::<AdminMsgWithdraw>(body),
        Call::GetUnreadNumbers => read::<GetC2cUnreadMsgNum>(body),
        Call::SetMessagesRead => read::<AdminSetMsgRead>(body),
        Call::DestroyGroup
        | Call::GetOnlineNumber
        | Call::ListRoomAdmins
        | Call::ListMutedMembers
        | Call::GetRoomRules
        | Call::GetRoomFigures
        | Call::GetAttributes
        | Call::ClearAttributes => read::<GroupIdOnly>(body),
        Call::ModifyRoomRules => read::<ModifyRoomRules>(body),
        Call::ImportMessage => read::<ImportMsg>(body),
        Call::ModifyMessage => read::<ModifyC2cMsg>(body),
    }
}
