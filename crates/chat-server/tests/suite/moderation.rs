use chat_server::application::{self, Edition};
use serde_json::{Value, json};

use crate::clients::World;
use crate::hooks::Hooks;

const MUTE: &str = "group_open_http_svc/forbid_send_msg";
const MUTED: &str = "group_open_http_svc/get_group_muted_account";
const BAN: &str = "group_open_http_svc/ban_group_member";
const UNBAN: &str = "group_open_http_svc/unban_group_member";
const BANNED: &str = "group_open_http_svc/get_group_ban_member";
const MODIFY: &str = "group_open_http_svc/modify_group_base_info";
const ADMIN: &str = "group_open_avchatroom_http_svc/modify_admin";
const ADMINS: &str = "group_open_avchatroom_http_svc/get_admin_list";
const FIGURES: &str = "liveroom_ext/get_room_figures";
const FOREVER: u32 = u32::MAX;

fn mute(users: &[&str], seconds: u32) -> Value {
    json!({"GroupId": "r", "Members_Account": users, "MuteTime": seconds})
}

fn ban(users: &[&str], seconds: u32) -> Value {
    json!({"GroupId": "r", "Members_Account": users, "Duration": seconds})
}

fn admins(command: u32, users: &[&str]) -> Value {
    json!({"GroupId": "r", "CommandType": command, "Admin_Account": users})
}

impl World {
    async fn muted(&self) -> Value {
        self.ok(MUTED, json!({"GroupId": "r"})).await["MutedAccountList"].clone()
    }

    async fn banned(&self) -> Value {
        self.ok(BANNED, json!({"GroupId": "r", "Offset": 0})).await["BannedAccountList"].clone()
    }
}

#[tokio::test]
async fn the_repeat_of_a_delivered_message_gets_the_first_answer_from_the_muted_and_the_gone() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    let first = viewer.send_text("c1", "hi").await;
    assert_eq!(first["t"], "send_ok");
    world.ok(MUTE, mute(&["a"], 60)).await;
    assert_eq!(viewer.send_text("c1", "hi").await["seq"], first["seq"]);
    assert_eq!(viewer.send_text("c2", "hi").await["code"], 10017);
    viewer.ask(json!({"t": "leave", "group_id": "r"})).await;
    assert_eq!(viewer.send_text("c1", "hi").await["seq"], first["seq"]);
    assert_eq!(world.server.counts().messages_repeated, 2);
    let figures = world.ok(FIGURES, json!({"GroupId": "r"})).await;
    let normal = &figures["Figures"]["classes"]["normal"];
    assert_eq!((&normal["received"], &normal["refused"]), (&json!(2), &json!({"muted": 1})));
}

#[tokio::test]
async fn a_mute_survives_leave_rejoin_and_restart_and_ends_by_the_clock() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    world.ok(MUTE, mute(&["a"], 60)).await;
    assert_eq!(viewer.send_text("c1", "hi").await["code"], 10017);
    viewer.ask(json!({"t": "leave", "group_id": "r"})).await;
    let joined = viewer.ask(json!({"t": "join", "group_id": "r"})).await;
    let until = world.clock_s() + 60;
    assert_eq!(joined["muted_until_s"], until);
    assert_eq!(viewer.send_text("c2", "hi").await["code"], 10017);
    let old = world.ok("group_open_http_svc/get_group_shutted_uin", json!({"GroupId": "r"})).await;
    assert_eq!(
        old["ShuttedUinList"],
        json!([{"Member_Account": "a", "ShuttedUntil": until}]),
        "both names of the list work"
    );

    let world = world.restarted().await;
    assert_eq!(world.muted().await, json!([{"Member_Account": "a", "MutedUntil": until}]));
    let mut viewer = world.in_room("a").await;
    assert_eq!(viewer.send_text("c3", "hi").await["code"], 10017);
    world.clock.advance(60);
    assert_eq!(viewer.send_text("c4", "hi").await["t"], "send_ok");
    assert_eq!(world.muted().await, json!([]));

    world.ok(MUTE, json!({"GroupId": "r", "Members_Account": ["a"], "ShutUpTime": FOREVER})).await;
    assert_eq!(world.muted().await[0]["MutedUntil"], FOREVER);
    world.clock.advance(100_000_000);
    let mut viewer = world.in_room("a").await;
    assert_eq!(viewer.send_text("c5", "hi").await["code"], 10017);
    world.ok(MUTE, mute(&["a"], 0)).await;
    assert_eq!(viewer.send_text("c6", "hi").await["t"], "send_ok");
}

#[tokio::test]
async fn a_muted_member_is_told_only_where_the_setting_says_so() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    world.ok(MUTE, mute(&["a"], 60)).await;
    world.set("mute_tip", "on").await;
    world.ok(MUTE, mute(&["a"], 90)).await;
    let told = viewer.kind("muted").await;
    assert_eq!(told["until_s"], world.clock_s() + 90, "the first mute made no tip");
    world.ok(MUTE, mute(&["a"], 0)).await;
    assert_eq!(viewer.kind("muted").await["until_s"], 0);

    world.import(&["host", "b"]).await;
    assert_eq!(world.refused(MUTE, mute(&["nobody"], 60)).await, 10019);
    let private = json!({"Type": "Private", "Name": "p", "GroupId": "p"});
    world.ok("group_open_http_svc/create_group", private).await;
    let body = json!({"GroupId": "p", "Members_Account": ["b"], "MuteTime": 60});
    assert_eq!(world.refused(MUTE, body).await, 10007);
    assert_eq!(world.refused(MUTE, json!({"GroupId": "r"})).await, 10004);
}

#[tokio::test]
async fn a_mute_of_the_whole_room_is_told_only_where_the_setting_says_so() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    world.ok(MODIFY, json!({"GroupId": "r", "MuteAllMember": "On"})).await;
    assert_eq!(viewer.send_text("c1", "hi").await["code"], 10017);
    world.ok(MODIFY, json!({"GroupId": "r", "MuteAllMember": "Off"})).await;
    world.set("mute_all_tip", "on").await;
    let both = json!({"GroupId": "r", "ShutUpAllMember": "On", "ApplyJoinOption": "DisableApply"});
    world.ok(MODIFY, both).await;
    assert_eq!(
        viewer.kind("group_info_changed").await["changes"],
        json!([{"field": "mute_all", "on": true}]),
        "the earlier changes made no tip"
    );
}

#[tokio::test]
async fn a_banned_account_is_out_at_once_and_stays_out_until_the_end() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    let mut hooks = Hooks::of(&world).await;
    let mut target = world.in_room("a").await;
    let mut other = world.in_room("b").await;
    let mut body = ban(&["a"], 300);
    body["Description"] = "spam".into();
    world.ok(BAN, body).await;
    let until = world.clock_s() + 300;
    let removed = target.kind("removed").await;
    assert_eq!(removed["reason"], "banned");
    assert_eq!((&removed["until_s"], &removed["info"]), (&until.into(), &"spam".into()));
    let told = other.kind("member_banned").await;
    assert_eq!(told["users"], json!(["a"]));
    assert_eq!(told["operator"], "administrator");
    let exit = hooks.next("Group.CallbackAfterMemberExit").await;
    assert_eq!(exit["ExitType"], "Kicked");
    assert_eq!(exit["Operator_Account"], "administrator");
    assert_eq!(exit["ExitMemberList"], json!([{"Member_Account": "a"}]));

    assert_eq!(target.send_text("c1", "still here?").await["code"], 9002);
    let change = json!({"t": "modify_group", "group_id": "r", "custom_fields": {"product": "x"}});
    assert_eq!(target.ask(change).await["code"], 9002, "it may write nothing of the room either");
    let join = json!({"t": "join", "group_id": "r"});
    assert_eq!(target.ask(join.clone()).await["code"], 10007);
    world.say(1, "without a").await;
    other.texts(1).await;
    let rest = target.ask(json!({"t": "ping"})).await;
    assert_eq!(rest["t"], "pong");

    let world = world.restarted().await;
    assert_eq!(world.banned().await, json!([{"Member_Account": "a", "BannedUntil": until}]));
    let mut target = world.signed_in("a").await;
    assert_eq!(target.ask(join.clone()).await["code"], 10007);
    world.clock.advance(300);
    assert_eq!(target.ask(join.clone()).await["t"], "join_ok");
    assert_eq!(world.banned().await, json!([]));

    world.ok(BAN, ban(&["a"], FOREVER)).await;
    assert_eq!(target.kind("removed").await["until_s"], FOREVER);
    world.ok(UNBAN, json!({"GroupId": "r", "Members_Account": ["a"]})).await;
    assert_eq!(target.ask(join).await["t"], "join_ok");
}

#[tokio::test]
async fn the_list_of_banned_accounts_comes_in_pages() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    let users = ["u1", "u2", "u3", "u4", "u5"];
    world.import(&users).await;
    world.ok(BAN, ban(&users, 60)).await;
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        let body = json!({"GroupId": "r", "Offset": offset, "Limit": 2});
        let page = world.ok(BANNED, body).await;
        let entries = page["BannedAccountList"].as_array().unwrap();
        found.extend(
            entries.iter().map(|entry| entry["Member_Account"].as_str().unwrap().to_owned()),
        );
        offset = page["NextOffset"].as_u64().unwrap();
        if offset == 0 {
            break;
        }
    }
    assert_eq!(found, users);
}

#[tokio::test]
async fn banning_has_its_conditions_and_limits() {
    let world = World::with_room().await;
    world.import(&["a"]).await;
    assert_eq!(world.refused(BAN, ban(&["a"], 60)).await, 10007, "the setting is off");
    assert_eq!(world.banned().await, json!([]), "there is nothing to show");
    world.set("ban_members", "on").await;
    let many: Vec<String> = (0..21).map(|n| format!("u{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(world.refused(BAN, ban(&many, 60)).await, 10005);
    assert_eq!(world.refused(BAN, ban(&["nobody"], 60)).await, 10019);
    assert_eq!(world.refused(BAN, ban(&["host"], 60)).await, 10007);
    assert_eq!(world.refused(BAN, ban(&["a"], 0)).await, 10004);
    let mut body = ban(&["a"], 60);
    body["Description"] = "x".repeat(1_001).into();
    assert_eq!(world.refused(BAN, body).await, 10004);
    assert_eq!(world.banned().await, json!([]), "what is refused changes nothing");
    world.ok(BAN, ban(&["a"], FOREVER)).await;
    world.set("ban_members", "off").await;
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_edition(storage, app, Edition::Pro).await.unwrap();
    assert_eq!(world.refused(BAN, ban(&["a"], 60)).await, 10007, "the edition does not have it");
    assert_eq!(world.banned().await[0]["Member_Account"], "a", "what was banned stays so");
    world.ok(UNBAN, json!({"GroupId": "r", "Members_Account": ["a"]})).await;
    world.in_room("a").await;
}

#[tokio::test]
async fn a_ban_ends_the_membership_in_a_group_that_stores_its_members() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    world.import(&["a", "b"]).await;
    let members = json!([{"Member_Account": "a", "Role": "Admin"}, {"Member_Account": "b"}]);
    let group = json!({"Type": "Public", "Name": "p", "GroupId": "p", "MemberList": members});
    world.ok("group_open_http_svc/create_group", group).await;
    let (mut target, mut other) = (world.signed_in("a").await, world.signed_in("b").await);
    let mut hooks = Hooks::of(&world).await;
    let body = json!({"GroupId": "p", "Members_Account": ["a"], "Duration": 60});
    world.ok(BAN, body).await;
    let exit = hooks.next("Group.CallbackAfterMemberExit").await;
    assert_eq!(exit["ExitMemberList"], json!([{"Member_Account": "a"}]));
    let list = world.ok("group_open_http_svc/get_group_member_info", json!({"GroupId": "p"})).await;
    assert_eq!(list["MemberNum"], 1);
    assert_eq!(list["MemberList"][0]["Member_Account"], "b");
    assert_eq!(target.kind("removed").await["reason"], "banned");
    let left = other.kind("member_left").await;
    assert_eq!((&left["users"], &left["count"]), (&json!(["a"]), &json!(1)));

    let world = world.restarted().await;
    let unban = json!({"GroupId": "p", "Members_Account": ["a"]});
    world.ok(UNBAN, unban).await;
    let back = json!({"GroupId": "p", "MemberList": [{"Member_Account": "a"}]});
    world.ok("group_open_http_svc/add_group_member", back).await;
    let list = world.ok("group_open_http_svc/get_group_member_info", json!({"GroupId": "p"})).await;
    let members = list["MemberList"].as_array().unwrap();
    assert!(members.iter().all(|member| member["Role"] == "Member"), "{list}");
}

#[tokio::test]
async fn a_banned_account_leads_no_room_and_is_imported_into_no_group() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    world.set("online_member_list", "on").await;
    world.import(&["a"]).await;
    world.ok(ADMIN, admins(1, &["a"])).await;
    let mut viewer = world.in_room("b").await;
    world.ok(BAN, ban(&["a"], 60)).await;
    assert_eq!(viewer.kind("admin_changed").await["granted"], false, "the ban takes the role");
    let list = world.ok(ADMINS, json!({"GroupId": "r"})).await;
    assert_eq!(list["Admin_Account"], json!([]));
    assert_eq!(world.refused(ADMIN, admins(1, &["a"])).await, 10007);
    let owner = json!({"GroupId": "r", "NewOwner_Account": "a"});
    assert_eq!(world.refused("group_open_http_svc/change_group_owner", owner.clone()).await, 10007);

    let group = json!({"Type": "Public", "Name": "p", "GroupId": "p"});
    world.ok("group_open_http_svc/create_group", group).await;
    let body = json!({"GroupId": "p", "Members_Account": ["a"], "Duration": 60});
    world.ok(BAN, body).await;
    let import = json!({"GroupId": "p", "MemberList": [{"Member_Account": "a"}]});
    let imported = world.ok("group_open_http_svc/import_group_member", import).await;
    assert_eq!(imported["MemberList"], json!([{"Member_Account": "a", "Result": 0}]));
    world.clock.advance(60);
    world.ok("group_open_http_svc/change_group_owner", owner).await;
}

#[tokio::test]
async fn a_room_administrator_is_told_of_stays_and_may_do_more() {
    let world = World::with_room().await;
    world.import(&["helper", "u1", "u2", "u3", "u4", "u5"]).await;
    assert_eq!(world.refused(ADMIN, admins(1, &["helper"])).await, 10007, "the setting is off");
    world.set("online_member_list", "on").await;
    let mut viewer = world.in_room("a").await;
    world.ok(ADMIN, admins(1, &["helper"])).await;
    let told = viewer.kind("admin_changed").await;
    assert_eq!((&told["user_id"], &told["granted"]), (&"helper".into(), &true.into()));
    assert_eq!(world.refused(ADMIN, admins(1, &["nobody"])).await, 10019);
    assert_eq!(
        world.refused(ADMIN, admins(1, &["u1", "u2", "u3", "u4", "u5"])).await,
        10004,
        "five are the most"
    );

    let world = world.restarted().await;
    let list = world.ok(ADMINS, json!({"GroupId": "r"})).await;
    assert_eq!(list["Admin_Account"], json!(["helper"]));
    world.ok(MODIFY, json!({"GroupId": "r", "MuteAllMember": "On"})).await;
    let mut helper = world.in_room("helper").await;
    assert_eq!(helper.send_text("c1", "hi").await["t"], "send_ok", "it speaks in a muted room");
    world.ok(ADMIN, admins(2, &["helper"])).await;
    assert_eq!(helper.kind("admin_changed").await["granted"], false);
    assert_eq!(helper.send_text("c2", "hi").await["code"], 10017);
}

#[tokio::test]
async fn the_room_hears_of_a_mute_only_where_the_setting_says_so() {
    let world = World::with_room().await;
    let mut target = world.in_room("a").await;
    let mut other = world.in_room("b").await;
    world.ok(MUTE, mute(&["a"], 60)).await;
    world.set("mute_tip", "on").await;
    let names: Vec<String> = (0..25).map(|number| format!("x{number:02}")).collect();
    world.import(&names).await;
    let mut many: Vec<&str> = names.iter().map(String::as_str).collect();
    many.insert(0, "a");
    world.ok(MUTE, mute(&many, 90)).await;
    let told = other.kind("member_muted").await;
    assert_eq!(told["until_s"], world.clock_s() + 90, "the first mute made no tip");
    assert_eq!(told["operator"], "administrator");
    assert_eq!(told["users"].as_array().unwrap().len(), 20, "of many the first ones");
    assert_eq!(told["users"][0], "a");
    world.ok(MUTE, mute(&["a"], 0)).await;
    assert_eq!(other.kind("member_muted").await["until_s"], 0);

    world.say(1, "the end").await;
    let mut heard = Vec::new();
    loop {
        let frame = target.next().await.unwrap();
        heard.push(frame["t"].clone());
        if frame["t"] == "messages" {
            break;
        }
    }
    assert!(heard.contains(&"muted".into()) && !heard.contains(&"member_muted".into()));
}

#[tokio::test]
async fn an_account_hears_on_all_its_connections_that_its_ban_was_lifted() {
    let world = World::with_room().await;
    world.set("ban_members", "on").await;
    let mut target = world.in_room("a").await;
    let mut free = world.in_room("b").await;
    world.ok(BAN, ban(&["a"], 300)).await;
    target.kind("removed").await;
    let mut elsewhere = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": "a",
        "user_sig": world.sig("a"), "platform": "Android"});
    assert_eq!(elsewhere.ask(login).await["t"], "login_ok");
    world.ok(UNBAN, json!({"GroupId": "r", "Members_Account": ["a", "b"]})).await;
    for client in [&mut target, &mut elsewhere] {
        let told = client.kind("unbanned").await;
        assert_eq!(told, json!({"t": "unbanned", "group_id": "r"}));
        let joined = client.ask(json!({"t": "join", "group_id": "r"})).await;
        assert_eq!(joined["t"], "join_ok");
    }
    world.say(1, "the end").await;
    let told = free.until(|frame| frame["t"] == "unbanned" || frame["t"] == "messages").await;
    assert_eq!(told["t"], "messages", "who was not banned hears nothing");
}
