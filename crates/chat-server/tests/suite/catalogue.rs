//! What the table of commands decides, seen by a caller: which paths there are, how often they may
//! be called, and that a wrong body is refused before anything is done.

use serde_json::{Value, json};

use crate::clients::{World, refusal};

const GROUPS: &str = "group_open_http_svc";

#[tokio::test]
async fn a_wrong_body_is_refused_with_the_documented_code_and_changes_nothing() {
    let world = World::with_room().await;
    let members = vec!["a"; 501];
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    let cases: Vec<(&str, Value, i64)> = vec![
        ("im_open_login_svc/account_import", json!({"Nick": "n"}), 70402),
        ("im_open_login_svc/account_import", json!({"UserID": "x".repeat(33)}), 70402),
        ("im_open_login_svc/multiaccount_import", json!({"Accounts": members}), 70206),
        ("profile/portrait_get", json!({"To_Account": [], "TagList": ["x"]}), 40002),
        ("openim/sendmsg", json!({"MsgRandom": 1, "MsgBody": body}), 90003),
        ("openim/sendmsg", json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": {}}), 90007),
        (
            "group_open_http_svc/forbid_send_msg",
            json!({"GroupId": "r", "Members_Account": members, "MuteTime": 60}),
            10005,
        ),
        (
            "group_open_http_svc/create_group",
            json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "made", "MaxMemberCount": "9"}),
            10004,
        ),
        (
            "group_open_http_svc/send_group_msg",
            json!({"GroupId": "r", "Random": 4_294_967_296_u64, "MsgBody": body}),
            10004,
        ),
        ("million_group_open_http_svc/create_topic", json!({}), 10007),
        ("sns/friend_add", json!({}), 60017),
        ("openim/no_such", json!({}), 60009),
        ("group_open_avchatroom_http_svc/no_such", json!({}), 10003),
    ];
    for (path, body, code) in cases {
        assert_eq!(world.refused(path, body).await, code, "{path}");
    }
    let info =
        world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["made"]})).await;
    assert_eq!(info["GroupInfo"][0]["ErrorCode"], 10015, "the refused group was not made");
    assert_eq!(world.say(1, "still here").await["MsgSeq"], 1, "no refused message has a number");
}

#[tokio::test]
async fn a_command_that_is_called_too_often_is_refused_until_its_time_has_come() {
    let world = World::with_room().await;
    let path = format!("{GROUPS}/get_online_member_num");
    let query = world.query("administrator");
    let body = json!({"GroupId": "r"}).to_string();
    world.clock.hold();
    for _ in 0..200 {
        assert_eq!(world.post(&path, &query, body.clone()).await["ErrorCode"], 0);
    }
    let answer = world.post(&path, &query, body.clone()).await;
    assert_eq!(refusal("the 201st call of a second", &answer), 60007);
    world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    world.clock.advance(1);
    assert_eq!(world.post(&path, &query, body).await["ErrorCode"], 0, "a second later");
    assert_eq!(world.server.counts().calls_refused_command, 1);
}
