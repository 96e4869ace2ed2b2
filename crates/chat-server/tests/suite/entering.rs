//! Who is in an AVChatRoom, and what the others are told of it.

use serde_json::{Value, json};

use crate::clients::{Client, PATIENCE, World};

const NUMBER: &str = "group_open_http_svc/get_online_member_num";
const ROBOTS: &str = "group_open_avchatroom_http_svc";

async fn online(world: &World) -> Value {
    world.ok(NUMBER, json!({"GroupId": "r"})).await["OnlineMemberNum"].clone()
}

/// Ends a connection as a broken network does, and waits until the service has seen it.
async fn break_off(world: &World, client: Client) {
    let open = async || {
        let text = world.metrics().await;
        let line = text.lines().find(|line| line.starts_with("liveroom_open_connections "));
        line.unwrap().rsplit(' ').next().unwrap().parse::<u32>().unwrap()
    };
    let before = open().await;
    drop(client);
    let closed = async { while open().await >= before {} };
    tokio::time::timeout(PATIENCE, closed).await.expect("the connection ends");
}

/// The next frame that tells who is in the room.
async fn tip(client: &mut Client) -> Value {
    let kinds = ["member_entered", "member_left", "member_banned"];
    client.until(|frame| kinds.contains(&frame["t"].as_str().unwrap())).await
}

#[tokio::test]
async fn the_room_is_told_who_came_and_who_left() {
    let world = World::with_room().await;
    let mut host = world.in_room("host").await;
    let own = json!({"t": "member_entered", "group_id": "r", "users": ["host"], "count": 1});
    assert_eq!(tip(&mut host).await, own);
    let mut mei = world.in_room("mei").await;
    let entered = json!({"t": "member_entered", "group_id": "r", "users": ["mei"], "count": 2});
    assert_eq!(tip(&mut host).await, entered);
    assert_eq!(tip(&mut mei).await, entered, "who came is told, too");
    mei.ask(json!({"t": "leave", "group_id": "r"})).await;
    let left = json!({"t": "member_left", "group_id": "r", "users": ["mei"], "count": 1});
    assert_eq!(tip(&mut host).await, left);
    let mut kai = world.in_room("kai").await;
    assert_eq!(tip(&mut host).await["users"], json!(["kai"]));
    kai.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(tip(&mut host).await["t"], "member_left", "a logout is no broken connection");
}

#[tokio::test]
async fn of_many_who_come_at_once_ten_are_named_and_everybody_is_counted() {
    let world = World::with_room().await;
    world.set("online_member_list", "on").await;
    let mut host = world.in_room("host").await;
    tip(&mut host).await;
    let robots: Vec<String> = (0..100).map(|number| format!("bot{number:02}")).collect();
    world.import(&robots).await;
    let body = json!({"GroupId": "r", "Member_Account": robots});
    world.ok(&format!("{ROBOTS}/add_robots"), body.clone()).await;
    let entered = tip(&mut host).await;
    let newest = json!(robots[90..]);
    assert_eq!(
        entered,
        json!({"t": "member_entered", "group_id": "r", "users": newest, "count": 101, "more": 90})
    );
    world.ok(&format!("{ROBOTS}/del_robots"), body).await;
    let left = tip(&mut host).await;
    assert_eq!((&left["t"], &left["count"]), (&"member_left".into(), &1.into()));
    assert_eq!((left["users"].as_array().unwrap().len(), &left["more"]), (10, &90.into()));
}

#[tokio::test]
async fn a_connection_that_is_back_within_twenty_seconds_never_left() {
    let world = World::with_room().await;
    world.set("online_member_list", "on").await;
    let mut host = world.in_room("host").await;
    let mei = world.in_room("mei").await;
    host.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
    break_off(&world, mei).await;
    world.clock.advance(20);
    assert_eq!(online(&world).await, 2, "it keeps its seat");
    let list = json!({"GroupId": "r", "Timestamp": 0});
    let list = world.ok("group_open_avchatroom_http_svc/get_members", list).await;
    assert_eq!(list["MemberList"][0]["Member_Account"], "mei", "and its place in the list");
    let mei = world.in_room("mei").await;
    let kai = world.in_room("kai").await;
    let next = tip(&mut host).await;
    assert_eq!((&next["users"], &next["count"]), (&json!(["kai"]), &3.into()), "no word of mei");

    break_off(&world, mei).await;
    world.clock.advance(21);
    let left = tip(&mut host).await;
    assert_eq!((&left["t"], &left["users"]), (&"member_left".into(), &json!(["mei"])));
    assert_eq!(left["count"], 2);
    host.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
    assert_eq!(online(&world).await, 2);
    let _mei = world.in_room("mei").await;
    assert_eq!(tip(&mut host).await["t"], "member_entered", "who comes later comes anew");
    drop(kai);
}

#[tokio::test]
async fn a_banned_account_is_out_at_once_and_told_of_once() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    let mut host = world.in_room("host").await;
    tip(&mut host).await;
    let mut mei = world.in_room("mei").await;
    tip(&mut host).await;
    let kai = world.in_room("kai").await;
    tip(&mut host).await;
    break_off(&world, kai).await;
    let ban = json!({"GroupId": "r", "Members_Account": ["kai", "mei"], "Duration": 60});
    world.ok("group_open_http_svc/ban_group_member", ban).await;
    assert_eq!(mei.kind("removed").await["reason"], "banned");
    assert_eq!(online(&world).await, 1, "a ban waits for nobody who may come back");
    assert_eq!(tip(&mut host).await["t"], "member_banned");
    let _late = world.in_room("late").await;
    let next = tip(&mut host).await;
    assert_eq!((&next["t"], &next["users"]), (&"member_entered".into(), &json!(["late"])));
}

#[tokio::test]
async fn who_stays_on_another_device_has_not_left() {
    let world = World::with_room().await;
    let mut host = world.in_room("host").await;
    tip(&mut host).await;
    let phone = world.in_room_on("mei", "iOS").await;
    let mut tablet = world.in_room_on("mei", "iPad").await;
    assert_eq!(tip(&mut host).await["users"], json!(["mei"]));
    break_off(&world, phone).await;
    world.clock.advance(30);
    let _kai = world.in_room("kai").await;
    assert_eq!(tip(&mut host).await["users"], json!(["kai"]));
    tablet.ask(json!({"t": "leave", "group_id": "r"})).await;
    assert_eq!(tip(&mut host).await["users"], json!(["mei"]));
}
