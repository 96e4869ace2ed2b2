//! Inputs from which the bounded runs start.

use chat_server::fuzz;
use chat_types::gateway::deflate;
use draw::{Entrants, RECORD_VERSION, Seed, winners};
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
        json!({"t": "login", "id": 10, "sdk_app_id": 1, "guest": true, "deflate": true,
               "platform": "iPad"}),
        json!({"t": "catch_up", "id": 11, "group_id": "r", "after_seq": 7, "before_seq": 9}),
        json!({"t": "modify_rules", "id": 12, "group_id": "r", "budget_per_s": 40,
               "sender_per_s": "application", "slow_mode_s": 5, "links": "nobody",
               "blocked_words": ["spam", "\u{1F381}"]}),
    ])
}

pub(crate) fn business_messages() -> Vec<Vec<u8>> {
    let product = json!({"id": "cup", "title": "A cup", "price_minor": 1900, "currency": "CNY",
        "picture": "demo:cup", "ends_at_s": 1_760_000_000, "stock": 3});
    let draw = json!({"t": "draw_opened", "draw": "d1", "keyword": "cup", "prize": "A cup",
        "winners": 2, "ends_at_s": 1_760_000_000, "commitment": "ab".repeat(32)});
    written([
        json!({"t": "gift", "order": "o1", "user": "mei", "nick": "Mei", "gift": "rose",
               "title": "Rose", "price": 1, "count": 3, "combo": "c1", "total": 9,
               "effect": "banner", "level": 7}),
        json!({"t": "like", "batch": "b-1", "count": 30}),
        json!({"t": "product", "product": product}),
        json!({"t": "product", "product": null}),
        json!({"t": "live_status", "status": "live", "at_s": 1_760_000_000}),
        draw,
        json!({"t": "draw_closed", "draw": "d1", "entrants": 2, "entrants_hash": "ef".repeat(32)}),
        json!({"t": "draw_result", "draw": "d1", "prize": "A cup", "entrants": 2,
               "winners": [{"user": "mei", "nick": "Mei"}], "seed": "cd".repeat(32)}),
        json!({"t": "draw_cancelled", "draw": "d1"}),
        json!({"t": "announcement", "id": "a1", "kind": "notice", "text": "Half an hour to go"}),
    ])
}

/// Records that hold, and one whose winner is another.
pub(crate) fn draw_records() -> Vec<Vec<u8>> {
    let record = |entrants: &[&str], wanted: usize| {
        let seed = Seed::new([7; 32]);
        let entrants = Entrants::new(entrants.iter().map(|entrant| (*entrant).to_owned()));
        let won = winners(&seed, "d1", &entrants, wanted);
        json!({"version": RECORD_VERSION, "draw": "d1", "room": "r", "keyword": "cup",
            "prize": "A cup", "opened_at_ms": 1, "ends_at_ms": 2, "commitment": seed.commitment(),
            "seed": seed.to_hex(), "entrants_hash": entrants.hash(), "winners_wanted": wanted,
            "entrants": entrants.into_vec(), "winners": won})
    };
    let mut wrong = record(&["ana", "jun", "mei"], 1);
    wrong["winners"][0] = "somebody".into();
    written([record(&["ana", "jun", "mei"], 2), record(&["mei"], 3), record(&[], 1), wrong])
}

/// Commands with their bodies, each behind its command and a line's end.
pub(crate) fn webhook_bodies() -> Vec<Vec<u8>> {
    let said = |command: &str| {
        json!({"CallbackCommand": command, "GroupId": "r", "Type": "AVChatRoom",
            "From_Account": "mei", "Operator_Account": "mei", "Random": 1, "MsgSeq": 3,
            "MsgTime": 1_760_000_000, "OnlineOnlyFlag": 0, "MsgPriority": "Normal",
            "MsgBody": all_elements(), "CloudCustomData": "{\"level\":1}", "EventTime": 1,
            "ErrorCode": 10017, "ErrorInfo": "muted"})
    };
    let member = |command: &str, rest: Value| {
        let mut body = json!({"CallbackCommand": command, "GroupId": "r", "Type": "AVChatRoom",
            "Operator_Account": "mei", "EventTime": 1_760_000_000_000_u64});
        if let (Some(body), Value::Object(rest)) = (body.as_object_mut(), rest) {
            body.extend(rest);
        }
        body
    };
    [
        said("Group.CallbackBeforeSendMsg"),
        said("Group.CallbackAfterSendMsg"),
        said("Group.CallbackSendMsgException"),
        member("Group.CallbackBeforeApplyJoinGroup", json!({"Requestor_Account": "bo"})),
        member(
            "Group.CallbackAfterNewMemberJoin",
            json!({"JoinType": "Apply", "NewMemberList": [{"Member_Account": "bo"}]}),
        ),
        member(
            "Group.CallbackAfterMemberExit",
            json!({"ExitType": "Quit", "ExitMemberList": [{"Member_Account": "bo"}]}),
        ),
        member(
            "Group.CallbackOnMemberStateChange",
            json!({"EventType": "Offline", "MemberList": [{"Member_Account": "bo"}]}),
        ),
        json!({"CallbackCommand": "State.StateChange", "EventTime": 1,
            "Info": {"Action": "Logout", "To_Account": "bo", "Reason": "LinkClose"}}),
    ]
    .iter()
    .map(|body| {
        let command = body["CallbackCommand"].as_str().unwrap_or_default();
        format!("{command}\n{body}").into_bytes()
    })
    .collect()
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

pub(crate) fn proxy_headers() -> Vec<Vec<u8>> {
    let second = |command_and_family: &[u8], addresses: &[u8]| {
        let length = [0, u8::try_from(addresses.len()).unwrap_or(u8::MAX)];
        [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), command_and_family, &length, addresses].concat()
    };
    vec![
        b"PROXY TCP4 203.0.113.9 10.0.0.1 51280 8700\r\nGET / HTTP/1.1\r\n".to_vec(),
        b"PROXY TCP6 2001:db8::7 2001:db8::1 51280 8700\r\n".to_vec(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        second(&[0x21, 0x11], &[203, 0, 113, 9, 10, 0, 0, 1, 200, 80, 33, 252]),
        second(&[0x21, 0x21], &[7; 46]),
        second(&[0x20, 0x00], &[]),
    ]
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
    let messages = json!({"t": "messages", "group_id": "r", "after": 7, "messages": [message],
        "own": [{"client_id": "c", "seq": 9, "time_s": 5}]});
    let compressed = deflate::compress(messages.to_string().as_bytes());
    let mut frames = written([
        json!({"t": "login_ok", "id": 1, "user_id": "a", "nick": "", "heartbeat_s": 30}),
        json!({"t": "join_ok", "id": 2, "group": group, "online": 3, "last_seq": 1,
               "messages": [message]}),
        messages,
        json!({"t": "catch_up_ok", "id": 5, "messages": [message], "complete": false}),
        json!({"t": "recalled", "group_id": "r", "seqs": [1], "operator": "a", "reason": ""}),
        json!({"t": "send_ok", "id": 3, "client_id": "c", "seq": 4, "time_s": 5}),
        json!({"t": "group_info_changed", "group_id": "r", "operator": "a",
               "changes": [{"field": "custom", "key": "product", "value": "cup"}]}),
        json!({"t": "error", "id": 4, "code": 10017, "info": "muted"}),
        json!({"t": "a_frame_of_tomorrow", "x": [1]}),
    ]);
    frames.push(compressed);
    frames
}

/// Conversations: each frame in a line of its own.
pub(crate) fn room_frames() -> Vec<Vec<u8>> {
    let said = |seq: u32| {
        let elements = text_element();
        json!({"seq": seq, "time_s": 9, "from": "a", "nick": "", "priority": "Low",
            "elements": elements, "client_id": seq.to_string()})
    };
    let messages = |after: u32, seqs: &[u32]| {
        let messages: Vec<_> = seqs.iter().map(|seq| said(*seq)).collect();
        json!({"t": "messages", "group_id": "r", "after": after, "messages": messages})
    };
    let login = json!({"t": "login_ok", "id": 1, "user_id": "me", "nick": "", "heartbeat_s": 30});
    let join = |last_seq: u32| {
        let group = json!({
            "group_id": "r", "type": "AVChatRoom", "name": "n", "introduction": "",
            "notification": "", "face_url": "", "owner": "host", "owner_nick": "",
            "custom_fields": {}
        });
        json!({"t": "join_ok", "id": 2, "group": group, "online": 3, "last_seq": last_seq,
            "messages": [said(last_seq)], "complete": false, "time_s": 9})
    };
    let of_room = |t: &str, mut rest: Value| {
        (rest["t"], rest["group_id"]) = (t.into(), "r".into());
        rest
    };
    let gaps = vec![
        login.clone(),
        join(10),
        messages(10, &[11, 12]),
        messages(15, &[16]),
        of_room("missed", json!({"count": 3, "group_ids": ["r"]})),
        json!({"t": "catch_up_ok", "id": 1, "messages": [said(14)], "complete": false}),
        of_room("recalled", json!({"seqs": [14, 18], "operator": "a", "reason": ""})),
        messages(16, &[17, 18, 19]),
        json!({"t": "catch_up_ok", "id": 2, "messages": [said(13), said(14)], "complete": true}),
        json!({"t": "error", "id": 3, "code": 9013, "info": "soon", "retry_after_ms": 300}),
        json!({"t": "shutting_down", "retry_after_ms": 1000}),
        login.clone(),
        join(4),
        messages(4, &[5, 4_294_967_295]),
    ];
    let events = vec![
        login,
        join(7),
        of_room("online", json!({"count": 4})),
        of_room("member_entered", json!({"users": ["b"], "count": 5, "more": 2})),
        of_room("counter_changed", json!({"key": "likes", "value": -1})),
        of_room("marks_changed", json!({"mark": 1000, "users": ["a"], "on": true})),
        of_room("attributes_changed", json!({"attributes": {"k": "v"}})),
        of_room("muted", json!({"until_s": 12})),
        of_room("admin_changed", json!({"user_id": "me", "granted": true})),
        of_room(
            "group_info_changed",
            json!({"operator": "a",
            "changes": [{"field": "owner", "value": "me"}, {"field": "mute_all", "on": true}]}),
        ),
        json!({"t": "broadcast", "message": said(1)}),
        json!({"t": "send_ok", "id": 1, "client_id": "c", "seq": 9, "time_s": 5, "reached": 4}),
        of_room("removed", json!({"reason": "banned", "operator": "a", "info": "spam"})),
        of_room("unbanned", json!({})),
        of_room("group_dismissed", json!({"operator": "a"})),
        join(1),
        json!({"t": "kicked", "cause": "administrator", "reason": ""}),
    ];
    let lines = |frames: Vec<Value>| frames.iter().map(|frame| format!("{frame}\n")).collect();
    [gaps, events].map(lines).map(String::into_bytes).to_vec()
}

/// Texts that were made to cost much, short enough to be changed often, and what people say.
pub(crate) fn texts() -> Vec<Vec<u8>> {
    let said = ["so pretty", "看example.com吧", "s p a m at 10.0.0.1:80/x", "\u{202e}moc.elpmaxe"];
    let hostile = text_rules::fuzz::hostile_texts(256);
    said.map(str::to_owned).into_iter().chain(hostile).map(String::into_bytes).collect()
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
