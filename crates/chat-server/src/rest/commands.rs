//! One arm per REST command: read the body, call the service, wrap the answer.

use chat_types::code::{ApiError, Code};
use chat_types::group::KeyValue;
use chat_types::rest::{
    AccountImport, CreateGroup, Envelope, GetGroupInfo, GroupCreated, GroupIdOnly, GroupInfoList,
    GroupMsgSent, MAX_GROUPS_PER_CALL, ModifyGroupBaseInfo, Nothing, OnlineMemberNum,
    ResponseFilter, SendGroupMsg,
};
use chat_types::{GroupId, UserId};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Caller, to_json};
use crate::service::{Outgoing, Service};

const ACCOUNTS: &str = "im_open_login_svc";
const GROUPS: &str = "group_open_http_svc";

pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    group: &str,
    command: &str,
    body: Value,
) -> Result<String, ApiError> {
    let app = caller.sdk_app_id;
    match (group, command) {
        (ACCOUNTS, "account_import") => {
            let body: AccountImport = read(body, Code::ACCOUNT_PARAMETER)?;
            let (nick, face_url) = (body.nick.as_deref(), body.face_url.as_deref());
            service.import_account(app, &body.user_id, nick, face_url).await?;
            done()
        }
        (GROUPS, "create_group") => {
            let body: CreateGroup = read(body, Code::BAD_PARAMETER)?;
            let group_id = service.create_group(app, body).await?.to_string();
            Ok(to_json(&Envelope::ok(GroupCreated { group_id })))
        }
        (GROUPS, "get_group_info") => {
            group_info(service, app, read(body, Code::BAD_PARAMETER)?).await
        }
        (GROUPS, "modify_group_base_info") => {
            let body: ModifyGroupBaseInfo = read(body, Code::BAD_PARAMETER)?;
            service.modify_group(app, &caller.user_id, body).await?;
            done()
        }
        (GROUPS, "send_group_msg") => send(service, caller, read(body, Code::BAD_PARAMETER)?).await,
        (GROUPS, "get_online_member_num") => {
            let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
            let online_member_num = service.online_member_num(app, &body.group_id).await?;
            Ok(to_json(&Envelope::ok(OnlineMemberNum { online_member_num })))
        }
        (GROUPS, "destroy_group") => {
            let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
            service.destroy_group(app, &caller.user_id, &body.group_id).await?;
            done()
        }
        (GROUPS, _) => Err(ApiError::new(
            Code::UNKNOWN_GROUP_COMMAND,
            format!("{GROUPS} has no such command here"),
        )),
        _ => Err(ApiError::new(Code::UNKNOWN_PATH, "no such service or command here")),
    }
}

fn read<T: DeserializeOwned>(body: Value, code: Code) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|error| ApiError::new(code, error.to_string()))
}

fn done() -> Result<String, ApiError> {
    Ok(to_json(&Envelope::ok(Nothing {})))
}

async fn send(service: &Service, caller: &Caller, body: SendGroupMsg) -> Result<String, ApiError> {
    let group_id = GroupId::new(body.group_id)?;
    let from = match body.from_account.filter(|from| !from.is_empty()) {
        Some(from) => UserId::new(from)?,
        None => caller.user_id.clone(),
    };
    let outgoing = Outgoing {
        from,
        nick: None,
        connection: None,
        priority: body.msg_priority,
        elements: body.msg_body,
        cloud_custom_data: body.cloud_custom_data,
        client_id: String::new(),
        random: body.random,
    };
    let stamp = service.send(caller.sdk_app_id, &group_id, outgoing).await?;
    Ok(to_json(&Envelope::ok(GroupMsgSent { msg_time: stamp.time_s, msg_seq: stamp.seq })))
}

async fn group_info(service: &Service, app: u32, body: GetGroupInfo) -> Result<String, ApiError> {
    let asked = body.group_id_list.len();
    if asked == 0 || asked > MAX_GROUPS_PER_CALL {
        return Err(ApiError::bad_parameter(format!(
            "GroupIdList has {asked} ids; give 1 to {MAX_GROUPS_PER_CALL}"
        )));
    }
    let filter = body.response_filter.unwrap_or_default();
    let mut group_info = Vec::with_capacity(asked);
    for group_id in body.group_id_list {
        group_info.push(group_entry(service, app, group_id, &filter).await);
    }
    Ok(to_json(&Envelope::ok(GroupInfoList { group_info })))
}

/// One entry of the answer, with its own `ErrorCode`.
async fn group_entry(
    service: &Service,
    app: u32,
    group_id: String,
    filter: &ResponseFilter,
) -> Map<String, Value> {
    let (mut entry, code, info) = match service.group_info(app, &group_id).await {
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
        entry.retain(|name, _| names.contains(name) || (name == "AppDefinedData" && custom_wanted));
    }
    entry.insert("GroupId".into(), group_id.into());
    entry.insert("ErrorCode".into(), code.0.into());
    entry.insert("ErrorInfo".into(), info.into());
    entry
}
