//! Members and owners of groups that store them, and imports.

use chat_types::code::ApiError;
use chat_types::rest::{
    AddGroupMember, ChangeGroupOwner, DeleteGroupMember, GetJoinedGroupList, GetRoleInGroup,
    GroupCreated, ImportGroup, ImportGroupMember, ImportedMessages, ModifyGroupMemberInfo,
    RolesInGroup, SetUnreadMsgNum,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Caller, answer, done};
use crate::service::Service;

pub(in crate::rest) async fn change_owner(
    service: &Service,
    caller: &Caller,
    body: ChangeGroupOwner,
) -> Result<String, ApiError> {
    let ChangeGroupOwner { group_id, new_owner_account: new } = body;
    let (app, operator) = (&caller.app, &caller.user_id);
    service.change_owner(app, operator, caller.origin, &group_id, &new).await?;
    done()
}

pub(in crate::rest) async fn import_group(
    service: &Service,
    caller: &Caller,
    body: ImportGroup,
) -> Result<String, ApiError> {
    let group_id = service.import_group(&caller.app, body).await?.to_string();
    answer(GroupCreated { group_id })
}

pub(in crate::rest) async fn add_members(
    service: &Service,
    caller: &Caller,
    body: AddGroupMember,
) -> Result<String, ApiError> {
    answer(service.add_members(&caller.app, &caller.user_id, caller.origin, body).await?)
}

pub(in crate::rest) async fn delete_members(
    service: &Service,
    caller: &Caller,
    body: DeleteGroupMember,
) -> Result<String, ApiError> {
    service.delete_members(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(in crate::rest) async fn modify_member(
    service: &Service,
    caller: &Caller,
    body: ModifyGroupMemberInfo,
) -> Result<String, ApiError> {
    service.modify_member(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(in crate::rest) async fn list_joined_groups(
    service: &Service,
    caller: &Caller,
    body: GetJoinedGroupList,
) -> Result<String, ApiError> {
    answer(service.joined_groups(&caller.app, &caller.user_id, body).await?)
}

pub(in crate::rest) async fn get_roles(
    service: &Service,
    caller: &Caller,
    body: GetRoleInGroup,
) -> Result<String, ApiError> {
    let GetRoleInGroup { group_id, user_account } = body;
    let user_id_list = service.roles_in(&caller.app, &group_id, user_account).await?;
    answer(RolesInGroup { user_id_list })
}

pub(in crate::rest) async fn set_unread_number(
    service: &Service,
    caller: &Caller,
    body: SetUnreadMsgNum,
) -> Result<String, ApiError> {
    let SetUnreadMsgNum { group_id, member_account, unread_msg_num } = body;
    service.set_unread(&caller.app, &group_id, &member_account, unread_msg_num).await?;
    done()
}

pub(in crate::rest) async fn import_members(
    service: &Service,
    caller: &Caller,
    body: ImportGroupMember,
) -> Result<String, ApiError> {
    answer(service.import_members(&caller.app, body).await?)
}

/// The messages as they came: one that cannot be read has its own result.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::rest) struct ImportMessages {
    group_id: String,
    msg_list: Vec<Value>,
}

pub(in crate::rest) async fn import_group_messages(
    service: &Service,
    caller: &Caller,
    body: ImportMessages,
) -> Result<String, ApiError> {
    let ImportMessages { group_id, msg_list } = body;
    let messages = msg_list.into_iter().map(|message| serde_json::from_value(message).ok());
    let messages = messages.collect();
    let import_msg_result = service.import_messages(&caller.app, &group_id, messages).await?;
    answer(ImportedMessages { import_msg_result })
}
