use serde_json::{Value, json};

use crate::clients::{Client, World};
use crate::hooks::Hooks;

const NUMBER: &str = "group_open_http_svc/get_online_member_num";
const INFO: &str = "group_open_http_svc/get_group_member_info";
const LIST: &str = "group_open_avchatroom_http_svc/get_members";
const MARK: &str = "group_open_avchatroom_http_svc/modify_user_info";
const ADD_ROBOTS: &str = "group_open_avchatroom_http_svc/add_robots";
const DELETE_ROBOTS: &str = "group_open_avchatroom_http_svc/del_robots";
const STATE: &str = "Group.CallbackOnMemberStateChange";
const JOINED: &str = "Group.CallbackAfterNewMemberJoin";
const LEFT: &str = "Group.CallbackAfterMemberExit";

fn marks(command: u32, members: &[(&str, &[u32])]) -> Value {
    let members: Vec<Value> = members
        .iter()
        .map(|(user, marks)| json!({"Member_Account": user, "Marks": marks}))
        .collect();
    json!({"GroupId": "r", "CommandType": command, "MemberList": members})
}

impl World {
    async fn with_list() -> Self {
        let world = Self::with_room().await;
        world.set("online_member_list", "on").await;
        world
    }

    async fn online(&self) -> u64 {
        let answer = self.ok(NUMBER, json!({"GroupId": "r"})).await;
        answer["OnlineMemberNum"].as_u64().unwrap()
    }

    async fn listed(&self, filter: &[u32]) -> Vec<String> {
        let body = json!({"GroupId": "r", "Timestamp": 0, "Marks": filter});
        names(&self.ok(LIST, body).await["MemberList"])
    }
}

/// Ends a connection as a broken network does, and waits until the service has seen it.
async fn break_off(hooks: &mut Hooks, client: Client) {
    drop(client);
    hooks.until("State.StateChange", |call| call["Info"]["Action"] == "Disconnect").await;
}

async fn join(client: &mut Client, room: &str) -> Value {
    client.ask(json!({"t": "join", "group_id": room})).await
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|entry| entry["Member_Account"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_small_room_is_counted_at_once_and_one_with_a_web_client_in_steps_of_ten_seconds() {
    let world = World::with_room().await;
    let _first = world.in_room("a").await;
    assert_eq!(world.online().await, 1);
    let _second = world.in_room("b").await;
    assert_eq!(world.online().await, 2);
    let mut web = world.on("c", "Web").await;
    join(&mut web, "r").await;
    assert_eq!(world.online().await, 2, "the step is not over");
    world.clock.advance(9);
    assert_eq!(world.online().await, 2);
    world.clock.advance(1);
    assert_eq!(world.online().await, 3);
}

#[tokio::test]
async fn other_groups_count_their_members_that_are_signed_in() {
    let world = World::with_room().await;
    world.import(&["a", "b"]).await;
    let members = json!([{"Member_Account": "a"}, {"Member_Account": "b"}]);
    let group = json!({"Type": "Public", "Name": "p", "GroupId": "p", "Owner_Account": "host",
        "MemberList": members});
    world.ok("group_open_http_svc/create_group", group).await;
    let _a = world.signed_in("a").await;
    let _stranger = world.signed_in("stranger").await;
    let answer = world.ok(NUMBER, json!({"GroupId": "p"})).await;
    assert_eq!(answer["OnlineMemberNum"], 1);

    world.clock.advance(5);
    let mute = json!({"GroupId": "p", "Members_Account": ["b"], "MuteTime": 60});
    world.ok("group_open_http_svc/forbid_send_msg", mute).await;
    let body = json!({"GroupId": "p", "Limit": 2, "Offset": 1});
    let page = world.ok(INFO, body).await;
    assert_eq!(
        (&page["MemberNum"], names(&page["MemberList"])),
        (&3.into(), vec!["b".into(), "host".into()])
    );
    let until = world.clock_s() + 60;
    let muted = &page["MemberList"][0];
    assert_eq!((&muted["MuteUntil"], &muted["ShutUpUntil"]), (&until.into(), &until.into()));
    let body = json!({"GroupId": "p", "MemberRoleFilter": ["Owner"],
        "MemberInfoFilter": ["Role", "JoinTime"]});
    let owners = world.ok(INFO, body).await;
    assert_eq!(
        owners["MemberList"],
        json!([{"Member_Account": "host", "Role": "Owner", "JoinTime": world.clock_s() - 5}])
    );
    let lists = json!({"GroupId": "p", "Timestamp": 0});
    world.set("online_member_list", "on").await;
    assert_eq!(world.refused(LIST, lists).await, 10007, "only an AVChatRoom has this list");
}

#[tokio::test]
async fn member_info_of_a_room_has_the_latest_thirty_or_all_with_the_online_list() {
    let world = World::with_room().await;
    let mut clients = Vec::new();
    for number in 0..32 {
        clients.push(world.in_room(&format!("u{number:02}")).await);
    }
    let mute = json!({"GroupId": "r", "Members_Account": ["u31"], "MuteTime": 60});
    world.ok("group_open_http_svc/forbid_send_msg", mute).await;
    let info = world.ok(INFO, json!({"GroupId": "r"})).await;
    assert_eq!(info["MemberNum"], 32);
    let listed = names(&info["MemberList"]);
    assert_eq!((listed.len(), &*listed[0], &*listed[29]), (30, "u31", "u02"));
    let until = world.clock_s() + 60;
    assert_eq!(
        info["MemberList"][0],
        json!({"Member_Account": "u31", "Role": "Member", "JoinTime": world.clock_s(),
            "ShutUpUntil": until, "MuteUntil": until}),
        "nothing is there that a room does not store"
    );
    world.set("online_member_list", "on").await;
    let info = world.ok(INFO, json!({"GroupId": "r"})).await;
    assert_eq!(names(&info["MemberList"]).len(), 32);
}

#[tokio::test]
async fn the_online_list_has_the_newest_first_in_pages() {
    let world = World::with_room().await;
    let body = |timestamp: u64| json!({"GroupId": "r", "Timestamp": timestamp});
    assert_eq!(world.refused(LIST, body(0)).await, 10007, "the setting is off");
    world.set("online_member_list", "on").await;
    let _viewer = world.in_room("viewer").await;
    let robots: Vec<String> = (0..999).map(|number| format!("bot{number}")).collect();
    for some in robots.chunks(100) {
        world.clock.advance_ms(20);
        world.import(some).await;
        world.ok(ADD_ROBOTS, json!({"GroupId": "r", "Member_Account": some})).await;
    }
    let _late = world.in_room("late").await;
    assert_eq!(world.online().await, 1_001);
    let first = world.ok(LIST, body(0)).await;
    let mut found = names(&first["MemberList"]);
    assert_eq!(found[0], "late");
    let next = first["NextTimestamp"].as_u64().unwrap();
    assert_ne!(next, 0);
    // Whoever comes in between two pages moves nothing.
    let _later = world.in_room("later").await;
    let second = world.ok(LIST, body(next)).await;
    found.extend(names(&second["MemberList"]));
    assert_eq!(second["NextTimestamp"], 0);
    let mut distinct = found.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((found.len(), distinct.len()), (999, 999), "the newest thousand when asked last");
    assert!(!found.contains(&"viewer".to_owned()), "who came first is beyond the newest");
}

#[tokio::test]
async fn marks_are_for_members_who_are_there_and_everybody_hears_of_them() {
    let world = World::with_list().await;
    let mut a = world.in_room("a").await;
    let _b = world.in_room("b").await;
    let set = marks(1, &[("a", &[1000, 1001]), ("gone", &[1000])]);
    let answer = world.ok(MARK, set).await;
    assert_eq!(
        answer["MemberList"],
        json!([{"Member_Account": "a", "Marks": [1000, 1001]}]),
        "who is not there is left out"
    );
    let told = a.kind("marks_changed").await;
    assert_eq!(told["mark"], 1000);
    assert_eq!((&told["users"], &told["on"]), (&json!(["a"]), &true.into()));
    assert_eq!(world.refused(MARK, marks(1, &[("gone", &[1000])])).await, 10004);
    assert_eq!(world.refused(MARK, marks(1, &[("a", &[999])])).await, 10004);
    assert_eq!(world.listed(&[1001]).await, ["a"]);

    let eight: Vec<u32> = (1002..1010).collect();
    world.ok(MARK, marks(1, &[("a", &eight)])).await;
    assert_eq!(world.refused(MARK, marks(1, &[("b", &[2000])])).await, 10004, "ten are the most");
    world.ok(MARK, marks(2, &[("a", &[1009])])).await;
    a.until(|frame| frame["mark"] == 1009 && frame["on"] == false).await;
    world.ok(MARK, marks(1, &[("b", &[2000])])).await;

    a.ask(json!({"t": "leave", "group_id": "r"})).await;
    join(&mut a, "r").await;
    assert!(world.listed(&[1000, 1001]).await.is_empty(), "marks end with the stay");
}

#[tokio::test]
async fn a_hidden_member_is_in_the_list_only_for_those_who_ask() {
    let world = World::with_list().await;
    let _a = world.in_room("a").await;
    let _guard = world.in_room("guard").await;
    world.ok(MARK, marks(1, &[("guard", &[600])])).await;
    assert_eq!(world.listed(&[]).await, ["a"]);
    assert_eq!(world.listed(&[600]).await, ["guard"]);
    assert_eq!(world.online().await, 2, "it counts all the same");
}

#[tokio::test]
async fn a_robot_counts_for_three_days_without_a_connection() {
    let world = World::with_list().await;
    let mut viewer = world.in_room("a").await;
    world.import(&["bot", "bot2"]).await;
    assert_eq!(world.refused(MARK, marks(1, &[("nobody", &[500])])).await, 10019);
    let robots = json!({"GroupId": "r", "Member_Account": ["bot", "bot2"]});
    world.ok(ADD_ROBOTS, robots).await;
    assert_eq!(world.online().await, 3);
    viewer.until(|frame| frame["t"] == "online" && frame["count"] == 3).await;
    world.ok(DELETE_ROBOTS, json!({"GroupId": "r", "Member_Account": ["bot2"]})).await;
    assert_eq!(world.online().await, 2);
    world.clock.advance(3 * 24 * 3600);
    viewer.until(|frame| frame["t"] == "online" && frame["count"] == 1).await;
    assert_eq!(world.online().await, 1);
}

#[tokio::test]
async fn who_is_back_within_twenty_seconds_was_never_away() {
    let world = World::with_list().await;
    let mut hooks = Hooks::of(&world).await;
    let _stays = world.in_room("b").await;
    let a = world.in_room("a").await;
    break_off(&mut hooks, a).await;
    world.clock.advance(19);
    let a = world.in_room("a").await;
    break_off(&mut hooks, a).await;
    world.clock.advance(21);
    let offline = hooks.next(STATE).await;
    assert_eq!(offline["EventType"], "Offline");
    assert_eq!(offline["GroupId"], "r");
    assert_eq!(offline["MemberList"], json!([{"Member_Account": "a"}]));
    assert_eq!(hooks.count(JOINED), 2, "of each account one");
    assert_eq!(hooks.count("Group.CallbackBeforeApplyJoinGroup"), 2);

    let mut a = world.in_room("a").await;
    assert_eq!(hooks.next(STATE).await["EventType"], "Online");
    assert_eq!(hooks.count("Group.CallbackBeforeApplyJoinGroup"), 3, "it is asked again");
    assert_eq!(hooks.count(JOINED), 2, "it never left, so it does not join");
    let left = a.ask(json!({"t": "leave", "group_id": "r"})).await;
    assert_eq!(left["t"], "leave_ok");
    let exit = hooks.next(LEFT).await;
    assert_eq!(exit["ExitType"], "Quit");
}

#[tokio::test]
async fn only_the_last_device_of_an_account_makes_it_offline_and_no_logout_does() {
    let world = World::with_list().await;
    let mut hooks = Hooks::of(&world).await;
    let mut phone = world.on("a", "iOS").await;
    join(&mut phone, "r").await;
    let mut tablet = world.on("a", "iPad").await;
    join(&mut tablet, "r").await;
    let mut b = world.in_room("b").await;
    b.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(hooks.next(LEFT).await["ExitMemberList"], json!([{"Member_Account": "b"}]));
    break_off(&mut hooks, tablet).await;
    world.clock.advance(30);
    break_off(&mut hooks, phone).await;
    world.clock.advance(21);
    let offline = hooks.next(STATE).await;
    assert_eq!(offline["MemberList"], json!([{"Member_Account": "a"}]));
    assert_eq!(hooks.count(STATE), 1);
}

#[tokio::test]
async fn a_web_client_is_in_one_room_and_leaves_for_its_other_devices() {
    let world = World::with_room().await;
    let other = json!({"Type": "AVChatRoom", "Name": "Other", "GroupId": "other"});
    world.ok("group_open_http_svc/create_group", other).await;
    let mut phone = world.on("a", "Android").await;
    join(&mut phone, "r").await;
    let mut web = world.on("a", "Web").await;
    join(&mut web, "r").await;
    join(&mut web, "other").await;
    let removed = web.kind("removed").await;
    assert_eq!((&removed["group_id"], &removed["reason"]), (&"r".into(), &"elsewhere".into()));
    assert_eq!(web.send_text("c1", "hi").await["code"], 9002);
    assert_eq!(phone.send_text("c1", "hi").await["t"], "send_ok", "the phone stays");

    join(&mut phone, "other").await;
    assert_eq!(web.ask(json!({"t": "leave", "group_id": "other"})).await["t"], "leave_ok");
    let removed = phone.kind("removed").await;
    assert_eq!((&removed["group_id"], &removed["reason"]), (&"other".into(), &"left".into()));
}
