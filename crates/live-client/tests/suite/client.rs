//! The client in a room where everything goes well.

use chat_types::gateway::{ClientFrame, InfoChange, RoomMessages, RoomSnapshot, ServerFrame};
use live_client::{Client, Interest, MOST_SUBSCRIBERS};
use live_core::view::{DanmakuBudget, RoomEvent, RoomEventKind, RowState, SessionView};
use serde_json::json;

use crate::frames::{message, profile, snapshot};
use crate::gateway::{EVERY, Gateway, config, enter, live, patiently, read, send_ok};

const CUP: &str = r#"{"id":"cup","title":"Cup","price_minor":3900,"currency":"CNY"}"#;

fn messages(range: std::ops::RangeInclusive<u32>) -> ServerFrame {
    let after = range.start() - 1;
    live(after, range.map(|n| message(n, "bo", &format!("m{n}"))).collect())
}

fn product(value: &str) -> ServerFrame {
    ServerFrame::GroupInfoChanged {
        group_id: "room_1".into(),
        operator: "assistant".into(),
        changes: vec![InfoChange::Custom { key: "product".into(), value: value.into() }],
    }
}

#[tokio::test]
async fn it_signs_in_joins_and_receives() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    assert_eq!(*client.client().state().borrow(), SessionView::Online);
    peer.say(messages(1..=2)).await;
    peer.say(ServerFrame::Online { group_id: "room_1".into(), count: 12 }).await;
    reader.until(|seen| seen.rows.len() == 2 && seen.online == 12).await;
    reader.until(|seen| seen.flights.len() == 2).await;
    assert_eq!(reader.seen.texts(), ["m1", "m2"]);
}

#[tokio::test]
async fn the_first_batch_is_everything_there_is_to_know() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    peer.say(messages(1..=3)).await;
    reader.until(|seen| seen.rows.len() == 3).await;
    let mut second = client.subscribe(Interest::all(), EVERY).await.unwrap();
    let events = second.next().await.unwrap();
    let names: Vec<_> = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned())
        .filter(|name| name != "danmaku")
        .collect();
    assert_eq!(
        names,
        [
            "session",
            "room",
            "speech",
            "online",
            "product",
            "live_status",
            "likes",
            "gift_totals",
            "gift_banners",
            "draws",
            "announcements",
            "attributes",
            "counters",
            "passers",
            "missed",
            "chat_reset",
            "danmaku_counters"
        ]
    );
    let rows = events.iter().find_map(|event| match event {
        RoomEvent::ChatReset { rows } => Some(rows.len()),
        _ => None,
    });
    assert_eq!(rows, Some(3));
}

#[tokio::test]
async fn an_own_comment_goes_from_sending_to_sent() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let key = client.send_comment("hello".into()).await.unwrap();
    reader.until(|seen| seen.state_of(&key) == Some((RowState::Sending, 0))).await;
    let (id, client_id, text) = peer.hear_comment().await;
    assert_eq!((client_id.as_str(), text.as_str()), (key.as_str(), "hello"));
    peer.say(send_ok(id, client_id, 1)).await;
    reader.until(|seen| seen.state_of(&key) == Some((RowState::Sent, 0))).await;
    reader.until(|seen| seen.flights == ["hello"]).await;
}

#[tokio::test]
async fn an_hour_between_the_clocks_is_told_and_own_comments_have_the_services_time() {
    let pc_s = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for ahead_s in [-3_600_i64, 3_600] {
        let gateway = Gateway::start().await;
        let client = enter(config(gateway.url())).await;
        let mut reader = read(&client).await;
        let mut peer = gateway.accept().await;
        peer.log_in().await;
        let (id, _) = peer.hear_join().await;
        let time_s = u32::try_from(pc_s.saturating_add_signed(ahead_s)).unwrap();
        let answer = RoomSnapshot { id, time_s, ..snapshot(profile(), 0, vec![]) };
        peer.say(ServerFrame::JoinOk(Box::new(answer))).await;
        let close = |ms: f64| (ms - ahead_s as f64 * 1_000.0).abs() < 120_000.0;
        reader.until(|seen| close(seen.ahead_ms)).await;
        let key = client.send_comment("hello".into()).await.unwrap();
        reader.until(|seen| seen.state_of(&key).is_some()).await;
        assert!(close(reader.seen.rows[0].time_ms - pc_s as f64 * 1_000.0));
        // Whoever subscribes later is told as well.
        let mut later = read(&client).await;
        later.until(|seen| close(seen.ahead_ms)).await;
    }
}

#[tokio::test]
async fn a_refused_comment_says_why_and_can_be_sent_again() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let key = client.send_comment("hello".into()).await.unwrap();
    let (id, first, _) = peer.hear_comment().await;
    peer.refuse(id, 10017, "you are muted").await;
    reader.until(|seen| seen.state_of(&key) == Some((RowState::Failed, 10017))).await;
    assert_eq!(reader.seen.rows[0].reason, "you are muted");
    client.retry_comment(key.clone()).await.unwrap();
    let (id, second, _) = peer.hear_comment().await;
    assert_eq!(first, second, "it is the same message");
    peer.say(send_ok(id, second, 1)).await;
    reader.until(|seen| seen.state_of(&key) == Some((RowState::Sent, 0))).await;
}

#[tokio::test]
async fn a_late_joiner_sees_the_product_and_follows_its_changes() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut reader = read(&client).await;
    let mut peer = gateway.accept().await;
    peer.log_in().await;
    let mut group = profile();
    group.custom_fields.insert("product".into(), CUP.into());
    peer.join(group, 0, vec![]).await;
    reader.until(|seen| seen.product.as_deref() == Some("Cup")).await;
    peer.say(product(&CUP.replace("Cup", "Bowl"))).await;
    reader.until(|seen| seen.product.as_deref() == Some("Bowl")).await;
    peer.say(product("{broken")).await;
    reader.until(|seen| seen.product.is_none()).await;
    peer.say(messages(1..=1)).await;
    reader.until(|seen| seen.rows.len() == 1).await;
}

#[tokio::test]
async fn a_subscriber_that_does_not_ask_is_current_one_batch_after_it_asks_again() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    for start in 0..60 {
        peer.say(messages(start * 100 + 1..=start * 100 + 100)).await;
    }
    patiently(async {
        while client.diagnostics().await.unwrap().dropped_rows < 5_000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let before = reader.batches;
    reader.until(|seen| seen.texts().last() == Some(&"m6000")).await;
    assert_eq!(reader.batches, before + 1);
    assert_eq!(client.diagnostics().await.unwrap().chat_resets, 1);
    let newest: Vec<_> = (5_001..=6_000).map(|n| format!("m{n}")).collect();
    assert_eq!(reader.seen.texts(), newest);
}

#[tokio::test]
async fn a_question_that_is_dropped_loses_nothing() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    for n in 1..=50 {
        let waited = tokio::time::timeout(std::time::Duration::ZERO, reader.read());
        let _ = waited.await;
        peer.say(messages(n..=n)).await;
    }
    reader.until(|seen| seen.rows.len() == 50).await;
    assert_eq!(client.diagnostics().await.unwrap().chat_resets, 0);
}

#[tokio::test]
async fn each_subscriber_reads_what_it_asked_for_at_its_own_pace() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let online = [RoomEventKind::Online].into_iter().collect();
    let mut other = client.subscribe(online, EVERY).await.unwrap();
    assert_eq!(patiently(other.next()).await.unwrap(), [RoomEvent::Online { count: 3 }]);
    peer.say(messages(1..=3)).await;
    reader.until(|seen| seen.rows.len() == 3).await;
    peer.say(ServerFrame::Online { group_id: "room_1".into(), count: 12 }).await;
    assert_eq!(patiently(other.next()).await.unwrap(), [RoomEvent::Online { count: 12 }]);
}

#[tokio::test]
async fn of_too_many_subscribers_the_oldest_ends_and_one_that_is_gone_does_not_count() {
    let gateway = Gateway::start().await;
    let (client, _peer, mut oldest) = gateway.room().await;
    for _ in 0..2 * MOST_SUBSCRIBERS {
        read(&client).await;
    }
    let mut others = Vec::new();
    for _ in 1..MOST_SUBSCRIBERS {
        others.push(read(&client).await);
    }
    client.client().set_gateway_url("ws://127.0.0.1:1".into()).await;
    oldest.until(|seen| matches!(seen.session, Some(SessionView::Reconnecting { .. }))).await;
    others.push(read(&client).await);
    while oldest.read().await {}
    assert!(others[0].read().await && others[MOST_SUBSCRIBERS - 1].read().await);
}

#[tokio::test]
async fn messages_are_told_in_batches_and_not_one_by_one() {
    let gateway = Gateway::start().await;
    let (_client, mut peer, mut reader) = gateway.room().await;
    let before = reader.batches;
    peer.say(messages(1..=800)).await;
    reader.until(|seen| seen.rows.len() == 800).await;
    assert_eq!(reader.batches, before + 1, "one frame is one batch");
}

#[tokio::test]
async fn the_renderers_wishes_are_followed() {
    let gateway = Gateway::start().await;
    let (_client, mut peer, mut reader) = gateway.room().await;
    let view = reader.view();
    view.set_danmaku_budget(DanmakuBudget { per_second: 0.0, burst: 2 }).await;
    peer.say(messages(1..=5)).await;
    reader.until(|seen| seen.flights.len() == 2).await;
    view.set_danmaku_visible(false).await;
    view.report_undrawn(vec![reader.seen.flight_ids[0]]).await;
    peer.say(messages(6..=6)).await;
    // On a slow machine some wait so long that they are not fresh any more.
    reader
        .until(|seen| {
            let counters = seen.counters_of_danmaku;
            (counters.shown, counters.no_lane) == (1, 1)
                && counters.hidden + counters.expired == 4
                && counters.hidden >= 1
        })
        .await;
}

#[tokio::test]
async fn nothing_folds_into_what_only_another_subscriber_was_given() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let wow = |seq| live(seq - 1, vec![message(seq, "bo", "wow")]);
    peer.say(wow(1)).await;
    reader.until(|seen| seen.flights == ["wow"]).await;
    let mut second = read(&client).await;
    peer.say(wow(2)).await;
    second.until(|seen| seen.rows.len() == 2).await;
    second.until(|seen| seen.flights == ["wow"]).await;
}

#[tokio::test]
async fn strange_frames_do_no_harm_and_are_counted() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    peer.say_text(json!({"t": "weather"}).to_string()).await;
    peer.say_text("{").await;
    peer.say(ServerFrame::Missed { count: 4, group_ids: vec![] }).await;
    let elsewhere = vec![message(1, "bo", "elsewhere")];
    let elsewhere =
        RoomMessages { group_id: "other".into(), messages: elsewhere, ..RoomMessages::default() };
    peer.say(ServerFrame::Messages(elsewhere)).await;
    peer.say(messages(1..=1)).await;
    reader.until(|seen| seen.rows.len() == 1).await;
    assert_eq!(reader.seen.texts(), ["m1"]);
    let found = client.diagnostics().await.unwrap();
    assert_eq!((found.malformed_frames, found.unknown_frames, found.missed_frames), (1, 1, 4));
}

#[tokio::test]
async fn the_largest_join_answer_is_read() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut reader = read(&client).await;
    let mut peer = gateway.welcome().await;
    reader.until(|seen| seen.member).await;
    peer.say(messages(1..=1)).await;
    reader.until(|seen| seen.rows.len() == 1).await;
    drop(peer);
    let mut peer = gateway.accept().await;
    peer.log_in().await;
    let large = |seq| chat_types::gateway::Message {
        cloud_custom_data: "\u{1}".repeat(4 * 1024),
        ..message(seq, "bo", &"x".repeat(12 * 1024))
    };
    peer.join(profile(), 101, (2..=101).map(large).collect()).await;
    reader.until(|seen| seen.rows.len() == 101).await;
}

#[tokio::test]
async fn what_arrives_while_signing_out_is_told_as_arrived() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let arrived = client.send_comment("arrived".into()).await.unwrap();
    let unknown = client.send_comment("unknown".into()).await.unwrap();
    let (id, client_id, _) = peer.hear_comment().await;
    peer.hear_comment().await;
    let closing = tokio::spawn(async move { client.client().close().await });
    assert!(matches!(peer.hear().await, ClientFrame::Logout { .. }));
    peer.say(send_ok(id, client_id, 1)).await;
    peer.close(1000).await;
    patiently(closing).await.unwrap();
    while reader.read().await {}
    assert_eq!(reader.seen.state_of(&arrived), Some((RowState::Sent, 0)));
    assert_eq!(reader.seen.state_of(&unknown), Some((RowState::Failed, 9005)));
}

#[tokio::test]
async fn closing_signs_out_and_ends_the_client() {
    let gateway = Gateway::start().await;
    let (login, task) = Client::open(config(gateway.url()));
    let client = login.enter("room_1").await;
    let mut peer = gateway.welcome().await;
    let mut reader = read(&client).await;
    let closing = tokio::spawn(async move { login.close().await });
    assert!(matches!(peer.hear().await, ClientFrame::Logout { .. }));
    peer.close(1000).await;
    patiently(closing).await.unwrap();
    patiently(task).await.unwrap();
    while reader.read().await {}
    assert_eq!(reader.seen.session, Some(SessionView::Offline));
    assert_eq!(client.send_comment("hello".into()).await.unwrap_err().code.0, 9001);
    assert!(client.subscribe(Interest::all(), EVERY).await.is_none());
    assert!(client.diagnostics().await.is_none());
}
