//! Recalling, reading and changing messages that have been sent.

use chat_server::application::{self, Edition};
use chat_server::clock::Clock;
use serde_json::{Value, json};

use crate::clients::{Client, World};

const GROUPS: &str = "group_open_http_svc";
const RECALL: &str = "group_open_http_svc/group_msg_recall";
const HISTORY: &str = "group_open_http_svc/group_msg_get_simple";

/// A group `g` that stores its members `a` and `b`.
async fn with_group() -> World {
    let world = World::new().await;
    for user in ["a", "b"] {
        world.ok("im_open_login_svc/account_import", json!({"UserID": user})).await;
    }
    let members = json!([{"Member_Account": "a"}, {"Member_Account": "b"}]);
    let group = json!({"Type": "Public", "Name": "n", "GroupId": "g", "MemberList": members});
    world.ok(&format!("{GROUPS}/create_group"), group).await;
    world
}

async fn send(world: &World, group: &str, from: &str, random: u32) -> u64 {
    world.clock.advance_ms(5);
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": format!("m{random}")}}]);
    let body = json!({"GroupId": group, "From_Account": from, "Random": random,
        "MsgPriority": "High", "MsgBody": body});
    world.ok(&format!("{GROUPS}/send_group_msg"), body).await["MsgSeq"].as_u64().unwrap()
}

async fn recall(world: &World, group: &str, seqs: &[u64]) -> Vec<i64> {
    let list: Vec<Value> = seqs.iter().map(|seq| json!({"MsgSeq": seq})).collect();
    let body = json!({"GroupId": group, "MsgSeqList": list, "Reason": "spam"});
    let answer = world.ok(RECALL, body).await;
    let list = answer["RecallRetList"].as_array().unwrap();
    let answered: Vec<u64> = list.iter().map(|entry| entry["MsgSeq"].as_u64().unwrap()).collect();
    assert_eq!(answered, seqs);
    list.iter().map(|entry| entry["RetCode"].as_i64().unwrap()).collect()
}

async fn history(world: &World, group: &str, number: u32) -> Value {
    world.ok(HISTORY, json!({"GroupId": group, "ReqMsgNumber": number})).await
}

async fn join(world: &World, user: &str, group: &str) -> Client {
    let mut client = world.signed_in(user).await;
    let answer = client.ask(json!({"t": "join", "group_id": group})).await;
    assert_eq!(answer["t"], "join_ok", "{answer}");
    client
}

fn seqs(messages: &Value, name: &str) -> Vec<u64> {
    messages.as_array().unwrap().iter().map(|message| message[name].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_lowest_priority_is_taken_and_told_by_its_name_and_number() {
    let world = with_group().await;
    let mut member = join(&world, "b", "g").await;
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    let send = json!({"GroupId": "g", "From_Account": "a", "Random": 1, "MsgPriority": "Lowest",
        "MsgBody": body});
    world.ok(&format!("{GROUPS}/send_group_msg"), send).await;
    let frame = member.kind("messages").await;
    assert_eq!(frame["messages"][0]["priority"], "Lowest");
    let kept = history(&world, "g", 1).await;
    assert_eq!(kept["RspMsgList"][0]["MsgPriority"], 4);
}

#[tokio::test]
async fn a_recalled_message_leaves_the_room_and_its_catch_up() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    for random in 1..=3 {
        send(&world, "r", "host", random).await;
    }
    assert_eq!(recall(&world, "r", &[1, 3, 9]).await, [0, 0, 10030]);
    viewer.texts(3).await;
    let frame = viewer.kind("recalled").await;
    assert_eq!(
        frame,
        json!({"t": "recalled", "group_id": "r", "seqs": [1, 3], "operator": "administrator",
            "reason": "spam"}),
        "it comes after the messages"
    );
    assert_eq!(recall(&world, "r", &[1]).await, [10032], "it was recalled before");
    let joined = viewer.ask(json!({"t": "join", "group_id": "r", "after_seq": 0})).await;
    assert_eq!(seqs(&joined["messages"], "seq"), [2]);
    assert_eq!(joined["last_seq"], 3, "its number is not used again");

    world.set("recall", "off").await;
    assert_eq!(recall(&world, "r", &[2]).await, [10041]);
    world.set("recall", "on").await;
    world.set("recall_window_s", "60").await;
    world.clock.advance(61);
    assert_eq!(recall(&world, "r", &[2]).await, [10031]);
    world.set("recall_window_s", "61").await;
    assert_eq!(recall(&world, "r", &[2]).await, [0]);
    let eleven: Vec<Value> = (1..=11).map(|seq| json!({"MsgSeq": seq})).collect();
    assert_eq!(world.refused(RECALL, json!({"GroupId": "r", "MsgSeqList": eleven})).await, 10004);
}

#[tokio::test]
async fn a_member_recalls_its_own_message_and_who_manages_the_room_any() {
    let world = World::with_room().await;
    let (mut a, mut b) = (world.in_room("a").await, world.in_room("b").await);
    let mut host = world.in_room("host").await;
    let recall = |seq: u64| json!({"t": "recall", "group_id": "r", "seq": seq});
    for n in 1..=3 {
        a.send_text(&format!("c{n}"), "hi").await;
    }
    assert_eq!(b.ask(recall(1)).await["code"], 10007, "somebody else's message");
    assert_eq!(a.ask(recall(1)).await["t"], "done");
    let frame = b.kind("recalled").await;
    assert_eq!((&frame["seqs"], &frame["operator"]), (&json!([1]), &json!("a")));
    assert_eq!(host.ask(recall(2)).await["t"], "done", "the owner may");
    assert_eq!(a.ask(recall(77)).await["code"], 10030);
    world.clock.advance(121);
    assert_eq!(a.ask(recall(3)).await["code"], 10031);
    let mut outside = world.signed_in("outside").await;
    assert_eq!(outside.ask(recall(3)).await["code"], 9002);
}

#[tokio::test]
async fn a_group_that_stores_members_has_a_history_that_outlives_the_service() {
    let world = with_group().await;
    for random in 1..=25 {
        assert_eq!(send(&world, "g", "a", random).await, u64::from(random));
    }
    assert_eq!(recall(&world, "g", &[24]).await, [0]);
    let world = world.restarted().await;
    let answer = history(&world, "g", 50).await;
    assert_eq!((&answer["GroupId"], &answer["IsFinished"]), (&json!("g"), &json!(0)));
    let list = answer["RspMsgList"].as_array().unwrap();
    assert_eq!(seqs(&answer["RspMsgList"], "MsgSeq"), (6..=25).rev().collect::<Vec<_>>());
    let newest = &list[0];
    assert_eq!(newest["From_Account"], "a");
    assert_eq!((&newest["MsgPriority"], &newest["MsgRandom"]), (&json!(1), &json!(25)));
    assert_eq!(newest["IsPlaceMsg"], 0);
    assert_eq!(newest["MsgBody"][0]["MsgContent"]["Text"], "m25");
    assert_eq!(newest["MsgTimeStamp"].as_u64().unwrap(), world.clock.now_s());
    assert_eq!((&list[1]["IsPlaceMsg"], &list[1]["MsgBody"]), (&json!(2), &json!([])));
    let older = json!({"GroupId": "g", "ReqMsgNumber": 20, "ReqMsgSeq": 5});
    let older = world.ok(HISTORY, older).await;
    assert_eq!(older["IsFinished"], 1);
    assert_eq!(seqs(&older["RspMsgList"], "MsgSeq"), [5, 4, 3, 2, 1]);
    assert_eq!(recall(&world, "g", &[24, 23]).await, [10032, 0], "storage knows them too");

    let mut member = join(&world, "b", "g").await;
    let page = member.ask(json!({"t": "history", "group_id": "g", "count": 3})).await;
    assert_eq!(seqs(&page["messages"], "seq"), [21, 22, 25], "oldest first, no recalled ones");
    let before = json!({"t": "history", "group_id": "g", "before_seq": 3, "count": 20});
    assert_eq!(seqs(&member.ask(before).await["messages"], "seq"), [1, 2]);
    let mut stranger = world.signed_in("stranger").await;
    let refused = stranger.ask(json!({"t": "history", "group_id": "g", "count": 3})).await;
    assert_eq!(refused["code"], 9002);

    world.clock.advance(8 * 24 * 3600);
    let expired = history(&world, "g", 20).await;
    assert_eq!((&expired["IsFinished"], &expired["RspMsgList"]), (&json!(2), &json!([])));
}

#[tokio::test]
async fn a_live_room_has_a_history_of_twenty_messages_only_where_it_is_switched_on() {
    let world = World::with_room().await;
    send(&world, "r", "host", 1).await;
    let ask = json!({"GroupId": "r", "ReqMsgNumber": 20});
    assert_eq!(world.refused(HISTORY, ask.clone()).await, 10007);
    world.set("room_history", "on").await;
    for random in 2..=23 {
        send(&world, "r", "host", random).await;
    }
    let answer = history(&world, "r", 100).await;
    assert_eq!(seqs(&answer["RspMsgList"], "MsgSeq"), (4..=23).rev().collect::<Vec<_>>());
    let mut viewer = world.in_room("viewer").await;
    let page = viewer.ask(json!({"t": "history", "group_id": "r", "count": 2})).await;
    assert_eq!(seqs(&page["messages"], "seq"), [22, 23]);
    world.clock.advance(24 * 3600 + 1);
    assert_eq!(history(&world, "r", 20).await["RspMsgList"], json!([]), "a day is over");
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_edition(storage, app, Edition::Pro).await.unwrap();
    assert_eq!(world.refused(HISTORY, ask).await, 10007, "the edition is too low");
    let refused = viewer.ask(json!({"t": "history", "group_id": "r", "count": 2})).await;
    assert_eq!(refused["code"], 10007);
}

#[tokio::test]
async fn a_stored_member_reads_and_recalls_without_a_join() {
    let world = with_group().await;
    for random in 1..=2 {
        send(&world, "g", "a", random).await;
    }
    let mut member = world.signed_in("a").await;
    let read = member.ask(json!({"t": "history", "group_id": "g", "count": 20})).await;
    assert_eq!(seqs(&read["messages"], "seq"), [1, 2]);
    let recall = json!({"t": "recall", "group_id": "g", "seq": 2});
    assert_eq!(member.ask(recall).await["t"], "done");
    let mut outside = world.signed_in("outside").await;
    let ask = json!({"t": "history", "group_id": "g", "count": 20});
    assert_eq!(outside.ask(ask).await["code"], 9002);
}

#[tokio::test]
async fn a_history_of_large_messages_comes_in_frames_of_a_bearable_size() {
    let world = with_group().await;
    // Each takes six bytes of JSON.
    let data = "\u{1}".repeat(4_096);
    for random in 1..=20 {
        world.clock.advance_ms(5);
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "x"}});
        let body = json!({"GroupId": "g", "From_Account": "a", "Random": random,
            "MsgBody": [element], "CloudCustomData": data});
        world.ok(&format!("{GROUPS}/send_group_msg"), body).await;
    }
    let mut member = world.signed_in("a").await;
    let ask = json!({"t": "history", "group_id": "g", "count": 20});
    let newest = member.ask(ask).await;
    assert!(newest.to_string().len() < 257 * 1024);
    assert_eq!(seqs(&newest["messages"], "seq"), (11..=20).collect::<Vec<_>>());
    let ask = json!({"t": "history", "group_id": "g", "count": 20, "before_seq": 11});
    let before = member.ask(ask).await;
    assert_eq!(seqs(&before["messages"], "seq"), (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn everything_that_an_account_said_is_taken_back_at_once() {
    let world = World::with_room().await;
    world.ok("im_open_login_svc/account_import", json!({"UserID": "rude"})).await;
    world.set("room_history", "on").await;
    let mut viewer = world.in_room("viewer").await;
    for (random, from) in [(1, "rude"), (2, "host"), (3, "rude")] {
        send(&world, "r", from, random).await;
    }
    world.clock.advance(600);
    let body = json!({"GroupId": "r", "Sender_Account": "rude"});
    world.ok(&format!("{GROUPS}/delete_group_msg_by_sender"), body).await;
    assert_eq!(viewer.kind("recalled").await["seqs"], json!([1, 3]), "however old they are");
    let kept = history(&world, "r", 20).await;
    let places: Vec<u64> = seqs(&kept["RspMsgList"], "IsPlaceMsg");
    assert_eq!(places, [2, 0, 2]);
}

#[tokio::test]
async fn a_kept_message_can_be_changed_for_those_who_read_it_later() {
    let world = with_group().await;
    let path = "openim/modify_group_msg";
    send(&world, "g", "a", 1).await;
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "better"}}]);
    let change = json!({"GroupId": "g", "MsgSeq": 1, "MsgBody": body});
    world.ok(path, change.clone()).await;
    world.ok(path, json!({"GroupId": "g", "MsgSeq": 1, "CloudCustomData": "new"})).await;
    let kept = history(&world, "g", 1).await["RspMsgList"][0].clone();
    assert_eq!(kept["MsgBody"], body);
    assert_eq!(kept["CloudCustomData"], "new");
    let mut back = world.signed_in("b").await;
    let joined = back.ask(json!({"t": "join", "group_id": "g", "after_seq": 0})).await;
    assert_eq!(joined["messages"][0]["elements"], body);

    assert_eq!(world.refused(path, json!({"GroupId": "g", "MsgSeq": 1})).await, 10004);
    let absent = json!({"GroupId": "g", "MsgSeq": 2, "MsgBody": body});
    assert_eq!(world.refused(path, absent).await, 10030);
    recall(&world, "g", &[1]).await;
    assert_eq!(world.refused(path, change).await, 10030, "what is recalled stays gone");
}
