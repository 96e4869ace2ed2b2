//! Many senders in several rooms at once.

use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clients::World;
use crate::watcher::{Told, Watcher, delivered, texts_of};

const ROOMS: [&str; 4] = ["r0", "r1", "r2", "r3"];
const MESSAGES: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_sees_the_messages_of_each_sender_in_their_order_compressed_or_not() {
    let world = Arc::new(World::new().await);
    for room in ROOMS {
        world.clock.advance(1);
        let group = json!({"Type": "AVChatRoom", "Name": room, "GroupId": room});
        world.ok("group_open_http_svc/create_group", group).await;
    }
    // Everybody is in all rooms; one of the readers reads compressed frames.
    let mut plain = Watcher::of(world.signed_in("plain").await);
    let mut deflating = Watcher::of(world.connect().await);
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": "deflating",
        "user_sig": world.sig("deflating"), "deflate": true});
    assert_eq!(deflating.ask(login).await["t"], "login_ok");
    for reader in [&mut plain, &mut deflating] {
        for room in ROOMS {
            reader.join(room, None).await;
        }
    }
    let mut senders = Vec::new();
    for room in ROOMS {
        for number in 0..4 {
            let name = format!("{room}_sender{number}");
            let mut sender = Watcher::of(world.signed_in(&name).await);
            sender.join(room, None).await;
            senders.push((room, name, sender));
        }
    }
    let pouring = senders.into_iter().map(|(room, name, mut sender)| {
        tokio::spawn(async move {
            let told = sender.pour(room, "Normal", texts_of(&name, MESSAGES), 20).await;
            (room, name, sender, told)
        })
    });
    let pouring: Vec<_> = pouring.collect();
    let all_heard =
        |reader: &Watcher| ROOMS.iter().all(|room| reader.room(room).heard.len() == 4 * MESSAGES);
    let reading = [plain, deflating].map(|mut reader| {
        tokio::spawn(async move {
            reader.hear_until(all_heard).await;
            reader
        })
    });
    let mut said: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    for sender in pouring {
        let (room, name, mut sender, told) = sender.await.unwrap();
        let numbers: Vec<u32> = told.iter().filter_map(Told::seq).collect();
        assert!(numbers.len() == MESSAGES && numbers.is_sorted(), "{name}: {numbers:?}");
        sender.hear_until(|sender| sender.room(room).heard.len() == 3 * MESSAGES).await;
        let account = sender.room(room);
        assert!(account.gaps.is_empty() && account.again.is_empty(), "{name}");
        assert!(account.own.iter().map(|own| own.1).eq(numbers), "{name}");
        said.entry(room).or_default().extend(told);
    }
    let mut compressed = Vec::new();
    for reader in reading {
        let reader = reader.await.unwrap();
        for (room, told) in &said {
            let account = reader.room(room);
            assert!(account.gaps.is_empty() && account.again.is_empty(), "{room}");
            assert!(account.heard.is_sorted_by_key(|heard| heard.seq), "{room}");
            assert_eq!(account.texts(), delivered(told), "{room}");
            for number in 0..4 {
                let name = format!("{room}_sender{number}");
                assert!(account.texts_from(&name).into_iter().eq(texts_of(&name, MESSAGES)));
            }
        }
        compressed.push(reader.client.compressed);
    }
    assert!(compressed[0] == 0 && compressed[1] > 0, "{compressed:?}");
}
