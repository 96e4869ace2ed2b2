//! Rooms that nobody uses.

use crate::clients::World;
use crate::watcher::{Watcher, say};

#[tokio::test]
async fn a_room_that_nobody_uses_leaves_memory_and_goes_on_without_a_gap_when_it_is_used_again() {
    let world = World::with_room().await;
    let mut first = Watcher::enter(&world, "a").await;
    assert_eq!(first.ask(say("r", "Normal", "one")).await["seq"], 1);
    first.client.raw(r#"{"t":"logout","id":9}"#).await;
    first.client.close_code().await;
    // For a day it knows what may be recalled.
    world.clock.advance(25 * 3_600);
    world.until_metric("liveroom_rooms_in_memory 0").await;
    assert!(world.metrics().await.contains("liveroom_rooms_unloaded_total 1"));
    let mut again = Watcher::enter(&world, "a").await;
    assert_eq!(again.ask(say("r", "Normal", "two")).await["seq"], 2);
    let mut other = Watcher::enter(&world, "b").await;
    other.hear_until(|other| other.r().has_text("two")).await;
    again.client.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
}
