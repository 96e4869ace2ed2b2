use chat_server::GatewayTimes;
use serde_json::json;
use std::time::Duration;

use crate::clients::World;

#[tokio::test]
async fn a_comment_reaches_everybody_else_once_and_its_sender_learns_number_and_time() {
    let world = World::with_room().await;
    let mut sender = world.in_room("a").await;
    let mut reader = world.in_room("b").await;
    let sent = sender.send_text("c1", "hello <b>all</b>").await;
    assert_eq!(sent["t"], "send_ok");
    assert_eq!(sent["client_id"], "c1");
    assert_eq!(sent["seq"], 1);
    let message = reader.kind("messages").await["messages"][0].clone();
    assert_eq!(message["seq"], 1);
    assert_eq!(message["time_s"], sent["time_s"]);
    assert_eq!(message["from"], "a");
    assert_eq!(message["elements"][0]["MsgContent"]["Text"], "hello <b>all</b>");

    // What comes next for the sender is the reader's comment, not an echo of its own.
    reader.send_text("c2", "hi").await;
    assert_eq!(sender.texts(1).await, ["hi"]);
}

#[tokio::test]
async fn the_same_client_id_is_answered_twice_and_delivered_once() {
    let world = World::with_room().await;
    let mut sender = world.in_room("a").await;
    let mut reader = world.in_room("b").await;
    let first = sender.send_text("c1", "once").await;
    let again = sender.send_text("c1", "once").await;
    assert_eq!(first["seq"], again["seq"]);
    sender.send_text("c2", "next").await;
    assert_eq!(reader.texts(2).await, ["once", "next"]);

    // Another account may use the same id for a message of its own.
    assert_eq!(reader.send_text("c1", "mine").await["seq"], 3);
}

#[tokio::test]
async fn one_senders_messages_keep_their_order() {
    let world = World::with_room().await;
    let mut sender = world.in_room("a").await;
    let mut reader = world.in_room("b").await;
    let texts: Vec<String> = (0..100).map(|n| format!("n{n}")).collect();
    for (n, text) in texts.iter().enumerate() {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        let frame = json!({"t": "send", "id": 1000 + n, "group_id": "r",
            "client_id": format!("c{n}"), "elements": [element]});
        sender.raw(frame.to_string()).await;
        // Within the bound of unread answers, so that this sender is no slow reader.
        if n % 32 == 31 {
            sender.until(|frame| frame["id"] == 1000 + n).await;
        }
    }
    assert_eq!(reader.texts(100).await, texts);
}

#[tokio::test]
async fn a_late_joiner_reads_the_room_with_its_newest_messages_in_one_frame() {
    let world = World::with_room().await;
    world.set("join_messages", "2").await;
    for (random, text) in [(1, "one"), (2, "two"), (3, "three")] {
        world.say(random, text).await;
    }
    let field = json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": "cup"}]});
    world.ok("group_open_http_svc/modify_group_base_info", field).await;
    let mut late = world.signed_in("late").await;
    let joined = late.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["group"]["name"], "Room");
    assert_eq!(joined["group"]["owner"], "host");
    assert_eq!(joined["group"]["owner_nick"], "The host");
    assert_eq!(joined["group"]["custom_fields"], json!({"product": "cup"}));
    assert_eq!(joined["online"], 1);
    assert_eq!(joined["last_seq"], 3);
    let seqs: Vec<_> = joined["messages"].as_array().unwrap().iter().map(|m| &m["seq"]).collect();
    assert_eq!(seqs, [2, 3], "as many as the application shows");
    world.set("join_messages", "0").await;
    let mut later = world.signed_in("later").await;
    world.ok("group_open_http_svc/get_group_info", json!({"GroupIdList": ["r"]})).await;
    let joined = later.ask(json!({"t": "join", "group_id": "r", "after_seq": 1})).await;
    assert_eq!(joined["messages"], json!([]), "a newcomer gets no more, whatever number it names");
}

#[tokio::test]
async fn a_returning_member_catches_up_what_it_missed_and_nothing_it_had() {
    let world = World::with_room().await;
    let mut member = world.in_room("a").await;
    world.say(1, "one").await;
    member.texts(1).await;
    drop(member);
    world.say(2, "two").await;
    world.say(3, "three").await;
    let mut member = world.signed_in("a").await;
    let joined = member.ask(json!({"t": "join", "group_id": "r", "after_seq": 1})).await;
    let seqs: Vec<_> = joined["messages"].as_array().unwrap().iter().map(|m| &m["seq"]).collect();
    assert_eq!(seqs, [2, 3]);
    assert_eq!(joined["complete"], true);

    world.clock.advance(301);
    let joined = member.ask(json!({"t": "join", "group_id": "r", "after_seq": 1})).await;
    assert_eq!(joined["messages"], json!([]), "the window is five minutes");
    assert_eq!(joined["complete"], false);
}

#[tokio::test]
async fn a_catch_up_of_large_messages_is_cut_at_the_newest_that_fit_a_frame() {
    let world = World::with_room().await;
    world.set("join_messages", "0").await;
    let mut member = world.in_room("a").await;
    let large = "x".repeat(11_000);
    for random in 1..=100 {
        world.say(random, &large).await;
    }
    let join = json!({"t": "join", "group_id": "r", "after_seq": 0});
    let mut newcomer = world.signed_in("b").await;
    for _ in 0..2 {
        let joined = newcomer.ask(join.clone()).await;
        assert_eq!(joined["messages"], json!([]), "a newcomer sees only what comes later");
    }
    let joined = member.ask(join).await;
    let messages = joined["messages"].as_array().unwrap();
    assert!(joined["messages"].to_string().len() <= 256 * 1024 + 2 * 100);
    assert!(messages.len() >= 20, "the space is used: {} messages", messages.len());
    assert_eq!(messages.last().unwrap()["seq"], 100, "the newest are the ones that are kept");
}

#[tokio::test]
async fn a_changed_profile_reaches_every_member_with_its_new_values() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    let change = json!({"GroupId": "r", "Name": "New", "Introduction": "",
        "AppDefinedData": [{"Key": "product", "Value": "bowl"}]});
    world.ok("group_open_http_svc/modify_group_base_info", change.clone()).await;
    let tip = viewer.kind("group_info_changed").await;
    assert_eq!(tip["operator"], "administrator");
    assert_eq!(
        tip["changes"],
        json!([
            {"field": "name", "value": "New"},
            {"field": "custom", "key": "product", "value": "bowl"}
        ]),
        "what stayed the same is not named"
    );
    world.ok("group_open_http_svc/modify_group_base_info", change).await;
    world.say(1, "next").await;
    let next = viewer.until(|frame| frame["t"] != "online").await;
    assert_eq!(next["t"], "messages", "a change that changes nothing makes no tip");
}

#[tokio::test]
async fn members_are_told_when_the_room_is_dismissed_and_can_send_no_more() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    world.ok("group_open_http_svc/destroy_group", json!({"GroupId": "r"})).await;
    assert_eq!(viewer.kind("group_dismissed").await["operator"], "administrator");
    assert_eq!(viewer.send_text("c1", "anybody?").await["code"], 10015);
    assert_eq!(viewer.ask(json!({"t": "ping"})).await["t"], "pong", "the connection goes on");
}

#[tokio::test]
async fn the_online_count_is_accounts_not_connections_and_follows_joins_and_leaves() {
    let world = World::with_room().await;
    let mut first = world.in_room("a").await;
    let mut phone = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": "a",
        "user_sig": world.sig("a"), "platform": "iOS"});
    assert_eq!(phone.ask(login).await["t"], "login_ok");
    assert_eq!(phone.ask(json!({"t": "join", "group_id": "r"})).await["online"], 1);
    let mut second = world.in_room("b").await;
    first.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
    assert_eq!(second.ask(json!({"t": "leave", "group_id": "r"})).await["t"], "leave_ok");
    first.until(|frame| frame["t"] == "online" && frame["count"] == 1).await;
}

#[tokio::test]
async fn who_comes_in_is_told_the_count_even_if_it_is_the_one_that_was_told_last() {
    let world = World::with_room().await;
    let mut stays = world.in_room("a").await;
    let mut leaves = world.in_room("b").await;
    stays.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
    let mut comes = world.signed_in("c").await;
    let joined = comes.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["online"], 3);
    leaves.ask(json!({"t": "leave", "group_id": "r"})).await;
    comes.until(|frame| frame["t"] == "online" && frame["count"] == 2).await;
}

#[tokio::test]
async fn a_second_login_on_the_same_platform_ends_the_first() {
    let world = World::with_room().await;
    let mut first = world.in_room("a").await;
    let mut second = world.in_room("a").await;
    let (frames, code) = first.close_code().await;
    assert_eq!(frames.last().unwrap()["t"], "kicked");
    assert_eq!(frames.last().unwrap()["cause"], "signed_in_elsewhere");
    assert_eq!(code, 4002);
    assert_eq!(second.send_text("c1", "here").await["t"], "send_ok");
}

#[tokio::test]
async fn a_user_sig_that_runs_out_ends_the_connection_with_a_word() {
    let world = World::new().await;
    let mut client = world.connect().await;
    let sig = world.sig_for("a", 1);
    assert_eq!(client.login(&world, "a", &sig).await["t"], "login_ok");
    let (frames, code) = client.close_code().await;
    assert_eq!(frames.last().unwrap()["t"], "sig_expired");
    assert_eq!(code, 4001);
}

#[tokio::test]
async fn a_silent_client_is_disconnected_and_one_that_pings_is_not() {
    let heartbeat = Duration::from_secs(2);
    let world = World::with_times(GatewayTimes { heartbeat, ..GatewayTimes::default() }).await;
    world.make_room().await;
    let mut silent = world.in_room("silent").await;
    let mut lively = world.in_room("lively").await;
    let pinging = async {
        loop {
            assert_eq!(lively.ask(json!({"t": "ping"})).await["t"], "pong");
            tokio::time::sleep(heartbeat / 2).await;
        }
    };
    let (_, code) = tokio::select! {
        closed = silent.close_code() => closed,
        () = pinging => unreachable!("pinging never ends"),
    };
    assert_eq!(code, 4004);
    assert_eq!(world.server.counts().connections_closed_silent, 1);
    assert_eq!(lively.ask(json!({"t": "ping"})).await["t"], "pong");
}

#[tokio::test]
async fn logout_ends_the_connection_normally() {
    let world = World::new().await;
    let mut client = world.signed_in("a").await;
    client.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(client.close_code().await.1, 1000);
}

#[tokio::test]
async fn whoever_joins_the_same_room_or_writes_to_others_without_end_is_told_to_wait() {
    let world = World::with_room().await;
    world.import(&["other"]).await;
    let mut member = world.in_room("a").await;
    let mut refused = None;
    for _ in 0..100 {
        let answer = member.ask(json!({"t": "join", "group_id": "r", "after_seq": 0})).await;
        if answer["t"] == "error" {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("more than ten joins of one room");
    assert_eq!(refused["code"], 9013);
    assert!(refused["retry_after_ms"].as_u64().is_some_and(|wait| wait <= 1_000));
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    for n in 0..200 {
        let frame = json!({"t": "send_c2c", "id": 1_000 + n, "to": "other",
            "client_id": format!("c{n}"), "elements": text, "online_only": true});
        member.raw(frame.to_string()).await;
    }
    let told = member.until(|frame| frame["code"] == 9013).await;
    assert!(told["id"].as_u64().is_some_and(|id| id >= 1_000));
}
