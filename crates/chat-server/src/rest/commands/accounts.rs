//! Accounts: import, check, delete, end logins, ask who is online.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{
    AccountCheck, AccountDelete, AccountImport, AccountResults, Kick, MultiaccountImport,
    MultiaccountImported, QueryOnlineStatus, UserIdItem,
};
use serde_json::Value;

use super::{Caller, answer, done, read};
use crate::service::Service;

pub(super) async fn import_account(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: AccountImport = read(body, Code::ACCOUNT_PARAMETER)?;
    service.import_account(&caller.app, body).await?;
    done()
}

pub(super) async fn import_accounts(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: MultiaccountImport = read(body, Code::ACCOUNT_PARAMETER)?;
    let named = |user_id| AccountImport { user_id, ..AccountImport::default() };
    let accounts = body.accounts.into_iter().map(named).chain(body.account_list).collect();
    let fail_accounts = service.import_accounts(&caller.app, accounts).await?;
    answer(MultiaccountImported { fail_accounts })
}

pub(super) async fn delete_accounts(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: AccountDelete = read(body, Code::ACCOUNT_PARAMETER)?;
    let result_item = service.delete_accounts(&caller.app, users(body.delete_item)).await;
    answer(AccountResults { result_item })
}

pub(super) async fn check_accounts(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: AccountCheck = read(body, Code::ACCOUNT_PARAMETER)?;
    let result_item = service.check_accounts(&caller.app, users(body.check_item)).await?;
    answer(AccountResults { result_item })
}

pub(super) async fn kick_account(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: Kick = read(body, Code::ACCOUNT_PARAMETER)?;
    service.end_logins(&caller.app, &body.user_id).await?;
    done()
}

pub(super) async fn query_online_status(
    service: &Service,
    caller: &Caller,
    body: Value,
) -> Result<String, ApiError> {
    let body: QueryOnlineStatus = read(body, Code::C2C_BODY)?;
    let (users, with_devices) = (&body.to_account, body.is_need_detail.0);
    answer(service.online_statuses(&caller.app, users, with_devices).await?)
}

fn users(items: Vec<UserIdItem>) -> Vec<String> {
    items.into_iter().map(|item| item.user_id).collect()
}
