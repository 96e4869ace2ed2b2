//! Accounts: import, check, delete, end logins, ask who is online.

use chat_types::code::ApiError;
use chat_types::rest::{
    AccountCheck, AccountDelete, AccountImport, AccountResults, Kick, MultiaccountImport,
    MultiaccountImported, QueryOnlineStatus, UserIdItem,
};

use super::{Caller, answer, done};
use crate::service::Service;

pub(in crate::rest) async fn import_account(
    service: &Service,
    caller: &Caller,
    body: AccountImport,
) -> Result<String, ApiError> {
    service.import_account(&caller.app, body).await?;
    done()
}

pub(in crate::rest) async fn import_accounts(
    service: &Service,
    caller: &Caller,
    body: MultiaccountImport,
) -> Result<String, ApiError> {
    let named = |user_id| AccountImport { user_id, ..AccountImport::default() };
    let accounts = body.accounts.into_iter().map(named).chain(body.account_list).collect();
    let fail_accounts = service.import_accounts(&caller.app, accounts).await?;
    answer(MultiaccountImported { fail_accounts })
}

pub(in crate::rest) async fn delete_accounts(
    service: &Service,
    caller: &Caller,
    body: AccountDelete,
) -> Result<String, ApiError> {
    let result_item = service.delete_accounts(&caller.app, users(body.delete_item)).await;
    answer(AccountResults { result_item })
}

pub(in crate::rest) async fn check_accounts(
    service: &Service,
    caller: &Caller,
    body: AccountCheck,
) -> Result<String, ApiError> {
    let result_item = service.check_accounts(&caller.app, users(body.check_item)).await?;
    answer(AccountResults { result_item })
}

pub(in crate::rest) async fn kick_account(
    service: &Service,
    caller: &Caller,
    body: Kick,
) -> Result<String, ApiError> {
    service.end_logins(&caller.app, &body.user_id).await?;
    done()
}

pub(in crate::rest) async fn query_online_status(
    service: &Service,
    caller: &Caller,
    body: QueryOnlineStatus,
) -> Result<String, ApiError> {
    let (users, with_devices) = (&body.to_account, body.is_need_detail.0);
    answer(service.online_statuses(&caller.app, users, with_devices).await?)
}

fn users(items: Vec<UserIdItem>) -> Vec<String> {
    items.into_iter().map(|item| item.user_id).collect()
}
