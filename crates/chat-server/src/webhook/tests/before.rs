use chat_types::code::Code;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tls_transport::Trust;
use tokio::sync::Semaphore;

use super::support::{
    APP, BEFORE, NOW_MS, Reply, Stage, TOKEN, TestReceiver, event, gone, hasty, ok, patient, status,
};
use crate::model::{OnFailure, Secret};
use crate::webhook::{Backlog, Decision, Family, MAX_ANSWER_BYTES, Verdict, WebhookRules, probe};

fn was_answered(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Answered(answer) if answer.error_code == 0)
}

#[tokio::test]
async fn the_receiver_is_asked_in_the_documented_form() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, patient());
    assert!(was_answered(&stage.webhooks.before(APP, event(BEFORE, "hello")).await));
    let seen = receiver.next().await;
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/webhook"));
    assert_eq!(seen.content_type, "application/json");
    assert_eq!(seen.body, json!({"CallbackCommand": BEFORE, "Text": "hello"}));
    let expected = [
        ("SdkAppid", "1400000001"),
        ("CallbackCommand", BEFORE),
        ("contenttype", "json"),
        ("ClientIP", "10.0.0.7"),
        ("OptPlatform", "Web"),
        ("RequestTime", "1669872112"),
        ("Sign", "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"),
    ];
    assert_eq!(seen.query, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());

    stage.configuration.change(APP, |callbacks| callbacks.token = None);
    stage.webhooks.before(APP, event(BEFORE, "hello")).await;
    let seen = receiver.next().await;
    assert!(!seen.query.contains_key("Sign") && !seen.query.contains_key("RequestTime"));
    assert_eq!(stage.figure(|f| &f.before_ok), 2);
}

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, patient());
    for reply in [ok(), status(500), ok(), status(404), ok()] {
        receiver.set(reply);
        stage.webhooks.before(APP, event(BEFORE, "hello")).await;
    }
    assert_eq!((receiver.requests(), receiver.connections()), (5, 1));
}

#[tokio::test]
async fn nobody_is_asked_without_a_url_or_with_the_command_switched_off() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, patient());
    assert_eq!(stage.webhooks.before(APP + 1, event(BEFORE, "")).await, Verdict::NotAsked);
    stage.configuration.change(APP, |callbacks| {
        callbacks.commands.remove(BEFORE);
    });
    assert_eq!(stage.webhooks.before(APP, event(BEFORE, "")).await, Verdict::NotAsked);
    assert!(!stage.webhooks.wants(APP, BEFORE));
    stage.configuration.change(APP, |callbacks| {
        callbacks.commands.insert(BEFORE.into());
        callbacks.url = None;
    });
    assert_eq!(stage.webhooks.before(APP, event(BEFORE, "")).await, Verdict::NotAsked);
    assert_eq!(receiver.requests(), 0);
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_a_failed_webhook() {
    let elsewhere = TestReceiver::new(ok()).await;
    let long = format!(r#"{{"ErrorCode":0,"ErrorInfo":"{}"}}"#, "a".repeat(MAX_ANSWER_BYTES));
    for reply in [
        Reply::Answer(200, "<html>it works</html>".into()),
        Reply::Answer(200, String::new()),
        Reply::Answer(200, long),
        status(500),
        status(404),
        status(204),
        Reply::Redirect(elsewhere.url.clone()),
    ] {
        let receiver = TestReceiver::new(reply.clone()).await;
        let stage = Stage::new(&receiver.url, patient());
        let verdict = stage.webhooks.before(APP, event(BEFORE, "hello")).await;
        assert_eq!(verdict, Verdict::Failed, "{reply:?}");
        assert_eq!(stage.figure(|f| &f.before_failed), 1);
        assert_eq!(receiver.requests(), 1, "there is no second try");
    }
    assert_eq!(elsewhere.requests(), 0, "a redirect is not followed");
}

#[tokio::test]
async fn a_receiver_that_hangs_or_is_gone_costs_no_more_than_the_budget() {
    let receiver = TestReceiver::new(Reply::Hang).await;
    let stage = Stage::new(&receiver.url, hasty());
    stage.configuration.change(APP, |callbacks| callbacks.on_failure = OnFailure::Reject);
    for url in [receiver.url.clone(), gone().await] {
        stage.configuration.set_url(APP, &url);
        let decision = stage.webhooks.ask(APP, Family::GroupMessage, event(BEFORE, "")).await;
        let Decision::Refuse(error) = decision else { panic!("{decision:?}") };
        assert_eq!(error.code, Code::WEBHOOK_FAILED);
    }
    stage.configuration.change(APP, |callbacks| callbacks.on_failure = OnFailure::Allow);
    let decision = stage.webhooks.ask(APP, Family::GroupMessage, event(BEFORE, "")).await;
    assert!(matches!(decision, Decision::Allow(_)));
    assert_eq!(stage.figure(|f| &f.before_failed), 3);
}

#[tokio::test]
async fn the_receiver_can_replace_a_message_or_refuse_it_in_its_own_words() {
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "[7] hello"}}]);
    let answer = json!({"ErrorCode": 0, "MsgBody": body, "CloudCustomData": "7"}).to_string();
    let receiver = TestReceiver::new(Reply::Answer(200, answer)).await;
    let stage = Stage::new(&receiver.url, patient());
    let ask = || stage.webhooks.ask(APP, Family::GroupMessage, event(BEFORE, "hello"));
    let Decision::Allow(replacement) = ask().await else { panic!() };
    assert_eq!(replacement.msg_body, Some(body));
    assert_eq!(replacement.cloud_custom_data.as_deref(), Some("7"));

    let slow = r#"{"ActionStatus":"OK","ErrorCode":10123,"ErrorInfo":"slow mode: wait 5 s"}"#;
    receiver.set(Reply::Answer(200, slow.into()));
    let Decision::Refuse(error) = ask().await else { panic!() };
    assert_eq!((error.code.0, error.info.as_str()), (10_123, "slow mode: wait 5 s"));

    receiver.set(Reply::Answer(200, r#"{"ErrorCode":2}"#.into()));
    assert_eq!(ask().await, Decision::Silent);

    stage.configuration.change(APP, |callbacks| callbacks.on_failure = OnFailure::Reject);
    assert!(matches!(stage.webhooks.replacement_failed(APP), Decision::Refuse(_)));
    assert_eq!(stage.figure(|f| &f.before_bad_replacement), 1);
}

#[tokio::test]
async fn a_dead_receiver_is_left_alone_until_a_probe_finds_it_alive() {
    let receiver = TestReceiver::new(status(500)).await;
    let stage = Stage::new(&receiver.url, patient());
    let ask = || stage.webhooks.before(APP, event(BEFORE, "hello"));
    for _ in 0..20 {
        assert_eq!(ask().await, Verdict::Failed);
    }
    assert_eq!(receiver.requests(), 5);
    assert_eq!(stage.figure(|f| &f.before_breaker), 15);
    assert_eq!(stage.webhooks.backlog().before_open, 1);

    receiver.set(ok());
    stage.clock.advance(4_999);
    assert_eq!(ask().await, Verdict::Failed);
    stage.clock.advance(1);
    assert!(was_answered(&ask().await));
    assert!(was_answered(&ask().await));
    assert_eq!(receiver.requests(), 7);
    assert_eq!(stage.webhooks.backlog(), Backlog::default());
}

#[tokio::test]
async fn while_a_probe_is_under_way_nobody_else_waits_for_the_receiver() {
    let receiver = TestReceiver::new(status(500)).await;
    let stage = Stage::new(&receiver.url, patient());
    for _ in 0..5 {
        stage.webhooks.before(APP, event(BEFORE, "")).await;
        receiver.next().await;
    }
    let permits = Arc::new(Semaphore::new(0));
    receiver.set(Reply::Hold(Arc::clone(&permits)));
    stage.clock.advance(5_000);
    let webhooks = Arc::clone(&stage.webhooks);
    let probe = tokio::spawn(async move { webhooks.before(APP, event(BEFORE, "probe")).await });
    assert_eq!(receiver.next().await.text(), "probe");
    assert_eq!(stage.webhooks.before(APP, event(BEFORE, "other")).await, Verdict::Failed);

    // The sender of the probe goes away; the next message probes instead.
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    receiver.set(ok());
    assert!(was_answered(&stage.webhooks.before(APP, event(BEFORE, "next")).await));
}

#[tokio::test]
async fn a_new_url_is_taken_over_at_once_even_from_a_dead_receiver() {
    let stage = Stage::new(&gone().await, patient());
    for _ in 0..6 {
        stage.webhooks.before(APP, event(BEFORE, "")).await;
    }
    assert_eq!(stage.figure(|f| &f.before_breaker), 1);
    let receiver = TestReceiver::new(ok()).await;
    stage.configuration.set_url(APP, &receiver.url);
    assert!(was_answered(&stage.webhooks.before(APP, event(BEFORE, "")).await));
}

#[tokio::test]
async fn no_more_than_the_limit_are_asked_at_once_and_the_others_wait_their_turn() {
    let permits = Arc::new(Semaphore::new(0));
    let receiver = TestReceiver::new(Reply::Hold(Arc::clone(&permits))).await;
    let stage = Stage::new(&receiver.url, WebhookRules { before_places: 2, ..patient() });
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let webhooks = Arc::clone(&stage.webhooks);
            tokio::spawn(async move { webhooks.before(APP, event(BEFORE, "")).await })
        })
        .collect();
    receiver.next().await;
    receiver.next().await;
    permits.add_permits(6);
    for call in calls {
        assert!(was_answered(&call.await.unwrap()));
    }
    assert_eq!((receiver.requests(), receiver.most_at_once()), (6, 2));
}

#[tokio::test]
async fn a_call_that_finds_no_place_in_time_fails_without_reaching_the_receiver() {
    let receiver = TestReceiver::new(Reply::Hang).await;
    let rules = WebhookRules { before_places: 1, budget: Duration::from_secs(3), ..patient() };
    let stage = Stage::new(&receiver.url, rules);
    let webhooks = Arc::clone(&stage.webhooks);
    let first = tokio::spawn(async move { webhooks.before(APP, event(BEFORE, "first")).await });
    receiver.next().await;
    // It holds the only place, and goes on holding it in a call that ends later than the wait.
    let others = [(); 3].map(|()| stage.webhooks.before(APP, event(BEFORE, "other")));
    for verdict in futures_util::future::join_all(others).await {
        assert_eq!(verdict, Verdict::Failed);
    }
    assert_eq!(first.await.unwrap(), Verdict::Failed);
    let crowded = stage.figure(|f| &f.before_crowded);
    let failed = stage.figure(|f| &f.before_failed);
    assert_eq!(crowded + failed, 4);
    assert!(crowded >= 2, "{crowded}");
}

#[tokio::test]
async fn a_test_call_shows_both_sides_and_never_the_token() {
    let receiver = TestReceiver::new(Reply::Answer(200, r#"{"ErrorCode":10150}"#.into())).await;
    let stage = Stage::new(&receiver.url, patient());
    let mut shown = None;
    stage.configuration.change(APP, |callbacks| shown = Some(callbacks.clone()));
    let mut callbacks = shown.unwrap();
    let exchange = probe(&callbacks, APP, NOW_MS, Trust::platform()).await.unwrap();
    assert_eq!(exchange.status, Some(200));
    assert_eq!(exchange.response_body.as_deref(), Some(r#"{"ErrorCode":10150}"#));
    assert_eq!(exchange.verdict.as_ref().unwrap().error_code, 10_150);
    assert!(exchange.url.starts_with(&receiver.url) && exchange.url.contains("Sign=17773bc3"));
    assert!(!format!("{exchange:?}").contains(TOKEN));
    assert_eq!(receiver.next().await.body.to_string().len(), exchange.request_body.len());

    receiver.set(status(502));
    let exchange = probe(&callbacks, APP, NOW_MS, Trust::platform()).await.unwrap();
    assert_eq!((exchange.status, exchange.verdict.is_err()), (Some(502), true));
    callbacks.url = Some(gone().await);
    callbacks.token = Some(Secret::new(TOKEN));
    let exchange = probe(&callbacks, APP, NOW_MS, Trust::platform()).await.unwrap();
    assert_eq!(exchange.status, None);
    assert!(!exchange.verdict.unwrap_err().contains("Sign"));
    callbacks.url = None;
    assert!(probe(&callbacks, APP, NOW_MS, Trust::platform()).await.is_err());
}
