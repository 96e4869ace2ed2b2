//! The eight kinds of elements, through every way that a message can take.

use serde_json::{Value, json};

use crate::clients::World;

/// One of each, with every documented member.
fn every_element() -> Value {
    json!([
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi <b>@Mei</b>"}},
        {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 4, "Data": "wave"}},
        {"MsgType": "TIMCustomElem",
            "MsgContent": {"Data": "{\"v\":1}", "Desc": "d", "Ext": "e", "Sound": "s.mp3"}},
        {"MsgType": "TIMLocationElem",
            "MsgContent": {"Desc": "kiln", "Latitude": 29.29, "Longitude": -117.2}},
        {"MsgType": "TIMImageElem", "MsgContent": {"UUID": "i1", "ImageFormat": 255,
            "ImageInfoArray": [
                {"Type": 1, "Size": 1853095, "Width": 2448, "Height": 3264, "URL": "http://x/1"},
                {"Type": 2, "Size": 2565240, "Width": 0, "Height": 0, "URL": "http://x/2"},
                {"Type": 3, "Size": 12535, "Width": 198, "Height": 264, "URL": "http://x/3"}]}},
        {"MsgType": "TIMSoundElem", "MsgContent": {"Url": "https://x/s", "UUID": "s1",
            "Size": 62351, "Second": 1, "Download_Flag": 2}},
        {"MsgType": "TIMFileElem", "MsgContent": {"Url": "https://x/f", "UUID": "f1",
            "FileSize": 1773552, "FileName": "a.txt", "Download_Flag": 2}},
        {"MsgType": "TIMVideoFileElem", "MsgContent": {"VideoUrl": "https://x/v",
            "VideoUUID": "v1", "VideoSize": 1194603, "VideoSecond": 5, "VideoFormat": "mp4",
            "VideoDownloadFlag": 2, "ThumbUrl": "https://x/t", "ThumbUUID": "t1",
            "ThumbSize": 13907, "ThumbWidth": 720, "ThumbHeight": 1280, "ThumbFormat": "JPG",
            "ThumbDownloadFlag": 2}},
    ])
}

/// The element of this type with one member replaced, or taken out with `null`.
fn altered(kind: &str, member: &str, value: Value) -> Value {
    let all = every_element();
    let found = all.as_array().unwrap().iter().find(|element| element["MsgType"] == kind);
    let mut element = found.unwrap().clone();
    let content = match element["MsgContent"].get_mut("ImageInfoArray") {
        Some(sizes) if sizes[0].get(member).is_some() => &mut sizes[0],
        _ => &mut element["MsgContent"],
    };
    match value {
        Value::Null => content.as_object_mut().unwrap().remove(member),
        value => content.as_object_mut().unwrap().insert(member.to_owned(), value),
    };
    json!([element])
}

#[tokio::test]
async fn every_element_comes_out_of_a_group_as_it_went_in() {
    let world = World::with_room().await;
    let mut sender = world.in_room("a").await;
    let mut reader = world.in_room("b").await;
    let body = json!({"GroupId": "r", "Random": 1, "MsgBody": every_element()});
    world.ok("group_open_http_svc/send_group_msg", body).await;
    let frame = reader.kind("messages").await;
    assert_eq!(frame["messages"][0]["elements"], every_element(), "REST to gateway");
    let frame = json!({"t": "send", "group_id": "r", "client_id": "c1",
        "elements": every_element()});
    assert_eq!(sender.ask(frame).await["t"], "send_ok");
    let frame = reader.until(|frame| frame["messages"][0]["from"] == "a").await;
    assert_eq!(frame["messages"][0]["elements"], every_element(), "gateway to gateway");
}

#[tokio::test]
async fn every_element_comes_out_of_a_conversation_as_it_went_in() {
    let world = World::new().await;
    let mut sender = world.signed_in("a").await;
    let mut reader = world.signed_in("b").await;
    let body = json!({"From_Account": "a", "To_Account": "b", "MsgRandom": 1,
        "MsgBody": every_element(), "CloudCustomData": "beside the body"});
    world.ok("openim/sendmsg", body).await;
    let message = reader.kind("c2c_message").await["message"].clone();
    assert_eq!(message["elements"], every_element(), "REST to gateway");
    assert_eq!(message["cloud_custom_data"], "beside the body");
    let frame = json!({"t": "send_c2c", "to": "b", "client_id": "c1",
        "elements": every_element()});
    assert_eq!(sender.ask(frame).await["t"], "send_c2c_ok");
    let message = reader.kind("c2c_message").await["message"].clone();
    assert_eq!(message["elements"], every_element(), "gateway to gateway");

    let world = world.restarted().await;
    let body = json!({"From_Account": "b", "To_Account": "a", "MaxCnt": 100, "MinTime": 0,
        "MaxTime": u32::MAX});
    let list = world.ok("openim/admin_getroammsg", body).await["MsgList"].clone();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let mut reader = world.signed_in("b").await;
    let page = reader.ask(json!({"t": "c2c_history", "peer": "a", "count": 20})).await;
    for number in 0..2 {
        assert_eq!(list[number]["MsgBody"], every_element(), "gateway and REST to REST");
        assert_eq!(page["messages"][number]["elements"], every_element(), "from the history");
    }
}

#[tokio::test]
async fn the_spelling_of_the_documentation_counts_and_a_wrong_form_has_its_code() {
    let world = World::with_room().await;
    let cases = [
        ("TIMImageElem", "URL", json!(null)),
        ("TIMImageElem", "Width", json!(null)),
        ("TIMImageElem", "Height", json!("0")),
        ("TIMImageElem", "Type", json!(4)),
        ("TIMImageElem", "UUID", json!(null)),
        ("TIMImageElem", "ImageInfoArray", json!([])),
        ("TIMSoundElem", "Url", json!(null)),
        ("TIMSoundElem", "UUID", json!("")),
        ("TIMSoundElem", "Download_Flag", json!(1)),
        ("TIMFileElem", "Url", json!(null)),
        ("TIMFileElem", "Download_Flag", json!(null)),
        ("TIMVideoFileElem", "VideoUrl", json!(null)),
        ("TIMVideoFileElem", "VideoDownloadFlag", json!(null)),
        ("TIMVideoFileElem", "ThumbSize", json!(null)),
        ("TIMVideoFileElem", "ThumbDownloadFlag", json!(3)),
        ("TIMLocationElem", "Latitude", json!(91)),
        ("TIMLocationElem", "Longitude", json!("east")),
        ("TIMFaceElem", "Index", json!("4")),
        ("TIMTextElem", "Text", json!(7)),
    ];
    for (random, (kind, member, value)) in (1_u32..).zip(cases) {
        world.clock.advance_ms(5);
        let wrong = altered(kind, member, value);
        let group = json!({"GroupId": "r", "Random": random, "MsgBody": wrong});
        let code = world.refused("group_open_http_svc/send_group_msg", group).await;
        assert_eq!(code, 10004, "{kind} {member}");
        let c2c = json!({"To_Account": "host", "MsgRandom": random, "MsgBody": wrong});
        assert_eq!(world.refused("openim/sendmsg", c2c).await, 90010, "{kind} {member}");
    }
    // The same word in another spelling is another word, so the documented one is missing.
    for (kind, right, wrong) in [
        ("TIMImageElem", "URL", "Url"),
        ("TIMSoundElem", "Url", "URL"),
        ("TIMFileElem", "Download_Flag", "DownloadFlag"),
        ("TIMVideoFileElem", "VideoDownloadFlag", "Video_Download_Flag"),
    ] {
        let text = every_element().to_string().replace(right, wrong);
        let all: Value = serde_json::from_str(&text).unwrap();
        let element = all.as_array().unwrap().iter().find(|e| e["MsgType"] == kind).unwrap();
        let body = json!({"To_Account": "host", "MsgRandom": 99, "MsgBody": [element]});
        assert_eq!(world.refused("openim/sendmsg", body).await, 90010, "{kind} {wrong}");
    }
    let custom = altered("TIMCustomElem", "Ext", json!("x"))[0].clone();
    let body = json!({"To_Account": "host", "MsgRandom": 99, "MsgBody": [custom, custom]});
    assert_eq!(world.refused("openim/sendmsg", body).await, 90002, "two custom elements");
}

#[tokio::test]
async fn a_client_of_an_older_version_may_leave_out_what_it_does_not_know() {
    let world = World::with_room().await;
    let mut sender = world.in_room("a").await;
    let mut reader = world.in_room("b").await;
    let sound = json!([{"MsgType": "TIMSoundElem",
        "MsgContent": {"UUID": "s1", "Size": 62351, "Second": 1}}]);
    let frame = json!({"t": "send", "group_id": "r", "client_id": "c1", "elements": sound});
    assert_eq!(sender.ask(frame).await["t"], "send_ok");
    let content = reader.kind("messages").await["messages"][0]["elements"][0]["MsgContent"].clone();
    assert_eq!((&content["UUID"], &content["Url"]), (&json!("s1"), &json!("")));
    let frame = json!({"t": "send_c2c", "to": "b", "client_id": "c2", "elements": sound});
    assert_eq!(sender.ask(frame).await["t"], "send_c2c_ok");
}
