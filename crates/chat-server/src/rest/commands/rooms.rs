//! Who is in a room, and who may speak, stay and lead there.

use chat_types::code::ApiError;
use chat_types::rest::{
    AdminList, BanGroupMember, ForbidSendMsg, GetGroupBanMember, GetGroupMemberInfo, GetMembers,
    GroupIdOnly, MarkedMembers, ModifyAdmin, ModifyUserInfo, OnlineMemberNum, Robots,
    UnbanGroupMember,
};

use super::{Caller, answer, done};
use crate::service::Service;

pub(in crate::rest) async fn get_member_info(
    service: &Service,
    caller: &Caller,
    body: GetGroupMemberInfo,
) -> Result<String, ApiError> {
    answer(service.member_info(&caller.app, body).await?)
}

pub(in crate::rest) async fn get_online_number(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    let online_member_num = service.online_number(&caller.app, &body.group_id).await?;
    answer(OnlineMemberNum { online_member_num })
}

pub(in crate::rest) async fn get_online_members(
    service: &Service,
    caller: &Caller,
    body: GetMembers,
) -> Result<String, ApiError> {
    answer(service.online_members(&caller.app, body).await?)
}

pub(in crate::rest) async fn mark_members(
    service: &Service,
    caller: &Caller,
    body: ModifyUserInfo,
) -> Result<String, ApiError> {
    let member_list = service.mark_members(&caller.app, body).await?;
    answer(MarkedMembers { member_list })
}

pub(in crate::rest) async fn add_robots(
    service: &Service,
    caller: &Caller,
    body: Robots,
) -> Result<String, ApiError> {
    service.add_robots(&caller.app, body).await?;
    done()
}

pub(in crate::rest) async fn delete_robots(
    service: &Service,
    caller: &Caller,
    body: Robots,
) -> Result<String, ApiError> {
    service.delete_robots(&caller.app, body).await?;
    done()
}

pub(in crate::rest) async fn modify_room_admins(
    service: &Service,
    caller: &Caller,
    body: ModifyAdmin,
) -> Result<String, ApiError> {
    service.modify_room_admins(&caller.app, body).await?;
    done()
}

pub(in crate::rest) async fn list_room_admins(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    let admin_account = service.room_admins(&caller.app, &body.group_id).await?;
    answer(AdminList { admin_account })
}

pub(in crate::rest) async fn mute_members(
    service: &Service,
    caller: &Caller,
    body: ForbidSendMsg,
) -> Result<String, ApiError> {
    service.mute_members(&caller.app, &caller.user_id, body).await?;
    done()
}

pub(in crate::rest) async fn list_muted_members(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    answer(service.muted_members(&caller.app, &body.group_id).await?)
}

pub(in crate::rest) async fn ban_members(
    service: &Service,
    caller: &Caller,
    body: BanGroupMember,
) -> Result<String, ApiError> {
    service.ban_members(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(in crate::rest) async fn unban_members(
    service: &Service,
    caller: &Caller,
    body: UnbanGroupMember,
) -> Result<String, ApiError> {
    service.unban_members(&caller.app, body).await?;
    done()
}

pub(in crate::rest) async fn list_banned_members(
    service: &Service,
    caller: &Caller,
    body: GetGroupBanMember,
) -> Result<String, ApiError> {
    answer(service.banned_members(&caller.app, body).await?)
}
