//! Accounts and profiles.

use serde_json::json;
use std::collections::BTreeMap;

use super::*;

fn patch(user: &str) -> AccountPatch {
    AccountPatch { user_id: user.to_owned(), ..AccountPatch::default() }
}

async fn account(storage: &dyn Storage, app: u32, user: &str) -> Option<Account> {
    storage.accounts(app, &[user]).await.unwrap().pop()
}

pub(super) async fn accounts(storage: &dyn Storage) {
    let (app, other) = (application(storage).await, application(storage).await);
    let tags = BTreeMap::from([
        ("Tag_Profile_IM_Gender".to_owned(), json!("Gender_Type_Female")),
        ("Tag_Profile_IM_Level".to_owned(), json!(7)),
    ]);
    let full = AccountPatch {
        nick: Some(ODD.to_owned()),
        face_url: Some("face".to_owned()),
        c2c_muted_until: Some(NOW),
        group_muted_until: Some(FOREVER),
        profile: tags.clone(),
        ..patch("a")
    };
    storage.put_accounts(app, &[full, patch("b"), patch("A")], NOW_S).await.unwrap();
    let expected = Account {
        user_id: "a".to_owned(),
        nick: ODD.to_owned(),
        face_url: "face".to_owned(),
        create_time: NOW,
        c2c_muted_until: NOW,
        group_muted_until: FOREVER,
        profile: tags,
    };
    assert_eq!(account(storage, app, "a").await, Some(expected.clone()));
    let plain = Account { user_id: "A".into(), create_time: NOW, ..Account::default() };
    assert_eq!(account(storage, app, "A").await, Some(plain), "case counts");
    assert_eq!(account(storage, other, "a").await, None, "each application has its own");

    // A patch leaves what it does not name, and the same account twice in one call is two patches.
    let level = BTreeMap::from([("Tag_Profile_IM_Level".to_owned(), json!(8))]);
    let patches = [
        AccountPatch { nick: Some(String::new()), ..patch("a") },
        AccountPatch { profile: level, group_muted_until: Some(0), ..patch("a") },
    ];
    storage.put_accounts(app, &patches, NOW_S + 9).await.unwrap();
    let changed = account(storage, app, "a").await.unwrap();
    assert_eq!((changed.nick.as_str(), changed.create_time), ("", NOW));
    assert_eq!((changed.c2c_muted_until, changed.group_muted_until), (NOW, 0));
    assert_eq!(changed.profile["Tag_Profile_IM_Level"], json!(8));
    assert_eq!(changed.profile["Tag_Profile_IM_Gender"], expected.profile["Tag_Profile_IM_Gender"]);

    assert_eq!(storage.count_accounts(app).await.unwrap(), 4, "with the administrator");
    assert!(storage.accounts(app, &[]).await.unwrap().is_empty());
    let many: Vec<String> = (0..1_200).map(|n| format!("u{n}")).collect();
    let patches: Vec<AccountPatch> = many.iter().map(|user| patch(user)).collect();
    storage.put_accounts(app, &patches, NOW_S).await.unwrap();
    let mut asked: Vec<&str> = many.iter().map(String::as_str).collect();
    asked.extend(["nobody", "u0"]);
    let found = storage.accounts(app, &asked).await.unwrap();
    assert_eq!(found.len(), many.len(), "each that exists once, and none that does not");
}

pub(super) async fn a_deleted_account(storage: &dyn Storage) {
    let app = application(storage).await;
    let profile = BTreeMap::from([("Tag_Profile_IM_Level".to_owned(), json!(7))]);
    let nick = Some("Nick".to_owned());
    let gone = AccountPatch { nick, profile, c2c_muted_until: Some(FOREVER), ..patch("gone") };
    storage.put_accounts(app, &[gone, patch("stays")], NOW_S).await.unwrap();
    let mut group = StoredGroup::new("g", GroupType::Public, NOW);
    for user in ["gone", "stays"] {
        group.members.insert(user.to_owned(), StoredMember::default());
        group.admins.insert(user.to_owned());
        group.mutes.insert(user.to_owned(), FOREVER);
    }
    storage.insert_group(app, &group).await.unwrap();
    for (from, to) in [("stays", "gone"), ("gone", "stays"), ("root", "gone")] {
        storage.insert_c2c(app, &[c2c::message(from, to, 1)]).await.unwrap();
    }

    assert!(storage.delete_account(app, "gone").await.unwrap());
    assert!(!storage.delete_account(app, "gone").await.unwrap(), "only once");
    assert_eq!(account(storage, app, "gone").await, None);
    assert_eq!(storage.count_accounts(app).await.unwrap(), 2);
    let group = storage.group(app, "g").await.unwrap().unwrap();
    assert_eq!(group.members.keys().collect::<Vec<_>>(), ["stays"]);
    assert_eq!(group.admins.iter().collect::<Vec<_>>(), ["stays"]);
    assert!(group.mutes.contains_key("gone"), "nobody escapes a mute by being deleted");
    assert_eq!(storage.groups_of_member(app, "gone", None).await.unwrap(), [""; 0]);
    assert_eq!(storage.unread_c2c(app, "stays", NOW_S).await.unwrap(), [("gone".to_owned(), 1)]);

    let late = GroupChange::PutMember { user: "gone".to_owned(), member: StoredMember::default() };
    assert!(storage.change_group(app, "g", &[late], NOW_S).await.unwrap());
    let group = storage.group(app, "g").await.unwrap().unwrap();
    assert!(!group.members.contains_key("gone"), "whoever writes late brings nobody back");

    storage.put_accounts(app, &[patch("gone")], NOW_S + 3).await.unwrap();
    let new = Account { user_id: "gone".into(), create_time: NOW + 3, ..Account::default() };
    assert_eq!(account(storage, app, "gone").await, Some(new), "nothing of the old one is left");
    assert_eq!(storage.unread_c2c(app, "gone", NOW_S).await.unwrap(), []);
}
