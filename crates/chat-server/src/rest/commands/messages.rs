//! Messages of groups.

use chat_types::code::ApiError;
use chat_types::element::BodyError;
use chat_types::rest::{
    BroadcastSent, DeleteGroupMsgBySender, FORBID_AFTER, FORBID_BEFORE, GroupAtInfo,
    GroupMsgGetSimple, GroupMsgRecall, GroupMsgSent, ModifyGroupMsg, Recalls, SendBroadcastMsg,
    SendGroupMsg, SendGroupSystemNotification,
};
use chat_types::{GroupId, UserId};

use super::{Caller, Said, answer, done};
use crate::service::{Broadcast, Outcome, Outgoing, Service, sampled_out};

pub(in crate::rest) async fn send_group_message(
    service: &Service,
    caller: &Caller,
    body: Said<SendGroupMsg>,
) -> Result<String, ApiError> {
    let (elements, body) = body.take(BodyError::for_group)?;
    let group_id = GroupId::new(&*body.group_id)?;
    if body.online_only_flag.0 && !body.send_msg_control.is_empty() {
        return Err(ApiError::bad_parameter(
            "SendMsgControl does not go with OnlineOnlyFlag 1: leave one of them out",
        ));
    }
    if body.group_at_info.iter().any(|mention| !mention.all.0 && mention.account.is_empty()) {
        return Err(ApiError::bad_parameter(
            "an entry of GroupAtInfo mentions nobody: give GroupAt_Account, or GroupAtAllFlag 1",
        ));
    }
    let outgoing = Outgoing {
        from: sender(caller, body.from_account.as_deref())?,
        operator: caller.user_id.clone(),
        nick: None,
        connection: None,
        origin: caller.origin,
        priority: body.msg_priority,
        elements,
        client_id: String::new(),
        random: body.random,
        mentions: mentions(&body.group_at_info),
        mention_all: body.group_at_info.iter().any(|mention| mention.all.0),
        online_only: body.online_only_flag.0,
        ask_before: !body.forbids(FORBID_BEFORE),
        tell_after: !body.forbids(FORBID_AFTER),
        cloud_custom_data: body.cloud_custom_data,
    };
    match service.send(&caller.app, &group_id, outgoing).await? {
        Outcome::Delivered { stamp, .. } => {
            answer(GroupMsgSent { msg_time: stamp.time_s, msg_seq: stamp.seq })
        }
        Outcome::SampledOut { .. } => Err(sampled_out()),
    }
}

/// In whose name an administrator sends: its own, unless it says otherwise.
pub(super) fn sender(caller: &Caller, from: Option<&str>) -> Result<UserId, ApiError> {
    from.filter(|from| !from.is_empty()).map_or_else(|| Ok(caller.user_id.clone()), UserId::new)
}

fn mentions(given: &[GroupAtInfo]) -> Vec<String> {
    let accounts = given.iter().filter(|mention| !mention.all.0);
    accounts.map(|mention| mention.account.clone()).collect()
}

pub(in crate::rest) async fn send_system_notification(
    service: &Service,
    caller: &Caller,
    body: SendGroupSystemNotification,
) -> Result<String, ApiError> {
    let only = &body.to_members_account;
    service.notify(&caller.app, &body.group_id, body.content, only).await?;
    done()
}

pub(in crate::rest) async fn send_broadcast(
    service: &Service,
    caller: &Caller,
    body: Said<SendBroadcastMsg>,
) -> Result<String, ApiError> {
    let (elements, body) = body.take(BodyError::for_group)?;
    let broadcast = Broadcast {
        from: sender(caller, body.from_account.as_deref())?,
        random: body.random,
        elements,
        cloud_custom_data: body.cloud_custom_data,
    };
    let msg_seq = service.broadcast(&caller.app, broadcast).await?;
    answer(BroadcastSent { msg_seq })
}

pub(in crate::rest) async fn recall_group_messages(
    service: &Service,
    caller: &Caller,
    body: GroupMsgRecall,
) -> Result<String, ApiError> {
    let GroupMsgRecall { group_id, msg_seq_list, reason } = body;
    let seqs: Vec<u32> = msg_seq_list.into_iter().map(|item| item.msg_seq).collect();
    let Caller { app, user_id, .. } = caller;
    let recall_ret_list = service.recall_messages(app, user_id, &group_id, &seqs, &reason).await?;
    answer(Recalls { recall_ret_list })
}

pub(in crate::rest) async fn get_group_history(
    service: &Service,
    caller: &Caller,
    body: GroupMsgGetSimple,
) -> Result<String, ApiError> {
    let (wanted, up_to) = (body.req_msg_number, body.req_msg_seq);
    answer(service.group_history(&caller.app, &body.group_id, wanted, up_to).await?)
}

pub(in crate::rest) async fn delete_messages_of_sender(
    service: &Service,
    caller: &Caller,
    body: DeleteGroupMsgBySender,
) -> Result<String, ApiError> {
    let DeleteGroupMsgBySender { group_id, sender_account } = body;
    let Caller { app, user_id, .. } = caller;
    service.delete_messages_by(app, user_id, &group_id, &sender_account).await?;
    done()
}

pub(in crate::rest) async fn modify_group_message(
    service: &Service,
    caller: &Caller,
    body: Said<ModifyGroupMsg>,
) -> Result<String, ApiError> {
    let (_, body) = body.take_any(BodyError::for_group)?;
    service.modify_message(&caller.app, body).await?;
    done()
}
