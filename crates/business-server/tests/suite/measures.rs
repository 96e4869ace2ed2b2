//! Mutes and bans: who may not be measured, what a measure leaves alone, and what was never said.

use business_server::{EventKind, ShopWebhook};
use chat_server::application::{self, Edition};
use chat_server::clock::SystemClock;
use chat_types::rest::AccountImport;
use serde_json::{Value, json};

use crate::events::soon;
use crate::notifications::{Receiver, open, webhook};
use crate::support::{ASSISTANT, Api, Opening, ROOM, Shop, Watcher};
use crate::webhooks::{Hook, asked, until};

async fn measure(caller: &Api, kind: &str, user: &str, seconds: u32) -> Value {
    let body = json!({"user_id": user, "seconds": seconds});
    let answer = caller.post(&format!("/rooms/{ROOM}/{kind}"), body).await;
    answer.expect_status(202)
}

/// Says a text until the answer has this code, 0 for a message that was sent.
async fn speaks(speaker: &mut Watcher, code: i64) {
    for number in 0.. {
        let text = format!("may i {code} {number}");
        let answer = speaker.say(&text, &text).await;
        if answer["code"].as_i64().unwrap_or(0) == code {
            return;
        }
        assert!(number < 10_000, "{answer}");
    }
}

fn pro() -> Opening {
    Opening { edition: Edition::Pro, ..Opening::default() }
}

#[tokio::test]
async fn nobody_measures_the_accounts_of_the_service_or_those_of_the_same_role() {
    let shop = Shop::open().await;
    let (moderator, admin) =
        (shop.sign_in("mo", "moderator").await, shop.sign_in("boss", "admin").await);
    shop.sign_in("mo2", "moderator").await;
    shop.sign_in("boss2", "admin").await;
    for (caller, user) in [
        (&admin, "administrator"),
        (&admin, ASSISTANT),
        (&admin, "boss2"),
        (&admin, "boss"),
        (&admin, "host"),
        (&moderator, "boss"),
        (&moderator, "mo2"),
    ] {
        for kind in ["mutes", "bans"] {
            let path = format!("/rooms/{ROOM}/{kind}");
            let refused = caller.post(&path, json!({"user_id": user, "seconds": 60})).await;
            assert_eq!(refused.problem(403), "forbidden", "{kind} {user}");
            // What was done by other means may be undone.
            measure(caller, kind, user, 0).await;
        }
    }
    for kind in ["mutes", "bans"] {
        let lifted = json!({"user_id": "mo", "seconds": 0});
        let refused = moderator.post(&format!("/rooms/{ROOM}/{kind}"), lifted).await;
        assert_eq!(refused.problem(403), "forbidden", "nobody lifts the own one");
    }
    measure(&admin, "mutes", "mo2", 60).await;
}

#[tokio::test]
async fn administrators_of_the_application_are_measured_by_nobody() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    let (storage, id) = (shop.chat.storage(), shop.app.sdk_app_id);
    application::add_admin(storage, &SystemClock, id, "second").await.unwrap();
    for call in ["mutes", "bans"] {
        let path = format!("/rooms/{ROOM}/{call}");
        let refused = boss.post(&path, json!({"user_id": "second", "seconds": 60})).await;
        assert_eq!(refused.problem(403), "forbidden");
        boss.post(&path, json!({"user_id": "second", "seconds": 0})).await.expect_status(202);
    }
}

#[tokio::test]
async fn a_review_measures_nobody_whom_its_moderator_may_not_measure() {
    let shop = Shop::open().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let list = json!({"name": "l", "action": "review", "words": ["odd"]});
    let admin = shop.sign_in("boss", "admin").await;
    admin.put_ok("/moderation/words", json!({"list": list})).await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(mei.say("c1", "odd").await["t"], "send_ok");
    let open = moderator.get_ok("/moderation/review").await;
    let path = format!("/moderation/review/{}", open[0]["id"]);
    // Meanwhile the account has become somebody.
    shop.sign_in("mei", "admin").await;
    for verdict in ["mute", "ban"] {
        let refused = moderator.post(&path, json!({"verdict": verdict})).await;
        assert_eq!(refused.problem(403), "forbidden");
    }
    moderator.post_ok(&path, json!({"verdict": "approve"})).await;
}

#[tokio::test]
async fn the_owner_and_moderators_are_refused_a_forged_gift_and_nothing_follows() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    shop.sign_in("mo", "moderator").await;
    let rules = json!({"ladder": {"lasting_s": 3_600, "steps": [
        {"strike": 1, "measure": "mute", "seconds": 600}]}});
    admin.put_ok(&format!("/rooms/{ROOM}/moderation"), rules).await;
    for user in ["host", "mo", "boss"] {
        let mut speaker = shop.watch(user, ROOM).await;
        for number in 0..3 {
            let answer = speaker.send(&format!("f{number}"), &json!({"t": "gift"})).await;
            assert_eq!(answer["code"], 10_101, "{answer}");
        }
        assert_eq!(speaker.say("c", "hello").await["t"], "send_ok");
    }
    let log = admin.get_ok("/moderation/log").await;
    for line in log.as_array().unwrap() {
        assert_eq!((&line["action"], &line["is_strike"]), (&json!("refuse"), &json!(false)));
    }
    let mut mei = shop.watch("mei", ROOM).await;
    mei.send("f", &json!({"t": "gift"})).await;
    speaks(&mut mei, 10_017).await;
}

#[tokio::test]
async fn the_answer_to_a_ban_tells_what_the_application_could_do() {
    let shop = Shop::open().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    shop.watch("mei", ROOM).await;
    assert_eq!(measure(&moderator, "bans", "mei", 60).await["carried"], "ban");
    let shop = Shop::open_with(pro()).await;
    let moderator = shop.sign_in("mo", "moderator").await;
    shop.watch("mei", ROOM).await;
    assert_eq!(measure(&moderator, "bans", "mei", 60).await["carried"], "mute");
    let (hold, caller) = (moderator.clone(), moderator);
    let shop = shop
        .without_chat(async move |_| {
            assert_eq!(measure(&hold, "bans", "mei", 600).await["carried"], Value::Null);
        })
        .await;
    let mut mei = shop.watch("li", ROOM).await;
    measure(&caller, "bans", "li", 600).await;
    speaks(&mut mei, 10_017).await;
}

#[tokio::test]
async fn an_account_that_nobody_knows_is_not_measured_and_nothing_is_told_of_it() {
    let mut receiver = Receiver::start().await;
    let kinds = vec![EventKind::Muted, EventKind::Unbanned, EventKind::Banned];
    let shop = open(ShopWebhook { kinds, ..webhook(&receiver) }).await;
    let moderator = shop.sign_in("mo", "moderator").await;
    for (kind, seconds) in [("bans", 60), ("mutes", 60), ("bans", 0)] {
        let body = json!({"user_id": "nobody", "seconds": seconds});
        let answer = moderator.post(&format!("/rooms/{ROOM}/{kind}"), body).await;
        assert_eq!(answer.problem(404), "account", "{kind} {seconds}");
    }
    // The chat service alone knows it.
    let admin = shop.administrator();
    let import = AccountImport { user_id: "li".into(), nick: Some("Li".into()), face_url: None };
    admin.account_import(&import).await.unwrap();
    measure(&moderator, "mutes", "li", 60).await;
    let event = receiver.taken().await;
    assert_eq!((&event["kind"], &event["data"]["user"]), (&json!("muted"), &json!("li")));
}

#[tokio::test]
async fn where_a_ban_is_a_mute_the_longer_of_the_two_holds() {
    let shop = Shop::open_with(pro()).await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let mut mei = shop.watch("mei", ROOM).await;
    measure(&moderator, "mutes", "mei", 600).await;
    speaks(&mut mei, 10_017).await;
    assert_eq!(measure(&moderator, "bans", "mei", 60).await["carried"], "mute");
    shop.clock.advance_ms(61_000);
    assert_eq!(mei.say("c1", "may i").await["code"], 10_017, "the mute runs on");
    shop.clock.advance_ms(540_000);
    assert_eq!(mei.say("c2", "may i").await["t"], "send_ok");
    // The other way round: the end of a mute is not the end of a ban.
    assert_eq!(measure(&moderator, "bans", "mei", 600).await["carried"], "mute");
    measure(&moderator, "mutes", "mei", 0).await;
    let lifted = async || moderator.get_ok("/moderation/log").await[0]["action"] == "lift";
    soon("the lift is noted", lifted).await;
    shop.clock.advance_ms(1_000);
    let mut li = shop.watch("li", ROOM).await;
    measure(&moderator, "mutes", "li", 600).await;
    // What was written earlier is carried out earlier.
    speaks(&mut li, 10_017).await;
    assert_eq!(mei.say("c3", "may i").await["code"], 10_017, "the ban holds");
    measure(&moderator, "bans", "mei", 0).await;
    speaks(&mut mei, 0).await;
}

#[tokio::test]
async fn a_strike_shortens_nothing_that_a_moderator_has_set_and_a_moderator_may() {
    let shop = Shop::open().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let admin = shop.sign_in("boss", "admin").await;
    shop.watch("mei", ROOM).await;
    let hook = Hook::of(&shop);
    let muted_until = async || {
        let sanctions = moderator.get_ok(&format!("/rooms/{ROOM}/sanctions")).await;
        sanctions["sanctions"][0]["muted_until_s"].as_u64().unwrap() - shop.clock.now_s()
    };
    let strike = async |random: u32, seconds: u32| {
        let rules = json!({"ladder": {"lasting_s": 3_600, "steps": [
            {"strike": 1, "measure": "mute", "seconds": seconds}]}});
        admin.put_ok(&format!("/rooms/{ROOM}/moderation"), rules).await;
        let forged = json!([{"MsgType": "TIMCustomElem", "MsgContent": {
            "Data": r#"{"t":"gift"}"#, "Desc": "", "Ext": "", "Sound": ""}}]);
        let body = asked("mei", forged, random).to_string();
        hook.post("Group.CallbackBeforeSendMsg", body).await;
        soon("the strike is noted", async || {
            let log = admin.get_ok("/moderation/log").await;
            let strikes = log.as_array().unwrap().iter().filter(|line| line["is_strike"] == true);
            strikes.count() == random as usize
        })
        .await;
    };
    measure(&moderator, "mutes", "mei", 600).await;
    strike(1, 60).await;
    assert_eq!(muted_until().await, 600);
    strike(2, 6_000).await;
    assert_eq!(muted_until().await, 6_000);
    measure(&moderator, "mutes", "mei", 300).await;
    assert_eq!(muted_until().await, 300);
}

/// What the chat service tells of a message that it did not deliver.
fn failed(user: &str, text: &str, random: u32, code: i32) -> String {
    let mut failed = asked(user, text_of(text), random);
    failed["CallbackCommand"] = "Group.CallbackSendMsgException".into();
    failed["ErrorCode"] = code.into();
    failed["ErrorInfo"] = "no".into();
    failed.to_string()
}

fn text_of(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}

#[tokio::test]
async fn a_comment_that_nobody_saw_may_be_said_again() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let rules = json!({"repeats_within_s": 60, "ladder": {"steps": []}});
    admin.put_ok(&format!("/rooms/{ROOM}/moderation"), rules).await;
    let hook = Hook::of(&shop);
    let says = async |random| {
        let body = asked("mei", text_of("hello"), random).to_string();
        hook.post("Group.CallbackBeforeSendMsg", body).await.1["ErrorCode"].as_i64().unwrap()
    };
    let is_told = async |random, code| {
        let body = failed("mei", "hello", random, code);
        assert_eq!(hook.post("Group.CallbackSendMsgException", body).await.0, 200);
        until(&admin, |figures| figures["unheard"] == 0).await;
    };
    assert_eq!(says(1).await, 0);
    is_told(1, 10_023).await;
    assert_eq!(says(2).await, 0);
    // Refused here because it was late, though it was looked at.
    is_told(2, 10_106).await;
    assert_eq!(says(2).await, 0);
    // A message that is refused before it comes here takes nothing back of the one that was shown,
    // and a repeat that was refused here is still one.
    is_told(9, 10_017).await;
    assert_eq!(says(3).await, 10_103);
    is_told(3, 10_103).await;
    assert_eq!(says(4).await, 10_103);
}

#[tokio::test]
async fn nobody_has_to_look_at_a_doubtful_message_that_nobody_saw() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let list = json!({"name": "l", "action": "review", "words": ["odd"]});
    admin.put_ok("/moderation/words", json!({"list": list})).await;
    let hook = Hook::of(&shop);
    for random in [1, 2] {
        let body = asked("mei", text_of("odd"), random).to_string();
        hook.post("Group.CallbackBeforeSendMsg", body).await;
    }
    let open = admin.get_ok("/moderation/review").await;
    assert_eq!(open.as_array().unwrap().len(), 2);
    hook.post("Group.CallbackSendMsgException", failed("mei", "odd", 1, 10_023)).await;
    soon("one review is left", async || {
        let left = admin.get_ok("/moderation/review").await;
        left.as_array().unwrap().len() == 1 && left[0]["id"] == open[1]["id"]
    })
    .await;
    let path = format!("/moderation/review/{}", open[0]["id"]);
    let closed = admin.post(&path, json!({"verdict": "remove"})).await;
    assert_eq!(closed.problem(409), "decided");
    assert!(closed.json()["detail"].as_str().unwrap().contains("not_delivered"));
}
