//! Each way in which a call can fail, and what the failure says about it.

use chat_rest::{Client, Config, Error, MAX_ANSWER_BYTES, Outcome, RetryPolicy, Timeouts};
use chat_types::rest::{
    GroupIdOnly, Kick, MAX_BODY_BYTES, PortraitGet, SendGroupSystemNotification,
};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::receiver::{Nowhere, OK, Receiver, Reply};

/// A call that is made once, whatever it answers.
async fn once(reply: Reply) -> Error {
    let receiver = Receiver::new([reply]).await;
    let client = Client::new(Config { retry: RetryPolicy::none(), ..receiver.config() }).unwrap();
    let error = client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap_err();
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(error.command(), Some("kick"));
    error
}

#[tokio::test]
async fn a_service_that_hangs_leaves_it_unclear_what_became_of_the_call() {
    let receiver = Receiver::new([Reply::Hangs]).await;
    let answer = Duration::from_millis(100);
    let client = Client::new(Config {
        timeouts: Timeouts { answer, ..Timeouts::default() },
        retry: RetryPolicy::none(),
        ..receiver.config()
    })
    .unwrap();
    let error = client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { after, .. } if after == answer), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unclear);
    assert!(error.is_temporary() && error.may_be_accepted());
}

#[tokio::test]
async fn a_service_that_breaks_off_leaves_it_unclear_too() {
    let error = once(Reply::BreaksOff).await;
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unclear);
}

#[tokio::test]
async fn a_service_that_hangs_up_without_a_word_may_have_carried_out_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The request has arrived when it is closed.
        let mut seen = Vec::new();
        while !seen.ends_with(b"}") {
            stream.read_buf(&mut seen).await.unwrap();
        }
    });
    let retry = RetryPolicy::none();
    let config = Receiver::new([Reply::text(OK)]).await.config();
    let client = Client::new(Config { base_url: url, retry, ..config }).unwrap();
    let error = client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap_err();
    server.await.unwrap();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unclear);
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_has_certainly_not_accepted_the_call() {
    let (receiver, nowhere) = (Receiver::new([Reply::text(OK)]).await, Nowhere::new());
    let config = Config { base_url: nowhere.url.clone(), ..receiver.config() };
    let client = Client::new(config).unwrap();
    let body = SendGroupSystemNotification {
        group_id: "r".into(),
        content: "hi".into(),
        ..SendGroupSystemNotification::default()
    };
    let error = client.send_group_system_notification(&body).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotAccepted);
    assert!(error.is_temporary() && error.was_not_accepted());
}

#[tokio::test]
async fn a_backup_address_takes_over_and_keeps_the_calls() {
    let (receiver, nowhere) = (Receiver::new([Reply::text(OK)]).await, Nowhere::new());
    let client = Client::new(Config {
        base_url: nowhere.url.clone(),
        backup_url: Some(receiver.url.clone()),
        retry: RetryPolicy { attempts: 2, ..receiver.config().retry },
        ..receiver.config()
    })
    .unwrap();
    for calls in 1..=3 {
        client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
        assert_eq!(receiver.requests().len(), calls);
    }
}

#[tokio::test]
async fn a_status_that_the_service_never_answers_with_comes_from_what_stands_before_it() {
    for (status, outcome, temporary) in [
        (502, Outcome::Unclear, true),
        (503, Outcome::Unclear, true),
        (404, Outcome::Unauthorized, false),
        (307, Outcome::Unauthorized, false),
        (429, Outcome::NotAccepted, true),
    ] {
        let error = once(Reply::Status(status)).await;
        assert!(matches!(error, Error::Status { status: seen, .. } if seen == status));
        assert_eq!((error.outcome(), error.is_temporary()), (outcome, temporary), "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_or_no_answer_is_told_by_its_place() {
    for (answer, place) in [
        ("<html>Sign in to the network</html>", "it is no JSON (line 1, column 1)"),
        ("", "it is no JSON (line 1, column 0)"),
        (
            r#"{"ActionStatus":"OK"}"#,
            "a member is missing or has the wrong type (line 1, column 21)",
        ),
        (r#"{"ErrorCode":"0"}"#, "a member is missing or has the wrong type (line 1"),
        (r#"{"ErrorCode":4294967296}"#, "a member is missing or has the wrong type (line 1"),
    ] {
        let error = once(Reply::text(answer)).await;
        assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unclear);
        assert!(error.to_string().contains(place), "{answer}: {error}");
    }
}

#[tokio::test]
async fn a_success_without_the_members_that_were_asked_for_is_no_answer() {
    let receiver = Receiver::new([Reply::text(OK)]).await;
    let body = GroupIdOnly { group_id: "r".into() };
    let error = receiver.client().get_online_member_num(&body).await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_without_the_words_beside_the_code_is_one() {
    let receiver = Receiver::new([Reply::text(r#"{"ErrorCode":0}"#)]).await;
    receiver.client().kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_and_no_further() {
    let padded = |bytes: usize| {
        let start = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""#;
        let filling = "x".repeat(bytes - start.len() - 2);
        Reply::Text(format!("{start}{filling}\"}}"))
    };
    let receiver = Receiver::new([padded(MAX_ANSWER_BYTES), padded(2 * 1024 * 1024)]).await;
    let client = receiver.client();
    client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
    let error = client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap_err();
    assert!(matches!(error, Error::TooLong { command: "kick" }), "{error:?}");
    assert!(error.may_be_accepted() && !error.is_temporary());
    assert_eq!(receiver.requests().len(), 2, "the same question has the same long answer");
}

#[tokio::test]
async fn a_request_that_the_service_would_not_read_is_not_sent() {
    let receiver = Receiver::new([Reply::text(OK)]).await;
    let body = SendGroupSystemNotification {
        group_id: "r".into(),
        content: "x".repeat(MAX_BODY_BYTES),
        ..SendGroupSystemNotification::default()
    };
    let error = receiver.client().send_group_system_notification(&body).await.unwrap_err();
    assert!(matches!(error, Error::RequestTooLong { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Refused);
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn a_refusal_has_the_code_and_the_sentence_of_the_service() {
    let error = once(Reply::code(10_015)).await;
    assert_eq!(error.code(), Some(chat_types::Code::GROUP_ID_INVALID));
    assert!(error.is_refused_for_good() && !error.is_temporary());
    assert_eq!(error.to_string(), "kick: no, because of 10015 (code 10015)");
}

#[tokio::test]
async fn a_sentence_of_any_length_is_cut() {
    let long = format!(r#"{{"ErrorCode":10004,"ErrorInfo":"{}"}}"#, "\u{e9}".repeat(50_000));
    let error = once(Reply::Text(long)).await;
    let Error::Api { info, .. } = error else { unreachable!("{error:?}") };
    assert_eq!(info, "\u{e9}".repeat(512));
}

#[tokio::test]
async fn what_is_wrong_with_the_caller_is_not_held_against_the_message() {
    for code in [60_010, 60_006, 70_009, 70_013, 70_020, 60_021] {
        let error = once(Reply::code(code)).await;
        assert_eq!(error.outcome(), Outcome::Unauthorized, "{code}");
        assert!(!error.is_temporary() && error.was_not_accepted());
    }
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_an_error_although_the_call_is_ok() {
    let entry = |entry: &str| {
        Reply::Text(format!(
            r#"{{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","GroupInfo":[{entry}]}}"#
        ))
    };
    let receiver = Receiver::new([
        entry(r#"{"GroupId":"r","ErrorCode":10015,"ErrorInfo":"no such group: r"}"#),
        entry(""),
        entry(r#"{"GroupId":"r","ErrorCode":0,"ErrorInfo":"","Name":7}"#),
        entry(r#"{"GroupId":"r","ErrorCode":0,"ErrorInfo":"","Name":"Evening sale"}"#),
    ])
    .await;
    let client = receiver.client();
    let absent = client.group_profile("r").await.unwrap_err();
    assert_eq!(absent.to_string(), "get_group_info: no such group: r (code 10015)");
    for _ in 0..2 {
        let error = client.group_profile("r").await.unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    }
    assert_eq!(client.group_profile("r").await.unwrap().name, "Evening sale");
}

#[tokio::test]
async fn commands_without_a_method_are_called_by_their_path() {
    let receiver = Receiver::new([Reply::text(r#"{"ErrorCode":0,"UserProfileItem":[]}"#)]).await;
    let command = chat_rest::Command::new("sns", "friend_check", chat_rest::Repeat::Harmless);
    let body = PortraitGet { to_account: vec!["mei".into()], tag_list: Vec::new() };
    let answer: serde_json::Value = receiver.client().call(&command, &body).await.unwrap();
    assert_eq!(answer["UserProfileItem"], serde_json::json!([]));
    assert_eq!(receiver.requests()[0].path, "/v4/sns/friend_check");
}
