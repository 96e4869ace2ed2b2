//! One function per REST command: read the body, call the service, wrap the answer.

mod accounts;
mod c2c;
mod data;
mod groups;
mod membership;
mod messages;
mod profiles;
mod rooms;
mod rules;

use chat_types::code::{ApiError, Code};
use chat_types::rest::{Envelope, Nothing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::catalogue::Call;
use super::{Caller, to_json};
use crate::service::Service;

/// Carries a call out. The body has passed the check of the catalogue.
pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    call: Call,
    body: Value,
) -> Result<String, ApiError> {
    match call {
        Call::ImportAccount => accounts::import_account(service, caller, body).await,
        Call::ImportAccounts => accounts::import_accounts(service, caller, body).await,
        Call::DeleteAccounts => accounts::delete_accounts(service, caller, body).await,
        Call::CheckAccounts => accounts::check_accounts(service, caller, body).await,
        Call::KickAccount => accounts::kick_account(service, caller, body).await,
        Call::QueryOnlineStatus => accounts::query_online_status(service, caller, body).await,
        Call::SetPortrait => profiles::set_portrait(service, caller, body).await,
        Call::GetPortraits => profiles::get_portraits(service, caller, body).await,
        Call::SetGlobalMute => profiles::set_global_mute(service, caller, body).await,
        Call::GetGlobalMute => profiles::get_global_mute(service, caller, body).await,
        Call::CreateGroup => groups::create_group(service, caller, body).await,
        Call::GetGroupInfo => groups::get_group_info(service, caller, body).await,
        Call::ModifyGroup => groups::modify_group(service, caller, body).await,
        Call::DestroyGroup => groups::destroy_group(service, caller, body).await,
        Call::ListGroups => groups::list_groups(service, caller, body).await,
        Call::ChangeOwner => membership::change_owner(service, caller, body).await,
        Call::ImportGroup => membership::import_group(service, caller, body).await,
        Call::AddMembers => membership::add_members(service, caller, body).await,
        Call::DeleteMembers => membership::delete_members(service, caller, body).await,
        Call::ModifyMember => membership::modify_member(service, caller, body).await,
        Call::ListJoinedGroups => membership::list_joined_groups(service, caller, body).await,
        Call::GetRoles => membership::get_roles(service, caller, body).await,
        Call::SetUnreadNumber => membership::set_unread_number(service, caller, body).await,
        Call::ImportMembers => membership::import_members(service, caller, body).await,
        Call::ImportGroupMessages => membership::import_group_messages(service, caller, body).await,
        Call::GetMemberInfo => rooms::get_member_info(service, caller, body).await,
        Call::GetOnlineNumber => rooms::get_online_number(service, caller, body).await,
        Call::GetOnlineMembers => rooms::get_online_members(service, caller, body).await,
        Call::MarkMembers => rooms::mark_members(service, caller, body).await,
        Call::AddRobots => rooms::add_robots(service, caller, body).await,
        Call::DeleteRobots => rooms::delete_robots(service, caller, body).await,
        Call::ModifyRoomAdmins => rooms::modify_room_admins(service, caller, body).await,
        Call::ListRoomAdmins => rooms::list_room_admins(service, caller, body).await,
        Call::MuteMembers => rooms::mute_members(service, caller, body).await,
        Call::ListMutedMembers => rooms::list_muted_members(service, caller, body).await,
        Call::BanMembers => rooms::ban_members(service, caller, body).await,
        Call::UnbanMembers => rooms::unban_members(service, caller, body).await,
        Call::ListBannedMembers => rooms::list_banned_members(service, caller, body).await,
        Call::ModifyRoomRules => rules::modify_room_rules(service, caller, body).await,
        Call::GetRoomRules => rules::get_room_rules(service, caller, body).await,
        Call::GetRoomFigures => rules::get_room_figures(service, caller, body).await,
        Call::GetAttributes => data::get_attributes(service, caller, body).await,
        Call::ModifyAttributes => data::modify_attributes(service, caller, body).await,
        Call::SetAttributes => data::set_attributes(service, caller, body).await,
        Call::ClearAttributes => data::clear_attributes(service, caller, body).await,
        Call::DeleteAttributes => data::delete_attributes(service, caller, body).await,
        Call::UpdateCounters => data::update_counters(service, caller, body).await,
        Call::GetCounters => data::get_counters(service, caller, body).await,
        Call::DeleteCounters => data::delete_counters(service, caller, body).await,
        Call::SendGroupMessage => messages::send_group_message(service, caller, body).await,
        Call::SendSystemNotification => {
            messages::send_system_notification(service, caller, body).await
        }
        Call::SendBroadcast => messages::send_broadcast(service, caller, body).await,
        Call::RecallGroupMessages => messages::recall_group_messages(service, caller, body).await,
        Call::GetGroupHistory => messages::get_group_history(service, caller, body).await,
        Call::DeleteMessagesOfSender => {
            messages::delete_messages_of_sender(service, caller, body).await
        }
        Call::ModifyGroupMessage => messages::modify_group_message(service, caller, body).await,
        Call::SendMessage => c2c::send_message(service, caller, body).await,
        Call::SendMessageToMany => c2c::send_message_to_many(service, caller, body).await,
        Call::GetHistory => c2c::get_history(service, caller, body).await,
        Call::WithdrawMessage => c2c::withdraw_message(service, caller, body).await,
        Call::GetUnreadNumbers => c2c::get_unread_numbers(service, caller, body).await,
        Call::SetMessagesRead => c2c::set_messages_read(service, caller, body).await,
        Call::ImportMessage => c2c::import_message(service, caller, body).await,
        Call::ModifyMessage => c2c::modify_message(service, caller, body).await,
    }
}

/// The typed body; `code` for what the catalogue's check let through and the type does not take.
fn read<T: DeserializeOwned>(body: Value, code: Code) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|error| ApiError::new(code, error.to_string()))
}

fn done() -> Result<String, ApiError> {
    answer(Nothing {})
}

fn answer(body: impl Serialize) -> Result<String, ApiError> {
    Ok(to_json(&Envelope::ok(body)))
}
