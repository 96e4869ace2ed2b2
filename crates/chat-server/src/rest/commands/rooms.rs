//! Who is in a room, and who may speak, stay and lead there.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{AdminList, GroupIdOnly, MarkedMembers, OnlineMemberNum};
use serde_json::Value;

use super::{Caller, answer, done, read};
use crate::service::Service;

pub(super) async fn get_member_info(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    answer(service.member_info(&caller.app, read(body, Code::BAD_PARAMETER)?).await?)
}

pub(super) async fn get_online_number(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    let online_member_num = service.online_number(&caller.app, &body.group_id).await?;
    answer(OnlineMemberNum { online_member_num })
}

pub(super) async fn get_online_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    answer(service.online_members(&caller.app, read(body, Code::BAD_PARAMETER)?).await?)
}

pub(super) async fn mark_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body = read(body, Code::BAD_PARAMETER)?;
    let member_list = service.mark_members(&caller.app, body).await?;
    answer(MarkedMembers { member_list })
}

pub(super) async fn add_robots(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    service.add_robots(&caller.app, read(body, Code::BAD_PARAMETER)?).await?;
    done()
}

pub(super) async fn delete_robots(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    service.delete_robots(&caller.app, read(body, Code::BAD_PARAMETER)?).await?;
    done()
}

pub(super) async fn modify_room_admins(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    service.modify_room_admins(&caller.app, read(body, Code::BAD_PARAMETER)?).await?;
    done()
}

pub(super) async fn list_room_admins(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    let admin_account = service.room_admins(&caller.app, &body.group_id).await?;
    answer(AdminList { admin_account })
}

pub(super) async fn mute_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body = read(body, Code::BAD_PARAMETER)?;
    service.mute_members(&caller.app, &caller.user_id, body).await?;
    done()
}

pub(super) async fn list_muted_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    answer(service.muted_members(&caller.app, &body.group_id).await?)
}

pub(super) async fn ban_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body = read(body, Code::BAD_PARAMETER)?;
    service.ban_members(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(super) async fn unban_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    service.unban_members(&caller.app, read(body, Code::BAD_PARAMETER)?).await?;
    done()
}

pub(super) async fn list_banned_members(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    answer(service.banned_members(&caller.app, read(body, Code::BAD_PARAMETER)?).await?)
}
