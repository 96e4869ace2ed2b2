//! Members of groups that store them: who hears the group, who comes and goes, who leads.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use chat_server::application;
use chat_server::clock::Clock;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clients::{Client, PATIENCE, World};
use crate::groups::{info, with_group};

const GROUPS: &str = "group_open_http_svc";

/// The business server: it is told what happens and gives one answer to everything.
struct Business {
    told: mpsc::UnboundedReceiver<Value>,
    answer: Arc<AtomicI64>,
}

impl Business {
    /// Hears the given webhooks of the world's application.
    async fn of(world: &World, commands: &[&str]) -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let answer = Arc::new(AtomicI64::new(0));
        let hear = async |State((sender, answer)): State<Heard>, Json(body): Json<Value>| {
            sender.send(body).unwrap();
            let code = answer.load(Ordering::SeqCst);
            Json(json!({"ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": "not now"}))
        };
        type Heard = (mpsc::UnboundedSender<Value>, Arc<AtomicI64>);
        let router = Router::new().route("/", post(hear)).with_state((sender, Arc::clone(&answer)));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
        application::set_callback_url(storage, app, &url, None).await.unwrap();
        for command in commands {
            application::switch_callback(storage, app, command, true).await.unwrap();
        }
        Self { told, answer }
    }

    /// The next webhook, without the time.
    async fn next(&mut self) -> Value {
        let mut body = timeout(PATIENCE, self.told.recv()).await.expect("in time").unwrap();
        assert!(body.as_object_mut().unwrap().remove("EventTime").is_some(), "{body}");
        body
    }
}

fn accounts(users: &[&str]) -> Value {
    users.iter().map(|user| json!({"Member_Account": user})).collect()
}

async fn add(world: &World, users: &[&str]) -> Value {
    let body = json!({"GroupId": "g", "MemberList": accounts(users)});
    world.ok(&format!("{GROUPS}/add_group_member"), body).await["MemberList"].clone()
}

async fn say(world: &World, random: u32, text: &str) {
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    let body = json!({"GroupId": "g", "Random": random, "MsgBody": [element]});
    world.ok(&format!("{GROUPS}/send_group_msg"), body).await;
}

async fn send(client: &mut Client, text: &str) -> Value {
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    client
        .ask(json!({"t": "send", "group_id": "g", "client_id": text, "elements": [element]}))
        .await
}

async fn roles(world: &World, group: &str, users: &[&str]) -> Vec<String> {
    let body = json!({"GroupId": group, "User_Account": users});
    let answer = world.ok(&format!("{GROUPS}/get_role_in_group"), body).await;
    let list = answer["UserIdList"].as_array().unwrap();
    list.iter().map(|one| one["Role"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_member_hears_its_groups_from_the_login_on_and_a_stranger_does_not_come_in() {
    let world = with_group().await;
    let mut mei = world.signed_in("mei").await;
    // The answer comes after the login's own work.
    assert_eq!(mei.ask(json!({"t": "ping"})).await["t"], "pong");
    say(&world, 1, "hello").await;
    assert_eq!(mei.texts(1).await, ["hello"], "without a join");
    assert_eq!(send(&mut mei, "hi").await["t"], "send_ok");
    let joined = mei.ask(json!({"t": "join", "group_id": "g", "after_seq": 0})).await;
    assert_eq!((&joined["t"], &joined["last_seq"]), (&json!("join_ok"), &json!(2)));
    assert_eq!(joined["group"]["owner_nick"], "The host");

    let mut other = world.signed_in("other").await;
    let refused = other.ask(json!({"t": "join", "group_id": "g"})).await;
    assert_eq!(refused["code"], 10007);
    world.set("send_without_join", "on").await;
    assert_eq!(send(&mut other, "let me in").await["code"], 9002, "that is for live rooms");

    let online = json!({"GroupId": "g"});
    let count = world.ok(&format!("{GROUPS}/get_online_member_num"), online).await;
    assert_eq!(count["OnlineMemberNum"], 1);
}

#[tokio::test]
async fn an_ended_connection_is_in_no_group_any_more() {
    let world = with_group().await;
    let mut mei = world.signed_in("mei").await;
    mei.ask(json!({"t": "ping"})).await;
    let mut host = world.signed_in("host").await;
    host.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
    mei.raw(json!({"t": "logout", "id": 9}).to_string()).await;
    host.until(|frame| frame["t"] == "online" && frame["count"] == 1).await;
}

#[tokio::test]
async fn an_added_account_hears_the_group_at_once_and_a_deleted_one_no_more() {
    let world = with_group().await;
    let mut business = Business::of(
        &world,
        &["Group.CallbackAfterNewMemberJoin", "Group.CallbackAfterMemberExit"],
    )
    .await;
    let mut late = world.signed_in("late").await;
    let mut mei = world.signed_in("mei").await;
    late.ask(json!({"t": "ping"})).await;
    mei.ask(json!({"t": "ping"})).await;
    assert_eq!(
        add(&world, &["late", "mei", "nobody"]).await,
        json!([{"Member_Account": "late", "Result": 1}, {"Member_Account": "mei", "Result": 2},
            {"Member_Account": "nobody", "Result": 0}])
    );
    let entered = json!({"t": "member_entered", "group_id": "g", "users": ["late"], "count": 4});
    assert_eq!(mei.kind("member_entered").await, entered);
    assert_eq!(late.kind("member_entered").await, entered, "and knows that it is in");
    say(&world, 1, "welcome").await;
    assert_eq!(late.texts(1).await, ["welcome"]);
    assert_eq!(
        business.next().await,
        json!({"CallbackCommand": "Group.CallbackAfterNewMemberJoin", "GroupId": "g",
            "Type": "Public", "JoinType": "Invited", "Operator_Account": "administrator",
            "NewMemberList": accounts(&["late"])})
    );

    let delete = format!("{GROUPS}/delete_group_member");
    let owner = json!({"GroupId": "g", "MemberToDel_Account": ["host", "late"]});
    assert_eq!(world.refused(&delete, owner).await, 10007, "the owner stays");
    let body = json!({"GroupId": "g", "Reason": "spam", "MemberToDel_Account": ["late", "other"]});
    world.ok(&delete, body).await;
    let removed = late.kind("removed").await;
    assert_eq!(
        removed,
        json!({"t": "removed", "group_id": "g", "reason": "kicked", "operator": "administrator",
            "info": "spam"})
    );
    let left = mei.kind("member_left").await;
    assert_eq!(
        left,
        json!({"t": "member_left", "group_id": "g", "users": ["late"], "count": 3,
            "operator": "administrator"})
    );
    assert_eq!(send(&mut late, "still here?").await["code"], 9002);
    assert_eq!(
        business.next().await,
        json!({"CallbackCommand": "Group.CallbackAfterMemberExit", "GroupId": "g",
            "Type": "Public", "ExitType": "Kicked", "Operator_Account": "administrator",
            "ExitMemberList": accounts(&["late"])})
    );
    let silent = json!({"GroupId": "g", "Silence": 1, "MemberList": accounts(&["other"])});
    world.ok(&format!("{GROUPS}/add_group_member"), silent).await;
    say(&world, 2, "quiet").await;
    let frame = mei.until(|frame| frame["t"] != "online").await;
    assert_eq!(frame["t"], "messages", "no tip of a silent call: {frame}");
}

#[tokio::test]
async fn the_webhook_may_refuse_an_invitation_and_learns_when_a_group_is_full() {
    let world = with_group().await;
    let commands = ["Group.CallbackBeforeInviteJoinGroup", "Group.CallbackAfterGroupFull"];
    let mut business = Business::of(&world, &commands).await;
    business.answer.store(1, Ordering::SeqCst);
    let invite = format!("{GROUPS}/add_group_member");
    let body = json!({"GroupId": "g", "MemberList": accounts(&["late", "mei"])});
    assert_eq!(world.refused(&invite, body.clone()).await, 10016);
    assert_eq!(
        business.next().await,
        json!({"CallbackCommand": "Group.CallbackBeforeInviteJoinGroup", "GroupId": "g",
            "Type": "Public", "Operator_Account": "administrator",
            "DestinationMembers": accounts(&["late"])})
    );
    assert_eq!(roles(&world, "g", &["late"]).await, ["NotMember"]);

    business.answer.store(0, Ordering::SeqCst);
    let both = json!({"GroupId": "g", "MemberList": accounts(&["late", "other"])});
    assert_eq!(world.refused(&invite, both).await, 10014, "one place is left");
    business.next().await;
    world.ok(&invite, body).await;
    business.next().await;
    assert_eq!(
        business.next().await,
        json!({"CallbackCommand": "Group.CallbackAfterGroupFull", "GroupId": "g"})
    );
}

#[tokio::test]
async fn a_member_gives_its_membership_up_on_all_devices_and_the_owner_may_not() {
    let world = with_group().await;
    let mut business = Business::of(&world, &["Group.CallbackAfterMemberExit"]).await;
    let mut host = world.signed_in("host").await;
    let refused = host.ask(json!({"t": "leave", "group_id": "g"})).await;
    assert_eq!(refused["code"], 10009);
    let mut phone = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": "mei",
        "user_sig": world.sig("mei"), "platform": "Android"});
    assert_eq!(phone.ask(login).await["t"], "login_ok");
    phone.ask(json!({"t": "ping"})).await;
    let mut mei = world.signed_in("mei").await;
    assert_eq!(mei.ask(json!({"t": "leave", "group_id": "g"})).await["t"], "leave_ok");
    assert_eq!(phone.kind("removed").await["reason"], "left");
    let left = host.kind("member_left").await;
    assert_eq!((&left["users"], &left["count"]), (&json!(["mei"]), &json!(2)));
    assert_eq!(left.get("operator"), None);
    let told = business.next().await;
    assert_eq!((&told["ExitType"], &told["Operator_Account"]), (&json!("Quit"), &json!("mei")));
    assert_eq!(mei.ask(json!({"t": "leave", "group_id": "g"})).await["code"], 9002);
    assert_eq!(mei.ask(json!({"t": "join", "group_id": "g"})).await["code"], 10007);
    assert_eq!(send(&mut host, "bye").await["t"], "send_ok", "the owner is still in");
}

#[tokio::test]
async fn role_name_card_and_mute_of_a_member_are_changed_told_and_kept() {
    let world = with_group().await;
    let mut business = Business::of(&world, &["Group.CallbackAfterMemberFieldChanged"]).await;
    let mut mei = world.signed_in("mei").await;
    mei.ask(json!({"t": "ping"})).await;
    let modify = format!("{GROUPS}/modify_group_member_info");
    let change = |more: Value| {
        let mut body = json!({"GroupId": "g", "Member_Account": "mei"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let until = world.clock.now_s() + 60;
    let body = json!({"Role": "Admin", "NameCard": "Kiln", "MsgFlag": "Discard", "ShutUpTime": 60});
    world.ok(&modify, change(body)).await;
    // The one goes to the group, the other to the account: either may come first.
    let is_told = |frame: &Value| frame["t"] == "admin_changed" || frame["t"] == "muted";
    let mut told = [mei.until(is_told).await, mei.until(is_told).await];
    told.sort_by_key(|frame| frame["t"].to_string());
    assert_eq!((&told[0]["user_id"], &told[0]["granted"]), (&json!("mei"), &json!(true)));
    assert_eq!(told[1]["until_s"], until);
    assert_eq!(send(&mut mei, "hm").await["code"], 10017);
    assert_eq!(
        business.next().await,
        json!({"CallbackCommand": "Group.CallbackAfterMemberFieldChanged", "GroupId": "g",
            "Type": "Public", "Operator_Account": "administrator", "Member_Account": "mei",
            "Role": "Admin", "NameCard": "Kiln"})
    );
    for (more, code) in [
        (json!({"Member_Account": "host", "Role": "Member"}), 10004),
        (json!({"Member_Account": "other", "NameCard": "x"}), 10004),
        (json!({"NameCard": "x".repeat(51)}), 10004),
        (json!({"AppMemberDefinedData": [{"Key": "level", "Value": "3"}]}), 10004),
        (json!({"GroupId": "nope"}), 10015),
    ] {
        assert_eq!(world.refused(&modify, change(more.clone())).await, code, "{more}");
    }

    let world = world.restarted().await;
    let member = info(&world, json!({})).await["MemberList"][2].clone();
    assert_eq!(
        (&member["Role"], &member["NameCard"], &member["MsgFlag"], &member["MuteUntil"]),
        (&json!("Admin"), &json!("Kiln"), &json!("Discard"), &json!(until))
    );
    world.ok(&modify, change(json!({"Role": "Member", "MuteTime": 0}))).await;
    assert_eq!(roles(&world, "g", &["mei"]).await, ["Member"]);
    let mut mei = world.signed_in("mei").await;
    mei.ask(json!({"t": "ping"})).await;
    assert_eq!(send(&mut mei, "ah").await["t"], "send_ok");
    let spoke = world.clock.now_s();
    assert_eq!(info(&world, json!({})).await["MemberList"][2]["LastSendMsgTime"], spoke);
}

#[tokio::test]
async fn a_group_gets_another_owner_among_its_members_and_a_room_among_all() {
    let world = with_group().await;
    world.make_room().await;
    let mut business = Business::of(&world, &["Group.CallbackAfterChangeGroupOwner"]).await;
    let mut mei = world.signed_in("mei").await;
    mei.ask(json!({"t": "ping"})).await;
    let change = format!("{GROUPS}/change_group_owner");
    let to = |group: &str, user: &str| json!({"GroupId": group, "NewOwner_Account": user});
    assert_eq!(world.refused(&change, to("g", "other")).await, 10004);
    assert_eq!(world.refused(&change, to("g", "nobody")).await, 10019);
    world.ok(&change, to("g", "helper")).await;
    let told = mei.kind("group_info_changed").await;
    assert_eq!(
        told["changes"],
        json!([{"field": "owner", "value": "helper", "nick": "The helper"}])
    );
    assert_eq!(
        business.next().await,
        json!({"CallbackCommand": "Group.CallbackAfterChangeGroupOwner", "GroupId": "g",
            "Type": "Public", "Operator_Account": "administrator", "OldOwner_Account": "host",
            "NewOwner_Account": "helper"})
    );
    world.ok(&change, to("r", "other")).await;
    let mut viewer = world.in_room("late").await;
    let joined = viewer.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["group"]["owner_nick"], "The other");

    let world = world.restarted().await;
    let users = ["host", "helper", "mei", "other"];
    assert_eq!(roles(&world, "g", &users).await, ["Member", "Owner", "Member", "NotMember"]);
    assert_eq!(roles(&world, "r", &["other", "mei"]).await, ["Owner", "NotMember"]);
}

#[tokio::test]
async fn an_account_finds_its_groups_with_its_role_and_what_it_has_not_read() {
    let world = with_group().await;
    world.make_room().await;
    let private = json!({"Type": "Private", "Name": "Two", "GroupId": "p", "Owner_Account": "mei"});
    world.ok(&format!("{GROUPS}/create_group"), private).await;
    say(&world, 1, "one").await;
    say(&world, 2, "two").await;
    let joined = format!("{GROUPS}/get_joined_group_list");
    let ask = |more: Value| {
        let mut body = json!({"Member_Account": "mei"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let all = world.ok(&joined, ask(json!({}))).await;
    assert_eq!(all["TotalCount"], 2);
    assert_eq!(all["GroupIdList"], json!([{"GroupId": "g"}, {"GroupId": "p"}]));
    let page = world.ok(&joined, ask(json!({"Limit": 1, "Offset": 1}))).await;
    assert_eq!(page["TotalCount"], 2);
    assert_eq!(page["GroupIdList"], json!([{"GroupId": "p"}]));
    let filter = json!({"GroupBaseInfoFilter": ["Type", "Name", "MemberNum"],
        "SelfInfoFilter": ["Role", "UnreadMsgNum"]});
    let public = ask(json!({"GroupType": "Public", "ResponseFilter": filter}));
    let unread = async |world: &World, left| {
        let entry = json!({"GroupId": "g", "Type": "Public", "Name": "Potters", "MemberNum": 3,
            "SelfInfo": {"Role": "Member", "UnreadMsgNum": left}});
        let answer = world.ok(&joined, public.clone()).await;
        assert_eq!(answer["GroupIdList"], json!([entry]));
    };
    unread(&world, 2).await;
    let mut mei = world.in_room("mei").await;
    send(&mut mei, "my own").await;
    unread(&world, 2).await;
    let set = json!({"GroupId": "g", "Member_Account": "mei", "UnreadMsgNum": 1});
    world.ok(&format!("{GROUPS}/set_unread_msg_num"), set).await;

    let huge = ask(json!({"WithHugeGroups": 1, "GroupType": "AVChatRoom"}));
    let live = world.ok(&joined, huge).await;
    assert_eq!(live["GroupIdList"], json!([{"GroupId": "r"}]), "it is there now");
    assert_eq!(roles(&world, "r", &["mei", "late"]).await, ["Member", "NotMember"]);
    assert_eq!(world.refused(&joined, json!({"Member_Account": "nobody"})).await, 10019);

    let world = world.restarted().await;
    unread(&world, 1).await;
}

#[tokio::test]
async fn a_live_room_refuses_what_is_for_stored_members() {
    let world = World::with_room().await;
    let host = json!([{"Member_Account": "host"}]);
    for (command, mut body, code) in [
        ("add_group_member", json!({"MemberList": host}), 10007),
        ("delete_group_member", json!({"MemberToDel_Account": ["host"]}), 10004),
        ("modify_group_member_info", json!({"Member_Account": "host", "NameCard": "x"}), 10007),
        ("set_unread_msg_num", json!({"Member_Account": "host", "UnreadMsgNum": 0}), 10007),
    ] {
        body["GroupId"] = "r".into();
        assert_eq!(world.refused(&format!("{GROUPS}/{command}"), body).await, code, "{command}");
    }
}
