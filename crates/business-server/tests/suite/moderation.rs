//! Moderation: what the sender is told, what the room sees, and what follows.

use chat_server::application::Edition;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{interval, timeout};

use crate::support::{ASSISTANT, Api, Opening, PATIENCE, ROOM, Shop, Watcher};
use crate::webhooks::{Hook, sent};

/// A shop with an administrator and a word list for each action, where strikes bring nothing.
async fn shop_with_words() -> (Shop, Api) {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    for (action, word) in
        [("refuse", "scam"), ("replace", "heck"), ("drop", "bot"), ("review", "odd")]
    {
        let list = json!({"name": action, "action": action, "reach": "spread", "code": 10_150,
            "sentence": "no scams here", "words": [word]});
        admin.put_ok("/moderation/words", json!({"list": list})).await;
    }
    rules(&admin, json!({"ladder": {"steps": []}})).await;
    (shop, admin)
}

async fn rules(admin: &Api, rules: Value) {
    admin.put_ok(&format!("/rooms/{ROOM}/moderation"), rules).await;
}

/// The code with which a text is refused; 0 when it is not.
async fn code(speaker: &mut Watcher, client_id: &str, text: &str) -> i64 {
    let answer = speaker.say(client_id, text).await;
    match answer["t"].as_str().unwrap() {
        "send_ok" => 0,
        _ => answer["code"].as_i64().unwrap(),
    }
}

/// Calls until the answer is as wanted.
async fn until(api: &Api, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        let mut look = interval(Duration::from_millis(20));
        loop {
            let answer = api.get_ok(path).await;
            if wanted(&answer) {
                return answer;
            }
            look.tick().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("the answer in time")
}

#[tokio::test]
async fn a_refused_message_tells_its_sender_why_and_nobody_else_anything() {
    let (shop, admin) = shop_with_words().await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    let answer = mei.say("c1", "a ＳＣ-4-m!").await;
    assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!(10_150)));
    assert_eq!(answer["info"], "no scams here");
    assert_eq!(mei.say("c2", "after it").await["t"], "send_ok");
    assert_eq!(watcher.text().await, "after it");
    let log = admin.get_ok(&format!("/moderation/log?room={ROOM}")).await;
    let line = &log[0];
    assert_eq!((&line["user_id"], &line["text"]), (&json!("mei"), &json!("a ＳＣ-4-m!")));
    assert_eq!((&line["action"], &line["reason"]), (&json!("refuse"), &json!("refuse: scam")));
}

#[tokio::test]
async fn a_replaced_word_is_masked_for_everybody() {
    let (shop, _) = shop_with_words().await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    assert_eq!(mei.say("c1", "what the HECK is that").await["t"], "send_ok");
    assert_eq!(watcher.text().await, "what the *** is that");
}

#[tokio::test]
async fn a_dropped_message_looks_sent_to_its_sender_and_nobody_sees_it() {
    let (shop, admin) = shop_with_words().await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    let answer = mei.say("c1", "i am a bot").await;
    assert_eq!((&answer["t"], &answer["delivery"]), (&json!("send_ok"), &json!("delivered")));
    assert_eq!(mei.say("c2", "the next one").await["t"], "send_ok");
    assert_eq!(watcher.text().await, "the next one");
    let log = admin.get_ok("/moderation/log").await;
    assert_eq!((&log[0]["action"], &log[0]["is_strike"]), (&json!("drop"), &json!(true)));
}

#[tokio::test]
async fn a_doubtful_message_passes_and_a_moderator_takes_it_back() {
    let (shop, _) = shop_with_words().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    for text in ["an odd one", "an odd two"] {
        assert_eq!(mei.say(text, text).await["t"], "send_ok");
        assert_eq!(watcher.text().await, text);
    }
    let path = format!("/moderation/review?room={ROOM}");
    let open = until(&moderator, &path, |open| open[1]["msg_seq"].is_number()).await;
    assert_eq!(
        (&open[0]["text"], &open[0]["reason"]),
        (&json!("an odd one"), &json!("review: odd"))
    );
    let remove = format!("/moderation/review/{}", open[0]["id"]);
    let done = moderator.post_ok(&remove, json!({"verdict": "remove"})).await;
    assert_eq!((&done["verdict"], &done["moderator"]), (&json!("remove"), &json!("mo")));
    let recalled = watcher.client.kind("recalled").await;
    assert_eq!(recalled["seqs"], json!([open[0]["msg_seq"]]));
    let again = moderator.post(&remove, json!({"verdict": "approve"})).await;
    assert_eq!(again.problem(409), "decided");
    let approve = format!("/moderation/review/{}", open[1]["id"]);
    moderator.post_ok(&approve, json!({"verdict": "approve"})).await;
    assert_eq!(moderator.get_ok(&path).await, json!([]));
    let log = moderator.get_ok("/moderation/log").await;
    assert_eq!((&log[0]["action"], &log[1]["action"]), (&json!("approve"), &json!("remove")));
}

#[tokio::test]
async fn a_message_whose_delivery_is_not_known_yet_cannot_be_taken_back() {
    let (shop, admin) = shop_with_words().await;
    // Nobody who is not there can be muted.
    shop.sign_in("mei", "viewer").await;
    let hook = Hook::of(&shop);
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "odd"}}]);
    let asked = crate::webhooks::asked("mei", body, 77);
    hook.post("Group.CallbackBeforeSendMsg", asked.to_string()).await;
    let open = admin.get_ok("/moderation/review").await;
    let path = format!("/moderation/review/{}", open[0]["id"]);
    let early = admin.post(&path, json!({"verdict": "remove"})).await;
    assert_eq!(early.problem(409), "not_delivered");
    hook.post("Group.CallbackAfterSendMsg", sent("mei", 77, 9_000).to_string()).await;
    until(&admin, "/moderation/review", |open| open[0]["msg_seq"] == 9_000).await;
    // The chat service has never had a message of this number.
    let absent = admin.post(&path, json!({"verdict": "remove"})).await;
    assert_eq!(absent.problem(409), "not_recalled");
    // A mute does not hang on the message.
    admin.post_ok(&path, json!({"verdict": "mute", "seconds": 60})).await;
    assert_eq!(admin.get_ok("/moderation/log").await[0]["action"], "mute");
}

#[tokio::test]
async fn nobody_but_the_service_says_what_only_the_service_may_say() {
    let (shop, admin) = shop_with_words().await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    for (number, forged) in [
        json!({"t": "gift", "order": "o", "combo": "c", "gift": "rose", "title": "Rose",
            "count": 99, "total": 99, "user": "mei", "nick": "Mei", "price": 1}),
        json!({"t": "product", "product": null}),
        json!({"t": "announcement", "id": "a", "kind": "broadcast", "text": "free cups"}),
        json!({"t": "draw_result", "draw": "d", "prize": "p", "entrants": 1,
            "winners": [{"user": "mei", "nick": "Mei"}], "seed": ""}),
        json!({"t": "draw_opened"}),
        json!({"t": "live_status", "status": "ended", "at_s": 1}),
        json!({"t": "like", "batch": "b", "count": 501}),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = mei.send(&format!("f{number}"), &forged).await;
        assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!(10_101)), "{forged}");
    }
    assert_eq!(mei.send("own", &json!({"t": "wave"})).await["t"], "send_ok");
    watcher.business("wave").await;
    let host = shop.sign_in("host", "host").await;
    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "paused"})).await;
    while watcher.business("live_status").await["status"] != "paused" {}
    until(&admin, "/moderation/log", |log| {
        log.as_array().unwrap().iter().any(|line| line["reason"] == "forged gift")
    })
    .await;
}

#[tokio::test]
async fn the_rules_of_a_room_hold_from_the_next_message_on() {
    let (shop, admin) = shop_with_words().await;
    let host = shop.sign_in("host", "host").await;
    shop.sign_in("mei", "viewer").await;
    let (mut mei, mut new) = (shop.watch("mei", ROOM).await, shop.watch("new", ROOM).await);
    shop.clock.advance_ms(100_000);
    let steps = json!({"steps": []});
    let rule = async |rule: &str, value: Value| {
        rules(&host, json!({rule: value, "ladder": steps})).await;
    };
    assert_eq!(code(&mut mei, "a1", "see example.com").await, 0);
    rule("links", json!("refuse")).await;
    assert_eq!(code(&mut mei, "a2", "see example.com").await, 10_102);
    rule("repeats_within_s", json!(10)).await;
    assert_eq!(code(&mut mei, "b1", "Hello there").await, 0);
    assert_eq!(code(&mut mei, "b2", "hello THERE").await, 10_103);
    assert_eq!(code(&mut new, "b1", "hello there").await, 0);
    shop.clock.advance_ms(10_000);
    assert_eq!(code(&mut mei, "b3", "hello there").await, 0);
    rule("speak_after_s", json!(60)).await;
    assert_eq!(code(&mut mei, "c1", "i am old").await, 0);
    assert_eq!(code(&mut new, "c1", "i am new").await, 10_104);
    rule("link_after_s", json!(60)).await;
    assert_eq!(code(&mut new, "d1", "a new word").await, 0);
    assert_eq!(code(&mut new, "d2", "a new link: example.com").await, 10_102);
    rule("max_chars", json!(5)).await;
    assert_eq!(code(&mut mei, "e1", "12345").await, 0);
    assert_eq!(code(&mut mei, "e2", "123456").await, 10_105);
    // The owner of the room and moderators keep themselves in order.
    let mut owner = shop.watch("host", ROOM).await;
    assert_eq!(code(&mut owner, "h1", "123456 scam").await, 0);
    let kept = admin.get_ok(&format!("/rooms/{ROOM}/moderation")).await;
    assert_eq!((&kept["max_chars"], &kept["links"]), (&json!(5), &json!("allow")));
}

#[tokio::test]
async fn who_offends_again_is_warned_then_muted_then_out() {
    let (shop, admin) = shop_with_words().await;
    let ladder = json!({"ladder": {"lasting_s": 3_600, "steps": [
        {"strike": 2, "measure": "warn"},
        {"strike": 3, "measure": "mute", "seconds": 60},
        {"strike": 4, "measure": "ban", "seconds": 600},
    ]}});
    rules(&admin, ladder).await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(code(&mut mei, "c1", "scam").await, 10_150);
    assert_eq!(code(&mut mei, "c2", "scam").await, 10_150);
    let history = json!({"t": "c2c_history", "peer": ASSISTANT, "count": 5});
    let warned = async {
        loop {
            let answer = mei.client.ask(history.clone()).await;
            if let Some(warning) = answer["messages"].get(0) {
                return warning["elements"][0]["MsgContent"]["Text"].as_str().unwrap().to_owned();
            }
        }
    };
    let warning = timeout(PATIENCE, warned).await.expect("the warning in time");
    assert!(warning.contains("may not speak for 60 s"), "{warning}");

    assert_eq!(code(&mut mei, "c3", "scam").await, 10_150);
    let mut number = 0;
    let muted = async {
        // Until the mute has been carried out.
        while code(&mut mei, &format!("m{number}"), "may i").await != 10_017 {
            number += 1;
        }
    };
    timeout(PATIENCE, muted).await.expect("the mute in time");
    shop.clock.advance_ms(61_000);
    assert_eq!(code(&mut mei, "c4", "thank you").await, 0);
    assert_eq!(code(&mut mei, "c5", "scam").await, 10_150);
    let out = async {
        // Until the ban has been carried out.
        while code(&mut mei, &format!("b{number}"), "may i").await != 9_002 {
            number += 1;
        }
    };
    timeout(PATIENCE, out).await.expect("the ban in time");
    let answer = mei.client.ask(json!({"t": "join", "group_id": ROOM})).await;
    assert_eq!(answer["t"], "error");
    let actions: Vec<Value> = admin
        .get_ok("/moderation/log")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["action"].clone())
        .filter(|action| *action != "refuse")
        .collect();
    assert_eq!(actions, ["ban", "mute", "warn"]);
}

#[tokio::test]
async fn strikes_are_forgotten_after_their_time() {
    let (shop, admin) = shop_with_words().await;
    let ladder = json!({"ladder": {"lasting_s": 100, "steps": [
        {"strike": 2, "measure": "mute", "seconds": 60},
    ]}});
    rules(&admin, ladder).await;
    let mut mei = shop.watch("mei", ROOM).await;
    for number in 0..4 {
        assert_eq!(code(&mut mei, &format!("c{number}"), "scam").await, 10_150);
        shop.clock.advance_ms(101_000);
    }
    let log = admin.get_ok("/moderation/log").await;
    assert!(log.as_array().unwrap().iter().all(|line| line["action"] == "refuse"), "{log}");
}

#[tokio::test]
async fn where_the_application_bans_nobody_the_banned_are_muted_and_not_let_in_again() {
    let shop = Shop::open_with(Opening { edition: Edition::Pro, ..Opening::default() }).await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let mut mei = shop.watch("mei", ROOM).await;
    let bans = format!("/rooms/{ROOM}/bans");
    let banned = moderator.post(&bans, json!({"user_id": "mei", "seconds": 600})).await;
    let banned = banned.expect_status(202);
    assert_eq!(banned["until_s"], shop.clock.now_s() + 600);
    let mut number = 0;
    let muted = async {
        while code(&mut mei, &format!("m{number}"), "may i").await != 10_017 {
            number += 1;
        }
    };
    timeout(PATIENCE, muted).await.expect("the mute in time");
    mei.client.ask(json!({"t": "leave", "group_id": ROOM})).await;
    let refused = mei.client.ask(json!({"t": "join", "group_id": ROOM})).await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("error"), &json!(10_120)));
    assert!(refused["info"].as_str().unwrap().contains("600 s"), "{refused}");
    shop.clock.advance_ms(600_000);
    let joined = mei.client.ask(json!({"t": "join", "group_id": ROOM})).await;
    assert_eq!(joined["t"], "join_ok");
}

#[tokio::test]
async fn a_measure_is_carried_out_when_the_chat_service_is_back() {
    let shop = Shop::open().await;
    shop.watch("mei", ROOM).await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let mutes = format!("/rooms/{ROOM}/mutes");
    let path = mutes.clone();
    let caller = moderator.clone();
    let shop = shop
        .without_chat(async move |_| {
            let mute = json!({"user_id": "mei", "seconds": 600});
            caller.post(&path, mute).await.expect_status(202);
        })
        .await;
    let mut mei = shop.watch("mei", ROOM).await;
    let mut number = 0;
    let muted = async {
        while code(&mut mei, &format!("m{number}"), "may i").await != 10_017 {
            number += 1;
        }
    };
    timeout(PATIENCE, muted).await.expect("the mute in time");
    moderator.post(&mutes, json!({"user_id": "mei", "seconds": 0})).await.expect_status(202);
    let lifted = async {
        while code(&mut mei, &format!("m{number}"), "may i").await != 0 {
            number += 1;
        }
    };
    timeout(PATIENCE, lifted).await.expect("the mute lifted in time");
    assert_eq!(moderator.get_ok("/moderation/log").await[0]["action"], "lift");
}

#[tokio::test]
async fn rules_and_words_survive_a_restart() {
    let (shop, _) = shop_with_words().await;
    let host = shop.sign_in("host", "host").await;
    rules(&host, json!({"max_chars": 9, "ladder": {"steps": []}})).await;
    let shop = shop.business_restarted().await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(code(&mut mei, "c1", "s.c.a.m").await, 10_150);
    assert_eq!(code(&mut mei, "c2", "1234567890").await, 10_105);
    let lists = admin.get_ok("/moderation/words").await;
    assert_eq!(lists["lists"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn words_of_one_room_are_no_words_of_another_and_a_list_without_words_is_gone() {
    let (shop, admin) = shop_with_words().await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    let list = |words: &[&str]| json!({"room": "other", "list": {"name": "l", "action": "refuse", "words": words}});
    admin.put_ok("/moderation/words", list(&["tea"])).await;
    let (mut here, mut there) = (shop.watch("mei", ROOM).await, shop.watch("li", "other").await);
    assert_eq!(code(&mut here, "c1", "tea").await, 0);
    assert_eq!(code(&mut there, "c1", "tea").await, 10_100);
    assert_eq!(code(&mut there, "c2", "scam").await, 10_150);
    admin.put_ok("/moderation/words", list(&[])).await;
    assert_eq!(code(&mut there, "c3", "tea").await, 0);
}

#[tokio::test]
async fn every_call_knows_who_may_make_it_and_what_it_takes() {
    let (shop, admin) = shop_with_words().await;
    let viewer = shop.sign_in("mei", "viewer").await;
    let other = shop.sign_in("other", "host").await;
    let own = format!("/rooms/{ROOM}/moderation");
    for caller in [&viewer, &other] {
        for path in ["/moderation/review", "/moderation/log", "/moderation/words", &own] {
            assert_eq!(caller.get(path).await.problem(403), "forbidden", "{path}");
        }
        let mute = json!({"user_id": "li", "seconds": 60});
        let muted = caller.post(&format!("/rooms/{ROOM}/mutes"), mute).await;
        assert_eq!(muted.problem(403), "forbidden");
    }
    let list = |change: Value| {
        let mut list = json!({"name": "l", "action": "refuse", "words": ["tea"]});
        for (name, value) in change.as_object().unwrap() {
            list[name] = value.clone();
        }
        json!({"list": list})
    };
    for wrong in [
        json!({"name": ""}),
        json!({"code": 2}),
        json!({"sentence": ""}),
        json!({"sentence": "no\u{0}"}),
        json!({"words": ["a\u{7}b"]}),
        json!({"words": [""]}),
        json!({"words": ["x".repeat(65)]}),
        json!({"words": ["!"], "reach": "spread"}),
        json!({"words": vec!["x"; 10_001]}),
    ] {
        let answer = admin.put("/moderation/words", list(wrong)).await;
        assert_eq!(answer.problem(400), "invalid");
    }
    let words: Vec<String> = (0..10_000).map(|number| format!("{number:0>64}")).collect();
    admin.put_ok("/moderation/words", list(json!({"words": words}))).await;
    for wrong in [
        json!({"repeats_within_s": 100_000}),
        json!({"ladder": {"lasting_s": 0}}),
        json!({"ladder": {"steps": [{"strike": 0, "measure": "ban", "seconds": 1}]}}),
    ] {
        assert_eq!(admin.put(&own, wrong).await.problem(400), "invalid");
    }
    assert_eq!(admin.put("/rooms/nowhere/moderation", json!({})).await.problem(404), "room");
    let host_muted = json!({"user_id": "host", "seconds": 60});
    let muted = admin.post(&format!("/rooms/{ROOM}/mutes"), host_muted).await;
    assert_eq!(muted.problem(403), "forbidden");
    assert_eq!(
        admin.post("/moderation/review/1", json!({"verdict": "ban"})).await.problem(404),
        "review"
    );
}

#[tokio::test]
async fn the_log_is_read_page_by_page() {
    let (shop, admin) = shop_with_words().await;
    // One account alone would be told to wait: what is refused has a rate.
    let mut talkers = Vec::new();
    for name in ["mei", "kai", "lin"] {
        talkers.push(shop.watch(name, ROOM).await);
    }
    for number in 0..103 {
        let (talker, text) = (&mut talkers[number % 3], format!("scam {number}"));
        assert_eq!(code(talker, &format!("c{number}"), &text).await, 10_150);
    }
    let newest = admin.get_ok("/moderation/log").await;
    assert_eq!(newest.as_array().unwrap().len(), 100);
    assert_eq!(newest[0]["text"], "scam 102");
    let before = &newest[99]["id"];
    let older = admin.get_ok(&format!("/moderation/log?room={ROOM}&before={before}")).await;
    let texts: Vec<&Value> = older.as_array().unwrap().iter().map(|line| &line["text"]).collect();
    assert_eq!(texts, ["scam 2", "scam 1", "scam 0"]);
    assert_eq!(admin.get_ok("/moderation/log?room=other").await, json!([]));
}

#[tokio::test]
async fn a_measure_that_cannot_be_carried_out_stands_in_the_log() {
    let (shop, admin) = shop_with_words().await;
    shop.sign_in("mei", "viewer").await;
    let group = chat_types::rest::GroupIdOnly { group_id: ROOM.into() };
    shop.administrator().destroy_group(&group).await.unwrap();
    let mutes = format!("/rooms/{ROOM}/mutes");
    admin.post(&mutes, json!({"user_id": "mei", "seconds": 60})).await.expect_status(202);
    let log = until(&admin, "/moderation/log", |log| log[0]["action"] == "failed").await;
    let reason = log[0]["reason"].as_str().unwrap();
    assert!(reason.contains("mute not carried out"), "{reason}");
    assert_eq!(log[1]["action"], "mute");
}

#[tokio::test]
async fn decisions_are_kept_for_ninety_days() {
    let (shop, _) = shop_with_words().await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(code(&mut mei, "c1", "scam").await, 10_150);
    let day_ms = 24 * 3_600 * 1_000;
    shop.clock.advance_ms(89 * day_ms);
    let shop = shop.business_restarted().await;
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(admin.get_ok("/moderation/log").await[0]["text"], "scam");
    shop.clock.advance_ms(2 * day_ms);
    let shop = shop.business_restarted().await;
    let admin = shop.sign_in("boss", "admin").await;
    until(&admin, "/moderation/log", |log| *log == json!([])).await;
}
