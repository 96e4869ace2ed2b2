//! The client and its gateway, frame by frame: gaps, compressed frames, one-to-one messages and
//! the requests of a program.

use chat_types::gateway::{
    C2cMessage, ClientFrame, Conversation, Presence, RoomRules, RoomSnapshot, RulesChange,
    ServerFrame, deflate,
};
use chat_types::presence::PresenceStatus;
use chat_types::{Code, Element};
use live_client::{Interest, RoomClient};
use live_core::c2c::Outcome;
use live_core::view::{RoomEvent, RowState, SessionView, SpeechView};

use crate::frames::{message, profile, snapshot};
use crate::gateway::{EVERY, Gateway, config, enter, live, patiently, send_ok};

fn room() -> String {
    "room_1".into()
}

#[tokio::test]
async fn a_gap_is_repaired_over_the_wire() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    peer.say(live(0, vec![message(1, "bo", "a")])).await;
    peer.say(live(3, vec![message(4, "bo", "d")])).await;
    let frame = peer.hear().await;
    let ClientFrame::CatchUp { id, group_id, after_seq: 1, before_seq: Some(4) } = frame else {
        panic!("it asks for what it missed: {frame:?}");
    };
    assert_eq!(group_id, room());
    let messages = vec![message(2, "bo", "b"), message(3, "bo", "c")];
    peer.say(ServerFrame::CatchUpOk { id, messages, complete: true }).await;
    reader.until(|seen| seen.rows.len() == 4).await;
    assert_eq!(reader.seen.texts().join(""), "abcd");
    peer.say(ServerFrame::Missed { count: 2, group_ids: vec![room()] }).await;
    let ClientFrame::CatchUp { id, after_seq: 4, before_seq: None, .. } = peer.hear().await else {
        panic!("it asks for the end");
    };
    let messages = vec![message(7, "bo", "g")];
    peer.say(ServerFrame::CatchUpOk { id, messages, complete: false }).await;
    let ClientFrame::CatchUp { id, after_seq: 4, before_seq: Some(7), .. } = peer.hear().await
    else {
        panic!("what did not fit in may come now");
    };
    peer.say(ServerFrame::CatchUpOk { id, messages: vec![], complete: false }).await;
    reader.until(|seen| seen.missed == 2).await;
    let found = client.diagnostics().await.unwrap();
    assert_eq!((found.missed_frames, found.missed_messages), (2, 2));
}

#[tokio::test]
async fn the_room_comes_in_one_batch() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut batches = client.subscribe(Interest::all(), EVERY).await.unwrap();
    let mut peer = gateway.accept().await;
    peer.log_in().await;
    let (id, _) = peer.hear_join().await;
    peer.say(live(0, vec![message(1, "bo", "early")])).await;
    peer.say(ServerFrame::Online { group_id: room(), count: 99 }).await;
    let whole = RoomSnapshot {
        id,
        mute_all: true,
        rules: RoomRules { slow_mode_s: 5, ..RoomRules::default() },
        ..snapshot(profile(), 2, vec![message(1, "bo", "early"), message(2, "bo", "late")])
    };
    peer.say(ServerFrame::JoinOk(Box::new(whole))).await;
    let of_the_room = |event: &RoomEvent| {
        !matches!(event, RoomEvent::Session { .. } | RoomEvent::DanmakuCounters { .. })
    };
    patiently(batches.next()).await.unwrap();
    let batch = loop {
        let batch = patiently(batches.next()).await.unwrap();
        if batch.iter().any(of_the_room) {
            break batch;
        }
    };
    let rows = batch.iter().find_map(|event| match event {
        RoomEvent::Chat { rows } => Some(rows.len()),
        _ => None,
    });
    let room = batch.iter().find_map(|event| match event {
        RoomEvent::Room { room } => Some((room.member, room.rules.slow_mode_s)),
        _ => None,
    });
    assert_eq!((rows, room), (Some(2), Some((true, 5))));
    assert!(batch.contains(&RoomEvent::Speech { speech: SpeechView::MuteAll }));
    assert!(batch.contains(&RoomEvent::Online { count: 3 }), "99 was before the room");
}

#[tokio::test]
async fn compressed_frames_are_read_and_broken_ones_are_counted() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let frame = serde_json::to_vec(&live(0, vec![message(1, "bo", "small")])).unwrap();
    peer.say_bytes(deflate::compress(&frame)).await;
    reader.until(|seen| seen.texts() == ["small"]).await;
    let bomb = deflate::compress(&vec![b'x'; live_core::frame::MAX_SERVER_FRAME_BYTES + 1]);
    for broken in
        [vec![], vec![0xff; 20], bomb, deflate::compress(b"{"), deflate::compress(b"\xff")]
    {
        peer.say_bytes(broken).await;
    }
    peer.say(live(1, vec![message(2, "bo", "still here")])).await;
    reader.until(|seen| seen.rows.len() == 2).await;
    assert_eq!(client.diagnostics().await.unwrap().malformed_frames, 5);
}

#[tokio::test]
async fn a_recalled_comment_leaves_the_chat_and_the_air() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let key = client.send_comment("mine".into()).await.unwrap();
    let (id, client_id, _) = peer.hear_comment().await;
    peer.say(send_ok(id, client_id, 1)).await;
    peer.say(live(1, vec![message(2, "bo", "spam"), message(3, "bo", "fine")])).await;
    reader.until(|seen| seen.flights.len() == 3 && seen.rows.len() == 3).await;
    assert_eq!(reader.seen.rows[0].reached, 2);
    let (seqs, operator, reason) = (vec![1, 2], "host".into(), "off topic".into());
    peer.say(ServerFrame::Recalled { group_id: room(), seqs, operator, reason }).await;
    reader.until(|seen| seen.left.len() == 2).await;
    reader.until(|seen| seen.rows.len() == 2).await;
    let spam = reader.seen.flights.iter().position(|text| text == "spam").unwrap();
    assert!(reader.seen.left.contains(&reader.seen.flight_ids[spam]));
    assert_eq!(reader.seen.state_of(&key), Some((RowState::Recalled, 0)));
}

#[tokio::test]
async fn what_is_no_comment_is_told_to_the_subscriber() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let group_id = room;
    for frame in [
        ServerFrame::SystemNotification { group_id: group_id(), text: "{}".into() },
        ServerFrame::CounterChanged { group_id: group_id(), key: "likes".into(), value: 5 },
        ServerFrame::AttributesChanged {
            group_id: group_id(),
            attributes: [("k".to_owned(), "v".to_owned())].into(),
        },
        ServerFrame::MemberEntered {
            group_id: group_id(),
            users: vec!["bo".into()],
            count: 4,
            more: 2,
        },
        ServerFrame::Muted { group_id: group_id(), until_s: u32::MAX },
        ServerFrame::SystemNotification { group_id: "other".into(), text: "not here".into() },
        ServerFrame::Broadcast { message: message(7, "admin", "to everybody") },
        ServerFrame::MarksChanged {
            group_id: group_id(),
            mark: 1_000,
            users: vec!["bo".into()],
            on: true,
        },
        ServerFrame::RoomFigures { group_id: group_id(), figures: Default::default() },
    ] {
        peer.say(frame).await;
    }
    reader.until(|seen| seen.texts() == ["to everybody"]).await;
    let seen = &reader.seen;
    assert_eq!(seen.notifications, ["{}"]);
    assert_eq!((seen.counters["likes"], seen.attributes["k"].as_str()), (5.0, "v"));
    assert_eq!((seen.passers.entered_count, seen.speech), (3, SpeechView::Muted { left_ms: 0 }));
    patiently(async {
        while client.details().await.unwrap().figures.is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(client.details().await.unwrap().marks[&1_000].contains("bo"));
}

#[tokio::test]
async fn a_lifted_ban_leads_back_into_the_room() {
    let gateway = Gateway::start().await;
    let (_client, mut peer, mut reader) = gateway.room().await;
    let removed = serde_json::json!({"t": "removed", "group_id": "room_1", "reason": "banned",
        "operator": "host", "info": "spam", "until_s": 9});
    peer.say_text(removed.to_string()).await;
    reader.until(|seen| !seen.member).await;
    peer.say(ServerFrame::Unbanned { group_id: room() }).await;
    peer.join(profile(), 0, vec![]).await;
    reader.until(|seen| seen.member).await;
}

fn from_bo(seq: u32, text: &str) -> C2cMessage {
    C2cMessage {
        key: format!("{seq}_1_{seq}"),
        seq,
        random: 1,
        time_s: seq,
        from: "bo".into(),
        to: "me".into(),
        elements: vec![Element::text(text)],
        ..C2cMessage::default()
    }
}

#[tokio::test]
async fn one_to_one_messages_go_both_ways_and_survive_a_loss() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    peer.say(ServerFrame::C2cMessage { message: from_bo(1, "hello") }).await;
    reader.until(|seen| seen.conversations == ["bo"]).await;
    let sent =
        client.client().send_c2c("bo".into(), vec![Element::text("hi")], false).await.unwrap();
    let ClientFrame::SendC2c { client_id, to, .. } = peer.hear().await else {
        panic!("the message goes out");
    };
    assert_eq!((client_id.as_str(), to.as_str()), (sent.as_str(), "bo"));
    drop(peer);

    let mut peer = gateway.accept().await;
    peer.log_in().await;
    peer.join(profile(), 0, vec![]).await;
    let ClientFrame::SendC2c { id, client_id, .. } = peer.hear().await else {
        panic!("it goes out again");
    };
    assert_eq!(client_id, sent);
    peer.say(ServerFrame::SendC2cOk { id, client_id, key: "2_5_2".into(), time_s: 2 }).await;
    let ClientFrame::Conversations { id } = peer.hear().await else {
        panic!("it asks what it missed");
    };
    let conversations =
        vec![Conversation { peer: "bo".into(), unread: 3, last: Some(from_bo(9, "nine")) }];
    peer.say(ServerFrame::ConversationsOk { id, conversations }).await;
    let ClientFrame::C2cHistory { id, peer: of, before_key: None, .. } = peer.hear().await else {
        panic!("and what it does not have");
    };
    assert_eq!(of, "bo");
    let messages = vec![from_bo(8, "eight"), from_bo(9, "nine")];
    peer.say(ServerFrame::C2cHistoryOk { id, messages, complete: false }).await;
    peer.say(ServerFrame::C2cRead { peer: "bo".into(), time_s: 9, own: false }).await;
    peer.say(ServerFrame::C2cWithdrawn { peer: "bo".into(), key: "8_1_8".into() }).await;
    let thread = patiently(async {
        loop {
            let thread = client.client().conversation("bo".into()).await.unwrap();
            if thread.entries.iter().any(|entry| entry.message.withdrawn) {
                break thread;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let keys: Vec<_> = thread.entries.iter().map(|entry| entry.message.key.as_str()).collect();
    assert_eq!(keys, ["8_1_8", "9_1_9"]);
    assert!(thread.entries.iter().all(|entry| entry.outcome == Outcome::Arrived));
    assert_eq!((thread.unread, thread.read_until_s), (3, 9));
}

#[tokio::test]
async fn requests_of_a_program_get_their_answers_or_the_reason() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let asking = |client: &RoomClient| {
        let client = client.clone();
        tokio::spawn(async move {
            let change = RulesChange { slow_mode_s: Some(5), ..RulesChange::default() };
            let rules = client.modify_rules(change).await;
            let recall = client.recall(7).await;
            let page = client.client().c2c_history("bo".into(), Some("9_1_9".into())).await;
            let followed = client.client().follow_presence(vec!["bo".into()]).await;
            let withdrawn = client.client().withdraw_c2c("bo".into(), "1_1_1".into()).await;
            let read = client.client().read_c2c("bo".into()).await;
            let history = client.history(None).await;
            (rules, recall, page, followed, withdrawn, read, history)
        })
    };
    let asked = asking(&client);
    let ClientFrame::ModifyRules { id, change, .. } = peer.hear().await else { panic!("rules") };
    assert_eq!(change.slow_mode_s, Some(5));
    peer.say(ServerFrame::Done { id }).await;
    let ClientFrame::Recall { id, seq: 7, .. } = peer.hear().await else { panic!("recall") };
    peer.refuse(id, 10031, "too old").await;
    let ClientFrame::C2cHistory { id, .. } = peer.hear().await else { panic!("page") };
    let messages = vec![from_bo(1, "one")];
    peer.say(ServerFrame::C2cHistoryOk { id, messages, complete: true }).await;
    let ClientFrame::Presence { id, .. } = peer.hear().await else { panic!("presence") };
    let accounts = vec![Presence { user_id: "bo".into(), status: PresenceStatus::Online }];
    peer.say(ServerFrame::PresenceOk { id, accounts: accounts.clone() }).await;
    for _ in 0..2 {
        let id = peer.hear().await.id();
        peer.say(ServerFrame::Done { id }).await;
    }
    let ClientFrame::History { id, .. } = peer.hear().await else { panic!("history") };
    peer.say(ServerFrame::HistoryOk { id, messages: vec![message(1, "bo", "old")] }).await;
    let (rules, recall, page, followed, withdrawn, read, history) = patiently(asked).await.unwrap();
    assert!(rules.is_ok() && withdrawn.is_ok() && read.is_ok());
    assert_eq!(recall.unwrap_err().code.0, 10031);
    assert!(page.unwrap().complete);
    assert_eq!((followed.unwrap(), history.unwrap().len()), (accounts, 1));
    let (user_id, status) = ("bo".into(), PresenceStatus::Offline);
    peer.say(ServerFrame::PresenceChanged { user_id, status }).await;
    reader.until(|seen| seen.presence.last().is_some_and(|last| last.status == "Offline")).await;

    drop(peer);
    reader.until(|seen| matches!(seen.session, Some(SessionView::Reconnecting { .. }))).await;
    assert_eq!(client.recall(7).await.unwrap_err().code, Code::NOT_ONLINE);
    let mut peer = gateway.welcome().await;
    let ClientFrame::Presence { user_ids, .. } = peer.hear().await else { panic!("presence") };
    assert_eq!(user_ids, ["bo"], "it is followed again");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.recall(7).await }
    });
    while !matches!(peer.hear().await, ClientFrame::Recall { .. }) {}
    drop(peer);
    assert_eq!(patiently(waiting).await.unwrap().unwrap_err().code, Code::NO_ANSWER);
}
