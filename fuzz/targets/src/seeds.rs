//! Inputs from which the bounded runs start.

use chat_server::fuzz;
use serde_json::{Value, json};
use usersig::{SignRequest, sign};

fn written(values: impl IntoIterator<Item = Value>) -> Vec<Vec<u8>> {
    values.into_iter().map(|value| value.to_string().into_bytes()).collect()
}

fn text_element() -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello \u{1F381}"}}])
}

fn all_elements() -> Value {
    let image = json!({"Type": 1, "Size": 1, "Width": 2, "Height": 3, "URL": "http://a/b.png"});
    json!([
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}},
        {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1, "Data": "content"}},
        {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "{}", "Desc": "d", "Ext": "e"}},
        {"MsgType": "TIMLocationElem",
         "MsgContent": {"Desc": "d", "Latitude": 29.3, "Longitude": 116.2}},
        {"MsgType": "TIMImageElem",
         "MsgContent": {"UUID": "u", "ImageFormat": 1, "ImageInfoArray": [image]}},
    ])
}

pub(crate) fn client_frames() -> Vec<Vec<u8>> {
    written([
        json!({"t": "login", "id": 1, "sdk_app_id": 1, "user_id": "a", "user_sig": "eJw"}),
        json!({"t": "join", "id": 2, "group_id": "r", "after_seq": 7}),
        json!({"t": "leave", "id": 3, "group_id": "r"}),
        json!({"t": "send", "id": 4, "group_id": "r", "client_id": "c", "priority": "High",
               "elements": all_elements(), "cloud_custom_data": "data"}),
        json!({"t": "modify_group", "id": 5, "group_id": "r", "name": "n",
               "custom_fields": {"product": "cup"}}),
        json!({"t": "recall", "id": 6, "group_id": "r", "seq": 4}),
        json!({"t": "history", "id": 7, "group_id": "r", "before_seq": 5, "count": 20}),
        json!({"t": "send_c2c", "id": 8, "to": "b", "client_id": "c", "elements": text_element()}),
        json!({"t": "ping", "id": 9}),
    ])
}

pub(crate) fn ids() -> Vec<Vec<u8>> {
    ["a", "@TGS#aABCDEFGHIJ", "with space", &"x".repeat(32), &"x".repeat(48)]
        .map(|id| id.as_bytes().to_vec())
        .to_vec()
}

pub(crate) fn products() -> Vec<Vec<u8>> {
    let product = json!({
        "v": 1, "id": "cup", "title": "A cup", "price_minor": 1900, "currency": "CNY",
        "picture": "http://a/b.png", "ends_at_s": 1_760_000_000
    });
    written([product, json!({"id": "a", "title": "慢"})])
}

/// Every offered command with all its fields, and messages with every element.
pub(crate) fn rest_calls() -> Vec<Vec<u8>> {
    let line = |service: &str, command: &str, body: &Value| {
        format!("{service}/{command}\n{body}").into_bytes()
    };
    let calls = fuzz::rest_calls().flat_map(|(service, command, body)| {
        let mut seeds = vec![line(service, command, &body)];
        if body.get("MsgBody").is_some() {
            let mut body = body;
            body["MsgBody"] = all_elements();
            seeds.push(line(service, command, &body));
        }
        seeds
    });
    calls.collect()
}

pub(crate) fn rest_queries() -> Vec<Vec<u8>> {
    [
        "sdkappid=1400000001&identifier=administrator&usersig=eJw&random=4294967295&contenttype=json",
        "sdkappid=1&identifier=with%20space+and&usersig=%2A%2D%5F",
        "identifier=a&sdkappid=1&sdkappid=2&identifier=%e6%85%a2",
        "sdkappid=1&identifier=a&random=&contenttype=",
        "",
    ]
    .map(|query| query.as_bytes().to_vec())
    .to_vec()
}

pub(crate) fn server_frames() -> Vec<Vec<u8>> {
    let group = json!({
        "group_id": "r", "type": "AVChatRoom", "name": "n", "introduction": "",
        "notification": "", "face_url": "", "owner": "host", "owner_nick": "The host",
        "custom_fields": {"product": "cup"}
    });
    let message = json!({
        "seq": 1, "time_s": 2, "from": "a", "nick": "", "priority": "Normal",
        "elements": all_elements()
    });
    written([
        json!({"t": "login_ok", "id": 1, "user_id": "a", "nick": "", "heartbeat_s": 30}),
        json!({"t": "join_ok", "id": 2, "group": group, "online": 3, "last_seq": 1,
               "messages": [message]}),
        json!({"t": "messages", "group_id": "r", "messages": [message]}),
        json!({"t": "send_ok", "id": 3, "client_id": "c", "seq": 4, "time_s": 5}),
        json!({"t": "group_info_changed", "group_id": "r", "operator": "a",
               "changes": [{"field": "custom", "key": "product", "value": "cup"}]}),
        json!({"t": "error", "id": 4, "code": 10017, "info": "muted"}),
        json!({"t": "a_frame_of_tomorrow", "x": [1]}),
    ])
}

/// UserSigs, and the JSON inside one.
pub(crate) fn user_sigs() -> Vec<Vec<u8>> {
    let signed = [None, Some(b"data".as_slice())].into_iter().filter_map(|userbuf| {
        let request = SignRequest {
            sdk_app_id: 1,
            key: "key",
            identifier: "a",
            time_s: 900,
            expire_s: 1_000,
            userbuf,
        };
        sign(&request).ok().map(String::into_bytes)
    });
    let inside = json!({
        "TLS.ver": "2.0", "TLS.identifier": "a", "TLS.sdkappid": 1, "TLS.expire": 1_000,
        "TLS.time": 900, "TLS.userbuf": "ZGF0YQ==", "TLS.sig": "YWJj"
    });
    signed.chain(written([inside])).collect()
}

pub(crate) fn webhook_answers() -> Vec<Vec<u8>> {
    written([
        json!({"ErrorCode": 0}),
        json!({"ActionStatus": "OK", "ErrorCode": 10_100, "ErrorInfo": "慢".repeat(400),
               "MsgBody": all_elements(), "CloudCustomData": "level 7"}),
    ])
}
