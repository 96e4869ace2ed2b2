//! Somebody asks for more than anybody needs: it is told to wait, and the others notice little.

use axum::routing::post;
use axum::{Json, Router};
use chat_server::application;
use chat_types::gateway::ClientFrame;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

use crate::clients::World;
use crate::hooks::Hooks;
use crate::watcher::{Watcher, say};

/// Frames that a client floods with. Every allowance ends below.
const FLOOD: usize = 600;
/// Requests that wait for their answer at once.
const AT_ONCE: usize = 25;
const EXCEPTION: &str = "Group.CallbackSendMsgException";
const AFTER: &str = "Group.CallbackAfterSendMsg";

/// How often one connection may ask for this, as `docs/gateway.md` says ("How often"): so many at
/// once and so many in a second; `None` where nobody is held.
fn allowed(frame: &ClientFrame) -> Option<(usize, usize)> {
    match frame {
        ClientFrame::Ping { .. } | ClientFrame::Login { .. } | ClientFrame::Logout { .. } => None,
        // Into a room that is not there.
        ClientFrame::Send { .. } => Some((41, 10)),
        ClientFrame::Join { .. } | ClientFrame::Leave { .. } => Some((300, 5)),
        ClientFrame::CatchUp { .. }
        | ClientFrame::History { .. }
        | ClientFrame::C2cHistory { .. }
        | ClientFrame::Presence { .. } => Some((20, 10)),
        ClientFrame::Conversations { .. } => Some((10, 5)),
        ClientFrame::ModifyGroup { .. } | ClientFrame::ModifyRules { .. } => Some((20, 5)),
        ClientFrame::Recall { .. } => Some((80, 20)),
        ClientFrame::SendC2c { .. }
        | ClientFrame::C2cRead { .. }
        | ClientFrame::C2cWithdraw { .. } => Some((40, 40)),
    }
}

fn elements() -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}])
}

/// The `number`th frame of a flood of the host against the room `r` and the account `victim`.
fn flood(kind: &str, number: usize) -> Value {
    let room = |more: Value| {
        let mut frame = json!({"t": kind, "group_id": "r"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    match kind {
        "login" => json!({"t": kind, "sdk_app_id": 1}),
        // Out and in again, so that each of them does something.
        "leave" if number % 2 == 1 => json!({"t": "join", "group_id": "r"}),
        "join" | "leave" => room(json!({})),
        "send" => json!({"t": kind, "group_id": "nowhere", "client_id": format!("c{number}"),
            "elements": elements()}),
        "catch_up" => room(json!({"after_seq": 0})),
        "history" => room(json!({"count": 20})),
        "recall" => room(json!({"seq": 1_000_000})),
        "modify_group" => room(json!({"name": format!("n{number}")})),
        "modify_rules" => room(json!({"slow_mode_s": number % 2})),
        "send_c2c" => json!({"t": kind, "to": "victim", "client_id": format!("c{number}"),
            "elements": elements(), "online_only": true}),
        "c2c_history" => json!({"t": kind, "peer": "victim", "count": 20}),
        "c2c_read" => json!({"t": kind, "peer": "victim"}),
        "c2c_withdraw" => json!({"t": kind, "peer": "victim", "key": "1_2_3"}),
        "conversations" | "ping" => json!({"t": kind}),
        "presence" => json!({"t": kind, "user_ids": ["victim"]}),
        _ => unreachable!("{kind} has no flood"),
    }
}

async fn floods(kind: &str) {
    let world = World::with_room().await;
    world.import(&["victim"]).await;
    let mut host = Watcher::enter(&world, "host").await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let mut victim = Watcher::enter(&world, "victim").await;
    let follow = json!({"t": "presence", "user_ids": ["host"]});
    assert_eq!(victim.ask(follow).await["t"], "presence_ok");
    let likeness = {
        let mut frame = flood(kind, 0);
        frame["id"] = 1.into();
        serde_json::from_value(frame).unwrap()
    };
    let begun = Instant::now();
    let (mut refused, mut said) = (0, Vec::new());
    for first in (0..FLOOD).step_by(AT_ONCE) {
        let mut asked = Vec::new();
        for number in first..first + AT_ONCE {
            asked.push(host.request(flood(kind, number)).await);
        }
        // In the midst of it the others go on.
        let text = format!("talk {first}");
        let sent = talker.ask(say("r", "High", &text)).await;
        // The flood of rules switches slow mode on and off.
        if kind != "modify_rules" {
            assert_eq!(sent["t"], "send_ok", "{sent}");
        }
        if sent["t"] == "send_ok" {
            said.push(text);
        }
        assert_eq!(victim.ask(json!({"t": "ping"})).await["t"], "pong");
        for id in asked {
            let answer = host.answer_to(id).await;
            if answer["code"] == 9013 {
                assert!(answer["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{answer}");
                refused += 1;
            }
        }
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    assert_eq!(victim.ask(json!({"t": "conversations"})).await["t"], "conversations_ok");
    victim.hear_until(|victim| said.iter().all(|text| victim.r().has_text(text))).await;
    assert_eq!(victim.r().texts_from("talker"), said, "in their order");
    let admitted = FLOOD - refused;
    let most = match allowed(&likeness) {
        Some((burst, per_second)) => {
            assert!(refused > 0, "{kind} was never refused");
            let most = burst + per_second * seconds;
            assert!(admitted <= most, "{admitted} of {kind} in {seconds} s");
            most
        }
        None => {
            assert_eq!(refused, 0, "{kind} is for whoever wants to stay");
            0
        }
    };
    // Each request that was carried out told the victim one thing at most; beside them come the
    // number of visitors and what the room has done.
    let beside = ["online", "room_figures"];
    let told = victim.others.iter().filter(|frame| !beside.contains(&frame["t"].as_str().unwrap()));
    let told = told.count();
    assert!(told <= most + 3, "{told} frames because of {admitted} of {kind}");
}

/// A test for each kind of frame, so that they run side by side.
macro_rules! floods {
    ($($kind:ident)+) => {
        mod one_client_floods_and_a_victim_beside_it_is_connected_and_misses_nothing {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $kind() {
                    super::floods(stringify!($kind)).await;
                }
            )+
        }
    };
}

// `logout` ends the connection: see the logins below.
floods! {
    login join leave send catch_up history recall modify_group modify_rules send_c2c c2c_history
    c2c_read c2c_withdraw conversations presence ping
}

#[tokio::test]
async fn whoever_sends_without_end_what_does_nothing_is_answered_and_heard_more_slowly() {
    let world = World::with_room().await;
    let mut client = Watcher::enter(&world, "a").await;
    let said = say("r", "High", "said once");
    assert_eq!(client.ask(said.clone()).await["seq"], 1);
    world.clock.hold();
    let mut flood = async |frame: Value, count: usize| {
        for _ in (0..count).step_by(AT_ONCE) {
            let mut asked = Vec::new();
            for _ in 0..AT_ONCE {
                asked.push(client.request(frame.clone()).await);
            }
            for id in asked {
                client.answer_to(id).await;
            }
        }
        // What comes last is held back after its answer.
        client.ask(json!({"t": "c2c_read", "peer": "a"})).await;
        world.server.counts().noise_held_back
    };
    let of_kind = |kind: &str| json!({"t": kind});
    assert_eq!(flood(of_kind("ping"), 250).await, 0);
    assert_eq!(flood(of_kind("unheard of"), 250).await, 0);
    assert_eq!(flood(of_kind("ping"), 50).await, 50);
    assert_eq!(flood(of_kind("unheard of"), 50).await, 100);
    // Ten are answered, and the others come too fast.
    assert_eq!(flood(of_kind("conversations"), 25).await, 100 + 15);
    // The same message again and again.
    assert_eq!(flood(said, 50).await, 115 + 50);
    assert_eq!(world.server.counts().messages_repeated, 50);
}

#[tokio::test]
async fn a_guest_is_held_as_an_account_is() {
    let world = World::with_room().await;
    world.set("guests", "on").await;
    let mut guest = Watcher::of(world.connect().await);
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "guest": true});
    assert_eq!(guest.ask(login).await["t"], "login_ok");
    world.clock.hold();
    // The second and third have one allowance.
    let floods =
        [("leave", 350, 300), ("catch_up", 50, 20), ("conversations", 50, 0), ("send", 75, 41)];
    for (kind, count, most) in floods {
        let mut admitted = 0;
        for first in (0..count).step_by(AT_ONCE) {
            let mut asked = Vec::new();
            for number in first..first + AT_ONCE {
                asked.push(guest.request(flood(kind, number)).await);
            }
            for id in asked {
                admitted += usize::from(guest.answer_to(id).await["code"] != 9013);
            }
        }
        assert_eq!(admitted, most, "{kind}");
    }
    assert_eq!(guest.ask(json!({"t": "ping"})).await["t"], "pong");
}

#[tokio::test]
async fn whoever_signs_in_and_out_without_end_is_told_to_wait_and_followers_are_left_alone() {
    let world = World::new().await;
    world.import(&["flapper"]).await;
    let mut victim = Watcher::of(world.signed_in("victim").await);
    victim.ask(json!({"t": "presence", "user_ids": ["flapper"]})).await;
    world.clock.hold();
    for _ in 0..20 {
        let mut flapper = world.signed_in("flapper").await;
        flapper.raw(r#"{"t":"logout","id":9}"#).await;
        assert_eq!(flapper.close_code().await.1, 1000);
    }
    for _ in 0..5 {
        let mut flapper = world.connect().await;
        let refused = flapper.login(&world, "flapper", &world.sig("flapper")).await;
        assert_eq!((&refused["code"], &refused["retry_after_ms"]), (&json!(9013), &json!(1_000)));
        assert_eq!(flapper.close_code().await.1, 4003);
    }
    assert_eq!(world.server.counts().requests_refused_account, 5);
    // Whoever does not know the secret of an account uses nothing of its allowance up.
    for _ in 0..50 {
        let refused = world.connect().await.login(&world, "victim", "nonsense").await;
        assert_eq!(refused["code"], 70003);
    }
    world.on("victim", "Web").await;
    world.clock.advance(1);
    world.signed_in("flapper").await;
    let changes = |victim: &Watcher| {
        victim.others.iter().filter(|frame| frame["t"] == "presence_changed").count()
    };
    let is_online = |victim: &Watcher| {
        let last = victim.others.iter().rfind(|frame| frame["t"] == "presence_changed");
        last.is_some_and(|frame| frame["status"] == "Online")
    };
    victim.hear_until(|victim| is_online(victim)).await;
    assert!(changes(&victim) <= 4, "about one change in a second is told");
}

#[tokio::test]
async fn a_muted_sender_who_hammers_is_held_by_the_rate_of_the_room_and_displaces_no_event() {
    let world = World::with_room().await;
    let mut troll = Watcher::enter(&world, "troll").await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let mute = json!({"GroupId": "r", "Members_Account": ["troll"], "MuteTime": 600});
    world.ok("group_open_http_svc/forbid_send_msg", mute).await;
    let rate = json!({"GroupId": "r", "Rules": {"sender_per_s": 10}});
    world.ok("liveroom_ext/modify_room_rules", rate).await;
    let mut hooks = Hooks::of(&world).await;
    let mut hammer = async |round: &str, count: usize| {
        let texts = (0..count).map(|number| format!("{round}:{number}"));
        let mut codes = HashMap::new();
        for told in troll.pour("r", "Normal", texts, AT_ONCE).await {
            *codes.entry(told.answer["code"].as_i64().unwrap()).or_insert(0) += 1;
        }
        codes
    };
    world.clock.hold();
    assert_eq!(hammer("first", 500).await, HashMap::from([(10017, 20), (9008, 480)]));
    world.clock.advance_ms(300);
    assert_eq!(hammer("later", 100).await, HashMap::from([(10017, 3), (9008, 97)]));
    world.clock.go_on();
    assert_eq!(talker.ask(say("r", "Normal", "hello")).await["t"], "send_ok");
    hooks.next(AFTER).await;
    assert!(hooks.count(EXCEPTION) <= 23, "{} were told", hooks.count(EXCEPTION));

    // The same where the room has no rate: then it is what comes to nothing that is counted.
    let rate = json!({"GroupId": "r", "Rules": {"sender_per_s": 0}});
    world.ok("liveroom_ext/modify_room_rules", rate).await;
    world.clock.advance(60);
    world.clock.hold();
    assert_eq!(hammer("free", 500).await, HashMap::from([(10017, 41), (9013, 459)]));
}

/// A receiver that is slow to answer, and counts how many calls of one account it has at once.
async fn slow_receiver(world: &World) -> Arc<Mutex<HashMap<String, (usize, usize)>>> {
    let at_once: Arc<Mutex<HashMap<String, (usize, usize)>>> = Arc::default();
    let counts = Arc::clone(&at_once);
    let answer = move |Json(body): Json<Value>| async move {
        let account = body["From_Account"].as_str().unwrap().to_owned();
        {
            let mut counts = counts.lock().unwrap();
            let (now, most) = counts.entry(account.clone()).or_default();
            *now += 1;
            *most = (*most).max(*now);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        counts.lock().unwrap().get_mut(&account).unwrap().0 -= 1;
        Json(json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let router = Router::new().route("/hooks", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    application::set_callback_url(storage, app, &url, None).await.unwrap();
    let before = "C2C.CallbackBeforeSendMsg";
    application::switch_callback(storage, app, before, true).await.unwrap();
    world.ok("group_open_http_svc/get_appid_group_list", json!({})).await;
    at_once
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_never_has_more_than_a_few_questions_at_a_slow_receiver() {
    let world = World::new().await;
    world.import(&["peer"]).await;
    let at_once = slow_receiver(&world).await;
    let mut devices = Vec::new();
    for platform in ["Windows", "Mac", "Linux", "Web", "Android", "iOS", "iPad", "Unknown"] {
        devices.push(world.on("many", platform).await);
    }
    let sending = devices.iter_mut().zip(0..).map(|(device, number)| async move {
        let frame = json!({"t": "send_c2c", "to": "peer", "client_id": format!("c{number}"),
            "elements": elements(), "online_only": true});
        device.ask(frame).await["t"].clone()
    });
    assert_eq!(join_all(sending).await, vec!["send_c2c_ok"; 8], "all of them get through");
    let (now, most) = at_once.lock().unwrap()["many"];
    assert_eq!(now, 0);
    assert!((1..=4).contains(&most), "{most} at once");
}
