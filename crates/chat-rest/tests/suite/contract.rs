//! What goes over the wire, byte for byte, as the vendor's pages have it.

use axum::http::Method;
use chat_rest::{Client, Config};
use chat_types::element::{CustomElement, Priority};
use chat_types::group::KeyValue;
use chat_types::rest::*;
use chat_types::{Element, UserId};
use serde_json::{Value, json};
use usersig::Expected;

use crate::receiver::{APP, KEY, OK, Receiver, Reply, Request, SENT};

const NOW_S: u64 = 1_760_000_000;

async fn receiver(answer: &str) -> (Receiver, Client) {
    let receiver = Receiver::new([Reply::text(answer)]).await;
    let clock = std::sync::Arc::new(|| NOW_S);
    let client = Client::new(Config { clock, ..receiver.config() }).unwrap();
    (receiver, client)
}

/// Checks everything of the one recorded request but what is particular to its command.
fn only_request(receiver: &Receiver) -> Request {
    let mut requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let request = requests.pop().unwrap();
    assert_eq!(request.method, Method::POST);
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["content-length"], request.body.len().to_string().as_str());
    assert!(!request.headers.contains_key("authorization"));
    let names: Vec<&str> = request.query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["sdkappid", "identifier", "usersig", "random", "contenttype"]);
    assert_eq!(request.parameter("sdkappid"), "1400000001");
    assert_eq!(request.parameter("identifier"), "administrator");
    assert_eq!(request.parameter("contenttype"), "json");
    request.parameter("random").parse::<u32>().unwrap();
    let claims = usersig::verify(
        request.parameter("usersig"),
        &Expected { sdk_app_id: APP, key: KEY, identifier: "administrator", now_s: NOW_S },
    )
    .unwrap();
    assert_eq!((claims.time_s, claims.expire_s, claims.userbuf), (NOW_S, 86_400, None));
    request
}

/// The request has these bytes, and they are the JSON of the sheet.
fn check(receiver: &Receiver, path: &str, bytes: &str, sheet: Value) {
    let request = only_request(receiver);
    assert_eq!(request.path, path);
    assert_eq!(request.body, bytes);
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), sheet);
}

fn gift() -> Vec<Element> {
    vec![Element::Custom(CustomElement {
        data: r#"{"t":"gift","id":3,"n":20}"#.into(),
        desc: "gift".into(),
        ..CustomElement::default()
    })]
}

#[tokio::test]
async fn account_import_has_the_bytes_of_the_sheet() {
    let (receiver, client) = receiver(OK).await;
    client
        .account_import(&AccountImport {
            user_id: "host_7".into(),
            nick: Some("Mei".into()),
            face_url: Some("https://img.example/7.png".into()),
        })
        .await
        .unwrap();
    check(
        &receiver,
        "/v4/im_open_login_svc/account_import",
        r#"{"UserID":"host_7","Nick":"Mei","FaceUrl":"https://img.example/7.png"}"#,
        json!({"UserID": "host_7", "Nick": "Mei", "FaceUrl": "https://img.example/7.png"}),
    );
}

#[tokio::test]
async fn create_group_has_the_members_of_the_sheet() {
    let answer = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","GroupId":"room_1001"}"#;
    let (receiver, client) = receiver(answer).await;
    let created = client
        .create_group(&CreateGroup {
            group_type: "AVChatRoom".into(),
            name: "Evening sale".into(),
            owner_account: Some("host_7".into()),
            group_id: Some("room_1001".into()),
            ..CreateGroup::default()
        })
        .await
        .unwrap();
    assert_eq!(created.group_id, "room_1001");
    check(
        &receiver,
        "/v4/group_open_http_svc/create_group",
        r#"{"Type":"AVChatRoom","Name":"Evening sale","Owner_Account":"host_7","GroupId":"room_1001"}"#,
        json!({"Type": "AVChatRoom", "Name": "Evening sale", "GroupId": "room_1001",
            "Owner_Account": "host_7"}),
    );
}

#[tokio::test]
async fn send_group_msg_has_the_members_of_the_sheet() {
    let (receiver, client) = receiver(SENT).await;
    let sent = client
        .send_group_msg(&SendGroupMsg {
            group_id: "room_1001".into(),
            random: 52_007,
            from_account: Some("assistant".into()),
            msg_priority: Priority::High,
            msg_body: gift(),
            ..SendGroupMsg::default()
        })
        .await
        .unwrap();
    let sent = sent.answer().unwrap();
    assert_eq!((sent.msg_time, sent.msg_seq), (1_760_000_000, 812));
    check(
        &receiver,
        "/v4/group_open_http_svc/send_group_msg",
        concat!(
            r#"{"GroupId":"room_1001","Random":52007,"MsgBody":[{"MsgType":"TIMCustomElem","#,
            r#""MsgContent":{"Data":"{\"t\":\"gift\",\"id\":3,\"n\":20}","Desc":"gift","Ext":"","#,
            r#""Sound":""}}],"From_Account":"assistant","MsgPriority":"High"}"#
        ),
        json!({"GroupId": "room_1001", "Random": 52007, "From_Account": "assistant",
            "MsgPriority": "High", "MsgBody": [{"MsgType": "TIMCustomElem", "MsgContent":
                {"Data": "{\"t\":\"gift\",\"id\":3,\"n\":20}", "Desc": "gift", "Ext": "",
                    "Sound": ""}}]}),
    );
}

#[tokio::test]
async fn modify_group_base_info_says_only_what_changes() {
    let (receiver, client) = receiver(OK).await;
    client
        .modify_group_base_info(&ModifyGroupBaseInfo {
            group_id: "room_1001".into(),
            app_defined_data: vec![KeyValue { key: "product".into(), value: r#"{"id":3}"#.into() }],
            shut_up_all_member: Some("Off".into()),
            ..ModifyGroupBaseInfo::default()
        })
        .await
        .unwrap();
    check(
        &receiver,
        "/v4/group_open_http_svc/modify_group_base_info",
        concat!(
            r#"{"GroupId":"room_1001","AppDefinedData":[{"Key":"product","Value":"{\"id\":3}"}],"#,
            r#""ShutUpAllMember":"Off"}"#
        ),
        json!({"GroupId": "room_1001", "ShutUpAllMember": "Off",
            "AppDefinedData": [{"Key": "product", "Value": "{\"id\":3}"}]}),
    );
}

#[tokio::test]
async fn send_broadcast_msg_goes_to_the_group_service() {
    let (receiver, client) = receiver(SENT).await;
    let sent = client
        .send_broadcast_msg(&SendBroadcastMsg {
            from_account: Some("assistant".into()),
            random: 4_294_967_295,
            msg_body: vec![Element::text("Ten minutes to go")],
            cloud_custom_data: "all".into(),
        })
        .await
        .unwrap();
    assert_eq!(sent.answer().unwrap().msg_seq, 812);
    check(
        &receiver,
        "/v4/group_open_http_svc/send_broadcast_msg",
        concat!(
            r#"{"From_Account":"assistant","Random":4294967295,"MsgBody":[{"MsgType":"TIMTextElem","#,
            r#""MsgContent":{"Text":"Ten minutes to go"}}],"CloudCustomData":"all"}"#
        ),
        json!({"From_Account": "assistant", "Random": 4_294_967_295_u32, "CloudCustomData": "all",
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Ten minutes to go"}}]}),
    );
}

#[tokio::test]
async fn update_group_counter_has_the_bytes_of_the_sheet() {
    let answer = concat!(
        r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","#,
        r#""GroupCounter":[{"Key":"likes","Value":1204}]}"#
    );
    let (receiver, client) = receiver(answer).await;
    let counters = client
        .update_group_counter(&UpdateGroupCounter {
            group_id: "room_1001".into(),
            group_counter: vec![GroupCounter { key: "likes".into(), value: 37 }],
            mode: CounterMode::Increase,
        })
        .await
        .unwrap();
    assert_eq!(counters.group_counter[0].value, 1_204);
    check(
        &receiver,
        "/v4/group_open_http_svc/update_group_counter",
        r#"{"GroupId":"room_1001","GroupCounter":[{"Key":"likes","Value":37}],"Mode":"Increase"}"#,
        json!({"GroupId": "room_1001", "GroupCounter": [{"Key": "likes", "Value": 37}],
            "Mode": "Increase"}),
    );
}

#[tokio::test]
async fn forbid_send_msg_says_the_newer_name_of_the_time() {
    let (receiver, client) = receiver(OK).await;
    client
        .forbid_send_msg(&ForbidSendMsg {
            group_id: "room_1001".into(),
            members_account: vec!["viewer_01".into()],
            mute_time: FOREVER,
        })
        .await
        .unwrap();
    check(
        &receiver,
        "/v4/group_open_http_svc/forbid_send_msg",
        r#"{"GroupId":"room_1001","Members_Account":["viewer_01"],"MuteTime":4294967295}"#,
        json!({"GroupId": "room_1001", "Members_Account": ["viewer_01"],
            "MuteTime": 4_294_967_295_u32}),
    );
}

#[tokio::test]
async fn get_group_attr_goes_to_a_service_of_its_own() {
    let answer = concat!(
        r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","#,
        r#""GroupAttrAry":[{"key":"count","value":"12"}]}"#
    );
    let (receiver, client) = receiver(answer).await;
    let attributes =
        client.get_group_attr(&GroupIdOnly { group_id: "room_1001".into() }).await.unwrap();
    assert_eq!(attributes.group_attr_ary[0].value, "12");
    check(
        &receiver,
        "/v4/group_open_attr_http_svc/get_group_attr",
        r#"{"GroupId":"room_1001"}"#,
        json!({"GroupId": "room_1001"}),
    );
}

#[tokio::test]
async fn sendmsg_names_receiver_random_and_body() {
    let answer = concat!(
        r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgTime":1760000000,"#,
        r#""MsgKey":"1_7_1760000000"}"#
    );
    let (receiver, client) = receiver(answer).await;
    let sent = client
        .sendmsg(&SendMsg {
            to_account: "viewer_01".into(),
            message: C2cSend {
                from_account: Some("assistant".into()),
                msg_random: 7,
                msg_body: vec![Element::text("You have won")],
                sync_other_machine: Some(2),
                ..C2cSend::default()
            },
        })
        .await
        .unwrap();
    assert_eq!(sent.msg_key, "1_7_1760000000");
    check(
        &receiver,
        "/v4/openim/sendmsg",
        concat!(
            r#"{"To_Account":"viewer_01","From_Account":"assistant","MsgRandom":7,"MsgBody":["#,
            r#"{"MsgType":"TIMTextElem","MsgContent":{"Text":"You have won"}}],"SyncOtherMachine":2}"#
        ),
        json!({"To_Account": "viewer_01", "From_Account": "assistant", "MsgRandom": 7,
            "SyncOtherMachine": 2,
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "You have won"}}]}),
    );
}

#[tokio::test]
async fn the_random_of_the_url_comes_from_the_seed_and_changes_with_each_call() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let receiver = Receiver::new([Reply::text(OK)]).await;
        let client = receiver.client();
        for _ in 0..3 {
            client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
        }
        let randoms: Vec<String> =
            receiver.requests().iter().map(|each| each.parameter("random").to_owned()).collect();
        assert!(randoms[0] != randoms[1] && randoms[1] != randoms[2]);
        seen.push(randoms);
    }
    assert_eq!(seen[0], seen[1], "the seed was the same");
}

#[tokio::test]
async fn an_administrator_whose_name_has_signs_in_it_is_named_as_it_is() {
    let receiver = Receiver::new([Reply::text(OK)]).await;
    let admin = UserId::new("the admin & co=100%+#").unwrap();
    let client = Client::new(Config { admin: admin.clone(), ..receiver.config() }).unwrap();
    client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
    assert_eq!(receiver.requests()[0].parameter("identifier"), admin.as_str());
}

#[tokio::test]
async fn a_path_in_the_address_stands_before_the_path_of_the_call() {
    let receiver = Receiver::new([Reply::text(OK)]).await;
    let base_url = format!("{}/chat/", receiver.url);
    let client = Client::new(Config { base_url, ..receiver.config() }).unwrap();
    client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
    assert_eq!(receiver.requests()[0].path, "/chat/v4/im_open_login_svc/kick");
}
