use serde_json::json;

use crate::clients::World;

const GROUPS: &str = "group_open_http_svc";

#[tokio::test]
async fn a_group_is_created_read_changed_counted_and_dismissed() {
    let world = World::with_room().await;

    let info = world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    let entry = &info["GroupInfo"][0];
    assert_eq!(entry["ErrorCode"], 0);
    assert_eq!(entry["Type"], "AVChatRoom");
    assert_eq!(entry["Owner_Account"], "host");
    assert_eq!(entry["NextMsgSeq"], 1);
    assert_eq!(entry["MemberNum"], 0, "the owner has to join like everybody else");
    assert_eq!(entry["MemberList"], json!([]));

    let change = json!({
        "GroupId": "r", "Name": "Evening sale",
        "AppDefinedData": [{"Key": "product", "Value": "cup"}]
    });
    world.ok(&format!("{GROUPS}/modify_group_base_info"), change).await;
    let info = world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    let entry = &info["GroupInfo"][0];
    assert_eq!(entry["Name"], "Evening sale");
    assert_eq!(entry["AppDefinedData"], json!([{"Key": "product", "Value": "cup"}]));
    assert_eq!(entry["InfoSeq"], 1);

    let clear = json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": ""}]});
    world.ok(&format!("{GROUPS}/modify_group_base_info"), clear).await;
    let info = world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    assert_eq!(info["GroupInfo"][0]["AppDefinedData"], json!([]), "empty removes the value");

    let _viewer = world.in_room("viewer").await;
    let online =
        world.ok(&format!("{GROUPS}/get_online_member_num"), json!({"GroupId": "r"})).await;
    assert_eq!(online["OnlineMemberNum"], 1);

    world.ok(&format!("{GROUPS}/destroy_group"), json!({"GroupId": "r"})).await;
    let online = format!("{GROUPS}/get_online_member_num");
    assert_eq!(world.refused(&online, json!({"GroupId": "r"})).await, 10015);
}

#[tokio::test]
async fn a_filter_leaves_only_the_named_fields() {
    let world = World::with_room().await;
    let body = json!({
        "GroupIdList": ["r", "nope"],
        "ResponseFilter": {"GroupBaseInfoFilter": ["Name", "NextMsgSeq"]}
    });
    let info = world.ok(&format!("{GROUPS}/get_group_info"), body).await;
    assert_eq!(
        info["GroupInfo"][0],
        json!({"GroupId": "r", "ErrorCode": 0, "ErrorInfo": "", "Name": "Room", "NextMsgSeq": 1})
    );
    assert_eq!(info["GroupInfo"][1]["ErrorCode"], 10015, "each entry has its own code");
}

#[tokio::test]
async fn a_group_without_an_id_of_its_own_gets_one_from_the_service() {
    let world = World::new().await;
    let body = json!({"Type": "AVChatRoom", "Name": "n"});
    let created = world.ok(&format!("{GROUPS}/create_group"), body).await;
    assert!(created["GroupId"].as_str().unwrap().starts_with("@TGS#a"));
}

#[tokio::test]
async fn a_message_is_numbered_from_one_and_a_repeat_is_delivered_once() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    let first = world.say(11, "one").await;
    assert_eq!(first["MsgSeq"], 1);
    assert_eq!(world.say(11, "one").await["MsgSeq"], 1, "the repeat gets the first answer");
    assert_eq!(world.say(12, "two").await["MsgSeq"], 2);
    assert_eq!(viewer.texts(2).await, ["one", "two"]);
    assert_eq!(world.server.counts().messages_repeated, 1);
}

#[tokio::test]
async fn an_administrator_may_speak_for_an_account_that_exists() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    let text = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}});
    let mut body = json!({
        "GroupId": "r", "Random": 1, "From_Account": "host", "MsgPriority": "High",
        "CloudCustomData": "{}", "MsgBody": [text]
    });
    world.ok(&format!("{GROUPS}/send_group_msg"), body.clone()).await;
    let message = viewer.kind("messages").await["messages"][0].clone();
    assert_eq!(message["from"], "host");
    assert_eq!(message["nick"], "The host");
    assert_eq!(message["priority"], "High");
    assert_eq!(message["cloud_custom_data"], "{}");

    body["From_Account"] = "nobody".into();
    assert_eq!(world.refused(&format!("{GROUPS}/send_group_msg"), body).await, 10019);
}

#[tokio::test]
async fn a_group_made_again_under_its_id_is_a_new_room() {
    let world = World::with_room().await;
    world.say(1, "one").await;
    world.say(2, "two").await;
    world.ok(&format!("{GROUPS}/destroy_group"), json!({"GroupId": "r"})).await;
    let room = json!({"Type": "AVChatRoom", "Name": "Again", "GroupId": "r"});
    world.ok(&format!("{GROUPS}/create_group"), room).await;
    let mut viewer = world.in_room("viewer").await;
    assert_eq!(world.say(2, "first here").await["MsgSeq"], 1, "no repeat of the old room's");
    assert_eq!(viewer.texts(1).await, ["first here"]);
}

#[tokio::test]
async fn the_owners_new_nickname_is_in_the_next_join() {
    let world = World::with_room().await;
    let _first = world.in_room("viewer").await;
    let host = json!({"UserID": "host", "Nick": "Another name"});
    world.ok("im_open_login_svc/account_import", host).await;
    let mut late = world.signed_in("late").await;
    let joined = late.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["group"]["owner_nick"], "Another name");
}

#[tokio::test]
async fn an_account_keeps_what_a_later_import_does_not_name() {
    let world = World::with_room().await;
    let face = json!({"UserID": "host", "FaceUrl": "https://img.example/7.png"});
    world.ok("im_open_login_svc/account_import", face).await;
    let mut host = world.connect().await;
    let answer = host.login(&world, "host", &world.sig("host")).await;
    assert_eq!(answer["nick"], "The host");
}

#[tokio::test]
async fn each_group_of_a_list_is_judged_by_itself_even_what_is_no_id() {
    let world = World::with_room().await;
    let body = json!({"GroupIdList": ["r", "", "caf\u{e9}"]});
    let info = world.ok(&format!("{GROUPS}/get_group_info"), body).await;
    let codes: Vec<_> =
        info["GroupInfo"].as_array().unwrap().iter().map(|e| &e["ErrorCode"]).collect();
    assert_eq!(codes, [0, 10004, 10004]);
}
