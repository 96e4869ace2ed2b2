//! Several rooms on one login.

use chat_types::Code;
use chat_types::gateway::{ClientFrame, RoomMessages, RoomSnapshot, ServerFrame};
use chat_types::group::GroupProfile;
use live_client::{Client, Interest};
use live_core::view::{RowState, SessionView};

use crate::frames::{message, profile, snapshot};
use crate::gateway::{EVERY, Gateway, Peer, config, patiently, read, send_ok};

fn named(group_id: &str) -> GroupProfile {
    GroupProfile { group_id: group_id.into(), name: group_id.into(), ..profile() }
}

fn said(group_id: &str, seq: u32, text: &str) -> ServerFrame {
    ServerFrame::Messages(RoomMessages {
        group_id: group_id.into(),
        after: seq - 1,
        messages: vec![message(seq, "bo", text)],
        own: vec![],
    })
}

/// Answers a join of any room, and gives its name and the number after which it goes on.
async fn let_in(peer: &mut Peer) -> (String, Option<u32>) {
    let ClientFrame::Join { id, group_id, after_seq } = peer.hear().await else {
        panic!("a join comes next");
    };
    let seen = after_seq.unwrap_or(0);
    let snapshot = RoomSnapshot { id, ..snapshot(named(&group_id), seen, vec![]) };
    peer.say(ServerFrame::JoinOk(Box::new(snapshot))).await;
    (group_id, after_seq)
}

/// A login that is in no room yet, and its connection.
async fn signed_in() -> (Gateway, Client, Peer) {
    let gateway = Gateway::start().await;
    let (login, _task) = Client::open(config(gateway.url()));
    let mut peer = gateway.accept().await;
    peer.log_in().await;
    (gateway, login, peer)
}

#[tokio::test]
async fn rooms_of_one_login_share_a_connection_and_nothing_else() {
    let (gateway, login, mut peer) = signed_in().await;
    let kiln = login.enter("kiln").await;
    let tea = login.enter("tea").await;
    let_in(&mut peer).await;
    let_in(&mut peer).await;
    let (mut at_kiln, mut at_tea) = (read(&kiln).await, read(&tea).await);
    peer.say(said("tea", 1, "oolong")).await;
    peer.say(said("kiln", 1, "cup")).await;
    at_kiln.until(|seen| seen.texts() == ["cup"]).await;
    at_tea.until(|seen| seen.texts() == ["oolong"]).await;

    // Their requests are answered to the room that asked.
    let here = kiln.send_comment("here".into()).await.unwrap();
    let there = tea.send_comment("there".into()).await.unwrap();
    let (first, first_key, _) = peer.hear_comment().await;
    let (second, second_key, _) = peer.hear_comment().await;
    assert_eq!((&first_key, &second_key), (&here, &there));
    peer.refuse(second, Code::SENDER_MUTED.0, "muted").await;
    peer.say(send_ok(first, first_key, 2)).await;
    at_kiln.until(|seen| seen.state_of(&here) == Some((RowState::Sent, 0))).await;
    at_tea.until(|seen| seen.state_of(&there) == Some((RowState::Failed, 10017))).await;

    // A loss is one loss, and both come back to where they were.
    drop(peer);
    let mut peer = gateway.accept().await;
    peer.log_in().await;
    let back = [let_in(&mut peer).await, let_in(&mut peer).await];
    assert_eq!(back, [("kiln".to_owned(), Some(2)), ("tea".to_owned(), Some(1))]);
    at_tea.until(|seen| seen.session == Some(SessionView::Online)).await;
}

#[tokio::test]
async fn a_room_that_lets_nobody_in_is_no_trouble_of_another() {
    let (_gateway, login, mut peer) = signed_in().await;
    let gone = login.enter("gone").await;
    let mut at_gone = read(&gone).await;
    let ClientFrame::Join { id, .. } = peer.hear().await else { panic!("a join comes next") };
    peer.refuse(id, Code::GROUP_ABSENT.0, "no such room").await;
    at_gone.until(|seen| seen.is_dismissed()).await;
    let kiln = login.enter("kiln").await;
    let_in(&mut peer).await;
    let mut at_kiln = read(&kiln).await;
    at_kiln.until(|seen| seen.member).await;
    assert_eq!(gone.send_comment("hi".into()).await.unwrap_err().code, Code::GROUP_ABSENT);
    assert_eq!(*login.state().borrow(), SessionView::Online);
}

#[tokio::test]
async fn a_room_that_is_left_ends_its_subscriptions_and_the_login_goes_on() {
    let (_gateway, login, mut peer) = signed_in().await;
    let kiln = login.enter("kiln").await;
    let_in(&mut peer).await;
    let mut reader = read(&kiln).await;
    reader.until(|seen| seen.member).await;
    kiln.leave().await;
    let ClientFrame::Leave { group_id, .. } = peer.hear().await else { panic!("it leaves") };
    assert_eq!(group_id, "kiln");
    while reader.read().await {}
    assert!(kiln.subscribe(Interest::all(), EVERY).await.is_none());
    assert_eq!(kiln.send_comment("hi".into()).await.unwrap_err().code, Code::NOT_ONLINE);
    // What comes late from there is nobody's, and the room may be entered again.
    peer.say(said("kiln", 1, "late")).await;
    let again = login.enter("kiln").await;
    assert_eq!(patiently(let_in(&mut peer)).await, ("kiln".to_owned(), None));
    let mut reader = read(&again).await;
    reader.until(|seen| seen.member).await;
    assert!(reader.seen.rows.is_empty());
}

#[tokio::test]
async fn a_reader_of_a_room_that_was_left_reads_nothing_of_the_room_entered_anew() {
    let (_gateway, login, mut peer) = signed_in().await;
    let kiln = login.enter("kiln").await;
    let_in(&mut peer).await;
    let mut idle = read(&kiln).await;
    idle.until(|seen| seen.member).await;
    let key = kiln.send_comment("on its way".into()).await.unwrap();
    let (late, late_key, _) = peer.hear_comment().await;
    kiln.leave().await;
    let ClientFrame::Leave { .. } = peer.hear().await else { panic!("it leaves") };
    let again = login.enter("kiln").await;
    let_in(&mut peer).await;
    let mut fresh = read(&again).await;
    fresh.until(|seen| seen.member).await;
    while idle.read().await {}
    assert_eq!(idle.seen.state_of(&key), Some((RowState::Failed, 9005)), "nobody knows");
    // An answer to the room of before says nothing of the new one.
    peer.say(send_ok(late, late_key, 1)).await;
    peer.say(said("kiln", 1, "first")).await;
    fresh.until(|seen| seen.texts() == ["first"]).await;
}

#[tokio::test]
async fn a_room_that_is_slow_to_answer_a_join_takes_no_other_down() {
    let (_gateway, login, mut peer) = signed_in().await;
    let kiln = login.enter("kiln").await;
    let_in(&mut peer).await;
    let mut at_kiln = read(&kiln).await;
    at_kiln.until(|seen| seen.member).await;
    login.enter("slow").await;
    let ClientFrame::Join { .. } = peer.hear().await else { panic!("a join comes next") };
    tokio::time::pause();
    let ClientFrame::Join { group_id, .. } = peer.hear().await else { panic!("it asks again") };
    assert_eq!(group_id, "slow");
    assert_eq!(*login.state().borrow(), SessionView::Online);
}
