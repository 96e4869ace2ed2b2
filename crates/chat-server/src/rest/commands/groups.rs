//! Groups as a whole.

use chat_types::code::{ApiError, Code};
use chat_types::group::{GroupType, KeyValue};
use chat_types::rest::{
    AppidGroupList, CreateGroup, GetAppidGroupList, GetGroupInfo, GroupCreated, GroupIdOnly,
    GroupInfoList, MAX_BODY_BYTES, MAX_GROUP_IDS_PER_ANSWER, MAX_GROUPS_PER_CALL,
    ModifyGroupBaseInfo, ResponseFilter,
};
use serde_json::{Map, Value};

use super::{Caller, answer, done};
use crate::service::Service;

pub(in crate::rest) async fn create_group(
    service: &Service,
    caller: &Caller,
    body: CreateGroup,
) -> Result<String, ApiError> {
    let (app, operator) = (&caller.app, &caller.user_id);
    let group_id = service.create_group(app, operator, caller.origin, body).await?.to_string();
    answer(GroupCreated { group_id })
}

pub(in crate::rest) async fn get_group_info(
    service: &Service,
    caller: &Caller,
    body: GetGroupInfo,
) -> Result<String, ApiError> {
    let asked = body.group_id_list.len();
    if asked == 0 || asked > MAX_GROUPS_PER_CALL {
        return Err(ApiError::bad_parameter(format!(
            "GroupIdList has {asked} ids; give 1 to {MAX_GROUPS_PER_CALL}"
        )));
    }
    let filter = body.response_filter.unwrap_or_default();
    let mut group_info = Vec::with_capacity(asked);
    for group_id in body.group_id_list {
        group_info.push(group_entry(service, caller, group_id, &filter).await);
    }
    let answer = answer(GroupInfoList { group_info })?;
    if answer.len() > MAX_BODY_BYTES {
        return Err(ApiError::new(
            Code::ANSWER_TOO_LONG,
            "the answer would be over 1 MB: ask for fewer groups, or leave members out with \
             ResponseFilter",
        ));
    }
    Ok(answer)
}

/// One entry of the answer, with its own `ErrorCode`.
async fn group_entry(
    service: &Service,
    caller: &Caller,
    group_id: String,
    filter: &ResponseFilter,
) -> Map<String, Value> {
    let with_members = filter.group_base_info_filter.as_ref().is_none_or(|names| {
        filter.member_info_filter.is_some() || names.iter().any(|name| name == "MemberList")
    });
    let (app, reader) = (&caller.app, &caller.user_id);
    let found = service.group_info(app, reader, &group_id, with_members).await;
    let (mut entry, code, info) = match found {
        Ok(mut info) => {
            if let Some(names) = &filter.app_defined_data_filter_group {
                info.app_defined_data.retain(|KeyValue { key, .. }| names.contains(key));
            }
            match serde_json::to_value(info) {
                Ok(Value::Object(entry)) => (entry, Code::OK, String::new()),
                _ => (Map::new(), Code::INTERNAL, "the service failed inside".to_owned()),
            }
        }
        Err(error) => (Map::new(), error.code, error.info),
    };
    if let Some(names) = &filter.group_base_info_filter {
        let custom_wanted = filter.app_defined_data_filter_group.is_some();
        let members_wanted = filter.member_info_filter.is_some();
        entry.retain(|name, _| {
            names.contains(name)
                || (name == "AppDefinedData" && custom_wanted)
                || (name == "MemberList" && members_wanted)
        });
    }
    if let (Some(names), Some(Value::Array(members))) =
        (&filter.member_info_filter, entry.get_mut("MemberList"))
    {
        for member in members.iter_mut().filter_map(Value::as_object_mut) {
            member.retain(|name, _| {
                names.contains(name)
                    || (name == "Member_Account" && names.iter().any(|name| name == "Account"))
            });
        }
    }
    entry.insert("GroupId".into(), group_id.into());
    entry.insert("ErrorCode".into(), code.0.into());
    entry.insert("ErrorInfo".into(), info.into());
    entry
}

pub(in crate::rest) async fn modify_group(
    service: &Service,
    caller: &Caller,
    body: ModifyGroupBaseInfo,
) -> Result<String, ApiError> {
    service.modify_group(&caller.app, &caller.user_id, caller.origin, body).await?;
    done()
}

pub(in crate::rest) async fn destroy_group(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    service.destroy_group(&caller.app, &caller.user_id, caller.origin, &body.group_id).await?;
    done()
}

pub(in crate::rest) async fn list_groups(
    service: &Service,
    caller: &Caller,
    body: GetAppidGroupList,
) -> Result<String, ApiError> {
    let group_type = match body.group_type.as_deref() {
        None => None,
        Some(name) => Some(GroupType::from_name(name).ok_or_else(|| {
            ApiError::bad_parameter("GroupType names no type of group: leave it out for all")
        })?),
    };
    let limit = body.limit.filter(|limit| *limit > 0).unwrap_or(MAX_GROUP_IDS_PER_ANSWER as u32);
    let page = service.list_groups(&caller.app, group_type, body.next, limit).await?;
    let next = body.next + page.ids.len() as u64;
    answer(AppidGroupList {
        total_count: page.total.try_into().unwrap_or(u32::MAX),
        group_id_list: page.ids.into_iter().map(|group_id| GroupIdOnly { group_id }).collect(),
        next: if next < page.total { next } else { 0 },
    })
}
