//! System notifications and broadcasts.

use chat_server::application::{self, Edition};
use serde_json::{Value, json};

use crate::clients::{Client, World};

const GROUPS: &str = "group_open_http_svc";
const NOTIFY: &str = "group_open_http_svc/send_group_system_notification";
const BROADCAST: &str = "group_open_http_svc/send_broadcast_msg";

async fn make_group(world: &World, group_type: &str, id: &str, members: &[&str]) {
    for user in members {
        world.ok("im_open_login_svc/account_import", json!({"UserID": user})).await;
    }
    let members: Vec<Value> = members.iter().map(|user| json!({"Member_Account": user})).collect();
    let group = json!({"Type": group_type, "Name": "n", "GroupId": id, "MemberList": members});
    world.ok(&format!("{GROUPS}/create_group"), group).await;
}

async fn join(client: &mut Client, group_id: &str) {
    let answer = client.ask(json!({"t": "join", "group_id": group_id})).await;
    assert_eq!(answer["t"], "join_ok", "{answer}");
}

#[tokio::test]
async fn a_system_notification_reaches_who_is_in_the_room_now_and_is_not_kept() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    world.ok(NOTIFY, json!({"GroupId": "r", "Content": "{\"sale\":1}"})).await;
    let frame = viewer.kind("system_notification").await;
    assert_eq!(frame, json!({"t": "system_notification", "group_id": "r", "text": "{\"sale\":1}"}));
    let only = json!({"GroupId": "r", "Content": "x", "ToMembers_Account": ["viewer"]});
    assert_eq!(world.refused(NOTIFY, only).await, 10004, "an AVChatRoom is told as a whole");
    assert_eq!(world.refused(NOTIFY, json!({"GroupId": "no", "Content": "x"})).await, 10015);
    let joined = viewer.ask(json!({"t": "join", "group_id": "r", "after_seq": 0})).await;
    assert_eq!(joined["messages"], json!([]));
    assert_eq!(joined["last_seq"], 0, "it has no message number");
}

#[tokio::test]
async fn in_other_groups_only_the_named_members_are_notified() {
    let world = World::new().await;
    make_group(&world, "Public", "g", &["a", "b"]).await;
    let (mut a, mut b) = (world.signed_in("a").await, world.signed_in("b").await);
    join(&mut a, "g").await;
    join(&mut b, "g").await;
    let to_a = json!({"GroupId": "g", "Content": "for a", "ToMembers_Account": ["a", "stranger"]});
    world.ok(NOTIFY, to_a).await;
    world.ok(NOTIFY, json!({"GroupId": "g", "Content": "for all"})).await;
    assert_eq!(a.kind("system_notification").await["text"], "for a");
    assert_eq!(a.kind("system_notification").await["text"], "for all");
    assert_eq!(b.kind("system_notification").await["text"], "for all");
}

fn broadcast(random: u32, text: &str) -> Value {
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]);
    json!({"Random": random, "MsgBody": body, "CloudCustomData": "c"})
}

#[tokio::test]
async fn a_broadcast_comes_once_to_every_connection_that_is_in_a_live_room() {
    let world = World::with_room().await;
    world.set("broadcast", "on").await;
    make_group(&world, "AVChatRoom", "r2", &[]).await;
    make_group(&world, "Public", "g", &["outside"]).await;
    let mut both = world.in_room("both").await;
    join(&mut both, "r2").await;
    let mut second = world.signed_in("second").await;
    join(&mut second, "r2").await;
    let mut outside = world.signed_in("outside").await;
    join(&mut outside, "g").await;

    assert_eq!(world.ok(BROADCAST, broadcast(1, "one")).await["MsgSeq"], 1);
    assert_eq!(world.refused(BROADCAST, broadcast(2, "two")).await, 10023, "one in a second");
    world.clock.advance(1);
    let mut from_host = broadcast(1, "other content");
    from_host["From_Account"] = "host".into();
    assert_eq!(world.ok(BROADCAST, from_host).await["MsgSeq"], 2);
    world.clock.advance(298);
    let repeat = world.ok(BROADCAST, broadcast(1, "one")).await;
    assert_eq!(repeat["MsgSeq"], 1, "the same number and content within five minutes");
    world.clock.advance(2);
    assert_eq!(world.ok(BROADCAST, broadcast(1, "one")).await["MsgSeq"], 3, "and after them");

    for client in [&mut both, &mut second] {
        let first = client.kind("broadcast").await["message"].clone();
        assert_eq!((&first["seq"], &first["from"]), (&json!(1), &json!("administrator")));
        assert_eq!(first["elements"][0]["MsgContent"]["Text"], "one");
        assert_eq!(first["cloud_custom_data"], "c");
        let next = client.kind("broadcast").await["message"].clone();
        assert_eq!((&next["seq"], &next["nick"]), (&json!(2), &json!("The host")));
        assert_eq!(client.kind("broadcast").await["message"]["seq"], 3);
    }
    world.ok(NOTIFY, json!({"GroupId": "g", "Content": "end"})).await;
    let frame = outside.until(|frame| frame["t"] == "broadcast" || frame["text"] == "end").await;
    assert_eq!(frame["t"], "system_notification", "a broadcast is for live rooms");
    assert_eq!(world.say(1, "first").await["MsgSeq"], 1, "it takes no number of a room");

    let world = world.restarted().await;
    world.clock.advance(1);
    assert_eq!(world.ok(BROADCAST, broadcast(5, "new")).await["MsgSeq"], 4, "numbers go on");
}

#[tokio::test]
async fn a_broadcast_needs_edition_and_setting_and_a_right_body() {
    let world = World::with_room().await;
    let refused = async |body: Value| {
        world.clock.advance(1);
        world.refused(BROADCAST, body).await
    };
    assert_eq!(refused(broadcast(1, "x")).await, 10007, "the setting is off");
    world.set("broadcast", "on").await;
    assert_eq!(refused(broadcast(1, &"x".repeat(12_289))).await, 80002);
    let mut body = broadcast(1, "x");
    body["From_Account"] = "nobody".into();
    assert_eq!(refused(body).await, 10019);
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_edition(storage, app, Edition::Pro).await.unwrap();
    assert_eq!(refused(broadcast(1, "x")).await, 10007, "the edition is too low");
}
