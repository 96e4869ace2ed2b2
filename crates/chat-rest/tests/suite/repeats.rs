//! What is repeated, with what, how often, and what is not.

use chat_rest::{Client, Config, Error, Outcome, RetryPolicy, Sent, Timeouts};
use chat_types::rest::*;
use chat_types::{Code, Element};
use std::time::Duration;

use crate::receiver::{Nowhere, OK, Receiver, Reply, SENT};

fn comment() -> SendGroupMsg {
    SendGroupMsg {
        group_id: "r".into(),
        random: 52_007,
        msg_body: vec![Element::text("hi")],
        ..SendGroupMsg::default()
    }
}

fn counter(mode: CounterMode) -> UpdateGroupCounter {
    let group_counter = vec![GroupCounter { key: "likes".into(), value: 37 }];
    UpdateGroupCounter { group_id: "r".into(), group_counter, mode }
}

fn notification() -> SendGroupSystemNotification {
    SendGroupSystemNotification {
        group_id: "r".into(),
        content: "hi".into(),
        ..SendGroupSystemNotification::default()
    }
}

/// Failures that say nothing about whether the call was carried out.
fn unclear() -> Vec<Reply> {
    let mut replies = vec![Reply::BreaksOff, Reply::Status(502), Reply::text("<html>")];
    let codes = [10_002, 20_004, 60_008, 60_013, 60_014, 90_994, 91_000];
    replies.extend(codes.map(Reply::code));
    replies
}

/// Failures that say that nothing was done and that it may be done later.
fn not_accepted() -> Vec<Reply> {
    [60_007, 60_011, 60_018, 60_019, 10_006, 10_049, 80_003].map(Reply::code).to_vec()
}

#[tokio::test]
async fn a_message_is_repeated_with_the_same_random_and_the_same_bytes() {
    for failure in [unclear(), not_accepted()].concat() {
        let receiver = Receiver::new([failure.clone(), failure.clone(), Reply::text(SENT)]).await;
        let sent = receiver.client().send_group_msg(&comment()).await.unwrap();
        assert_eq!(sent.answer().map(|sent| sent.msg_seq), Some(812), "{failure:?}");
        let requests = receiver.requests();
        assert_eq!(requests.len(), 3, "{failure:?}");
        assert!(requests[0].body.contains("52007"));
        assert!(requests.iter().all(|each| each.body == requests[0].body), "{failure:?}");
    }
}

#[tokio::test]
async fn a_message_that_got_no_answer_is_repeated() {
    let receiver = Receiver::new([Reply::Hangs, Reply::text(SENT)]).await;
    let timeouts = Timeouts { answer: Duration::from_secs(2), ..Timeouts::default() };
    let client = Client::new(Config { timeouts, ..receiver.config() }).unwrap();
    client.send_group_msg(&comment()).await.unwrap();
    let requests = receiver.requests();
    assert!(requests.len() >= 2);
    assert!(requests.iter().all(|each| each.body == requests[0].body));
}

#[tokio::test]
async fn a_message_that_the_service_has_handled_before_is_accepted() {
    let receiver = Receiver::new([Reply::Status(502), Reply::code(10_024)]).await;
    assert_eq!(receiver.client().send_group_msg(&comment()).await.unwrap(), Sent::Before);
    let broadcast = SendBroadcastMsg { random: 1, ..SendBroadcastMsg::default() };
    assert_eq!(receiver.client().send_broadcast_msg(&broadcast).await.unwrap(), Sent::Before);
}

#[tokio::test]
async fn a_message_that_a_full_room_left_out_is_not_asked_for_again_under_its_number() {
    let receiver = Receiver::new([Reply::code(10_023), Reply::text(SENT)]).await;
    let error = receiver.client().send_group_msg(&comment()).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::MESSAGE_RATE));
    assert!(error.is_temporary() && error.was_not_accepted());
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn a_broadcast_that_came_too_fast_is_repeated() {
    let receiver = Receiver::new([Reply::code(10_023), Reply::text(SENT)]).await;
    let broadcast = SendBroadcastMsg { random: 1, ..SendBroadcastMsg::default() };
    receiver.client().send_broadcast_msg(&broadcast).await.unwrap();
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn what_is_added_to_a_counter_is_never_repeated_after_an_unclear_outcome() {
    for mode in [CounterMode::Increase, CounterMode::Decrease] {
        for failure in unclear() {
            let receiver = Receiver::new([failure.clone(), Reply::text(OK)]).await;
            let client = receiver.client();
            let error = client.update_group_counter(&counter(mode)).await.unwrap_err();
            assert_eq!(error.outcome(), Outcome::Unclear, "{failure:?}");
            assert_eq!(receiver.requests().len(), 1, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn what_a_counter_is_set_to_is_repeated() {
    for failure in unclear() {
        let receiver = Receiver::new([failure, Reply::text(OK)]).await;
        receiver.client().update_group_counter(&counter(CounterMode::Set)).await.unwrap();
        assert_eq!(receiver.requests().len(), 2);
    }
}

#[tokio::test]
async fn what_must_not_come_twice_is_repeated_only_when_it_was_certainly_not_accepted() {
    for failure in not_accepted() {
        let receiver = Receiver::new([failure.clone(), Reply::text(OK)]).await;
        let client = receiver.client();
        client.send_group_system_notification(&notification()).await.unwrap();
        client.update_group_counter(&counter(CounterMode::Increase)).await.unwrap();
        assert_eq!(receiver.requests().len(), 3, "{failure:?}");
    }
    for (message, attempts) in [("with a number of its own", 2), ("without", 1)] {
        let receiver = Receiver::new([Reply::Status(502), Reply::text(OK)]).await;
        let msg_seq = (attempts == 2).then_some(7);
        let import = ImportMsg { msg_seq, ..ImportMsg::default() };
        let imported = receiver.client().importmsg(&import).await;
        assert_eq!(imported.is_ok(), attempts == 2, "{message}");
        assert_eq!(receiver.requests().len(), attempts, "{message}");
    }
}

#[tokio::test]
async fn one_to_one_messages_are_not_repeated_after_an_unclear_outcome() {
    let receiver = Receiver::new([Reply::Status(502), Reply::text(SENT)]).await;
    let client = receiver.client();
    assert!(client.sendmsg(&SendMsg::default()).await.unwrap_err().may_be_accepted());
    assert_eq!(receiver.requests().len(), 1);
    let receiver = Receiver::new([Reply::Status(502), Reply::text(SENT)]).await;
    let client = receiver.client();
    assert!(client.batchsendmsg(&BatchSendMsg::default()).await.unwrap_err().may_be_accepted());
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn a_group_is_made_again_only_under_the_name_that_the_caller_gave_it() {
    let made = r#"{"ErrorCode":0,"GroupId":"r"}"#;
    for (group_id, attempts) in [(Some("r".to_owned()), 2), (None, 1)] {
        let group = CreateGroup { group_id, ..CreateGroup::default() };
        let receiver = Receiver::new([Reply::BreaksOff, Reply::text(made)]).await;
        let created = receiver.client().create_group(&group).await;
        assert_eq!((created.is_ok(), receiver.requests().len()), (attempts == 2, attempts));
        let receiver = Receiver::new([Reply::BreaksOff, Reply::text(made)]).await;
        let import = ImportGroup { group, create_time: None };
        let created = receiver.client().import_group(&import).await;
        assert_eq!((created.is_ok(), receiver.requests().len()), (attempts == 2, attempts));
    }
}

#[tokio::test]
async fn a_refusal_of_a_repeat_says_that_it_may_speak_of_the_first() {
    let group = CreateGroup { group_id: Some("r".into()), ..CreateGroup::default() };
    let receiver = Receiver::new([Reply::BreaksOff, Reply::code(10_025)]).await;
    let error = receiver.client().create_group(&group).await.unwrap_err();
    assert!(matches!(error, Error::Api { after_unclear: true, .. }), "{error:?}");
    assert_eq!(error.code(), Some(Code::GROUP_ID_TAKEN_BY_OWNER));
    assert!(error.may_be_accepted() && !error.is_temporary());

    let receiver = Receiver::new([Reply::code(60_007), Reply::code(10_025)]).await;
    let error = receiver.client().create_group(&group).await.unwrap_err();
    assert!(matches!(error, Error::Api { after_unclear: false, .. }), "{error:?}");
    assert!(error.is_refused_for_good());
}

#[tokio::test]
async fn that_nothing_was_sent_at_last_does_not_hide_that_something_was_before() {
    let receiver = Receiver::new([Reply::BreaksOff]).await;
    let retry = RetryPolicy { attempts: 2, ..receiver.config().retry };
    let nowhere = Nowhere::new();
    let config = Config { backup_url: Some(nowhere.url.clone()), retry, ..receiver.config() };
    let error = Client::new(config).unwrap().send_group_msg(&comment()).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_asked_again() {
    for code in [10_004, 10_007, 10_010, 10_015, 10_016, 10_017, 10_150, 60_010, 70_009, 80_001] {
        let receiver = Receiver::new([Reply::code(code)]).await;
        let error = receiver.client().send_group_msg(&comment()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code(code)));
        assert_eq!(receiver.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn repeats_end_with_their_number() {
    let receiver = Receiver::new([Reply::Status(502)]).await;
    let error = receiver.client().kick(&Kick { user_id: "mei".into() }).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 502, .. }), "{error:?}");
    assert_eq!(receiver.requests().len(), 4, "attempts of the policy");
}

#[tokio::test]
async fn no_repeat_begins_after_the_total_time() {
    let receiver = Receiver::new([Reply::Status(502)]).await;
    let retry = RetryPolicy {
        attempts: 4,
        first_pause: Duration::from_secs(60),
        longest_pause: Duration::from_secs(60),
        total: Duration::from_secs(60),
    };
    let client = Client::new(Config { retry, ..receiver.config() }).unwrap();
    let error = client.kick(&Kick { user_id: "mei".into() }).await.unwrap_err();
    assert!(matches!(error, Error::Status { .. }), "{error:?}");
    assert_eq!(receiver.requests().len(), 1);
}
