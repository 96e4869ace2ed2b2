//! The same message sent again.

use serde_json::json;

use crate::clients::World;

#[tokio::test]
async fn a_message_sent_again_is_known_for_five_minutes_whatever_is_said_meanwhile() {
    let world = World::with_room().await;
    world.import(&["a", "b"]).await;
    let other = json!({"Type": "AVChatRoom", "Name": "Other", "GroupId": "other"});
    world.ok("group_open_http_svc/create_group", other).await;
    let mut a = world.in_room("a").await;
    let first = a.send_text("c1", "hi").await;
    assert_eq!(first["delivery"], "delivered");
    for n in 0..50 {
        world.say(n, "and more").await;
        let sent = a.send_text(&format!("more-{n}"), "and more").await;
        assert_eq!(sent["delivery"], "delivered");
    }
    // The same client id in another room is another message.
    a.ask(json!({"t": "join", "group_id": "other"})).await;
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}});
    let there = json!({"t": "send", "group_id": "other", "client_id": "c1", "elements": [element]});
    assert_eq!(a.ask(there).await["seq"], 1);
    world.clock.advance(298);
    assert_eq!(a.send_text("c1", "hi").await["seq"], first["seq"]);
    let repeated = world.server.counts().messages_repeated;
    world.clock.advance(3);
    let anew = a.send_text("c1", "hi").await;
    assert!(anew["seq"].as_u64() > first["seq"].as_u64(), "{anew}");
    let counts = world.server.counts();
    assert_eq!(counts.messages_repeated, repeated);
    assert_eq!((counts.repeats_forgotten, counts.repeats_forgotten_sampled_out), (0, 0));
}
