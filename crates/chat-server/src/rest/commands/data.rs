//! Group attributes and counters.

use chat_types::code::ApiError;
use chat_types::rest::{
    DeleteGroupAttr, GroupAttrs, GroupCounterKeys, GroupCounters, GroupIdOnly, UpdateGroupCounter,
    WriteGroupAttr,
};

use super::{Caller, answer, done};
use crate::service::{AttributeWrite, Service};

pub(in crate::rest) async fn get_attributes(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    let group_attr_ary = service.attributes(&caller.app, &body.group_id).await?;
    answer(GroupAttrs { group_attr_ary })
}

pub(in crate::rest) async fn modify_attributes(
    service: &Service,
    caller: &Caller,
    body: WriteGroupAttr,
) -> Result<String, ApiError> {
    write(service, caller, &body.group_id, AttributeWrite::Modify(body.group_attr)).await
}

pub(in crate::rest) async fn set_attributes(
    service: &Service,
    caller: &Caller,
    body: WriteGroupAttr,
) -> Result<String, ApiError> {
    write(service, caller, &body.group_id, AttributeWrite::Set(body.group_attr)).await
}

pub(in crate::rest) async fn clear_attributes(
    service: &Service,
    caller: &Caller,
    body: GroupIdOnly,
) -> Result<String, ApiError> {
    write(service, caller, &body.group_id, AttributeWrite::Clear).await
}

pub(in crate::rest) async fn delete_attributes(
    service: &Service,
    caller: &Caller,
    body: DeleteGroupAttr,
) -> Result<String, ApiError> {
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

pub(in crate::rest) async fn update_counters(
    service: &Service,
    caller: &Caller,
    body: UpdateGroupCounter,
) -> Result<String, ApiError> {
    let (given, mode) = (&body.group_counter, body.mode);
    let group_counter = service.update_counters(&caller.app, &body.group_id, given, mode).await?;
    answer(GroupCounters { group_counter })
}

pub(in crate::rest) async fn get_counters(
    service: &Service,
    caller: &Caller,
    body: GroupCounterKeys,
) -> Result<String, ApiError> {
    let keys = body.group_counter_keys.as_deref();
    let group_counter = service.counters(&caller.app, &body.group_id, keys).await?;
    answer(GroupCounters { group_counter })
}

pub(in crate::rest) async fn delete_counters(
    service: &Service,
    caller: &Caller,
    body: GroupCounterKeys,
) -> Result<String, ApiError> {
    service.delete_counters(&caller.app, &body.group_id, body.group_counter_keys).await?;
    done()
}
