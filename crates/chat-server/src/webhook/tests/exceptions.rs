//! What did not happen is told beside what did, and never in its place.

use std::sync::Arc;
use tokio::sync::Semaphore;

use super::support::{
    AFTER, APP, EXCEPTION, Reply, Stage, TestReceiver, awaited, event, gone, of, ok, patient,
    status,
};
use crate::webhook::kind::Cause;

const NO_ROOM: &str = r#"exceptions_untold_total{cause="muted",why="no_room"}"#;

fn refuse(stage: &Stage, account: &str, text: &str) {
    stage.webhooks.exception(APP, event(EXCEPTION, text), Cause::Muted, account.into());
}

async fn until(stage: &Stage, line: &str, value: u64) {
    awaited(async {
        while stage.exceptions(line) < value {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(stage.exceptions(line), value, "{line}");
}

#[tokio::test]
async fn exceptions_are_told_one_by_one_while_there_is_room() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, patient());
    for n in 0..100 {
        refuse(&stage, "troll", &n.to_string());
    }
    let mut texts = Vec::new();
    for _ in 0..100 {
        let seen = receiver.next().await;
        assert_eq!(seen.query["CallbackCommand"], EXCEPTION);
        texts.push(seen.text().parse::<u32>().unwrap());
    }
    texts.sort_unstable();
    assert_eq!(texts, (0..100).collect::<Vec<_>>());
    until(&stage, r#"exceptions_told_total{cause="muted"}"#, 100).await;
    assert!(receiver.most_at_once() <= 2);
    assert_eq!(stage.figure(|f| &f.after_recorded), 0, "nothing of it is stored");
}

#[tokio::test]
async fn a_receiver_that_hangs_on_exceptions_takes_what_happened_at_once() {
    let permits = Arc::new(Semaphore::new(0));
    let receiver = TestReceiver::new(Reply::Hold(Arc::clone(&permits))).await;
    let stage = Stage::new(&receiver.url, patient());
    for n in 0..5_000 {
        refuse(&stage, "troll", &n.to_string());
    }
    for _ in 0..2 {
        assert_eq!(receiver.next().await.query["CallbackCommand"], EXCEPTION);
    }
    receiver.set(ok());
    for n in 0..50 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), of("r", "a")).await;
        let seen = receiver.next().await;
        assert_eq!((seen.query["CallbackCommand"].as_str(), seen.text()), (AFTER, &*n.to_string()));
    }
    let untold = stage.exceptions(NO_ROOM);
    permits.add_permits(2);
    until(&stage, r#"exceptions_told_total{cause="muted"}"#, 5_000 - untold).await;
    assert!(untold >= 5_000 - 1_024 - 2, "{untold}");
    stage.queue.until(|rows| rows.len() == 0).await;
    assert_eq!(stage.figure(|f| &f.after_delivered), 50);
}

#[tokio::test]
async fn exceptions_that_fail_open_no_breaker_but_their_own_and_are_tried_again() {
    let receiver = TestReceiver::new(status(500)).await;
    let stage = Stage::new(&receiver.url, patient());
    for n in 0..10 {
        refuse(&stage, "troll", &n.to_string());
    }
    awaited(async {
        while stage.webhooks.backlog().exceptions_open == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let backlog = stage.webhooks.backlog();
    assert_eq!((backlog.before_open, backlog.after_open), (0, 0));
    receiver.set(ok());
    stage.clock.advance(60_000);
    stage.webhooks.wake();
    until(&stage, r#"exceptions_told_total{cause="muted"}"#, 10).await;
}

#[tokio::test]
async fn what_is_not_told_is_counted_by_what_kept_it() {
    let stage = Stage::new(&gone().await, patient());
    refuse(&stage, "troll", "one");
    let failed = r#"exceptions_untold_total{cause="muted",why="failed"}"#;
    awaited(async {
        while stage.exceptions(failed) == 0 {
            stage.clock.advance(60_000);
            stage.webhooks.wake();
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(stage.exceptions(failed), 1);

    let receiver = TestReceiver::new(Reply::Hang).await;
    stage.configuration.set_url(APP, &receiver.url);
    for text in ["two", "three", "four"] {
        refuse(&stage, "troll", text);
    }
    for _ in 0..2 {
        receiver.next().await;
    }
    stage.configuration.change(APP, |callbacks| callbacks.url = None);
    drop(receiver);
    stage.webhooks.wake();
    let webhooks = Arc::clone(&stage.webhooks);
    awaited(async {
        while webhooks.backlog().exceptions_waiting > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
