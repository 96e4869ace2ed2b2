//! Groups with everything in them, and the message numbers that are claimed of them.

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

pub(super) async fn claimed_numbers(storage: &dyn Storage) {
    let app = application(storage).await;
    storage.insert_group(app, &StoredGroup::new("g", GroupType::AVChatRoom, NOW)).await.unwrap();
    let claim = async |count| storage.claim_numbers(app, "g", count).await.unwrap().unwrap();
    let reserved =
        async || storage.group(app, "g").await.unwrap().map(|group| group.seq_reserved).unwrap();
    assert_eq!(claim(128).await, ClaimedNumbers { after: 0, last: 128 });
    assert_eq!(claim(64).await, ClaimedNumbers { after: 128, last: 192 });
    assert_eq!(reserved().await, 192);

    // Two owners who know nothing of each other.
    let mut claimed = futures_util::future::join_all((1..=50).map(claim)).await;
    claimed.sort_by_key(|numbers| numbers.after);
    let mut last = 192;
    for numbers in claimed {
        assert_eq!(numbers.after, last, "nobody has a number of somebody else");
        last = numbers.last;
    }
    assert_eq!((last, reserved().await), (192 + 50 * 51 / 2, last));

    let release = async |from, to| storage.release_numbers(&[(app, "g", from, to)]).await.unwrap();
    release(last, last - 10).await;
    assert_eq!(reserved().await, last - 10);
    release(last, 100).await;
    assert_eq!(reserved().await, last - 10, "somebody has claimed others meanwhile");
    release(last - 10, last).await;
    assert_eq!(reserved().await, last - 10, "giving back claims nothing");

    assert_eq!(claim(u32::MAX).await, ClaimedNumbers { after: last - 10, last: u32::MAX });
    assert_eq!(claim(5).await, ClaimedNumbers { after: u32::MAX, last: u32::MAX }, "none is left");
    assert_eq!(storage.claim_numbers(app, "none", 5).await.unwrap(), None);
    assert!(storage.group(app, "none").await.unwrap().is_none());
}
