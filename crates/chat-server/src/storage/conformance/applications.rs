//! Applications and their configuration.

use std::collections::BTreeSet;

use super::*;
use crate::model::{FieldDefinition, OnFailure, Right, Secret, Settings};
use chat_types::code::Code;

pub(super) async fn applications(storage: &dyn Storage) {
    let version = storage.configuration_version().await.unwrap();
    let first = storage.insert_application(ODD, "k1", Edition::Free, "root", NOW_S).await.unwrap();
    let second = storage.insert_application("b", "k2", Edition::Pro, "boss", 7).await.unwrap();
    assert!(first < second, "ids are not used twice");
    assert!(storage.configuration_version().await.unwrap() > version);

    let app = storage.application(first).await.unwrap().unwrap();
    assert_eq!((app.sdk_app_id, app.name.as_str(), app.key.reveal()), (first, ODD, "k1"));
    assert_eq!((app.create_time, app.edition), (NOW_S, Edition::Free));
    assert_eq!(app.admins, BTreeSet::from(["root".to_owned()]));
    assert_eq!((app.fields.len(), app.member_fields.len()), (0, 0));
    assert_eq!(*app.callbacks, Default::default());
    assert_eq!(app.settings, Settings::default());
    let account = storage.accounts(first, &["root"]).await.unwrap();
    assert_eq!(account[0].create_time, NOW, "the first administrator has an account");

    let version = storage.configuration_version().await.unwrap();
    let field = FieldDefinition {
        name: "product".to_owned(),
        group_types: BTreeSet::from([GroupType::AVChatRoom, GroupType::Private]),
        read: Right::Member,
        write: Right::AppAdmin,
        create_time: NOW_S + 1,
    };
    let early = FieldDefinition { name: "a".to_owned(), ..field.clone() };
    let rights = ApplicationChange::FieldRights {
        name: "a".to_owned(),
        read: Right::Owner,
        write: Right::Anyone,
    };
    let switch =
        |command: &str, on| ApplicationChange::SwitchCallback { command: command.to_owned(), on };
    let setting = |value: &str| ApplicationChange::Setting {
        name: "room_limit".to_owned(),
        value: value.to_owned(),
    };
    let url = Some("http://127.0.0.1:1/x".to_owned());
    let changes = [
        ApplicationChange::Edition(Edition::Ultimate),
        ApplicationChange::AddAdmin { user_id: "second".to_owned(), now_s: NOW_S + 5 },
        ApplicationChange::AddAdmin { user_id: "second".to_owned(), now_s: NOW_S + 6 },
        ApplicationChange::RemoveAdmin("root".to_owned()),
        ApplicationChange::AddField(field.clone()),
        ApplicationChange::AddField(early.clone()),
        rights,
        ApplicationChange::AddMemberField("level".to_owned()),
        ApplicationChange::CallbackUrl { url: url.clone(), token: Some(Secret::new("t")) },
        ApplicationChange::CallbackPolicy(OnFailure::Reject),
        switch("one", true),
        switch("one", true),
        switch("two", true),
        switch("two", false),
        setting("3"),
        setting("4"),
    ];
    configure(storage, first, &changes).await;
    assert!(storage.configuration_version().await.unwrap() > version);

    let app = storage.application(first).await.unwrap().unwrap();
    assert_eq!(app.edition, Edition::Ultimate);
    assert_eq!(app.admins, BTreeSet::from(["second".to_owned()]));
    let early = FieldDefinition { read: Right::Owner, write: Right::Anyone, ..early };
    assert_eq!(app.fields, [early, field], "by name");
    assert_eq!(app.member_fields, BTreeSet::from(["level".to_owned()]));
    assert_eq!(app.callbacks.url, url);
    assert_eq!(app.callbacks.token, Some(Secret::new("t")));
    assert_eq!(app.callbacks.on_failure, OnFailure::Reject);
    assert_eq!(app.callbacks.commands, BTreeSet::from(["one".to_owned()]));
    assert_eq!(app.settings, Settings { room_limit: 4, ..Settings::default() });
    let mut accounts = storage.accounts(first, &["root", "second"]).await.unwrap();
    accounts.sort_by(|one, other| one.user_id.cmp(&other.user_id));
    assert_eq!(accounts.len(), 2, "an administrator who goes keeps the account");
    assert_eq!(accounts[1].create_time, NOW + 5, "and one who comes has got one");

    let all = storage.applications().await.unwrap();
    let ids: Vec<u32> = all.iter().map(|app| app.sdk_app_id).collect();
    assert_eq!(ids, [first, second], "oldest first");
    assert_eq!(all[0].fields.len(), 2, "each with what belongs to it");
    assert_eq!((all[1].edition, all[1].fields.len()), (Edition::Pro, 0));
}

pub(super) async fn two_who_decide_at_once(storage: &dyn Storage) {
    let app = application(storage).await;
    let version = storage.configuration_version().await.unwrap();
    let refuse = |_: Option<&Application>| Err(ApiError::bad_parameter("no"));
    let refused = storage.change_application(app, &refuse).await.unwrap().unwrap_err();
    assert_eq!(refused.code, Code::BAD_PARAMETER);
    assert_eq!(storage.configuration_version().await.unwrap(), version, "nothing was written");
    let absent = |app: Option<&Application>| {
        assert!(app.is_none());
        Err(ApiError::bad_parameter("absent"))
    };
    storage.change_application(1, &absent).await.unwrap().unwrap_err();

    // Everybody adds one if there are fewer than three.
    let add = async |name: &str| {
        let decide = |app: Option<&Application>| match app.unwrap().admins.len() {
            0..3 => Ok(vec![ApplicationChange::AddAdmin { user_id: name.to_owned(), now_s: 1 }]),
            _ => Err(ApiError::bad_parameter("full")),
        };
        storage.change_application(app, &decide).await.unwrap().is_ok()
    };
    let (a, b, c, d) = tokio::join!(add("a"), add("b"), add("c"), add("d"));
    assert_eq!([a, b, c, d].iter().filter(|added| **added).count(), 2);
    let app = storage.application(app).await.unwrap().unwrap();
    assert_eq!(app.admins.len(), 3);
}
