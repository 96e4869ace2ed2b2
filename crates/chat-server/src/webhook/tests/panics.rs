//! A panic in the delivery is counted, loses nothing that happened, and ends no delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::memory::MemoryQueue;
use super::support::{AFTER, APP, EXCEPTION, Stage, TestReceiver, awaited, event, of, ok, patient};
use crate::faults::Faults;
use crate::webhook::kind::Cause;

/// A panic at this step, so many times.
fn panics_at(step: &'static str, times: u64) -> Faults {
    let reached = AtomicU64::new(0);
    Faults::new(move |_, at| {
        let due = at == step && reached.fetch_add(1, Ordering::SeqCst) < times;
        assert!(!due, "a panic at {at}");
    })
}

fn stage(queue: &Arc<MemoryQueue>, receiver: &TestReceiver, faults: Faults) -> Stage {
    Stage::failing(Arc::clone(queue), &receiver.url, patient(), faults)
}

async fn until(reached: impl Fn() -> bool) {
    awaited(async {
        while !reached() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The texts that arrive up to this one. What was delivered before a panic may come once more.
async fn heard_until(receiver: &TestReceiver, last: &str) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != last) {
        texts.push(receiver.next().await.text().to_owned());
    }
    texts.dedup();
    texts
}

#[tokio::test]
async fn a_panic_while_events_are_stored_or_found_loses_none() {
    for step in ["find webhooks", "store webhooks"] {
        let queue = Arc::new(MemoryQueue::new());
        let receiver = TestReceiver::new(ok()).await;
        let stage = stage(&queue, &receiver, panics_at(step, 1));
        for text in ["first", "second"] {
            stage.webhooks.after(APP, event(AFTER, text), of("r", "a")).await;
        }
        assert_eq!(heard_until(&receiver, "second").await, ["first", "second"], "{step}");
        queue.until(|rows| rows.len() == 0).await;
        assert_eq!((stage.panics(), stage.webhooks.backlog().after_in_memory), (1, 0), "{step}");
    }
}

#[tokio::test]
async fn an_event_whose_scheduling_panics_is_stored_and_comes_after_the_next_start() {
    let queue = Arc::new(MemoryQueue::new());
    let receiver = TestReceiver::new(ok()).await;
    let first = stage(&queue, &receiver, panics_at("schedule webhook", 1));
    for text in ["unscheduled", "next"] {
        first.webhooks.after(APP, event(AFTER, text), of("r", "a")).await;
    }
    assert_eq!(receiver.next().await.text(), "next");
    queue.until(|rows| rows.len() == 1).await;
    assert_eq!(first.panics(), 1);
    first.stop().await;
    let _stage = stage(&queue, &receiver, Faults::default());
    assert_eq!(receiver.next().await.text(), "unscheduled");
    queue.until(|rows| rows.len() == 0).await;
}

#[tokio::test]
async fn a_panic_of_whoever_delivers_loses_no_event_and_the_next_arrive_in_order() {
    let steps =
        ["deliver webhooks", "start webhook", "end webhook", "note webhooks", "noted webhooks"];
    for step in steps {
        let queue = Arc::new(MemoryQueue::new());
        let receiver = TestReceiver::new(ok()).await;
        let stage = stage(&queue, &receiver, panics_at(step, 1));
        for text in ["first", "second"] {
            stage.webhooks.after(APP, event(AFTER, text), of("r", "a")).await;
        }
        assert_eq!(heard_until(&receiver, "second").await, ["first", "second"], "{step}");
        queue.until(|rows| rows.len() == 0).await;
        until(|| stage.panics() == 1).await;
        stage.webhooks.after(APP, event(AFTER, "third"), of("r", "a")).await;
        heard_until(&receiver, "third").await;
        queue.until(|rows| rows.len() == 0).await;
        until(|| stage.webhooks.backlog().after_waiting == 0).await;
        assert_eq!(stage.panics(), 1, "{step}");
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_call_that_panics_has_failed_and_is_tried_again() {
    let queue = Arc::new(MemoryQueue::new());
    let receiver = TestReceiver::new(ok()).await;
    let stage = stage(&queue, &receiver, panics_at("call webhook", 1));
    for text in ["first", "second"] {
        stage.webhooks.after(APP, event(AFTER, text), of("r", "a")).await;
    }
    queue.until(|rows| rows.attempts() == [1, 0]).await;
    assert_eq!((stage.panics(), receiver.requests()), (1, 0));
    stage.clock.advance(1_000);
    stage.webhooks.wake();
    assert_eq!(heard_until(&receiver, "second").await, ["first", "second"]);
    queue.until(|rows| rows.len() == 0).await;
}

#[tokio::test]
async fn an_exception_is_told_or_counted_as_untold_whatever_panics_and_the_next_is_told() {
    let failed = r#"exceptions_untold_total{cause="muted",why="failed"}"#;
    let told = r#"exceptions_told_total{cause="muted"}"#;
    for (step, times, lost) in [
        ("deliver exceptions", 1, 0),
        ("call exception", 1, 0),
        ("call exception", 5, 1),
        ("end exception", 1, 1),
    ] {
        let queue = Arc::new(MemoryQueue::new());
        let receiver = TestReceiver::new(ok()).await;
        let stage = stage(&queue, &receiver, panics_at(step, times));
        let refuse = |text| {
            stage.webhooks.exception(APP, event(EXCEPTION, text), Cause::Muted, "troll".into());
        };
        let on = &stage;
        let told_or_lost = |count| {
            until(move || {
                on.clock.advance(60_000);
                on.webhooks.wake();
                on.exceptions(told) + on.exceptions(failed) >= count
            })
        };
        refuse("first");
        told_or_lost(1).await;
        assert_eq!((stage.exceptions(failed), stage.panics()), (lost, times), "{step}");
        refuse("second");
        told_or_lost(2).await;
        assert_eq!(stage.exceptions(told), 2 - lost, "{step}");
        stage.stop().await;
    }
}
