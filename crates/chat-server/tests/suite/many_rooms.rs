//! One connection in very many rooms.

use serde_json::json;

use crate::clients::World;
use crate::watcher::Watcher;

/// As many as a connection may be in.
const ROOMS: usize = 256;

#[tokio::test]
async fn a_member_of_as_many_rooms_as_may_be_gets_everything_once_in_its_room_and_leaves_them_all()
{
    let world = World::new().await;
    world.import(&["host"]).await;
    let rooms: Vec<String> = (0..ROOMS).map(|number| format!("room{number}")).collect();
    for room in &rooms {
        world.clock.advance_ms(100);
        let group = json!({"Type": "AVChatRoom", "Name": room, "GroupId": room});
        world.ok("group_open_http_svc/create_group", group).await;
    }
    let mut viewer = Watcher::of(world.signed_in("viewer").await);
    for room in &rooms {
        viewer.join(room, None).await;
    }
    world.until_metric(&format!("liveroom_online_members {ROOMS}")).await;
    for (room, random) in rooms.iter().zip(0..) {
        world.clock.advance_ms(5);
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": room}});
        let body = json!({"GroupId": room, "Random": random, "MsgBody": [element]});
        world.ok("group_open_http_svc/send_group_msg", body).await;
    }
    viewer.hear_until(|viewer| viewer.rooms.values().all(|room| !room.heard.is_empty())).await;
    viewer.ask(json!({"t": "ping"})).await;
    for room in &rooms {
        let account = viewer.room(room);
        let texts: Vec<&String> = account.heard.iter().map(|heard| &heard.text).collect();
        assert_eq!(texts, [room]);
        assert!(account.gaps.is_empty() && account.again.is_empty());
    }
    // It comes back at once, and into all its rooms.
    drop(viewer);
    world.until_metric("liveroom_open_connections 0").await;
    let mut viewer = Watcher::of(world.signed_in("viewer").await);
    for room in &rooms {
        viewer.join(room, Some(1)).await;
    }
    world.until_metric(&format!("liveroom_online_members {ROOMS}")).await;
    let leave = json!({"t": "leave", "group_id": "room0"});
    assert_eq!(viewer.ask(leave).await["t"], "leave_ok");
    world.until_metric(&format!("liveroom_online_members {}", ROOMS - 1)).await;
    drop(viewer);
    world.grace_is_over(0).await;
    world.until_metric("liveroom_online_members 0").await;
}
