//! Groups that store their members: how they are made, read and changed.

use axum::routing::post;
use axum::{Json, Router};
use chat_server::application;
use chat_server::clock::Clock;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::clients::World;

const GROUPS: &str = "group_open_http_svc";

/// A Public group `g` of `host` with the administrator `helper` and the member `mei`; `other` and
/// `late` are accounts outside it.
pub(crate) async fn with_group() -> World {
    let world = World::new().await;
    for user in ["host", "helper", "mei", "other", "late"] {
        let account = json!({"UserID": user, "Nick": format!("The {user}")});
        world.ok("im_open_login_svc/account_import", account).await;
    }
    let group = json!({
        "Type": "Public", "Name": "Potters", "GroupId": "g", "Owner_Account": "host",
        "MaxMemberCount": 4,
        "MemberList": [
            {"Member_Account": "host", "Role": "Owner"},
            {"Member_Account": "helper", "Role": "Admin"},
            {"Member_Account": "mei"}
        ]
    });
    world.ok(&format!("{GROUPS}/create_group"), group).await;
    world
}

/// The entry of group `g`, with the given filter.
pub(crate) async fn info(world: &World, filter: Value) -> Value {
    let body = json!({"GroupIdList": ["g"], "ResponseFilter": filter});
    world.ok(&format!("{GROUPS}/get_group_info"), body).await["GroupInfo"][0].clone()
}

#[tokio::test]
async fn a_group_stores_its_owner_and_first_members_with_their_roles() {
    let world = with_group().await;
    let created = world.clock.now_s();
    let entry = info(&world, json!({})).await;
    assert_eq!((&entry["MemberNum"], &entry["MaxMemberNum"]), (&json!(3), &json!(4)));
    assert_eq!(entry["ApplyJoinOption"], "NeedPermission");
    let roles: Vec<(&Value, &Value)> = entry["MemberList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (&member["Member_Account"], &member["Role"]))
        .collect();
    assert_eq!(
        roles,
        [
            (&json!("helper"), &json!("Admin")),
            (&json!("host"), &json!("Owner")),
            (&json!("mei"), &json!("Member"))
        ]
    );
    assert_eq!(
        entry["MemberList"][2],
        json!({"Member_Account": "mei", "Role": "Member", "JoinTime": created, "MsgSeq": 0,
            "MsgFlag": "AcceptAndNotify", "LastSendMsgTime": 0, "ShutUpUntil": 0, "MuteUntil": 0,
            "NameCard": "", "AppMemberDefinedData": []})
    );

    let filter = json!({"GroupBaseInfoFilter": ["Name"], "MemberInfoFilter": ["Account", "Role"]});
    let entry = info(&world, filter).await;
    assert_eq!(entry["MemberList"][1], json!({"Member_Account": "host", "Role": "Owner"}));
    let entry = info(&world, json!({"GroupBaseInfoFilter": ["Name"]})).await;
    assert!(entry.get("MemberList").is_none(), "nobody asked for members: {entry}");
}

#[tokio::test]
async fn a_group_that_does_not_fit_is_not_made() {
    let world = with_group().await;
    let create = format!("{GROUPS}/create_group");
    let group = |more: Value| {
        let mut group = json!({"Type": "Private", "Name": "n", "GroupId": "new"});
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        group
    };
    let mei = json!([{"Member_Account": "mei"}]);
    let field = json!([{"Member_Account": "mei", "AppMemberDefinedData": [
        {"Key": "level", "Value": "3"}]}]);
    let owner = json!([{"Member_Account": "mei", "Role": "Owner"}]);
    for (more, code) in [
        (json!({"Type": "Community"}), 10007),
        (json!({"Type": "AVChatRoom", "MemberList": mei}), 10007),
        (json!({"MemberList": [{"Member_Account": "nobody"}]}), 10019),
        (json!({"MemberList": field}), 10004),
        (json!({"MemberList": owner}), 10004),
        (json!({"MemberList": mei, "Owner_Account": "host", "MaxMemberCount": 1}), 10038),
        (json!({"MaxMemberCount": 6001}), 10038),
        (json!({"GroupId": "g"}), 10021),
        (json!({"GroupId": "g", "Owner_Account": "host"}), 10025),
    ] {
        assert_eq!(world.refused(&create, group(more.clone())).await, code, "{more}");
    }
    world.ok(&create, group(json!({}))).await;
    let list = format!("{GROUPS}/get_appid_group_list");
    let private = world.ok(&list, json!({"GroupType": "Work"})).await;
    assert_eq!(private["GroupIdList"], json!([{"GroupId": "new"}]));
    assert_eq!(private["TotalCount"], 1);
    let body = json!({"GroupIdList": ["new"]});
    let made = world.ok(&format!("{GROUPS}/get_group_info"), body).await;
    assert_eq!(made["GroupInfo"][0]["ApplyJoinOption"], "DisableApply", "members are invited");
}

#[tokio::test]
async fn who_may_change_the_profile_depends_on_the_role() {
    let world = with_group().await;
    let mut mei = world.signed_in("mei").await;
    let mut helper = world.signed_in("helper").await;
    let change = json!({"t": "modify_group", "group_id": "g", "name": "Glazers"});
    let refused = mei.ask(change.clone()).await;
    assert_eq!(refused["code"], 10007, "a plain member may not: {refused}");
    assert_eq!(helper.ask(change.clone()).await["t"], "done", "an administrator may");
    let told = mei.kind("group_info_changed").await;
    assert_eq!(told["changes"], json!([{"field": "name", "value": "Glazers"}]));

    let body = json!({"GroupId": "g", "MuteAllMember": "On", "ApplyJoinOption": "FreeAccess"});
    let modify = format!("{GROUPS}/modify_group_base_info");
    world.ok(&modify, body).await;
    let told = mei.kind("group_info_changed").await;
    assert_eq!(
        told["changes"],
        json!([{"field": "apply_join_option", "value": "FreeAccess"},
            {"field": "mute_all", "on": true}])
    );
    let too_few = json!({"GroupId": "g", "MaxMemberNum": 2});
    assert_eq!(world.refused(&modify, too_few).await, 10038, "three are in it");
    let mut other = world.signed_in("other").await;
    assert_eq!(other.ask(change).await["code"], 9002, "outside the group nobody may");
}

#[tokio::test]
async fn callers_that_meet_do_not_take_more_than_the_last_place_for_a_group() {
    let world = World::new().await;
    world.set("room_limit", "2").await;
    world.set("group_limit", "5").await;
    let create = async |command: &str, of_type: &str, id: String| {
        let body = json!({"Type": of_type, "Name": "n", "GroupId": id});
        world.call(&format!("group_open_http_svc/{command}"), body).await["ErrorCode"].clone()
    };
    let count = async |of_type: &str| {
        // The command may be called once per second.
        world.clock.advance(1);
        let body = json!({"GroupType": of_type});
        let path = "group_open_http_svc/get_appid_group_list";
        world.ok(path, body).await["TotalCount"].clone()
    };
    let rooms = (0..8).map(|n| create("create_group", "AVChatRoom", format!("r{n}")));
    let mut codes = futures_util::future::join_all(rooms).await;
    codes.retain(|code| *code != 0);
    assert_eq!(codes, vec![json!(10036); 6]);
    assert_eq!(count("AVChatRoom").await, 2);
    let groups = (0..8).map(|n| create("import_group", "Public", format!("p{n}")));
    let mut codes = futures_util::future::join_all(groups).await;
    codes.retain(|code| *code != 0);
    assert_eq!(codes, vec![json!(10058); 5]);
    assert_eq!(count("Public").await, 3);
}

#[tokio::test]
async fn what_was_meant_for_a_dismissed_group_reaches_no_later_one_with_its_id() {
    let world = World::new().await;
    world.import(&["mei"]).await;
    let group = json!({"Type": "Public", "Name": "n", "GroupId": "g"});
    world.ok("group_open_http_svc/create_group", group.clone()).await;

    // The webhook is answered only when the group has been made anew.
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, go_on) = (Arc::clone(&asked), Arc::clone(&answer));
    let hold = async move || {
        told.notify_one();
        go_on.notified().await;
        Json(json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(hold));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_callback_url(storage, app, &url, None).await.unwrap();
    let command = "Group.CallbackBeforeInviteJoinGroup";
    application::switch_callback(storage, app, command, true).await.unwrap();

    let add = json!({"GroupId": "g", "MemberList": [{"Member_Account": "mei"}]});
    let anew = async {
        asked.notified().await;
        world.ok("group_open_http_svc/destroy_group", json!({"GroupId": "g"})).await;
        world.ok("group_open_http_svc/create_group", group).await;
        answer.notify_one();
    };
    let (code, ()) = tokio::join!(world.refused("group_open_http_svc/add_group_member", add), anew);
    assert_eq!(code, 10015);
    let world = world.restarted().await;
    assert_eq!(info(&world, json!({})).await["MemberNum"], 0, "the new group is another");
}
