//! One-to-one messages, through both faces.

use chat_server::storage::AccountPatch;
use serde_json::{Value, json};

use crate::clients::{Client, World, refusal};

const WEEK_S: u64 = 604_800;

pub(crate) fn text(words: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": words}}])
}

fn words(message: &Value) -> &str {
    message["elements"][0]["MsgContent"]["Text"].as_str().unwrap_or_default()
}

async fn import(world: &World, users: &[&str]) {
    for user in users {
        let account = json!({"UserID": user, "Nick": format!("{user}'s nick")});
        world.ok("im_open_login_svc/account_import", account).await;
    }
}

async fn on(world: &World, user: &str, platform: &str) -> Client {
    let mut client = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": user,
        "user_sig": world.sig(user), "platform": platform});
    assert_eq!(client.ask(login).await["t"], "login_ok");
    client
}

impl Client {
    async fn tell(&mut self, to: &str, client_id: &str, words: &str) -> Value {
        let elements = text(words);
        let frame = json!({"t": "send_c2c", "to": to, "client_id": client_id,
            "elements": elements});
        self.ask(frame).await
    }

    async fn page(&mut self, peer: &str, before: Option<&str>, count: u32) -> (Vec<Value>, bool) {
        let mut frame = json!({"t": "c2c_history", "peer": peer, "count": count});
        if let Some(key) = before {
            frame["before_key"] = key.into();
        }
        let answer = self.ask(frame).await;
        assert_eq!(answer["t"], "c2c_history_ok", "{answer}");
        (answer["messages"].as_array().unwrap().clone(), answer["complete"].as_bool().unwrap())
    }

    async fn conversations(&mut self) -> Value {
        self.ask(json!({"t": "conversations"})).await["conversations"].clone()
    }
}

/// A `sendmsg` from `a` to `b` with more or other members.
fn message(random: u32, words: &str, more: Value) -> Value {
    let mut body = json!({"From_Account": "a", "To_Account": "b", "MsgRandom": random,
        "MsgBody": text(words)});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn send(world: &World, random: u32, words: &str, more: Value) -> Value {
    world.ok("openim/sendmsg", message(random, words, more)).await
}

async fn roam(world: &World, from: &str, to: &str, more: Value) -> Value {
    let mut body = json!({"From_Account": from, "To_Account": to, "MaxCnt": 100, "MinTime": 0,
        "MaxTime": u32::MAX});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.ok("openim/admin_getroammsg", body).await
}

fn roamed(answer: &Value) -> Vec<&str> {
    let list = answer["MsgList"].as_array().unwrap().iter();
    list.map(|message| message["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap_or("withdrawn"))
        .collect()
}

#[tokio::test]
async fn a_message_reaches_every_device_of_both_and_waits_for_whoever_is_away() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut sending = on(&world, "a", "Windows").await;
    let mut other = on(&world, "a", "iOS").await;
    let mut phone = on(&world, "b", "Android").await;
    let mut desk = on(&world, "b", "Mac").await;

    let sent = sending.tell("b", "c1", "hello").await;
    assert_eq!((&sent["t"], &sent["client_id"]), (&json!("send_c2c_ok"), &json!("c1")));
    for client in [&mut other, &mut phone, &mut desk] {
        let message = client.kind("c2c_message").await["message"].clone();
        assert_eq!((&message["from"], &message["to"]), (&json!("a"), &json!("b")));
        assert_eq!((&message["nick"], words(&message)), (&json!("a's nick"), "hello"));
        assert_eq!((&message["key"], &message["time_s"]), (&sent["key"], &sent["time_s"]));
        assert_eq!(message["client_id"], "c1");
    }
    phone.tell("a", "c2", "hi back").await;
    let next = sending.kind("c2c_message").await["message"].clone();
    assert_eq!(words(&next), "hi back", "the sending device gets no copy of its own message");

    drop((phone, desk));
    sending.tell("b", "c3", "while you were away").await;
    let mut back = world.signed_in("b").await;
    let list = back.conversations().await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!((&list[0]["peer"], words(&list[0]["last"])), (&json!("a"), "while you were away"));
    assert_eq!(list[0]["unread"], 2);

    for (to, code) in [("nobody", 20003), ("", 20003)] {
        assert_eq!(back.tell(to, "c4", "x").await["code"], code);
    }
    assert_eq!(back.tell("a", "", "x").await["code"], 10004);
    assert_eq!(back.tell("a", "c5", "").await["code"], 90002);
    assert_eq!(back.tell("a", "c5", &"x".repeat(12_300)).await["code"], 80002);
}

#[tokio::test]
async fn the_same_client_id_is_sent_once_for_five_minutes_also_over_a_restart() {
    let world = World::new().await;
    import(&world, &["a", "b", "c"]).await;
    let mut sender = world.signed_in("a").await;
    let mut receiver = world.signed_in("b").await;
    let first = sender.tell("b", "c1", "once").await;
    let again = sender.tell("b", "c1", "once").await;
    assert_eq!((&first["key"], &first["time_s"]), (&again["key"], &again["time_s"]));
    assert_ne!(sender.tell("c", "c1", "to another").await["key"], first["key"]);
    sender.tell("b", "c2", "next").await;
    for expected in ["once", "next"] {
        assert_eq!(words(&receiver.kind("c2c_message").await["message"]), expected);
    }

    let world = world.restarted().await;
    world.clock.advance(200);
    let mut sender = world.signed_in("a").await;
    assert_eq!(sender.tell("b", "c1", "once").await["key"], first["key"], "still remembered");
    world.clock.advance(100);
    assert_ne!(sender.tell("b", "c1", "once").await["key"], first["key"], "five minutes later");
    assert_eq!(sender.page("b", None, 20).await.0.len(), 3);
}

#[tokio::test]
async fn history_is_read_in_pages_survives_a_restart_and_ends_after_seven_days() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut sender = world.signed_in("a").await;
    for number in 0..5 {
        sender.tell("b", &format!("c{number}"), &format!("n{number}")).await;
    }
    let world = world.restarted().await;
    let mut reader = world.signed_in("b").await;
    let texts = |page: &[Value]| page.iter().map(|m| words(m).to_owned()).collect::<Vec<_>>();
    let (page, complete) = reader.page("a", None, 2).await;
    assert_eq!((texts(&page), complete), (vec!["n3".into(), "n4".into()], false));
    let (page, complete) = reader.page("a", page[0]["key"].as_str(), 2).await;
    assert_eq!((texts(&page), complete), (vec!["n1".into(), "n2".into()], false));
    let (page, complete) = reader.page("a", page[0]["key"].as_str(), 2).await;
    assert_eq!((texts(&page), complete), (vec!["n0".into()], true));
    assert_eq!(page[0]["nick"], "a's nick");
    for (count, key, code) in [(0, None, 10004), (21, None, 10004), (1, Some("nonsense"), 90054)] {
        let frame = json!({"t": "c2c_history", "peer": "a", "count": count, "before_key": key});
        assert_eq!(reader.ask(frame).await["code"], code);
    }

    let unread = json!({"To_Account": "b"});
    let path = "openim/get_c2c_unread_msg_num";
    assert_eq!(world.ok(path, unread.clone()).await["AllC2CUnreadMsgNum"], 5);
    world.clock.advance(WEEK_S - 1);
    let mut reader = world.signed_in("b").await;
    assert_eq!(reader.page("a", None, 20).await.0.len(), 5);
    world.clock.advance(1);
    assert_eq!(reader.page("a", None, 20).await, (vec![], true));
    assert_eq!(reader.conversations().await, json!([]));
    assert_eq!(world.ok(path, unread).await["AllC2CUnreadMsgNum"], 0);
}

#[tokio::test]
async fn reading_is_told_to_the_peer_and_to_the_readers_other_devices() {
    let world = World::new().await;
    import(&world, &["a", "b", "c"]).await;
    let mut sender = world.signed_in("a").await;
    let mut desk = on(&world, "b", "Mac").await;
    let mut phone = on(&world, "b", "iOS").await;
    sender.tell("b", "c1", "one").await;
    sender.tell("b", "c2", "two").await;
    send(&world, 1, "from c", json!({"From_Account": "c"})).await;
    let path = "openim/get_c2c_unread_msg_num";
    let by_peer = json!({"To_Account": "b", "Peer_Account": ["a", "c", "nobody"]});
    let numbers = world.ok(path, by_peer.clone()).await;
    let list = |a, c| {
        json!([{"Peer_Account": "a", "C2CUnreadMsgNum": a},
            {"Peer_Account": "c", "C2CUnreadMsgNum": c},
            {"Peer_Account": "nobody", "C2CUnreadMsgNum": 0}])
    };
    assert_eq!(numbers["C2CUnreadMsgNumList"], list(2, 1));

    assert_eq!(desk.ask(json!({"t": "c2c_read", "peer": "a"})).await["t"], "done");
    let told = sender.kind("c2c_read").await;
    assert_eq!((&told["peer"], told.get("own")), (&json!("b"), None));
    let told = phone.kind("c2c_read").await;
    assert_eq!((&told["peer"], &told["own"]), (&json!("a"), &json!(true)));
    assert_eq!(world.ok(path, by_peer.clone()).await["C2CUnreadMsgNumList"], list(0, 1));
    sender.tell("b", "c3", "three").await;
    assert_eq!(world.ok(path, by_peer.clone()).await["C2CUnreadMsgNumList"], list(1, 1));

    let read = json!({"Report_Account": "b", "Peer_Account": "c"});
    world.ok("openim/admin_set_msg_read", read).await;
    assert_eq!(desk.kind("c2c_read").await["peer"], "c");
    assert_eq!(world.ok(path, by_peer).await["C2CUnreadMsgNumList"], list(1, 0));
    let nobody = json!({"Report_Account": "nobody", "Peer_Account": "c"});
    assert_eq!(world.refused("openim/admin_set_msg_read", nobody).await, 90048);
    assert_eq!(world.refused(path, json!({"To_Account": "nobody"})).await, 90048);
}

#[tokio::test]
async fn reading_what_was_read_or_never_written_is_told_nobody() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut peer = world.signed_in("a").await;
    let mut desk = on(&world, "b", "Mac").await;
    let mut phone = on(&world, "b", "iOS").await;
    let read = json!({"t": "c2c_read", "peer": "a"});
    assert_eq!(desk.ask(read.clone()).await["t"], "done", "nothing was written yet");
    desk.tell("a", "c1", "hello?").await;
    assert_eq!(desk.ask(read.clone()).await["t"], "done", "the own message is no news");
    peer.tell("b", "c2", "yes").await;
    assert_eq!(desk.ask(read.clone()).await["t"], "done");
    assert_eq!(desk.ask(read).await["t"], "done", "it is read already");
    desk.tell("a", "c3", "good").await;
    let told = async |client: &mut crate::clients::Client| {
        let mut kinds = Vec::new();
        loop {
            let frame = client.next().await.unwrap();
            kinds.push(frame["t"].as_str().unwrap().to_owned());
            if frame["message"]["client_id"] == "c3" {
                return kinds;
            }
        }
    };
    assert_eq!(told(&mut peer).await, ["c2c_read", "c2c_message"]);
    let by_itself = ["c2c_message", "c2c_message", "c2c_read", "c2c_message"];
    assert_eq!(told(&mut phone).await, by_itself);
}

#[tokio::test]
async fn what_was_read_stays_read_when_the_messages_are_gone_and_numbers_begin_again() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut reader = world.signed_in("b").await;
    for random in 0..3 {
        send(&world, random, "short", json!({"MsgLifeTime": 10})).await;
    }
    assert_eq!(reader.ask(json!({"t": "c2c_read", "peer": "a"})).await["t"], "done");
    world.clock.advance(11);
    let storage = world.server.storage();
    let now_s = chat_server::clock::Clock::now_s(&*world.clock);
    assert_eq!(storage.purge(now_s, 0).await.unwrap(), 3);
    send(&world, 9, "new", json!({})).await;
    assert_eq!(reader.conversations().await[0]["unread"], 1);
}

#[tokio::test]
async fn an_own_message_is_taken_back_once_and_in_time() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut sender = world.signed_in("a").await;
    let mut receiver = world.signed_in("b").await;
    let sent = sender.tell("b", "c1", "oops").await;
    let late = sender.tell("b", "c2", "late").await;
    let withdraw = |peer: &str, key: &Value| json!({"t": "c2c_withdraw", "peer": peer, "key": key});
    assert_eq!(receiver.ask(withdraw("a", &sent["key"])).await["code"], 20022, "not its own");
    assert_eq!(sender.ask(withdraw("b", &sent["key"])).await["t"], "done");
    let told = receiver.kind("c2c_withdrawn").await;
    assert_eq!((&told["peer"], &told["key"]), (&json!("a"), &sent["key"]));
    assert_eq!(sender.ask(withdraw("b", &sent["key"])).await["code"], 20023);
    assert_eq!(sender.ask(withdraw("b", &json!("1_2_3"))).await["code"], 20022);
    assert_eq!(sender.ask(withdraw("b", &json!("nonsense"))).await["code"], 90054);

    world.clock.advance(121);
    assert_eq!(sender.ask(withdraw("b", &late["key"])).await["code"], 20016);
    let (page, _) = receiver.page("a", None, 20).await;
    assert_eq!((&page[0]["withdrawn"], &page[0]["elements"]), (&json!(true), &json!([])));
    assert_eq!(words(&page[1]), "late");
    assert_eq!(receiver.conversations().await[0]["unread"], 1, "a withdrawn message is not unread");

    let by_admin = json!({"From_Account": "a", "To_Account": "b", "MsgKey": late["key"]});
    world.ok("openim/admin_msgwithdraw", by_admin.clone()).await;
    for client in [&mut sender, &mut receiver] {
        client.until(|frame| frame["t"] == "c2c_withdrawn" && frame["key"] == late["key"]).await;
    }
    let answer = roam(&world, "a", "b", json!({})).await;
    let flags: Vec<&Value> =
        answer["MsgList"].as_array().unwrap().iter().map(|m| &m["MsgFlagBits"]).collect();
    assert_eq!(flags, [8, 8]);
    assert_eq!(world.refused("openim/admin_msgwithdraw", by_admin).await, 20023);
}

#[tokio::test]
async fn a_muted_account_and_one_that_takes_no_messages_are_answered_so_at_the_gateway_only() {
    let world = World::new().await;
    import(&world, &["b"]).await;
    let now_s = chat_server::clock::Clock::now_s(&*world.clock);
    let muted = AccountPatch {
        user_id: "a".into(),
        c2c_muted_until: Some(u32::try_from(now_s).unwrap() + 60),
        ..AccountPatch::default()
    };
    let closed = AccountPatch {
        user_id: "closed".into(),
        profile: [("Tag_Profile_IM_MsgSettings".to_owned(), json!(1))].into(),
        ..AccountPatch::default()
    };
    world
        .server
        .storage()
        .put_accounts(world.app.sdk_app_id, &[muted, closed], now_s)
        .await
        .unwrap();
    let mut sender = world.signed_in("a").await;
    assert_eq!(sender.tell("b", "c1", "x").await["code"], 20012);
    send(&world, 1, "in the name of a", json!({})).await;
    world.clock.advance(60);
    assert_eq!(sender.tell("b", "c1", "x").await["t"], "send_c2c_ok", "the mute is over");
    assert_eq!(sender.tell("closed", "c2", "x").await["code"], 20007);
    send(&world, 2, "from the application", json!({"To_Account": "closed"})).await;
}

#[tokio::test]
async fn sendmsg_stamps_a_message_and_knows_its_repeat_for_one_second() {
    let world = World::new().await;
    import(&world, &["a", "b", "c"]).await;
    let mut receiver = world.signed_in("b").await;
    world.clock.hold();
    let sent = send(&world, 7, "one", json!({"MsgSeq": 5, "CloudCustomData": "v1"})).await;
    let time = sent["MsgTime"].as_u64().unwrap();
    assert_eq!(sent["MsgKey"], format!("5_7_{time}"));
    let seen = receiver.kind("c2c_message").await["message"].clone();
    assert_eq!((&seen["seq"], &seen["random"]), (&json!(5), &json!(7)));
    assert_eq!((&seen["cloud_custom_data"], &seen["key"]), (&json!("v1"), &sent["MsgKey"]));
    assert!(seen.get("client_id").is_none());

    world.clock.advance_ms(999);
    assert_eq!(send(&world, 7, "again", json!({})).await["MsgKey"], sent["MsgKey"]);
    let other = send(&world, 7, "to c", json!({"To_Account": "c"})).await;
    assert_ne!(other["MsgKey"], sent["MsgKey"], "another receiver, another message");
    world.clock.advance_ms(1);
    assert_ne!(send(&world, 7, "later", json!({})).await["MsgKey"], sent["MsgKey"]);
    assert_eq!(words(&receiver.kind("c2c_message").await["message"]), "later");

    let body = json!({"To_Account": "b", "MsgRandom": 1, "MsgBody": text("default sender")});
    world.ok("openim/sendmsg", body).await;
    let seen = receiver.kind("c2c_message").await["message"].clone();
    assert_eq!(seen["from"], "administrator");

    let cases = [
        (json!({"To_Account": "nobody"}), 90012),
        (json!({"From_Account": "nobody"}), 90048),
        (json!({"MsgLifeTime": WEEK_S + 1}), 90026),
        (json!({"MsgLifeTime": "7"}), 90044),
        (json!({"SyncOtherMachine": "1"}), 90031),
        (json!({"MsgBody": "x"}), 90007),
        (json!({"MsgBody": []}), 90002),
        (json!({"MsgBody": text("")}), 90002),
        (json!({"MsgBody": [{"MsgType": "TIMSongElem", "MsgContent": {}}]}), 90010),
        (json!({"MsgBody": text(&"x".repeat(12_288))}), 80002),
        (json!({"MsgTimeStamp": "now"}), 90006),
        (json!({"CloudCustomData": "x".repeat(4_097)}), 80002),
    ];
    for (more, code) in cases {
        let refused = world.refused("openim/sendmsg", message(99, "x", more.clone())).await;
        assert_eq!(refused, code, "{more}");
    }
    world.set("message_bytes", "1000").await;
    let long = message(99, &"x".repeat(1_000), json!({}));
    assert_eq!(world.refused("openim/sendmsg", long).await, 80002);
}

#[tokio::test]
async fn lifetime_copy_and_control_decide_what_stays_of_a_message() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut sender = world.signed_in("a").await;
    let mut receiver = world.signed_in("b").await;
    send(&world, 1, "online only", json!({"MsgLifeTime": 0})).await;
    assert_eq!(words(&receiver.kind("c2c_message").await["message"]), "online only");
    assert_eq!(words(&sender.kind("c2c_message").await["message"]), "online only");
    assert_eq!(roam(&world, "a", "b", json!({})).await["MsgCnt"], 0);

    send(&world, 2, "no copy", json!({"SyncOtherMachine": 2})).await;
    send(&world, 3, "copy", json!({"SyncOtherMachine": 1})).await;
    assert_eq!(words(&sender.kind("c2c_message").await["message"]), "copy");
    assert_eq!(roamed(&roam(&world, "b", "a", json!({})).await), ["no copy", "copy"]);
    assert_eq!(roamed(&roam(&world, "a", "b", json!({})).await), ["copy"]);

    let quiet = json!({"SendMsgControl": ["NoUnread", "NoLastMsg"], "MsgLifeTime": 60});
    send(&world, 4, "quiet", quiet).await;
    let list = receiver.conversations().await;
    assert_eq!((&list[0]["unread"], words(&list[0]["last"])), (&json!(2), "copy"));
    assert_eq!(receiver.page("a", None, 20).await.0.len(), 3, "it is in the history");
    world.clock.advance(60);
    assert_eq!(receiver.page("a", None, 20).await.0.len(), 2, "for as long as it lives");
}

#[tokio::test]
async fn one_call_reaches_many_and_names_those_that_do_not_exist() {
    let world = World::new().await;
    import(&world, &["a", "b", "c"]).await;
    let mut b = world.signed_in("b").await;
    let path = "openim/batchsendmsg";
    let to = |random: u32, to: &[&str]| {
        json!({"From_Account": "a", "To_Account": to, "MsgRandom": random,
            "MsgBody": text(&format!("batch {random}"))})
    };
    let all = world.ok(path, to(1, &["b", "c", "b"])).await;
    assert!(all.get("ErrorList").is_none());
    let seen = b.kind("c2c_message").await["message"].clone();
    assert_eq!((words(&seen), &seen["key"]), ("batch 1", &all["MsgKey"]));
    assert_eq!(world.ok(path, to(1, &["b", "c"])).await["MsgKey"], all["MsgKey"], "a repeat");

    let some = world.call(path, to(2, &["b", "nobody"])).await;
    assert_eq!((&some["ActionStatus"], &some["ErrorCode"]), (&json!("SomeError"), &json!(0)));
    assert_eq!(some["ErrorList"], json!([{"To_Account": "nobody", "ErrorCode": 90012}]));
    assert_eq!(words(&b.kind("c2c_message").await["message"]), "batch 2");
    let none = world.call(path, to(3, &["nobody", "caf\u{e9}"])).await;
    assert_eq!(refusal("a batch for nobody", &none), 90012, "what is no id does not exist");
    assert_eq!(none["ErrorList"].as_array().unwrap().len(), 2);
    let crowd: Vec<String> = (0..501).map(|number| format!("u{number}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    assert_eq!(world.refused(path, to(4, &crowd)).await, 90011);
    assert_eq!(roamed(&roam(&world, "c", "a", json!({})).await), ["batch 1"]);
}

#[tokio::test]
async fn roaming_messages_come_in_pages_of_a_number_or_13_kilobytes() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    for (random, seq) in [(1, 30), (2, 10), (3, 20)] {
        send(&world, random, &format!("seq {seq}"), json!({"MsgSeq": seq})).await;
    }
    let first = roam(&world, "a", "b", json!({"MaxCnt": 2})).await;
    assert_eq!(roamed(&first), ["seq 20", "seq 30"], "MsgSeq orders within one second");
    assert_eq!((&first["Complete"], &first["MsgCnt"]), (&json!(0), &json!(2)));
    assert_eq!(first["LastMsgKey"], first["MsgList"][0]["MsgKey"]);
    let next = json!({"MaxTime": first["LastMsgTime"], "LastMsgKey": first["LastMsgKey"]});
    let second = roam(&world, "b", "a", next).await;
    assert_eq!(roamed(&second), ["seq 10"]);
    assert_eq!((&second["Complete"], &second["MsgCnt"]), (&json!(1), &json!(1)));

    world.clock.advance(10);
    let time = first["LastMsgTime"].as_u64().unwrap();
    for random in 10..14 {
        send(&world, random, &"x".repeat(6_000), json!({})).await;
    }
    let after = json!({"MinTime": time + 1});
    let large = roam(&world, "a", "b", after.clone()).await;
    assert_eq!((&large["Complete"], &large["MsgCnt"]), (&json!(0), &json!(2)));
    let mut rest = after;
    rest["LastMsgKey"] = large["LastMsgKey"].clone();
    let rest = roam(&world, "a", "b", rest).await;
    assert_eq!((&rest["Complete"], &rest["MsgCnt"]), (&json!(1), &json!(2)));

    let newer = json!({"Operator_Account": "b", "Peer_Account": "a", "MaxCnt": 1, "MinTime": 0,
        "MaxTime": time});
    let newer = world.ok("openim/admin_getroammsg", newer).await;
    assert_eq!(roamed(&newer), ["seq 30"], "the newer names are read too");
    let body = |from: &str, key: &str| {
        json!({"From_Account": from, "To_Account": "b", "MaxCnt": 1, "MinTime": 0,
            "MaxTime": 1, "LastMsgKey": key})
    };
    assert_eq!(world.refused("openim/admin_getroammsg", body("nobody", "")).await, 90048);
    assert_eq!(world.refused("openim/admin_getroammsg", body("a", "nonsense")).await, 90054);
}

#[tokio::test]
async fn an_imported_message_stands_at_its_own_time_and_a_changed_one_is_shown_again() {
    let world = World::new().await;
    import(&world, &["a", "b"]).await;
    let mut receiver = world.signed_in("b").await;
    let sent = send(&world, 1, "today", json!({"CloudCustomData": "v1"})).await;
    let yesterday = sent["MsgTime"].as_u64().unwrap() - 86_400;
    let old = |random: u32, time: u64, sync: u32| {
        json!({"From_Account": "a", "To_Account": "b", "MsgRandom": random, "MsgTimeStamp": time,
            "SyncFromOldSystem": sync, "MsgBody": text("yesterday")})
    };
    let path = "openim/importmsg";
    world.ok(path, old(1, yesterday, 2)).await;
    world.ok(path, old(1, yesterday, 2)).await;
    assert_eq!(roamed(&roam(&world, "a", "b", json!({})).await), ["yesterday", "today"]);
    let list = receiver.conversations().await;
    assert_eq!((&list[0]["unread"], words(&list[0]["last"])), (&json!(1), "today"));
    world.ok(path, old(2, yesterday, 1)).await;
    assert_eq!(receiver.conversations().await[0]["unread"], 2);
    for time in [yesterday - WEEK_S, yesterday + 2 * 86_400] {
        assert_eq!(world.refused(path, old(3, time, 1)).await, 90006);
    }

    let path = "openim/modify_c2c_msg";
    let change = |more: Value| {
        let mut body = json!({"From_Account": "a", "To_Account": "b", "MsgKey": sent["MsgKey"]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    world.ok(path, change(json!({"MsgBody": text("changed")}))).await;
    let again =
        receiver.until(|frame| words(&frame["message"]) == "changed").await["message"].clone();
    assert_eq!((&again["key"], &again["cloud_custom_data"]), (&sent["MsgKey"], &json!("v1")));
    let long = change(json!({"CloudCustomData": "x".repeat(4_097)}));
    assert_eq!(world.refused(path, long).await, 80002);
    world.ok(path, change(json!({"CloudCustomData": "v2"}))).await;
    let (page, _) = receiver.page("a", None, 1).await;
    assert_eq!((words(&page[0]), &page[0]["cloud_custom_data"]), ("changed", &json!("v2")));
    assert_eq!(world.refused(path, change(json!({}))).await, 90001);
    assert_eq!(world.refused(path, change(json!({"MsgBody": text("")}))).await, 90002);
    let absent = json!({"MsgKey": "1_2_3", "CloudCustomData": "x"});
    assert_eq!(world.refused(path, change(absent)).await, 20022);
}
