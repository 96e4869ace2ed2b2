//! Group attributes and counters.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{
    DeleteGroupAttr, GroupAttrs, GroupCounterKeys, GroupCounters, GroupIdOnly, UpdateGroupCounter,
    WriteGroupAttr,
};
use serde_json::Value;

use super::{Caller, answer, done, read};
use crate::service::{AttributeWrite, Service};

pub(super) async fn get_attributes(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    let group_attr_ary = service.attributes(&caller.app, &body.group_id).await?;
    answer(GroupAttrs { group_attr_ary })
}

pub(super) async fn modify_attributes(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: WriteGroupAttr = read(body, Code::BAD_PARAMETER)?;
    write(service, caller, &body.group_id, AttributeWrite::Modify(body.group_attr)).await
}

pub(super) async fn set_attributes(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: WriteGroupAttr = read(body, Code::BAD_PARAMETER)?;
    write(service, caller, &body.group_id, AttributeWrite::Set(body.group_attr)).await
}

pub(super) async fn clear_attributes(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupIdOnly = read(body, Code::BAD_PARAMETER)?;
    write(service, caller, &body.group_id, AttributeWrite::Clear).await
}

pub(super) async fn delete_attributes(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: DeleteGroupAttr = read(body, Code::BAD_PARAMETER)?;
    let keys = body.group_attr.into_iter().map(|attr| attr.key).collect();
    write(service, caller, &body.group_id, AttributeWrite::Delete(keys)).await
}

async fn write(
    service: &Service,
    caller: &Caller,
    group_id: &str,
    write: AttributeWrite,
) -> Result<String, ApiError> {
    let Caller { app, user_id, origin } = caller;
    service.write_attributes(app, user_id, *origin, group_id, write).await?;
    done()
}

pub(super) async fn update_counters(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: UpdateGroupCounter = read(body, Code::BAD_PARAMETER)?;
    let (given, mode) = (&body.group_counter, body.mode);
    let group_counter = service.update_counters(&caller.app, &body.group_id, given, mode).await?;
    answer(GroupCounters { group_counter })
}

pub(super) async fn get_counters(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupCounterKeys = read(body, Code::BAD_PARAMETER)?;
    let keys = body.group_counter_keys.as_deref();
    let group_counter = service.counters(&caller.app, &body.group_id, keys).await?;
    answer(GroupCounters { group_counter })
}

pub(super) async fn delete_counters(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: GroupCounterKeys = read(body, Code::BAD_PARAMETER)?;
    service.delete_counters(&caller.app, &body.group_id, body.group_counter_keys).await?;
    done()
}
