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
        storage.keep_group_message(app, "g", &message, keep).await.unwrap();
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
    storage.keep_group_message(app, "g", &message(7, "odd", NOW + 105), keep).await.unwrap();
    assert_eq!(seqs(storage, app, u32::MAX, 0, 100).await, [7, 6, 5]);
    storage.delete_group(app, "g").await.unwrap();
    assert!(seqs(storage, app, u32::MAX, 0, 100).await.is_empty(), "they go with their group");
    let gone = storage.keep_group_message(app, "g", &message(8, "a", NOW), keep).await;
    assert!(gone.is_err(), "a message of a group that is gone is not kept");
}

pub(super) async fn purge(storage: &dyn Storage) {
    let app = application(storage).await;
    storage.purge(NOW_S + 8 * 24 * 3_600, NOW_S + 8 * 24 * 3_600).await.unwrap();
    storage.insert_group(app, &StoredGroup::new("g", GroupType::Public, NOW)).await.unwrap();
    let keep = Keep { messages: 5_000, seconds: 5_000 };
    let late = NOW + 9 * 24 * 3_600;
    for seq in 1..=4 {
        let message = message(seq, "a", late + seq);
        storage.keep_group_message(app, "g", &message, keep).await.unwrap();
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
