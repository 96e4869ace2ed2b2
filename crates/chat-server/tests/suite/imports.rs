//! Groups that come from elsewhere.

use chat_server::clock::Clock;
use serde_json::json;

use crate::groups::{info, with_group};

const GROUPS: &str = "group_open_http_svc";

#[tokio::test]
async fn an_imported_group_keeps_its_times_members_and_what_they_have_not_read() {
    let world = with_group().await;
    let body = json!({"Type": "ChatRoom", "Name": "Old", "GroupId": "old", "Owner_Account": "host",
        "CreateTime": 1_500_000_000});
    world.ok(&format!("{GROUPS}/import_group"), body).await;
    let text = |text: &str| json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]);
    let broken = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": 7}}]);
    let now = world.clock.now_s();
    let messages = json!({"GroupId": "old", "MsgList": [
        {"From_Account": "host", "SendTime": now - 20, "Random": 1, "MsgBody": text("one")},
        {"From_Account": "host", "SendTime": now - 10, "MsgBody": broken},
        {"From_Account": "host", "SendTime": now - 10, "MsgBody": text(&"x".repeat(13_000))},
        {"From_Account": "nobody", "SendTime": now - 10, "MsgBody": text("who?")},
        {"From_Account": "host", "SendTime": now + 60, "MsgBody": text("not yet")},
        {"From_Account": "mei", "SendTime": now - 5, "MsgBody": text("two")}
    ]});
    let imported = world.ok(&format!("{GROUPS}/import_group_msg"), messages).await;
    let none = |result| json!({"Result": result, "MsgSeq": 0, "MsgTime": 0});
    assert_eq!(
        imported["ImportMsgResult"],
        json!([{"Result": 0, "MsgSeq": 1, "MsgTime": now - 20}, none(10004), none(80002),
            none(10019), none(10004), {"Result": 0, "MsgSeq": 2, "MsgTime": now - 5}])
    );
    let members = json!({"GroupId": "old", "MemberList": [
        {"Member_Account": "host"}, {"Member_Account": "nobody"},
        {"Member_Account": "helper", "Role": "Admin", "JoinTime": 1_500_000_001},
        {"Member_Account": "mei", "JoinTime": 1_500_000_002, "UnreadMsgNum": 1}
    ]});
    let added = world.ok(&format!("{GROUPS}/import_group_member"), members).await;
    assert_eq!(
        added["MemberList"],
        json!([{"Member_Account": "helper", "Result": 1}, {"Member_Account": "host", "Result": 2},
            {"Member_Account": "mei", "Result": 1}, {"Member_Account": "nobody", "Result": 0}])
    );

    let world = world.restarted().await;
    let body = json!({"GroupIdList": ["old"]});
    let entry = world.ok(&format!("{GROUPS}/get_group_info"), body).await["GroupInfo"][0].clone();
    assert_eq!((&entry["CreateTime"], &entry["NextMsgSeq"]), (&json!(1_500_000_000), &json!(3)));
    let members = entry["MemberList"].as_array().unwrap();
    let seen: Vec<_> =
        members.iter().map(|one| (&one["Role"], &one["JoinTime"], &one["MsgSeq"])).collect();
    let expected = json!([
        ["Admin", 1_500_000_001, 2],
        ["Owner", 1_500_000_000, 0],
        ["Member", 1_500_000_002, 1]
    ]);
    assert_eq!(json!(seen), expected);
}

#[tokio::test]
async fn imports_are_refused_for_live_rooms_and_for_times_to_come() {
    let world = with_group().await;
    let room = json!({"Type": "AVChatRoom", "Name": "Room", "GroupId": "r"});
    let refused =
        async |command: &str, body| world.refused(&format!("{GROUPS}/{command}"), body).await;
    assert_eq!(refused("import_group", room.clone()).await, 10007);
    assert_eq!(refused("import_group", json!({"Type": "Community", "Name": "n"})).await, 10007);
    let later = world.clock.now_s() + 60;
    let group = json!({"Type": "Public", "Name": "n", "GroupId": "n", "CreateTime": later});
    assert_eq!(refused("import_group", group).await, 10004);
    let member = json!([{"Member_Account": "late", "JoinTime": later}]);
    let body = json!({"GroupId": "g", "MemberList": member});
    assert_eq!(refused("import_group_member", body).await, 10004);
    let owner = json!([{"Member_Account": "late", "Role": "Owner"}]);
    let body = json!({"GroupId": "g", "MemberList": owner});
    assert_eq!(refused("import_group_member", body).await, 10004);
    let two = json!([{"Member_Account": "late"}, {"Member_Account": "other"}]);
    let body = json!({"GroupId": "g", "MemberList": two});
    assert_eq!(refused("import_group_member", body).await, 10014, "one place is left");
    assert_eq!(info(&world, json!({})).await["MemberNum"], 3, "nobody came in");

    world.ok(&format!("{GROUPS}/create_group"), room).await;
    let body = json!({"GroupId": "r", "MemberList": [{"Member_Account": "mei"}]});
    assert_eq!(refused("import_group_member", body).await, 10007);
    let body = [json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "x"}})];
    let message = json!({"From_Account": "mei", "SendTime": 1, "MsgBody": body});
    let body = json!({"GroupId": "r", "MsgList": [message]});
    assert_eq!(refused("import_group_msg", body).await, 10007);
}
