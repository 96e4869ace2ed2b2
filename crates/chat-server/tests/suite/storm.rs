//! Everybody loses the connection at once, and everybody comes back at once.

use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::interval;

use crate::clients::World;
use crate::watcher::{Watcher, texts_of};

/// Files that everything beside the clients needs, other tests of the program among it.
const OTHER_FILES: u64 = 600;

/// As many clients as the machine allows: both ends of each connection are in this program.
fn crowd() -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let most = files.saturating_sub(OTHER_FILES) / 2;
    usize::try_from(most).unwrap().min(1_000)
}

/// Waits until the service says so of its connections and members.
async fn settled(world: &World, connections: usize, members: usize) {
    world.grace_is_over(connections).await;
    world.until_metric(&format!("liveroom_online_members {members}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_comes_back_at_once_is_in_again_and_misses_nothing() {
    let crowd = crowd();
    assert!(crowd >= 100, "too few files may be open");
    let world = Arc::new(World::with_room().await);
    let names: Vec<String> = (0..crowd).map(|number| format!("viewer{number}")).collect();
    world.import(&names).await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let coming = names.iter().map(|name| {
        let (world, name) = (Arc::clone(&world), name.clone());
        tokio::spawn(async move { Watcher::enter(&world, &name).await })
    });
    let viewers = join_all(coming.collect::<Vec<_>>()).await;
    let viewers: Vec<Watcher> = viewers.into_iter().map(Result::unwrap).collect();
    settled(&world, crowd + 1, crowd + 1).await;

    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let talking = tokio::spawn(async move {
        let mut tick = interval(Duration::from_millis(25));
        let mut texts = texts_of("talker", 900);
        let mut told = Vec::new();
        while !is_over.load(Ordering::SeqCst) {
            tick.tick().await;
            told.extend(talker.pour("r", "Normal", texts.next(), 1).await);
        }
        told.extend(talker.pour("r", "Normal", ["the end".to_owned()], 1).await);
        (talker, told)
    });
    // All of them have heard something by now, and all lose their connection without a word.
    let hearing = viewers.into_iter().map(|mut viewer| {
        tokio::spawn(async move {
            viewer.hear_until(|viewer| !viewer.r().heard.is_empty()).await;
            viewer
        })
    });
    let viewers = join_all(hearing.collect::<Vec<_>>()).await;
    let viewers = viewers.into_iter().map(|viewer| {
        let Watcher { client, rooms, .. } = viewer.unwrap();
        drop(client);
        rooms
    });
    let viewers: Vec<_> = viewers.collect();
    let coming = names.iter().zip(viewers).map(|(name, rooms)| {
        let (world, name) = (Arc::clone(&world), name.clone());
        tokio::spawn(async move {
            let mut viewer = Watcher::of(world.signed_in(&name).await);
            let known = rooms["r"].known;
            viewer.rooms = rooms;
            let joined = viewer.join("r", Some(known)).await;
            assert_eq!(joined["complete"], true, "{name} gets all that it missed");
            viewer
        })
    });
    let viewers = join_all(coming.collect::<Vec<_>>()).await;
    let viewers: Vec<Watcher> = viewers.into_iter().map(Result::unwrap).collect();
    // From the moment everybody is in, the number is right, and the lost connections are gone soon.
    world.clock.advance(11);
    let online = json!({"GroupId": "r"});
    let online = world.ok("group_open_http_svc/get_online_member_num", online).await;
    assert_eq!(online["OnlineMemberNum"], crowd + 1);
    settled(&world, crowd + 1, crowd + 1).await;
    over.store(true, Ordering::SeqCst);
    let (talker, told) = talking.await.unwrap();
    let said: Vec<String> = told.into_iter().map(|told| told.text).collect();

    let hearing = viewers.into_iter().map(|mut viewer| {
        tokio::spawn(async move {
            viewer.hear_until(|viewer| viewer.r().has_text("the end")).await;
            viewer
        })
    });
    let viewers = join_all(hearing.collect::<Vec<_>>()).await;
    for viewer in viewers {
        let viewer = viewer.unwrap();
        let room = viewer.r();
        assert_eq!(room.gaps, [], "what was missed came with the join");
        assert!(room.texts().values().eq(&said), "nothing is missing, nothing is there twice");
    }
    settled(&world, 1, 1).await;
    drop(talker);
    settled(&world, 0, 0).await;
    let opened = world.server.counts().connections_opened;
    assert_eq!(opened, 2 * crowd as u64 + 1);
}
