use chat_server::application::{self, Edition, NewField};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::clients::{World, refusal, sign};

const GROUPS: &str = "group_open_http_svc";

#[tokio::test]
async fn a_call_is_refused_at_the_first_check_that_fails() {
    let world = World::with_room().await;
    let app = world.app.sdk_app_id;
    let now = 1_700_000_000;
    let sig = world.sig("administrator");
    let foreign = sign(app, "another key", "administrator", now, u64::from(u32::MAX));
    let expired = sign(app, world.app.key.reveal(), "administrator", now, 1);
    let no_time = world.sig_for("administrator", 0);
    let viewer = world.sig("viewer");
    let path = format!("{GROUPS}/get_group_info");
    let cases: [(String, &str, i64); 14] = [
        (format!("identifier=administrator&usersig={sig}"), "{}", 60012),
        (format!("sdkappid=x&identifier=administrator&usersig={sig}"), "{}", 60006),
        (format!("sdkappid=5&identifier=administrator&usersig={sig}"), "{}", 60006),
        (format!("sdkappid={app}&usersig={sig}"), "{}", 60004),
        (format!("sdkappid={app}&identifier=administrator&usersig={sig}&random=x"), "{}", 60002),
        (format!("sdkappid={app}&identifier=administrator"), "{}", 70002),
        (format!("sdkappid={app}&identifier=administrator&usersig=garbage"), "{}", 70003),
        (format!("sdkappid={app}&identifier=host&usersig={sig}"), "{}", 70013),
        (format!("sdkappid={app}&identifier=administrator&usersig={foreign}"), "{}", 70009),
        (format!("sdkappid={app}&identifier=administrator&usersig={expired}"), "{}", 70001),
        (format!("sdkappid={app}&identifier=administrator&usersig={no_time}"), "{}", 70001),
        (format!("sdkappid={app}&identifier=viewer&usersig={viewer}"), "{}", 60010),
        (world.query("administrator"), "", 60003),
        (world.query("administrator"), "[1]", 60003),
    ];
    for (query, body, code) in cases {
        let answer = world.post(&path, &query, body).await;
        assert_eq!(refusal(&query, &answer), code, "body {body:?}");
    }
    for path in ["nothing/here", GROUPS, &format!("{GROUPS}/create_group/"), "%ff/x", ""] {
        assert_eq!(world.refused(path, json!({})).await, 60009, "{path}");
    }
    assert_eq!(world.refused(&format!("{GROUPS}/no_such"), json!({})).await, 10003);
    world.say(1, "still here").await;
}

#[tokio::test]
async fn a_user_sig_of_another_application_is_refused_as_such() {
    let world = World::new().await;
    let storage = world.server.storage();
    let other = application::create(storage, &*world.clock, "other", Edition::Free).await.unwrap();
    let sig = world.sig("administrator");
    let query = format!("sdkappid={}&identifier=administrator&usersig={sig}", other.sdk_app_id);
    let answer = world.post("im_open_login_svc/account_import", &query, "{}").await;
    assert_eq!(refusal("a foreign UserSig", &answer), 70014);
}

#[tokio::test]
async fn an_oversized_body_is_refused_and_the_next_call_works() {
    let world = World::with_room().await;
    let query = world.query("administrator");
    for mebibytes in [1, 8] {
        let body = format!("{{\"x\":\"{}\"}}", "x".repeat(mebibytes * 1024 * 1024));
        let answer = world.post(&format!("{GROUPS}/get_group_info"), &query, body).await;
        assert_eq!(refusal("a body of over 1 MiB", &answer), 93000);
    }
    world.say(1, "still here").await;
}

#[tokio::test]
async fn groups_and_messages_that_break_a_rule_get_the_documented_code() {
    let world = World::with_room().await;
    let long = "x".repeat(513);
    let text = |text: &str| json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]);
    let cases = [
        ("create_group", json!({"Type": "AVChatRoom"}), 10004),
        ("create_group", json!({"Type": "AVChatRoom", "Name": " "}), 10004),
        ("create_group", json!({"Type": "Club", "Name": "n"}), 10004),
        ("create_group", json!({"Type": "Community", "Name": "n"}), 10007),
        (
            "create_group",
            json!({"Type": "AVChatRoom", "Name": "n", "MemberList": [{"Member_Account": "a"}]}),
            10007,
        ),
        ("create_group", json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "@TGS#1"}), 10004),
        ("create_group", json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "\u{e9}"}), 10004),
        ("create_group", json!({"Type": "AVChatRoom", "Name": "n", "Owner_Account": "x"}), 10019),
        ("create_group", json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "r"}), 10021),
        (
            "create_group",
            json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "r", "Owner_Account": "host"}),
            10025,
        ),
        ("get_group_info", json!({"GroupIdList": []}), 10004),
        ("modify_group_base_info", json!({"GroupId": "r"}), 10004),
        ("modify_group_base_info", json!({"GroupId": "nope", "Name": "n"}), 10015),
        ("modify_group_base_info", json!({"GroupId": "r", "Name": "n".repeat(101)}), 10004),
        (
            "modify_group_base_info",
            json!({"GroupId": "r", "AppDefinedData": [{"Key": "unknown", "Value": "v"}]}),
            10004,
        ),
        (
            "modify_group_base_info",
            json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": long}]}),
            10004,
        ),
        ("modify_group_base_info", json!({"GroupId": "r", "MuteAllMember": "Maybe"}), 10004),
        ("send_group_msg", json!({"GroupId": "nope", "Random": 1, "MsgBody": text("x")}), 10015),
        ("send_group_msg", json!({"GroupId": "r", "MsgBody": text("x")}), 10004),
        ("send_group_msg", json!({"GroupId": "r", "Random": 1, "MsgBody": []}), 10004),
        ("send_group_msg", json!({"GroupId": "r", "Random": 1, "MsgBody": text("")}), 10004),
        (
            "send_group_msg",
            json!({"GroupId": "r", "Random": 1, "MsgBody": text(&"x".repeat(12 * 1024))}),
            80002,
        ),
        ("destroy_group", json!({"GroupId": "nope"}), 10015),
        ("get_online_member_num", json!({"GroupId": 7}), 10004),
    ];
    for (command, body, code) in cases {
        let shown = body.to_string();
        let shown = &shown[..shown.len().min(120)];
        let path = format!("{GROUPS}/{command}");
        assert_eq!(world.refused(&path, body).await, code, "{command} {shown}");
    }
    let import = json!({"UserID": "x".repeat(33)});
    assert_eq!(world.refused("im_open_login_svc/account_import", import).await, 70402);
    world.say(1, "still here").await;
}

/// As libraries write what was not given.
#[tokio::test]
async fn an_optional_member_that_is_null_counts_as_absent_and_a_required_one_as_missing() {
    let world = World::with_room().await;
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi", "Font": null}},
        {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "{\"a\":null}", "Desc": null}}]);
    for (path, body) in [
        ("get_group_member_info", json!({"GroupId": "r", "MemberInfoFilter": null, "Limit": null})),
        (
            "get_group_info",
            json!({"GroupIdList": ["r"], "ResponseFilter": {"GroupBaseInfoFilter": null}}),
        ),
        (
            "send_group_msg",
            json!({"GroupId": "r", "Random": 1, "MsgBody": body, "MsgPriority": null,
                "CloudCustomData": null, "GroupAtInfo": null, "OfflinePushInfo": null}),
        ),
    ] {
        world.ok(&format!("{GROUPS}/{path}"), body).await;
    }
    let send = json!({"GroupId": "r", "Random": null, "MsgBody": body});
    assert_eq!(world.refused(&format!("{GROUPS}/send_group_msg"), send).await, 10004);
    let send = json!({"To_Account": "host", "MsgRandom": 1, "MsgBody": null});
    assert_eq!(world.refused("openim/sendmsg", send).await, 90002);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": null}}]);
    let send = json!({"To_Account": "host", "MsgRandom": 1, "MsgBody": text});
    assert_eq!(world.refused("openim/sendmsg", send).await, 90010);
}

#[tokio::test]
async fn a_text_with_the_sign_u_0000_is_refused_at_every_border_and_nothing_is_stored() {
    let world = World::with_room().await;
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "a\0b"}}]);
    for (path, body, code) in [
        ("im_open_login_svc/account_import", json!({"UserID": "mei", "Nick": "M\0"}), 70402),
        (
            "profile/portrait_set",
            json!({"From_Account": "host",
                "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "\0"}]}),
            40001,
        ),
        (
            "group_open_http_svc/modify_group_base_info",
            json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": "\0"}]}),
            10004,
        ),
        (
            "group_open_http_svc/set_group_attr",
            json!({"GroupId": "r", "GroupAttr": [{"key": "k", "value": "\0"}]}),
            10004,
        ),
        (
            "group_open_http_svc/send_group_msg",
            json!({"GroupId": "r", "Random": 1, "MsgBody": text}),
            10004,
        ),
        ("openim/sendmsg", json!({"To_Account": "host", "MsgRandom": 1, "MsgBody": text}), 90010),
    ] {
        assert_eq!(world.refused(path, body).await, code, "{path}");
    }
    let mut neighbour = world.in_room("neighbour").await;
    let mut viewer = world.in_room("viewer").await;
    let frame = json!({"t": "send", "group_id": "r", "client_id": "c", "elements": text});
    let answer = viewer.ask(frame).await;
    assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!(10004)), "{answer}");
    viewer.send_text("d", r"no sign, but \u0000").await;
    assert_eq!(neighbour.texts(1).await, [r"no sign, but \u0000"]);
}

#[tokio::test]
async fn a_custom_field_that_breaks_the_naming_rule_cannot_be_added() {
    let world = World::new().await;
    let (storage, clock) = (world.server.storage(), &*world.clock);
    let add = async |app: u32, name: &str| {
        application::add_field(storage, clock, app, NewField::of_rooms(name)).await
    };
    let app = world.app.sdk_app_id;
    for name in ["1st", "", "white space", "seventeen_letters", "product"] {
        assert_eq!(add(app, name).await.unwrap_err().code.0, 10004, "{name:?}");
    }
    application::add_member_field(storage, app, "badge").await.unwrap();
    let clash = add(app, "badge").await.unwrap_err();
    assert!(clash.info.contains("members"), "a member field has this name: {clash}");
    add(app, "_stock2").await.unwrap();
    for number in 0..8 {
        add(app, &format!("f{number}")).await.unwrap();
    }
    let eleventh = add(app, "one_more").await.unwrap_err();
    assert!(eleventh.info.contains("10"), "ten fields are the most: {eleventh}");
    assert_eq!(add(5, "x").await.unwrap_err().code.0, 70020);
}

#[tokio::test]
async fn a_login_is_refused_with_the_code_of_the_failed_check() {
    let world = World::new().await;
    let app = world.app.sdk_app_id;
    let expired = world.sig_for("viewer", 10);
    let foreign = sign(app, "another key", "viewer", 1_700_000_000, u64::from(u32::MAX));
    let other_user = world.sig("somebody");
    world.clock.advance(60);
    let cases = [
        (app, String::new(), 70002),
        (app, "garbage".to_owned(), 70003),
        (app, other_user, 70013),
        (app, foreign, 70009),
        (app, expired, 70001),
        (5, world.sig("viewer"), 60006),
    ];
    for (app, sig, code) in cases {
        let mut client = world.connect().await;
        let login = json!({"t": "login", "sdk_app_id": app, "user_id": "viewer", "user_sig": sig});
        let answer = client.ask(login).await;
        assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!(code)));
        assert!(!answer["info"].as_str().unwrap().is_empty());
        assert_eq!(client.close_code().await.1, 4003, "and the connection is closed");
    }
}

#[tokio::test]
async fn a_first_frame_that_is_no_login_is_refused() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.raw(r#"{"t":"ping","id":3}"#).await;
    let (frames, code) = client.close_code().await;
    assert_eq!((&frames[0]["code"], &frames[0]["id"]), (&json!(10001), &json!(3)));
    assert_eq!(code, 4003);
}

#[tokio::test]
async fn malformed_and_oversized_frames_are_refused_and_disturb_nobody() {
    let world = World::with_room().await;
    let mut neighbour = world.in_room("neighbour").await;
    let mut client = world.in_room("viewer").await;
    for wrong in ["", "{", "[]", "null", r#"{"t":"dance","id":1}"#, r#"{"t":"join","id":"x"}"#] {
        client.raw(wrong).await;
        assert_eq!(client.kind("error").await["code"], 9003, "{wrong:?}");
    }
    client
        .raw(r#"{"t":"send","id":77,"group_id":"r","client_id":"c","elements":[{"MsgType":"X"}]}"#)
        .await;
    assert_eq!(client.kind("error").await["id"], 77, "a sender knows which message was meant");
    client.socket.send(Message::binary(vec![0, 159, 146, 150])).await.unwrap();
    assert_eq!(client.kind("error").await["code"], 9003, "binary");
    client.raw(format!("{{\"t\":\"ping\",\"x\":\"{}\"}}", "x".repeat(40_000))).await;
    assert_eq!(client.kind("error").await["code"], 9004, "over the limit");

    assert_eq!(client.send_text("c1", "still here").await["t"], "send_ok");
    assert_eq!(neighbour.texts(1).await, ["still here"]);

    client.raw("x".repeat(400_000)).await;
    let (frames, code) = client.close_code().await;
    // The close may overtake the notice when the system resets a connection with unread bytes.
    assert!(code == 1009 || code == 1006, "closed with {code} after {frames:?}");
    world.say(1, "all well").await;
    assert_eq!(neighbour.texts(1).await, ["all well"]);
}

#[tokio::test]
async fn requests_about_rooms_that_are_not_there_or_not_joined_are_refused() {
    let world = World::with_room().await;
    let mut client = world.signed_in("viewer").await;
    let join = client.ask(json!({"t": "join", "group_id": "nope"})).await;
    assert_eq!(join["code"], 10015);
    assert_eq!(client.ask(json!({"t": "join", "group_id": ""})).await["code"], 10004);
    assert_eq!(client.ask(json!({"t": "leave", "group_id": "r"})).await["code"], 9002);
    assert_eq!(client.send_text("c1", "hello").await["code"], 9002, "a sender outside the room");
    assert_eq!(
        client
            .ask(json!({"t": "login", "sdk_app_id": 1, "user_id": "a",
        "user_sig": "s"}))
            .await["code"],
        10004,
        "signed in already"
    );

    client.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(client.send_text("", "no id").await["code"], 10004);
    assert_eq!(client.send_text("c2", &"x".repeat(13_000)).await["code"], 80002);
    assert_eq!(client.send_text("c3", "").await["code"], 10004);
    assert_eq!(client.send_text("c4", "fine").await["seq"], 1, "refused ones used no number");
}

/// The body comes in pieces, and the answer may be clear from the URL alone.
#[tokio::test]
async fn a_call_that_is_refused_by_its_url_is_answered_even_while_its_body_is_on_the_way() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let address = world.server.rest_url().trim_start_matches("http://").to_owned();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let body = "x".repeat(300_000);
    for path in ["/v4/openim/querystate?sdkappid=1", "/nothing", "/v4/a/b/c"] {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        for piece in body.as_bytes().chunks(100_000) {
            socket.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let read = socket.read_buf(&mut answer);
            let read = tokio::time::timeout(crate::clients::PATIENCE, read).await.unwrap();
            assert_ne!(read.unwrap(), 0, "{path}: the connection serves the next call too");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{path}");
    }
}
