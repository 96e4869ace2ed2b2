//! What every [`Storage`] has to do, whatever it is made of. Each subject works on an application
//! of its own, so that they may run on one database.

mod accounts;
mod after_queue;
mod applications;
mod c2c;
mod groups;
mod history;
mod random_changes;

pub(crate) use after_queue::after_queue_conformance;

use super::*;

/// Unix seconds at which the suites begin.
const NOW: u32 = 1_760_000_000;
const NOW_S: u64 = NOW as u64;
/// What nobody may mistake for a statement, a pattern or an end.
const ODD: &str = "'; DROP TABLE groups; -- %_\\ \"慢\" \u{1F381}\n";

/// Checks an empty database and leaves it with what the subjects stored.
pub(crate) async fn storage_conformance(storage: &dyn Storage) {
    storage.check().await.unwrap();
    assert!(storage.applications().await.unwrap().is_empty());
    applications::applications(storage).await;
    applications::two_who_decide_at_once(storage).await;
    accounts::accounts(storage).await;
    accounts::a_deleted_account(storage).await;
    groups::groups(storage).await;
    groups::lists_of_groups(storage).await;
    groups::claimed_numbers(storage).await;
    random_changes::random_changes(storage).await;
    history::kept_messages(storage).await;
    history::kept_together(storage).await;
    c2c::conversations(storage).await;
    c2c::numbers_of_messages(storage).await;
    c2c::withdrawal(storage).await;
    c2c::repeats_and_changes(storage).await;
    history::purge(storage).await;
}

async fn application(storage: &dyn Storage) -> u32 {
    storage.insert_application("app", "key", Edition::Free, "root", NOW_S).await.unwrap()
}

async fn put_accounts(storage: &dyn Storage, app: u32, users: &[&str]) {
    let patch =
        |user: &&str| AccountPatch { user_id: (*user).to_owned(), ..AccountPatch::default() };
    let patches: Vec<AccountPatch> = users.iter().map(patch).collect();
    storage.put_accounts(app, &patches, NOW_S).await.unwrap();
}

/// Changes without a rule.
async fn configure(storage: &dyn Storage, app: u32, changes: &[ApplicationChange]) {
    let decide = |_: Option<&Application>| Ok(changes.to_vec());
    storage.change_application(app, &decide).await.unwrap().unwrap();
}

fn text(text: &str) -> chat_types::Element {
    let element = serde_json::json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    serde_json::from_value(element).unwrap()
}
