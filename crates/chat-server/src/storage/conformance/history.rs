//! Kept messages of groups, and the removal of what is too old.

use chat_types::gateway::Message;

use super::*;

fn message(seq: u32, from: &str, time_s: u32) -> StoredGroupMessage {
    let message = Message {
        seq,
        time_s,
        from: from.to_owned(),
        nick: ODD.to_owned(),
        elements: vec![text(ODD)],
        cloud_custom_data: "data".to_owned(),
        client_id: "c".to_owned(),
        mentions: vec!["b".to_owned()],
        ..Message::default()
    };
    StoredGroupMessage { random: u32::MAX, recalled: false, message }
}

fn record(app: u32, message: StoredGroupMessage, keep: Keep) -> MessageRecord {
    MessageRecord {
        sdk_app_id: app,
        group_id: "g".to_owned(),
        message: Some(message),
        keep,
        member: None,
    }
}

async fn seqs(storage: &dyn Storage, app: u32, up_to: u32, oldest: u32, limit: u32) -> Vec<u32> {
    let found = storage.group_messages(app, "g", up_to, oldest, limit).await.unwrap();
    found.iter().map(|stored| stored.message.seq).collect()
}

pub(super) async fn kept_messages(storage: &dyn Storage) {
    let app = application(storage).await;
    storage.insert_group(app, &StoredGroup::new("g", GroupType::AVChatRoom, NOW)).await.unwrap();
    let keep = Keep { messages: 4, seconds: 100 };
    for seq in 1..=6 {
        let from = if seq % 2 == 0 { "even" } else { "odd" };
        let message = message(seq, from, NOW + seq);
        storage.record_messages(&[record(app, message, keep)]).await.unwrap();
    }
    assert_eq!(seqs(storage, app, u32::MAX, 0, 100).await, [6, 5, 4, 3], "the bound");
    assert_eq!(seqs(storage, app, 5, 0, 2).await, [5, 4], "from a number downwards");
    assert_eq!(seqs(storage, app, u32::MAX, NOW + 5, 100).await, [6, 5], "not older than");
    let first = &storage.group_messages(app, "g", 6, 0, 1).await.unwrap()[0];
    assert_eq!(*first, message(6, "even", NOW + 6), "as it was given");
    assert_eq!(storage.group_messages_by(app, "g", "even").await.unwrap(), [4, 6]);
    assert!(storage.group_messages_by(app, "g", "EVEN").await.unwrap().is_empty());

    storage.recall_group_messages(app, "g", &[6, 99, 6]).await.unwrap();
    let recalled = &storage.group_messages(app, "g", 6, 0, 1).await.unwrap()[0];
    assert!(recalled.recalled);
    assert_eq!((recalled.message.seq, recalled.message.from.as_str()), (6, "even"));
    assert!(recalled.message.elements.is_empty() && recalled.message.cloud_custom_data.is_empty());
    assert_eq!(storage.group_messages_by(app, "g", "even").await.unwrap(), [4]);

    // A message that comes later makes the old ones go.
    let later = record(app, message(7, "odd", NOW + 105), keep);
    storage.record_messages(&[later]).await.unwrap();
    assert_eq!(seqs(storage, app, u32::MAX, 0, 100).await, [7, 6, 5]);
    storage.delete_group(app, "g").await.unwrap();
    assert!(seqs(storage, app, u32::MAX, 0, 100).await.is_empty(), "they go with their group");
    storage.record_messages(&[record(app, message(8, "a", NOW), keep)]).await.unwrap();
    let group = StoredGroup::new("g", GroupType::AVChatRoom, NOW);
    assert!(storage.insert_group(app, &group).await.unwrap());
    let left = seqs(storage, app, u32::MAX, 0, 100).await;
    assert!(left.is_empty(), "a message of a group that is gone is not kept");
}

/// What many groups leave behind goes into one transaction.
pub(super) async fn kept_together(storage: &dyn Storage) {
    let app = application(storage).await;
    put_accounts(storage, app, &["u", "v"]).await;
    let keep = Keep { messages: 2, seconds: 100 };
    let members = ["u", "v"].map(|user| (user.to_owned(), StoredMember::default()));
    for group_id in ["one", "two"] {
        let group = StoredGroup {
            members: members.clone().into(),
            ..StoredGroup::new(group_id, GroupType::Public, NOW)
        };
        assert!(storage.insert_group(app, &group).await.unwrap());
    }
    let one = |group_id: &str, seq, user_id: &str, read_seq| MessageRecord {
        sdk_app_id: app,
        group_id: group_id.to_owned(),
        message: Some(message(seq, user_id, NOW + seq)),
        keep,
        member: Some(MemberRecord {
            user_id: user_id.to_owned(),
            read_seq,
            last_send_time: NOW + seq,
        }),
    };
    let gone = one("gone", 1, "u", 1);
    let stranger = one("two", 9, "stranger", 9);
    let online_only = MessageRecord { message: None, ..one("two", 10, "v", 10) };
    let batch = [
        one("one", 1, "u", 1),
        gone,
        one("one", 2, "v", 1),
        one("one", 3, "u", 3),
        stranger,
        one("two", 8, "u", 8),
        online_only,
        one("one", 2, "u", 2),
    ];
    storage.record_messages(&batch).await.unwrap();
    let seqs = async |group_id: &str| {
        let found = storage.group_messages(app, group_id, u32::MAX, 0, 100).await.unwrap();
        found.iter().map(|stored| stored.message.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs("one").await, [3, 2], "the bound of each group");
    assert_eq!(seqs("two").await, [9, 8]);
    let stand = async |group_id: &str, user: &str| {
        let group = storage.group(app, group_id).await.unwrap().unwrap();
        let member = &group.members[user];
        (group.members.len(), member.read_seq, member.last_send_time)
    };
    assert_eq!(stand("one", "u").await, (2, 3, NOW + 3), "an older one changes nothing");
    assert_eq!(stand("one", "v").await, (2, 1, NOW + 2));
    assert_eq!(stand("two", "v").await, (2, 10, NOW + 10), "without a message");
    storage.record_messages(&[]).await.unwrap();
}

pub(super) async fn purge(storage: &dyn Storage) {
    let app = application(storage).await;
    storage.purge(NOW_S + 8 * 24 * 3_600, NOW_S + 8 * 24 * 3_600).await.unwrap();
    storage.insert_group(app, &StoredGroup::new("g", GroupType::Public, NOW)).await.unwrap();
    let keep = Keep { messages: 5_000, seconds: 5_000 };
    let late = NOW + 9 * 24 * 3_600;
    for seq in 1..=4 {
        let message = message(seq, "a", late + seq);
        storage.record_messages(&[record(app, message, keep)]).await.unwrap();
    }
    for number in 1..=1_100 {
        let expire_time = if number <= 1_050 { late } else { late + 1 };
        let message = StoredC2c { expire_time, ..c2c::message("a", "b", number) };
        storage.insert_c2c(app, &[message]).await.unwrap();
    }
    let late = u64::from(late);
    assert_eq!(storage.purge(late, late + 3).await.unwrap(), 1_050 + 2);
    assert_eq!(storage.purge(late, late + 3).await.unwrap(), 0);
    assert_eq!(seqs(storage, app, u32::MAX, 0, 100).await, [4, 3]);
    let left = storage.unread_c2c(app, "b", late).await.unwrap();
    assert_eq!(left, [("a".to_owned(), 50)]);
}
