//! Groups with everything in them, and the reservation of message numbers.

use chat_types::gateway::LinkPolicy;
use std::collections::BTreeMap;

use super::*;

/// A group with something in every place.
fn full() -> StoredGroup {
    let member = StoredMember {
        join_time: NOW,
        name_card: ODD.to_owned(),
        msg_flag: "Discard".to_owned(),
        read_seq: u32::MAX,
        last_send_time: 3,
    };
    let ban = Ban { until: FOREVER, description: ODD.to_owned() };
    StoredGroup {
        name: ODD.to_owned(),
        introduction: "i".to_owned(),
        notification: "n".to_owned(),
        face_url: "f".to_owned(),
        owner: "root".to_owned(),
        apply_join_option: "DisableApply".to_owned(),
        max_member_num: 6_000,
        mute_all: true,
        last_info_time: NOW + 1,
        info_seq: u32::MAX,
        seq_reserved: 64,
        custom_fields: BTreeMap::from([("product".to_owned(), ODD.to_owned())]),
        attributes: BTreeMap::from([("k".to_owned(), ODD.to_owned())]),
        counters: BTreeMap::from([("low".to_owned(), i64::MIN), ("high".to_owned(), i64::MAX)]),
        mutes: BTreeMap::from([("m".to_owned(), FOREVER)]),
        bans: BTreeMap::from([("b".to_owned(), ban)]),
        admins: ["a".to_owned()].into(),
        rules: GroupRules {
            budget_per_s: Some(u32::MAX),
            sender_per_s: Some(0),
            slow_mode_s: 5,
            links: LinkPolicy::Nobody,
            blocked_words: vec![ODD.to_owned(), "慢".to_owned()],
        },
        members: BTreeMap::from([("u".to_owned(), member)]),
        ..StoredGroup::new("full", GroupType::Public, NOW)
    }
}

pub(super) async fn groups(storage: &dyn Storage) {
    let (app, other) = (application(storage).await, application(storage).await);
    for of in [app, other] {
        put_accounts(storage, of, &["u"]).await;
    }
    let group = full();
    assert!(storage.insert_group(app, &group).await.unwrap());
    assert_eq!(storage.group(app, "full").await.unwrap().as_ref(), Some(&group));
    assert!(storage.group(other, "full").await.unwrap().is_none(), "applications are apart");
    assert!(storage.group(app, "FULL").await.unwrap().is_none(), "case counts");

    let rival = StoredGroup { attributes: BTreeMap::new(), ..full() };
    assert!(!storage.insert_group(app, &rival).await.unwrap(), "the id is taken");
    assert_eq!(storage.group(app, "full").await.unwrap(), Some(group), "and nothing has changed");
    assert!(storage.insert_group(other, &rival).await.unwrap());

    let change = [GroupChange::RemoveAttribute("k".to_owned())];
    assert!(!storage.change_group(app, "none", &change, NOW_S).await.unwrap());
    assert!(storage.change_group(app, "full", &[], NOW_S).await.unwrap());

    let no_rules = GroupChange::Rules(GroupRules::default());
    assert!(storage.change_group(app, "full", &[no_rules], NOW_S).await.unwrap());
    let without = StoredGroup { rules: GroupRules::default(), ..full() };
    assert_eq!(storage.group(app, "full").await.unwrap(), Some(without), "and nothing else");

    assert!(storage.delete_group(app, "full").await.unwrap());
    assert!(!storage.delete_group(app, "full").await.unwrap());
    assert!(storage.group(app, "full").await.unwrap().is_none());
    assert_eq!(storage.group(other, "full").await.unwrap(), Some(rival));
    let empty = StoredGroup::new("full", GroupType::AVChatRoom, NOW);
    assert!(storage.insert_group(app, &empty).await.unwrap());
    let again = storage.group(app, "full").await.unwrap();
    assert_eq!(again, Some(empty), "a new group has nothing of the old one");
}

pub(super) async fn lists_of_groups(storage: &dyn Storage) {
    let app = application(storage).await;
    put_accounts(storage, app, &["u"]).await;
    let of = |member: &str| BTreeMap::from([(member.to_owned(), StoredMember::default())]);
    for (id, group_type) in [
        ("b", GroupType::AVChatRoom),
        ("B", GroupType::AVChatRoom),
        ("a", GroupType::Public),
        ("c", GroupType::AVChatRoom),
        ("@x", GroupType::Private),
    ] {
        let group = StoredGroup { members: of("u"), ..StoredGroup::new(id, group_type, NOW) };
        storage.insert_group(app, &group).await.unwrap();
    }
    let page = async |of_type, offset, limit| {
        let page = storage.group_ids(app, of_type, offset, limit).await.unwrap();
        (page.total, page.ids.join(" "))
    };
    let rooms = Some(GroupType::AVChatRoom);
    assert_eq!(page(None, 0, 10).await, (5, "@x B a b c".to_owned()), "in the order of bytes");
    assert_eq!(page(rooms, 0, 10).await, (3, "B b c".to_owned()));
    assert_eq!(page(rooms, 1, 1).await, (3, "b".to_owned()));
    assert_eq!(page(rooms, 3, 1).await, (3, String::new()));
    assert_eq!(page(rooms, u64::MAX, 1).await, (3, String::new()));
    assert_eq!(page(None, 0, 0).await, (5, String::new()), "the number alone");
    assert_eq!(page(Some(GroupType::Community), 0, 9).await, (0, String::new()));
    let groups_of =
        async |user, of_type| storage.groups_of_member(app, user, of_type).await.unwrap();
    assert_eq!(groups_of("u", None).await, ["@x", "B", "a", "b", "c"]);
    assert_eq!(groups_of("u", rooms).await, ["B", "b", "c"]);
    assert!(groups_of("U", None).await.is_empty());
}

pub(super) async fn reserved_numbers(storage: &dyn Storage) {
    let app = application(storage).await;
    storage.insert_group(app, &StoredGroup::new("g", GroupType::AVChatRoom, NOW)).await.unwrap();
    let reserved =
        async || storage.group(app, "g").await.unwrap().map(|group| group.seq_reserved).unwrap();
    storage.reserve_seq(app, "g", 128).await.unwrap();
    storage.reserve_seq(app, "g", 64).await.unwrap();
    assert_eq!(reserved().await, 128, "the higher number stays, whoever comes last");
    let calls = (100..200).map(|seq| storage.reserve_seq(app, "g", seq));
    for call in futures_util::future::join_all(calls).await {
        call.unwrap();
    }
    assert_eq!(reserved().await, 199);
    let release = async |from, to| storage.release_seqs(&[(app, "g", from, to)]).await.unwrap();
    release(199, 130).await;
    assert_eq!(reserved().await, 130);
    release(199, 100).await;
    assert_eq!(reserved().await, 130, "somebody has reserved others meanwhile");
    release(130, 500).await;
    assert_eq!(reserved().await, 130, "giving back reserves nothing");
    storage.reserve_seq(app, "g", u32::MAX).await.unwrap();
    assert_eq!(reserved().await, u32::MAX);
    storage.reserve_seq(app, "none", 5).await.unwrap();
    assert!(storage.group(app, "none").await.unwrap().is_none());
}
