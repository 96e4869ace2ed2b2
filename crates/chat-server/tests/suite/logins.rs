//! Several logins of one account, and the one room of web clients.

use serde_json::{Value, json};

use crate::clients::{Client, World};
use crate::hooks::Hooks;

const GROUPS: &str = "group_open_http_svc";

async fn with_two_rooms() -> World {
    let world = World::with_room().await;
    let other = json!({"Type": "AVChatRoom", "Name": "Other", "GroupId": "other"});
    world.ok(&format!("{GROUPS}/create_group"), other).await;
    world
}

async fn join(client: &mut Client, room: &str) -> Value {
    client.ask(json!({"t": "join", "group_id": room})).await
}

#[tokio::test]
async fn as_many_logins_as_the_application_says_live_on_one_platform_and_the_oldest_ends() {
    let world = World::with_room().await;
    world.set("logins_per_platform", "2").await;
    let mut hooks = Hooks::of(&world).await;
    let mut first = world.on("a", "Web").await;
    let mut phone = world.on("a", "iOS").await;
    let mut second = world.on("a", "Web").await;
    assert_eq!(first.ask(json!({"t": "ping"})).await["t"], "pong", "two are allowed");
    let mut third = world.on("a", "Web").await;
    let (frames, code) = first.close_code().await;
    let kicked = frames.last().unwrap();
    assert_eq!((&kicked["t"], &kicked["cause"]), (&"kicked".into(), &"signed_in_elsewhere".into()));
    assert_eq!(code, 4002);
    let told = hooks.until("State.StateChange", |call| call["KickedDevice"].is_array()).await;
    assert_eq!(told["KickedDevice"].as_array().unwrap().len(), 1);
    for client in [&mut phone, &mut second, &mut third] {
        assert_eq!(client.ask(json!({"t": "ping"})).await["t"], "pong");
    }

    world.set("logins_per_platform", "1").await;
    let mut only = world.on("a", "Web").await;
    for client in [&mut second, &mut third] {
        assert_eq!(client.close_code().await.1, 4002, "the new limit holds from the next login on");
    }
    assert_eq!(phone.ask(json!({"t": "ping"})).await["t"], "pong");
    assert_eq!(only.ask(json!({"t": "ping"})).await["t"], "pong");
}

#[tokio::test]
async fn a_web_client_may_be_in_several_rooms_if_the_application_says_so() {
    let world = with_two_rooms().await;
    world.set("web_one_room", "off").await;
    let mut web = world.on("a", "Web").await;
    join(&mut web, "r").await;
    join(&mut web, "other").await;
    assert_eq!(web.send_text("c1", "still here").await["t"], "send_ok");

    world.set("web_one_room", "on").await;
    world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    join(&mut web, "other").await;
    let removed = web.kind("removed").await;
    assert_eq!((&removed["group_id"], &removed["reason"]), (&"r".into(), &"elsewhere".into()));
}

#[tokio::test]
async fn who_enters_a_room_on_a_second_web_client_is_out_of_the_one_on_the_first() {
    let world = with_two_rooms().await;
    world.set("logins_per_platform", "2").await;
    let mut hooks = Hooks::of(&world).await;
    let mut host = world.in_room("host").await;
    let mut first = world.on("a", "Web").await;
    join(&mut first, "r").await;
    let mut phone = world.on("b", "iOS").await;
    join(&mut phone, "r").await;
    let mut second = world.on("a", "Web").await;
    join(&mut second, "r").await;
    // Who comes and goes within a second is not told of.
    host.until(|frame| frame["t"] == "online" && frame["count"] == 3).await;
    assert_eq!(first.send_text("c1", "both are in").await["t"], "send_ok");
    join(&mut second, "other").await;
    for client in [&mut first, &mut second] {
        let removed = client.kind("removed").await;
        assert_eq!((&removed["group_id"], &removed["reason"]), (&"r".into(), &"elsewhere".into()));
    }
    assert_eq!(first.send_text("c2", "gone").await["code"], 9002);
    let left = host.kind("member_left").await;
    assert_eq!(left["users"], json!(["a"]));
    let exit = hooks.next("Group.CallbackAfterMemberExit").await;
    assert_eq!(exit["ExitMemberList"], json!([{"Member_Account": "a"}]));
    assert_eq!(hooks.count("Group.CallbackAfterMemberExit"), 1, "once, with its last connection");

    assert_eq!(join(&mut first, "r").await["t"], "join_ok");
    assert_eq!(second.kind("removed").await["group_id"], "other", "and the other way round");
    assert_eq!(phone.send_text("c3", "I stay").await["t"], "send_ok");
}
