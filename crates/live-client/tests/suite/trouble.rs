//! The client when the network, the service or the account gives way.

use chat_types::gateway::{KickCause, Message, ServerFrame, close};
use chat_types::{ApiError, Code};
use live_client::{Credentials, RoomClient};
use live_core::view::{KickedBy, RowState, SessionView};
use std::sync::Arc;
use std::time::Duration;

use crate::frames::{message, profile};
use crate::gateway::{Gateway, config, enter, live, patiently, read, send_ok};

async fn state(client: &RoomClient, is_so: impl FnMut(&SessionView) -> bool) -> SessionView {
    let mut states = client.client().state();
    patiently(states.wait_for(is_so)).await.unwrap().clone()
}

#[tokio::test]
async fn after_a_loss_it_comes_back_catches_up_and_shows_nothing_twice() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    peer.say(live(0, vec![message(1, "bo", "one"), message(2, "bo", "two")])).await;
    reader.until(|seen| seen.flights.len() == 2).await;
    let arrived = client.send_comment("arrived".into()).await.unwrap();
    let lost = client.send_comment("lost".into()).await.unwrap();
    let (_, first, _) = peer.hear_comment().await;
    let (_, second, _) = peer.hear_comment().await;
    assert_eq!((&first, &second), (&arrived, &lost));
    drop(peer);
    reader.until(|seen| matches!(seen.session, Some(SessionView::Reconnecting { .. }))).await;
    assert_eq!(reader.seen.state_of(&lost), Some((RowState::Sending, 0)));

    let mut peer = gateway.accept().await;
    peer.log_in().await;
    let echo = Message { client_id: arrived.clone(), ..message(4, "me", "arrived") };
    let missed = vec![message(2, "bo", "two"), message(3, "bo", "three"), echo];
    assert_eq!(peer.join(profile(), 4, missed).await, Some(2));
    let (id, client_id, text) = peer.hear_comment().await;
    assert_eq!((client_id.as_str(), text.as_str()), (lost.as_str(), "lost"));
    peer.say(send_ok(id, client_id, 5)).await;

    reader.until(|seen| seen.state_of(&lost) == Some((RowState::Sent, 0))).await;
    assert_eq!(reader.seen.state_of(&arrived), Some((RowState::Sent, 0)));
    assert_eq!(reader.seen.texts(), ["one", "two", "three", "arrived", "lost"]);
    assert_eq!(reader.seen.session, Some(SessionView::Online));
    assert_eq!(client.diagnostics().await.unwrap().missed_messages, 0);
}

#[tokio::test]
async fn a_comment_without_a_connection_fails_at_once_and_keeps_its_text() {
    let gateway = Gateway::start().await;
    let (client, peer, mut reader) = gateway.room().await;
    drop(peer);
    reader.until(|seen| matches!(seen.session, Some(SessionView::Reconnecting { .. }))).await;
    let key = client.send_comment("hello".into()).await.unwrap();
    reader.until(|seen| seen.state_of(&key) == Some((RowState::Failed, 9001))).await;
    assert_eq!(reader.seen.texts(), ["hello"]);
    let mut peer = gateway.welcome().await;
    reader.until(|seen| seen.session == Some(SessionView::Online)).await;
    client.retry_comment(key.clone()).await.unwrap();
    assert_eq!(peer.hear_comment().await.1, key);
}

#[tokio::test]
async fn a_kicked_client_does_not_come_back_by_itself() {
    let gateway = Gateway::start().await;
    let (client, mut peer, _reader) = gateway.room().await;
    let (cause, reason) = (KickCause::SignedInElsewhere, "signed in elsewhere".into());
    peer.say(ServerFrame::Kicked { cause, reason }).await;
    let seen = state(&client, |state| matches!(state, SessionView::Kicked { .. })).await;
    let (cause, reason) = (KickedBy::SignedInElsewhere, "signed in elsewhere".into());
    assert_eq!(seen, SessionView::Kicked { cause, reason });
    assert!(peer.heard_the_end().await);
    assert!(gateway.is_left_alone(&client).await);
    client.client().reconnect().await;
    gateway.welcome().await;
    state(&client, |state| *state == SessionView::Online).await;
}

#[tokio::test]
async fn the_close_code_tells_a_kick_too() {
    let gateway = Gateway::start().await;
    let (client, peer, _reader) = gateway.room().await;
    peer.close(close::KICKED).await;
    let seen = state(&client, |state| matches!(state, SessionView::Kicked { .. })).await;
    assert_eq!(seen, SessionView::Kicked { cause: KickedBy::Other, reason: String::new() });
}

#[tokio::test]
async fn an_expired_user_sig_is_renewed_without_the_user() {
    for by_frame in [true, false] {
        let gateway = Gateway::start().await;
        let (client, mut peer, mut reader) = gateway.room().await;
        let key = client.send_comment("on its way".into()).await.unwrap();
        peer.hear_comment().await;
        if by_frame {
            peer.say(ServerFrame::SigExpired {}).await;
        }
        peer.close(close::SIG_EXPIRED).await;
        let mut peer = gateway.welcome().await;
        let (id, client_id, _) = peer.hear_comment().await;
        assert_eq!(client_id, key);
        peer.say(send_ok(id, client_id, 1)).await;
        reader.until(|seen| seen.state_of(&key) == Some((RowState::Sent, 0))).await;
        reader.until(|seen| seen.session == Some(SessionView::Online)).await;
    }
}

#[tokio::test]
async fn a_user_sig_that_is_refused_as_expired_waits_for_the_user() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let key = client.send_comment("on its way".into()).await.unwrap();
    peer.hear_comment().await;
    peer.say(ServerFrame::SigExpired {}).await;
    let mut peer = gateway.accept().await;
    let chat_types::gateway::ClientFrame::Login { id, .. } = peer.hear().await else {
        panic!("the login comes first");
    };
    peer.refuse(id, Code::SIG_EXPIRED.0, "the UserSig has expired").await;
    reader.until(|seen| seen.session == Some(SessionView::SigExpired)).await;
    reader.until(|seen| seen.state_of(&key) == Some((RowState::Failed, 9005))).await;
    assert!(gateway.is_left_alone(&client).await);
}

#[tokio::test]
async fn a_login_that_is_refused_for_good_is_not_repeated() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut peer = gateway.accept().await;
    let chat_types::gateway::ClientFrame::Login { id, .. } = peer.hear().await else {
        panic!("the login comes first");
    };
    peer.refuse(id, 70009, "signed with another key").await;
    let seen = state(&client, |state| matches!(state, SessionView::Failed { .. })).await;
    assert_eq!(seen, SessionView::Failed { code: 70009, info: "signed with another key".into() });
    assert!(peer.heard_the_end().await);
    assert!(gateway.is_left_alone(&client).await);
}

#[tokio::test]
async fn a_login_that_failed_inside_the_service_is_repeated() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut peer = gateway.accept().await;
    let chat_types::gateway::ClientFrame::Login { id, .. } = peer.hear().await else {
        panic!("the login comes first");
    };
    peer.refuse(id, 10002, "try later").await;
    gateway.welcome().await;
    state(&client, |state| *state == SessionView::Online).await;
}

struct NoSig;

impl Credentials for NoSig {
    fn user_sig(&self) -> Result<String, ApiError> {
        Err(ApiError::new(Code::APP_ABSENT, "no such application"))
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_a_refused_login() {
    let gateway = Gateway::start().await;
    let config =
        live_client::ClientConfig { credentials: Arc::new(NoSig), ..config(gateway.url()) };
    let client = enter(config).await;
    gateway.accept().await;
    let seen = state(&client, |state| matches!(state, SessionView::Failed { .. })).await;
    assert_eq!(seen, SessionView::Failed { code: 70020, info: "no such application".into() });
}

#[tokio::test]
async fn an_address_that_cannot_be_used_says_so_and_another_one_helps() {
    let gateway = Gateway::start().await;
    for wrong in ["http://127.0.0.1:1", "wss://", "not an address", ""] {
        let client = enter(config(wrong.into())).await;
        let seen = state(&client, |state| {
            !matches!(state, SessionView::Connecting | SessionView::Offline)
        })
        .await;
        assert!(matches!(seen, SessionView::Failed { code: 60002, .. }), "{wrong:?}: {seen:?}");
        client.client().set_gateway_url(gateway.url()).await;
        client.client().reconnect().await;
        gateway.welcome().await;
        state(&client, |state| *state == SessionView::Online).await;
    }
}

#[tokio::test]
async fn another_address_is_moved_to_at_once() {
    let (old, new) = (Gateway::start().await, Gateway::start().await);
    let (client, peer, _reader) = old.room().await;
    client.client().set_gateway_url(new.url()).await;
    assert!(peer.heard_the_end().await);
    new.welcome().await;
    state(&client, |state| *state == SessionView::Online).await;
}

#[tokio::test]
async fn a_room_that_does_not_exist_leaves_the_session_online() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut reader = read(&client).await;
    let mut peer = gateway.accept().await;
    peer.log_in().await;
    let (id, _) = peer.hear_join().await;
    peer.refuse(id, 10010, "no such room").await;
    reader.until(|seen| seen.is_dismissed() && !seen.member).await;
    assert_eq!(*client.client().state().borrow(), SessionView::Online);
    assert_eq!(client.send_comment("hello".into()).await.unwrap_err().code, Code::GROUP_ABSENT);
}

#[tokio::test]
async fn a_dismissed_room_is_told_and_takes_no_comment() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let (group_id, operator) = ("room_1".into(), "host_1".into());
    peer.say(ServerFrame::GroupDismissed { group_id, operator }).await;
    reader.until(|seen| seen.is_dismissed() && !seen.member).await;
    assert_eq!(client.send_comment("hello".into()).await.unwrap_err().code, Code::GROUP_ABSENT);
    let mut later = read(&client).await;
    assert!(later.read().await && later.seen.is_dismissed(), "who comes later is told as well");
}

#[tokio::test]
async fn a_stopping_gateway_is_left_and_found_again() {
    let gateway = Gateway::start().await;
    let (client, mut peer, _reader) = gateway.room().await;
    peer.say(ServerFrame::ShuttingDown { retry_after_ms: 20 }).await;
    state(&client, |state| matches!(state, SessionView::Reconnecting { attempt: 1, .. })).await;
    gateway.welcome().await;
    state(&client, |state| *state == SessionView::Online).await;
}

#[tokio::test]
async fn a_frame_over_the_limit_costs_the_connection_and_not_the_client() {
    let gateway = Gateway::start().await;
    let (client, mut peer, _reader) = gateway.room().await;
    peer.say_too_much("x".repeat(live_core::frame::MAX_SERVER_FRAME_BYTES + 1)).await;
    state(&client, |state| matches!(state, SessionView::Reconnecting { .. })).await;
    gateway.welcome().await;
    state(&client, |state| *state == SessionView::Online).await;
}

/// From here on the clock jumps to the next thing that is due whenever nothing else is to do.
fn let_time_fly() {
    tokio::time::pause();
}

#[tokio::test]
async fn an_unanswered_comment_fails() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    let key = client.send_comment("hello".into()).await.unwrap();
    peer.hear_comment().await;
    let_time_fly();
    let failed = tokio::time::Instant::now();
    while reader.seen.state_of(&key) != Some((RowState::Failed, 9005)) {
        assert!(reader.read().await);
    }
    assert!(failed.elapsed() < Duration::from_secs(11), "{:?}", failed.elapsed());
    drop(peer);
}

#[tokio::test]
async fn a_silent_gateway_is_given_up_after_two_heartbeats() {
    let gateway = Gateway::start().await;
    let (client, peer, _reader) = gateway.room().await;
    let_time_fly();
    let mut states = client.client().state();
    let lost = states.wait_for(|state| matches!(state, SessionView::Reconnecting { .. }));
    tokio::time::timeout(Duration::from_secs(601), lost).await.unwrap().unwrap();
    drop(peer);
}

#[tokio::test]
async fn a_login_that_is_not_answered_is_given_up() {
    let gateway = Gateway::start().await;
    let client = enter(config(gateway.url())).await;
    let mut peer = gateway.accept().await;
    peer.hear().await;
    let_time_fly();
    let mut states = client.client().state();
    let lost = states.wait_for(|state| matches!(state, SessionView::Reconnecting { .. }));
    tokio::time::timeout(Duration::from_secs(11), lost).await.unwrap().unwrap();
}
