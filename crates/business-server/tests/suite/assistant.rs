//! The virtual assistant: greetings, answers, and notices at set times.

use acceptance::rest::http;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{ASSISTANT, Api, ROOM, Shop, WEBHOOK_TOKEN, Watcher, business_of};

const PATH: &str = "/rooms/r/assistant";

/// What the assistant says next, after it was checked that it says it.
async fn heard(watcher: &mut Watcher) -> Value {
    loop {
        let message = watcher.next_message().await;
        if let Some(said) = business_of(&message)
            && said["t"] == "announcement"
        {
            assert_eq!(message["from"], ASSISTANT);
            return said;
        }
    }
}

async fn greet(host: &Api) {
    let greeting = json!({"on": true, "text": "Hi {names}!", "text_many": "Hi {names} +{more}!"});
    host.put_ok(PATH, json!({"greeting": greeting})).await;
}

/// Brings the business service a webhook, as the chat service does. What is brought one after the
/// other is heard in this order.
async fn tell(shop: &Shop, command: &str, body: Value) {
    tell_at(shop, command, body, json!(shop.clock.now_s() * 1_000)).await;
}

/// Brings a webhook of what happened at `at_ms`.
async fn tell_at(shop: &Shop, command: &str, mut body: Value, at_ms: Value) {
    let time_s = shop.clock.now_s();
    body["CallbackCommand"] = json!(command);
    body["GroupId"] = json!(ROOM);
    body["EventTime"] = at_ms;
    let sign = Sha256::digest(format!("{WEBHOOK_TOKEN}{time_s}"));
    let sign: String = sign.iter().map(|byte| format!("{byte:02x}")).collect();
    let url = format!(
        "{}?SdkAppid={}&CallbackCommand={command}&contenttype=json&ClientIP=127.0.0.1\
         &OptPlatform=RESTAPI&RequestTime={time_s}&Sign={sign}",
        shop.business.webhook_url(),
        shop.app.sdk_app_id,
    );
    let answer = http().post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

async fn come_in(shop: &Shop, user: &str) {
    let members = json!([{"Member_Account": user}]);
    let body = json!({"Type": "AVChatRoom", "JoinType": "Apply", "NewMemberList": members});
    tell(shop, "Group.CallbackAfterNewMemberJoin", body).await;
}

/// Each message has a number of its own.
async fn say(shop: &Shop, seq: u32, user: &str, text: &str) {
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    let body = json!({"Type": "AVChatRoom", "From_Account": user, "Operator_Account": user,
        "MsgSeq": seq, "MsgTime": shop.clock.now_s(), "MsgBody": [element]});
    tell(shop, "Group.CallbackAfterSendMsg", body).await;
}

#[tokio::test]
async fn who_comes_in_is_greeted_by_name() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    // Nobody greets the owner.
    let mut watcher = shop.watch("host", ROOM).await;
    greet(&host).await;
    shop.sign_in("mei", "viewer").await;
    let _mei = shop.watch("mei", ROOM).await;
    let said = heard(&mut watcher).await;
    assert_eq!((&said["kind"], &said["text"]), (&json!("greeting"), &json!("Hi mei!")));
}

#[tokio::test]
async fn many_who_come_in_together_are_greeted_together() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("host", ROOM).await;
    let greeting = json!({"on": true, "text": "Hi {names}!", "text_many": "Hi {names} +{more}!"});
    let rule = json!({"keyword": "hello", "answer": "Hello"});
    host.put_ok(PATH, json!({"greeting": greeting, "rules": [rule]})).await;
    come_in(&shop, "v0").await;
    assert_eq!(heard(&mut watcher).await["text"], "Hi v0!");
    for user in ["v1", "host", "v2", ASSISTANT, "administrator", "v3", "v1", "v4", "v5"] {
        come_in(&shop, user).await;
    }
    // When this is answered, the others have been heard, and wait.
    say(&shop, 101, "v1", "hello").await;
    assert_eq!(heard(&mut watcher).await["text"], "Hello");
    shop.clock.step_wall(5);
    assert_eq!(heard(&mut watcher).await["text"], "Hi v1, v2, v3 +2!");
}

#[tokio::test]
async fn a_room_that_nobody_has_set_up_is_silent() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("host", ROOM).await;
    come_in(&shop, "v0").await;
    say(&shop, 102, "v0", "hello").await;
    let off = json!({"greeting": {"on": false}});
    host.put_ok(PATH, off).await;
    come_in(&shop, "v1").await;
    let rule = json!({"keyword": "hello", "answer": "I am here"});
    host.put_ok(PATH, json!({"rules": [rule]})).await;
    say(&shop, 103, "v1", "Hello?").await;
    assert_eq!(heard(&mut watcher).await["text"], "I am here");
}

#[tokio::test]
async fn who_came_in_long_ago_is_not_greeted_any_more() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("host", ROOM).await;
    greet(&host).await;
    let body = json!({"NewMemberList": [{"Member_Account": "v0"}]});
    let late = json!((shop.clock.now_s() - 61) * 1_000);
    tell_at(&shop, "Group.CallbackAfterNewMemberJoin", body, late).await;
    come_in(&shop, "v1").await;
    assert_eq!(heard(&mut watcher).await["text"], "Hi v1!");
}

#[tokio::test]
async fn a_keyword_is_answered_whatever_its_case_and_width_and_then_rests() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let rules = json!([
        {"keyword": "shipping", "answer": "Two days"},
        {"keyword": "尺码", "answer": "40 to 45"},
    ]);
    host.put_ok(PATH, json!({"rules": rules})).await;
    watcher.say("c1", "what about ＳＨＩＰＰＩＮＧ?").await;
    let said = heard(&mut watcher).await;
    assert_eq!((&said["kind"], &said["text"]), (&json!("answer"), &json!("Two days")));
    // The first rule rests, so what comes next is the other one's.
    watcher.say("c2", "Shipping!").await;
    watcher.say("c3", "什么尺码").await;
    let other = heard(&mut watcher).await;
    assert_eq!(other["text"], "40 to 45");
    assert_ne!(said["id"], other["id"]);
    shop.clock.step_wall(10);
    watcher.say("c4", "shipping?").await;
    assert_eq!(heard(&mut watcher).await["text"], "Two days");
}

#[tokio::test]
async fn the_assistant_does_not_answer_the_service_itself() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("host", ROOM).await;
    let rules = json!([
        {"keyword": "sale", "answer": "Ends tonight"},
        {"keyword": "size", "answer": "40 to 45"},
    ]);
    host.put_ok(PATH, json!({"rules": rules})).await;
    say(&shop, 104, "administrator", "Big sale").await;
    say(&shop, 105, ASSISTANT, "Big sale").await;
    say(&shop, 106, "mei", "which size").await;
    assert_eq!(heard(&mut watcher).await["text"], "40 to 45");
    say(&shop, 107, "mei", "which sale").await;
    assert_eq!(heard(&mut watcher).await["text"], "Ends tonight");
}

#[tokio::test]
async fn notices_are_posted_at_their_time_and_missed_ones_are_left_out() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let now_s = shop.clock.now_s();
    let notices = json!([
        {"text": "Every five minutes", "every_min": 5},
        {"text": "A break soon", "at_s": now_s + 120},
        {"text": "Missed", "at_s": now_s + 1_000},
    ]);
    host.put_ok(PATH, json!({"notices": notices})).await;
    shop.clock.step_wall(120);
    let said = heard(&mut watcher).await;
    assert_eq!((&said["kind"], &said["text"]), (&json!("notice"), &json!("A break soon")));
    shop.clock.step_wall(180);
    assert_eq!(heard(&mut watcher).await["text"], "Every five minutes");
    // An hour without the service: what was due in it is not said later, and the rhythm goes on.
    shop.clock.step_wall(3_600 + 100);
    let shop = shop.business_restarted().await;
    let host = shop.sign_in("host", "host").await;
    let mut settings = host.get_ok(PATH).await;
    assert_eq!(settings["notices"], notices);
    settings["rules"] = json!([{"keyword": "hello", "answer": "Hello"}]);
    host.put_ok(PATH, settings).await;
    watcher.say("c1", "hello").await;
    assert_eq!(heard(&mut watcher).await["text"], "Hello");
    shop.clock.step_wall(200);
    assert_eq!(heard(&mut watcher).await["text"], "Every five minutes");
}

#[tokio::test]
async fn a_repeated_notice_is_for_when_the_host_is_on() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let now_s = shop.clock.now_s();
    host.put_ok("/rooms/r/status", json!({"status": "ended"})).await;
    let notices = json!([
        {"text": "Again", "every_min": 1},
        {"text": "Once", "at_s": now_s + 61},
    ]);
    host.put_ok(PATH, json!({"notices": notices})).await;
    shop.clock.step_wall(61);
    assert_eq!(heard(&mut watcher).await["text"], "Once");
    host.put_ok("/rooms/r/status", json!({"status": "live"})).await;
    shop.clock.step_wall(59);
    assert_eq!(heard(&mut watcher).await["text"], "Again");
}

#[tokio::test]
async fn only_who_runs_the_room_sets_up_its_assistant() {
    let shop = Shop::open().await;
    for (user, role) in [("mei", "viewer"), ("bo", "host"), ("li", "moderator")] {
        let caller = shop.sign_in(user, role).await;
        assert_eq!(caller.get(PATH).await.problem(403), "forbidden", "{role}");
        assert_eq!(caller.put(PATH, json!({})).await.problem(403), "forbidden", "{role}");
    }
    let host = shop.sign_in("host", "host").await;
    let unset = host.get_ok(PATH).await;
    assert_eq!(unset["greeting"]["on"], false);
    assert_eq!(host.put_ok(PATH, json!({})).await, unset);
    let wrong = json!({"rules": [{"keyword": "", "answer": "x"}]});
    assert_eq!(host.put(PATH, wrong).await.problem(400), "invalid");
    assert_eq!(host.get("/rooms/none/assistant").await.problem(404), "room");
}
