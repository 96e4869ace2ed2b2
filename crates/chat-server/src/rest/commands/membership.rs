//! Members and owners of groups that store them, and imports.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{
    AddGroupMember, ChangeGroupOwner, DeleteGroupMember, GetJoinedGroupList, GetRoleInGroup,
    GroupCreated, ImportGroup, ImportGroupMember, ImportedMessages, ModifyGroupMemberInfo,
    RolesInGroup, SetUnreadMsgNum,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Caller, answer, done, read};
use crate::service::Service;

pub(super) async fn change_owner(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let ChangeGroupOwner { group_id, new_owner_account: new } = read(body, Code::BAD_PARAMETER)?;
    let (app, operator) = (&caller.app, &caller.user_id);
    service.change_owner(app, operator, caller.origin, &group_id, &new).await?;
    done()
}

pub(super) async fn import_group(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: ImportGroup = read(body, Code::BAD_PARAMETER)?;
    let group_id = service.import_group(&caller.app, body).await?.to_string();
    answer(GroupCreated { group_id })
}

pub(super) async fn add_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: AddGroupMember = read(body, Code::BAD_PARAMETER)?;
    answer(service.add_members(&caller.app, &caller.user_id, caller.origin, body).await?)
}

pub(super) async fn delete_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: DeleteGroupMember = read(body, Code::BAD_PARAMETER)?;
    service.delete_members(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(super) async fn modify_member(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: ModifyGroupMemberInfo = read(body, Code::BAD_PARAMETER)?;
    service.modify_member(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(super) async fn list_joined_groups(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GetJoinedGroupList = read(body, Code::BAD_PARAMETER)?;
    answer(service.joined_groups(&caller.app, &caller.user_id, body).await?)
}

pub(super) async fn get_roles(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let GetRoleInGroup { group_id, user_account } = read(body, Code::BAD_PARAMETER)?;
    let user_id_list = service.roles_in(&caller.app, &group_id, user_account).await?;
    answer(RolesInGroup { user_id_list })
}

pub(super) async fn set_unread_number(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let SetUnreadMsgNum { group_id, member_account, unread_msg_num } =
        read(body, Code::BAD_PARAMETER)?;
    service.set_unread(&caller.app, &group_id, &member_account, unread_msg_num).await?;
    done()
}

pub(super) async fn import_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: ImportGroupMember = read(body, Code::BAD_PARAMETER)?;
    answer(service.import_members(&caller.app, body).await?)
}

/// The messages as they came: one that cannot be read has its own result.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImportMessages {
    group_id: String,
    msg_list: Vec<Value>,
}

pub(super) async fn import_group_messages(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let ImportMessages { group_id, msg_list } = read(body, Code::BAD_PARAMETER)?;
    let messages = msg_list.into_iter().map(|message| serde_json::from_value(message).ok());
    let messages = messages.collect();
    let import_msg_result = service.import_messages(&caller.app, &group_id, messages).await?;
    answer(ImportedMessages { import_msg_result })
}
