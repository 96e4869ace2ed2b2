//! One-to-one messages.

use chat_types::code::{ApiError, Code};
use chat_types::element::BodyError;
use chat_types::rest::Flag;
use chat_types::rest::{
    AdminGetRoamMsg, AdminMsgWithdraw, AdminSetMsgRead, BatchSendMsg, C2cSend, Envelope,
    FORBID_AFTER, FORBID_BEFORE, GetC2cUnreadMsgNum, ImportMsg, MAX_LIFE_TIME_S,
    MAX_ROAM_ANSWER_BYTES, ModifyC2cMsg, MsgSent, RoamMessages, SendMsg,
};
use chat_types::{Element, UserId};

use super::messages::sender;
use super::{Caller, Said, answer, done};
use crate::rest::to_json;
use crate::service::{C2cActor, C2cImport, C2cOutgoing, C2cWanted, Service};
use crate::storage::C2cChange;

/// `SyncOtherMachine`: the sender has no copy.
const NO_COPY: u32 = 2;
/// `SyncFromOldSystem`: the message counts as unread.
const LIKE_NEW: u32 = 1;
const NO_UNREAD: &str = "NoUnread";
const NO_LAST_MSG: &str = "NoLastMsg";

pub(in crate::rest) async fn send_message(
    service: &Service,
    caller: &Caller,
    body: Said<SendMsg>,
) -> Result<String, ApiError> {
    let (elements, body) = body.take(BodyError::for_c2c)?;
    let to = account(&body.to_account, Code::C2C_TO_ACCOUNT)?;
    let outgoing = outgoing(caller, body.message, elements)?;
    let stamp = service.send_c2c(&caller.app, &to, outgoing).await?;
    answer(MsgSent { msg_time: stamp.time_s, msg_key: stamp.key })
}

pub(in crate::rest) async fn send_message_to_many(
    service: &Service,
    caller: &Caller,
    body: Said<BatchSendMsg>,
) -> Result<String, ApiError> {
    let (elements, body) = body.take(BodyError::for_c2c)?;
    let outgoing = outgoing(caller, body.message, elements)?;
    let sent = service.send_c2c_to_many(&caller.app, &body.to_account, &outgoing).await?;
    let reached = body
        .to_account
        .iter()
        .any(|to| !sent.error_list.iter().any(|failed| failed.to_account == *to));
    let envelope = if sent.error_list.is_empty() {
        Envelope::ok(sent)
    } else if reached {
        Envelope::some_error(sent)
    } else {
        let error = ApiError::new(
            Code::C2C_TARGET_ABSENT,
            "none of the accounts in To_Account exists: import them first",
        );
        Envelope::fail_with(error, sent)
    };
    Ok(to_json(&envelope))
}

pub(in crate::rest) async fn get_history(
    service: &Service,
    caller: &Caller,
    body: AdminGetRoamMsg,
) -> Result<String, ApiError> {
    let wanted = C2cWanted {
        account: &account(&body.from_account, Code::C2C_FROM_ACCOUNT)?,
        peer: &account(&body.to_account, Code::C2C_TO_ACCOUNT)?,
        min_time: body.min_time,
        max_time: body.max_time,
        before_key: body.last_msg_key.as_deref().filter(|key| !key.is_empty()),
        count: body.max_cnt,
    };
    let page = service.c2c_roaming(&caller.app, wanted, MAX_ROAM_ANSWER_BYTES).await?;
    let oldest = page.messages.first();
    answer(RoamMessages {
        complete: Flag(page.complete),
        msg_cnt: u32::try_from(page.messages.len()).unwrap_or(u32::MAX),
        last_msg_time: oldest.map_or(0, |message| message.msg_time_stamp),
        last_msg_key: oldest.map_or_else(String::new, |message| message.msg_key.clone()),
        msg_list: page.messages,
    })
}

pub(in crate::rest) async fn withdraw_message(
    service: &Service,
    caller: &Caller,
    body: AdminMsgWithdraw,
) -> Result<String, ApiError> {
    let from = account(&body.from_account, Code::C2C_FROM_ACCOUNT)?;
    let to = account(&body.to_account, Code::C2C_TO_ACCOUNT)?;
    service.withdraw_c2c(&caller.app, actor(caller), &from, &to, &body.msg_key).await?;
    done()
}

pub(in crate::rest) async fn get_unread_numbers(
    service: &Service,
    caller: &Caller,
    body: GetC2cUnreadMsgNum,
) -> Result<String, ApiError> {
    let user = account(&body.to_account, Code::C2C_TO_ACCOUNT)?;
    answer(service.c2c_unread(&caller.app, &user, &body.peer_account).await?)
}

pub(in crate::rest) async fn set_messages_read(
    service: &Service,
    caller: &Caller,
    body: AdminSetMsgRead,
) -> Result<String, ApiError> {
    let reader = account(&body.report_account, Code::C2C_BODY)?;
    let peer = account(&body.peer_account, Code::C2C_BODY)?;
    service.c2c_read(&caller.app, actor(caller), &reader, &peer).await?;
    done()
}

pub(in crate::rest) async fn import_message(
    service: &Service,
    caller: &Caller,
    body: Said<ImportMsg>,
) -> Result<String, ApiError> {
    let (elements, body) = body.take(BodyError::for_c2c)?;
    let import = C2cImport {
        from: account(&body.from_account, Code::C2C_FROM_ACCOUNT)?,
        to: account(&body.to_account, Code::C2C_TO_ACCOUNT)?,
        random: body.msg_random,
        seq: body.msg_seq.unwrap_or(0),
        time_s: body.msg_time_stamp,
        elements,
        cloud_custom_data: body.cloud_custom_data,
        counts: body.sync_from_old_system == Some(LIKE_NEW),
    };
    service.import_c2c(&caller.app, import).await?;
    done()
}

pub(in crate::rest) async fn modify_message(
    service: &Service,
    caller: &Caller,
    body: Said<ModifyC2cMsg>,
) -> Result<String, ApiError> {
    let (elements, body) = body.take_any(BodyError::for_c2c)?;
    let change = C2cChange { elements, cloud_custom_data: body.cloud_custom_data };
    if change == C2cChange::default() {
        return Err(ApiError::new(Code::C2C_BODY, "give MsgBody, CloudCustomData or both"));
    }
    let from = account(&body.from_account, Code::C2C_FROM_ACCOUNT)?;
    let to = account(&body.to_account, Code::C2C_TO_ACCOUNT)?;
    service.modify_c2c(&caller.app, &from, &to, &body.msg_key, change).await?;
    done()
}

fn outgoing(
    caller: &Caller,
    body: C2cSend,
    elements: Vec<Element>,
) -> Result<C2cOutgoing, ApiError> {
    let controlled = |word: &str| body.send_msg_control.iter().any(|given| given == word);
    Ok(C2cOutgoing {
        from: sender(caller, body.from_account.as_deref())?,
        connection: None,
        origin: caller.origin,
        elements,
        client_id: String::new(),
        random: Some(body.msg_random),
        seq: body.msg_seq,
        life_s: body.msg_life_time.unwrap_or(MAX_LIFE_TIME_S),
        for_sender: body.sync_other_machine != Some(NO_COPY),
        counts: !controlled(NO_UNREAD),
        listed: !controlled(NO_LAST_MSG),
        ask_before: !body.forbids(FORBID_BEFORE),
        tell_after: !body.forbids(FORBID_AFTER),
        cloud_custom_data: body.cloud_custom_data,
    })
}

fn actor(caller: &Caller) -> C2cActor {
    C2cActor { origin: caller.origin, connection: None }
}

fn account(id: &str, code: Code) -> Result<UserId, ApiError> {
    UserId::new(id).map_err(|error| ApiError { code, ..error })
}
