//! The rules of a room: who may change them, what they refuse, and whom.

use axum::routing::post;
use axum::{Json, Router};
use chat_server::application;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::clients::{Client, World};
use crate::hooks::Hooks;

const MODIFY: &str = "liveroom_ext/modify_room_rules";
const GET: &str = "liveroom_ext/get_room_rules";
const ADMIN: &str = "group_open_avchatroom_http_svc/modify_admin";

impl World {
    /// Changes rules of room `r` as the application's own server.
    async fn rule(&self, rules: Value) {
        self.ok(MODIFY, json!({"GroupId": "r", "Rules": rules})).await;
    }

    async fn rules(&self) -> Value {
        self.ok(GET, json!({"GroupId": "r"})).await
    }
}

impl Client {
    async fn change_rules(&mut self, rules: Value) -> Value {
        let mut frame = json!({"t": "modify_rules", "group_id": "r"});
        frame.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        self.ask(frame).await
    }

    async fn sends(&mut self, client_id: &str, text: &str) {
        let answer = self.send_text(client_id, text).await;
        assert_eq!(answer["t"], "send_ok", "{text:?} got {answer}");
    }

    /// The whole answer to a text that must be refused with this code.
    async fn refused(&mut self, client_id: &str, text: &str, code: i32) -> Value {
        let answer = self.send_text(client_id, text).await;
        assert_eq!(answer["code"], code, "{text:?} got {answer}");
        answer
    }
}

#[tokio::test]
async fn the_rules_of_the_application_hold_until_the_room_has_its_own() {
    let world = World::with_room().await;
    world.set("room_budget", "25").await;
    world.set("sender_rate", "7").await;
    let rules = world.rules().await;
    assert_eq!(
        rules["Rules"],
        json!({"budget_per_s": "application", "sender_per_s": "application", "slow_mode_s": 0,
            "links": "everybody", "blocked_words": []})
    );
    assert_eq!(
        rules["Effective"],
        json!({"budget_per_s": 25, "sender_per_s": 7, "slow_mode_s": 0, "links": "everybody"})
    );
    world.rule(json!({"budget_per_s": 100, "sender_per_s": 0, "blocked_words": ["spam"]})).await;
    let own = world.rules().await;
    assert_eq!(own["Effective"]["budget_per_s"], 100);
    assert_eq!(own["Effective"]["sender_per_s"], 0, "no limit, whatever the application says");
    world.rule(own["Rules"].clone()).await;
    assert_eq!(world.rules().await, own, "what was read is taken back as it is");
    world.rule(json!({"budget_per_s": "application"})).await;
    assert_eq!(world.rules().await["Effective"]["budget_per_s"], 25);
}

#[tokio::test]
async fn whoever_comes_in_is_told_the_rules_its_role_and_the_time_but_not_the_words() {
    let world = World::with_room().await;
    world.set("online_member_list", "on").await;
    world.import(&["helper"]).await;
    world.ok(ADMIN, json!({"GroupId": "r", "CommandType": 1, "Admin_Account": ["helper"]})).await;
    world.rule(json!({"slow_mode_s": 9, "links": "nobody", "blocked_words": ["secretword"]})).await;
    for (user, role) in
        [("host", "owner"), ("helper", "admin"), ("administrator", "admin"), ("viewer", "member")]
    {
        let mut client = world.signed_in(user).await;
        let joined = client.ask(json!({"t": "join", "group_id": "r"})).await;
        assert_eq!(joined["role"], role, "{user}");
        assert_eq!(joined["time_s"], world.clock_s());
        assert_eq!(
            joined["rules"],
            json!({"budget_per_s": 0, "sender_per_s": 0, "slow_mode_s": 9, "links": "nobody"})
        );
        assert!(!joined.to_string().contains("secretword"));
    }
}

#[tokio::test]
async fn owner_and_administrators_change_rules_and_everybody_is_told_at_once() {
    let world = World::with_room().await;
    let mut host = world.in_room("host").await;
    let mut viewer = world.in_room("viewer").await;
    let change = json!({"slow_mode_s": 30, "blocked_words": ["secretword"]});
    assert_eq!(host.change_rules(change.clone()).await["t"], "done");
    let told = viewer.kind("rules_changed").await;
    assert_eq!(
        told,
        json!({"t": "rules_changed", "group_id": "r", "operator": "host", "rules":
            {"budget_per_s": 0, "sender_per_s": 0, "slow_mode_s": 30, "links": "everybody"}})
    );
    assert_eq!(viewer.change_rules(json!({"slow_mode_s": 0})).await["code"], 10007);
    let mut stranger = world.signed_in("stranger").await;
    assert_eq!(stranger.change_rules(json!({"slow_mode_s": 0})).await["code"], 9002);
    assert_eq!(world.rules().await["Effective"]["slow_mode_s"], 30);

    // The same again is no change.
    assert_eq!(host.change_rules(change).await["t"], "done");
    world.rule(json!({"slow_mode_s": 0})).await;
    let told = viewer.kind("rules_changed").await;
    assert_eq!(
        (&told["operator"], &told["rules"]["slow_mode_s"]),
        (&json!("administrator"), &json!(0))
    );
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_and_changes_nothing() {
    let world = World::with_room().await;
    let mut host = world.in_room("host").await;
    world.rule(json!({"slow_mode_s": 3, "blocked_words": ["spam"]})).await;
    let before = world.rules().await;
    for wrong in [
        json!({"links": "nobody", "budget_per_s": 100_001}),
        json!({"links": "nobody", "sender_per_s": 10_001}),
        json!({"links": "nobody", "slow_mode_s": 21_601}),
        json!({"links": "nobody", "blocked_words": ["ok", " "]}),
        json!({"links": "nobody", "blocked_words": ["ok", "OK"]}),
        json!({"links": "nobody", "blocked_words": ["x".repeat(65)]}),
        json!({"links": "nobody", "blocked_words": (0..501).map(|n| n.to_string()).collect::<Vec<_>>()}),
        json!({}),
    ] {
        let answer = host.change_rules(wrong.clone()).await;
        assert_eq!(answer["code"], 10004, "{wrong} got {answer}");
        assert_eq!(world.refused(MODIFY, json!({"GroupId": "r", "Rules": wrong})).await, 10004);
    }
    for malformed in
        [json!({"budget_per_s": "cloud"}), json!({"slow_mode_s": -1}), json!({"links": "some"})]
    {
        assert_eq!(host.change_rules(malformed.clone()).await["code"], 9003, "{malformed}");
        assert_eq!(world.refused(MODIFY, json!({"GroupId": "r", "Rules": malformed})).await, 10004);
    }
    assert_eq!(world.rules().await, before);
    assert_eq!(
        world.refused(MODIFY, json!({"GroupId": "none", "Rules": {"slow_mode_s": 1}})).await,
        10015
    );
    assert_eq!(world.refused("liveroom_ext/no_such", json!({})).await, 10003);
}

#[tokio::test]
async fn rules_and_their_words_survive_a_restart_and_go_with_the_group() {
    let world = World::with_room().await;
    let rules = json!({"budget_per_s": 5, "sender_per_s": "application", "slow_mode_s": 0,
        "links": "nobody", "blocked_words": ["Spam", "慢"]});
    world.rule(rules.clone()).await;
    let world = world.restarted().await;
    assert_eq!(world.rules().await["Rules"], rules);
    let mut viewer = world.in_room("viewer").await;
    viewer.refused("c1", "so ｓｐａｍ", 80001).await;
    viewer.refused("c2", "example.com", 9010).await;

    world.ok("group_open_http_svc/destroy_group", json!({"GroupId": "r"})).await;
    world.make_room().await;
    assert_eq!(world.rules().await["Effective"]["links"], "everybody", "it is another room");
    let mut viewer = world.in_room("viewer").await;
    viewer.sends("c3", "spam from example.com").await;
}

#[tokio::test]
async fn a_sender_that_floods_is_refused_alone_and_told_when_to_come_back() {
    let world = World::with_room().await;
    let mut flooder = world.in_room("flooder").await;
    let mut other = world.in_room("other").await;
    world.rule(json!({"sender_per_s": 1})).await;
    flooder.kind("rules_changed").await;
    // So many at once that they cannot take as long as the rate would need.
    let mut refusal = Value::Null;
    for number in 0..60 {
        let answer = flooder.send_text(&format!("c{number}"), "again").await;
        if answer["t"] != "send_ok" {
            refusal = answer;
            break;
        }
    }
    assert_eq!(refusal["code"], 9008, "{refusal}");
    let wait = refusal["retry_after_ms"].as_u64().unwrap();
    assert!((1..=1_000).contains(&wait), "{refusal}");
    assert!(!refusal["info"].as_str().unwrap().is_empty());
    other.sends("o1", "hello").await;
    world.clock.advance_ms(wait);
    flooder.sends("later", "slower now").await;

    world.rule(json!({"sender_per_s": 0})).await;
    for number in 0..10 {
        flooder.sends(&format!("d{number}"), "as fast as I like").await;
    }
}

#[tokio::test]
async fn slow_mode_counts_from_the_last_message_that_was_delivered() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    let mut other = world.in_room("other").await;
    world.rule(json!({"slow_mode_s": 600, "blocked_words": ["spam"]})).await;
    viewer.refused("c1", "spam", 80001).await;
    viewer.sends("c2", "the refused one did not count").await;
    let refused = viewer.refused("c3", "too soon", 9009).await;
    let wait = refused["retry_after_ms"].as_u64().unwrap();
    assert!((1..=600_000).contains(&wait), "{refused}");
    other.sends("o1", "everybody has a time of its own").await;
    viewer.sends("c2", "sent again it is the same message").await;

    // Somebody sets the clock: nobody waits longer or shorter for it.
    world.clock.step_wall(-7_200);
    world.clock.step_wall(10_800);
    viewer.refused("c4", "no sooner by the clock on the wall", 9009).await;
    world.clock.step_wall(-3_600);
    world.clock.advance_ms(wait);
    viewer.sends("c5", "now").await;

    world.rule(json!({"slow_mode_s": 0})).await;
    viewer.sends("c6", "at once").await;
    viewer.sends("c7", "when it is over").await;
}

#[tokio::test]
async fn a_like_takes_no_turn_in_slow_mode_and_a_comment_in_its_dress_does() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    world.rule(json!({"slow_mode_s": 600})).await;
    let custom = json!({"MsgType": "TIMCustomElem", "MsgContent": {"Data": "{\"t\":\"like\"}"}});
    let text = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "me too"}});
    let mut send = async |client_id: &str, priority: &str, elements: Value| {
        let frame = json!({"t": "send", "group_id": "r", "client_id": client_id,
            "priority": priority, "elements": elements});
        viewer.ask(frame).await["code"].as_i64().unwrap_or(0)
    };
    for like in ["l1", "l2"] {
        assert_eq!(send(like, "Low", json!([custom])).await, 0, "{like}");
    }
    assert_eq!(send("c1", "Normal", json!([text])).await, 0, "the likes took no turn");
    assert_eq!(send("l3", "Low", json!([custom])).await, 0, "and need none");
    assert_eq!(send("c2", "Low", json!([text])).await, 9009);
    assert_eq!(send("c3", "Low", json!([custom, text])).await, 9009);
    assert_eq!(send("c4", "Normal", json!([custom])).await, 9009, "it may be shown");
}

#[tokio::test]
async fn links_go_through_only_where_everybody_may_send_them() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    viewer.sends("c1", "see https://example.com").await;
    world.rule(json!({"links": "nobody"})).await;
    let links = [
        "see https://example.com/x",
        "example.com",
        "快看example.com吧",
        "_shop.example.com",
        "例子.中国",
        "\u{202E}moc.elpmaxe",
        "10.0.0.1:8080",
    ];
    for (number, text) in links.iter().enumerate() {
        viewer.refused(&format!("n{number}"), text, 9010).await;
    }
    let split = json!([
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "example."}},
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "com"}}]);
    let frame = json!({"t": "send", "group_id": "r", "client_id": "s", "elements": split});
    assert_eq!(viewer.ask(frame).await["code"], 9010, "it is read as it is shown");
    viewer.sends("c2", "version 3.14, so pretty...thanks").await;
    world.rule(json!({"links": "everybody"})).await;
    viewer.sends("c3", "example.com").await;
}

#[tokio::test]
async fn a_blocked_word_is_named_to_its_sender_and_looked_for_in_texts_alone() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    world.rule(json!({"blocked_words": ["spam", "加微信"]})).await;
    let refused = viewer.refused("c1", "no S\u{200B}PAM here", 80001).await;
    let info = refused["info"].as_str().unwrap();
    assert!(info.contains("spam") && !info.contains("加微信"), "{info}");
    viewer.refused("c2", "快加微信", 80001).await;
    viewer.refused("c2", "no \u{202E}maps", 80001).await;
    let custom = json!([{"MsgType": "TIMCustomElem", "MsgContent": {"Data": "spam"}}]);
    let frame = json!({"t": "send", "group_id": "r", "client_id": "c3", "elements": custom});
    assert_eq!(viewer.ask(frame).await["t"], "send_ok");
    world.rule(json!({"blocked_words": ["other"]})).await;
    viewer.sends("c4", "spam").await;
    viewer.refused("c5", "other", 80001).await;
}

#[tokio::test]
async fn who_manages_the_room_and_the_applications_own_server_are_exempt_from_all_rules() {
    let world = World::with_room().await;
    world.set("online_member_list", "on").await;
    world.import(&["helper"]).await;
    world.ok(ADMIN, json!({"GroupId": "r", "CommandType": 1, "Admin_Account": ["helper"]})).await;
    world
        .rule(json!({"sender_per_s": 1, "slow_mode_s": 600, "links": "nobody",
            "blocked_words": ["spam"]}))
        .await;
    for user in ["host", "helper", "administrator"] {
        let mut client = world.in_room(user).await;
        for number in 0..8 {
            client.sends(&format!("{user}{number}"), "spam from example.com").await;
        }
    }
    for random in 0..8 {
        world.say(random, "spam from example.com").await;
    }
    let mut viewer = world.in_room("viewer").await;
    viewer.refused("c1", "spam", 80001).await;
}

#[tokio::test]
async fn the_application_hears_of_refused_texts_and_not_of_each_message_of_a_flood() {
    let world = World::with_room().await;
    let mut hooks = Hooks::of(&world).await;
    let mut viewer = world.in_room("viewer").await;
    world.rule(json!({"slow_mode_s": 600, "links": "nobody"})).await;
    viewer.sends("c1", "hello").await;
    viewer.refused("c2", "too soon", 9009).await;
    world.rule(json!({"slow_mode_s": 0})).await;
    viewer.refused("c3", "example.com", 9010).await;
    let told = hooks.next("Group.CallbackSendMsgException").await;
    assert_eq!(told["ErrorCode"], 9010, "the first that is told of: {told}");
}

#[tokio::test]
async fn a_host_mutes_the_whole_room_and_ends_it_from_the_gateway() {
    let world = World::with_room().await;
    world.set("mute_all_tip", "on").await;
    let mut host = world.in_room("host").await;
    let mut viewer = world.in_room("viewer").await;
    let mute = |on: bool| json!({"t": "modify_group", "group_id": "r", "mute_all": on});
    assert_eq!(viewer.ask(mute(true)).await["code"], 10007);
    assert_eq!(host.ask(mute(true)).await["t"], "done");
    let told = viewer.kind("group_info_changed").await;
    assert_eq!(told["changes"], json!([{"field": "mute_all", "on": true}]));
    viewer.refused("c1", "hi", 10017).await;
    host.sends("h1", "a word from me").await;
    assert_eq!(host.ask(mute(false)).await["t"], "done");
    viewer.sends("c2", "hi").await;
}

#[tokio::test]
async fn an_administrator_of_the_room_mutes_it_and_changes_its_rules_but_not_its_name() {
    let world = World::with_room().await;
    world.set("online_member_list", "on").await;
    world.import(&["helper"]).await;
    world.ok(ADMIN, json!({"GroupId": "r", "CommandType": 1, "Admin_Account": ["helper"]})).await;
    let mut helper = world.in_room("helper").await;
    let modify = |what: Value| {
        let mut frame = json!({"t": "modify_group", "group_id": "r"});
        frame.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        frame
    };
    assert_eq!(helper.ask(modify(json!({"mute_all": true}))).await["t"], "done");
    assert_eq!(helper.change_rules(json!({"slow_mode_s": 5})).await["t"], "done");
    assert_eq!(helper.ask(modify(json!({"name": "mine"}))).await["code"], 10007);
    let both = json!({"name": "mine", "mute_all": false});
    assert_eq!(helper.ask(modify(both)).await["code"], 10007);
    let info = world.ok("group_open_http_svc/get_group_info", json!({"GroupIdList": ["r"]})).await;
    assert_eq!(info["GroupInfo"][0]["MuteAllMember"], "On", "nothing of it was done");
}

#[tokio::test]
async fn the_owner_of_a_room_is_no_owner_of_another() {
    let world = World::with_room().await;
    world.import(&["rival"]).await;
    let room = json!({"Type": "AVChatRoom", "Name": "n", "GroupId": "s", "Owner_Account": "rival"});
    world.ok("group_open_http_svc/create_group", room).await;
    let mut rival = world.in_room("rival").await;
    assert_eq!(rival.change_rules(json!({"slow_mode_s": 5})).await["code"], 10007);
}

/// A receiver that answers a before-send webhook with what the test says, when the test says it.
struct Judge {
    asked: mpsc::UnboundedReceiver<oneshot::Sender<i32>>,
}

impl Judge {
    async fn of(world: &World) -> Self {
        let (sender, asked) = mpsc::unbounded_channel();
        let judge = move || async move {
            let (answer, verdict) = oneshot::channel();
            sender.send(answer).unwrap();
            let code = verdict.await.unwrap();
            Json(json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": code}))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(judge));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
        application::set_callback_url(storage, app, &url, None).await.unwrap();
        application::switch_callback(storage, app, "Group.CallbackBeforeSendMsg", true)
            .await
            .unwrap();
        // A call makes the service read its configuration again.
        world.rules().await;
        Self { asked }
    }

    async fn asked(&mut self) -> oneshot::Sender<i32> {
        self.asked.recv().await.unwrap()
    }
}

#[tokio::test]
async fn in_slow_mode_two_devices_do_not_get_two_messages_through_at_once() {
    let world = World::with_room().await;
    world.rule(json!({"slow_mode_s": 600})).await;
    let mut desk = world.in_room("viewer").await;
    let mut phone = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": "viewer",
        "user_sig": world.sig("viewer"), "platform": "Android"});
    phone.ask(login).await;
    phone.ask(json!({"t": "join", "group_id": "r"})).await;
    let mut judge = Judge::of(&world).await;

    let first = async {
        let verdict = judge.asked().await;
        phone.refused("p1", "while the other is being judged", 9009).await;
        verdict.send(1).unwrap();
    };
    let (answer, ()) = tokio::join!(desk.send_text("d1", "refused"), first);
    assert_eq!(answer["code"], 10016);
    let second = async {
        judge.asked().await.send(0).unwrap();
    };
    let (answer, ()) = tokio::join!(phone.send_text("p2", "that was for nothing"), second);
    assert_eq!(answer["t"], "send_ok", "what was refused holds nobody back: {answer}");
    desk.refused("d2", "now it counts", 9009).await;
}
