//! Until an event is stored, nothing loses it but a lack of room.

use std::sync::Arc;
use std::time::Duration;

use super::memory::MemoryQueue;
use super::support::{AFTER, APP, Stage, TestReceiver, awaited, event, gone, of, ok, patient};
use crate::webhook::WebhookRules;

/// One delivery at a time, so that their order is certain.
fn single() -> WebhookRules {
    WebhookRules { after_places: 1, ..patient() }
}

/// Nobody waits for a queue that is broken.
fn in_a_hurry() -> WebhookRules {
    WebhookRules { record_patience: Duration::ZERO, ..patient() }
}

/// Waits until the courier has looked for what an earlier service left, and breaks the queue.
async fn break_queue(stage: &Stage, receiver: &TestReceiver) {
    stage.webhooks.after(APP, event(AFTER, "first"), of("r", "a")).await;
    assert_eq!(receiver.next().await.text(), "first");
    stage.queue.until(|rows| rows.len() == 0).await;
    stage.queue.set_broken(true);
}

#[tokio::test]
async fn what_cannot_be_stored_now_is_stored_later_and_arrives_in_order() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, in_a_hurry());
    break_queue(&stage, &receiver).await;
    for n in 0..1_500 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), of("r", "a")).await;
    }
    assert_eq!(stage.webhooks.backlog().after_in_memory, 1_500);
    awaited(async {
        while stage.figure(|f| &f.after_store_retried) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stage.queue.set_broken(false);
    for n in 0..1_500 {
        assert_eq!(receiver.next().await.text(), n.to_string());
    }
    stage.queue.until(|rows| rows.len() == 0).await;
    let backlog = stage.webhooks.backlog();
    assert_eq!((backlog.after_in_memory, backlog.after_waiting), (0, 0));
    assert_eq!(stage.figure(|f| &f.after_recorded), 1_501);
    assert_eq!(stage.figure(|f| &f.after_dropped_memory), 0);
}

#[tokio::test]
async fn whoever_makes_an_event_waits_until_it_is_stored_or_the_queue_is_known_to_fail() {
    let receiver = TestReceiver::new(ok()).await;
    let rules = WebhookRules { record_patience: Duration::from_secs(3_600), ..patient() };
    let stage = Stage::new(&receiver.url, rules);
    break_queue(&stage, &receiver).await;
    let webhooks = Arc::clone(&stage.webhooks);
    let caller = tokio::spawn(async move {
        webhooks.after(APP, event(AFTER, "kept"), of("r", "a")).await;
    });
    awaited(async {
        while stage.figure(|f| &f.after_store_retried) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!caller.is_finished());
    // It is known by now that the queue fails, and there is memory.
    awaited(stage.webhooks.after(APP, event(AFTER, "in memory"), of("r", "a"))).await;
    stage.queue.set_broken(false);
    awaited(caller).await.unwrap();
    assert_eq!(receiver.next().await.text(), "kept");
    assert_eq!(receiver.next().await.text(), "in memory");
}

#[tokio::test]
async fn only_when_memory_is_full_an_event_is_dropped_and_counted_and_each_application_has_its_own()
{
    const OTHER_APP: u32 = APP + 1;
    let receiver = TestReceiver::new(ok()).await;
    let rules =
        WebhookRules { memory_bytes: 10_000, memory_of_application_bytes: 5_000, ..in_a_hurry() };
    let stage = Stage::new(&receiver.url, rules);
    stage.configuration.set_url(OTHER_APP, &receiver.url);
    stage.configuration.change(OTHER_APP, |callbacks| {
        callbacks.commands.insert(AFTER.into());
    });
    break_queue(&stage, &receiver).await;
    for n in 0..100 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), of("r", "a")).await;
    }
    let dropped = stage.figure(|f| &f.after_dropped_memory);
    assert!(dropped > 80 && dropped < 95, "{dropped}");
    stage.webhooks.after(OTHER_APP, event(AFTER, "other"), of("r", "a")).await;
    assert_eq!(stage.figure(|f| &f.after_dropped_memory), dropped, "another has room");
    stage.queue.set_broken(false);
    for _ in 0..=100 - dropped {
        receiver.next().await;
    }
    stage.queue.until(|rows| rows.len() == 0).await;
    stage.webhooks.after(APP, event(AFTER, "room again"), of("r", "a")).await;
    assert_eq!(receiver.next().await.text(), "room again");
}

#[tokio::test]
async fn what_is_in_memory_is_stored_when_the_service_stops() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, in_a_hurry());
    break_queue(&stage, &receiver).await;
    for n in 0..300 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), of("r", "a")).await;
    }
    stage.queue.set_broken(false);
    let queue = Arc::clone(&stage.queue);
    stage.stop().await;

    let next = Stage::on(queue, &receiver.url, patient());
    next.queue.until(|rows| rows.len() == 0).await;
    let mut texts = Vec::new();
    for _ in 0..300 {
        texts.push(receiver.next().await.text().parse::<u32>().unwrap());
    }
    texts.dedup();
    assert!(texts.is_sorted(), "in order, over the restart");
    assert_eq!((texts.first(), texts.last()), (Some(&0), Some(&299)));
}

#[tokio::test]
async fn what_cannot_be_stored_even_when_the_service_stops_is_counted_and_holds_up_no_stop() {
    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::new(&receiver.url, in_a_hurry());
    break_queue(&stage, &receiver).await;
    for n in 0..1_000 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), of("r", "a")).await;
    }
    let webhooks = Arc::clone(&stage.webhooks);
    stage.stop().await;
    assert_eq!(webhooks.figures().after_dropped_storage.get(), 1_000);
    assert_eq!(webhooks.backlog().after_in_memory, 0);
    awaited(webhooks.after(APP, event(AFTER, "late"), of("r", "a"))).await;
    assert_eq!(webhooks.figures().after_dropped_storage.get(), 1_001);
}

#[tokio::test]
async fn a_full_queue_drops_the_newest_and_says_so_also_after_a_restart() {
    let rules = || WebhookRules { after_waiting: 2, ..single() };
    let queue = Arc::new(MemoryQueue::new());
    let stage = Stage::on(Arc::clone(&queue), &gone().await, rules());
    for text in ["one", "two", "three"] {
        stage.webhooks.after(APP, event(AFTER, text), of("r", "a")).await;
    }
    assert_eq!(stage.figure(|f| &f.after_dropped_full), 1);
    queue.until(|rows| rows.attempts() == [1, 0]).await;
    stage.stop().await;

    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::on(Arc::clone(&queue), &receiver.url, rules());
    stage.webhooks.after(APP, event(AFTER, "four"), of("r", "a")).await;
    assert_eq!(stage.figure(|f| &f.after_dropped_full), 1);
    stage.clock.advance(1_000);
    stage.webhooks.wake();
    assert_eq!(receiver.next().await.text(), "one");
    assert_eq!(receiver.next().await.text(), "two");
    queue.until(|rows| rows.len() == 0).await;
    // The places become free just after the queue is empty.
    awaited(async {
        while stage.figure(|f| &f.after_recorded) == 0 {
            tokio::task::yield_now().await;
            stage.webhooks.after(APP, event(AFTER, "five"), of("r", "a")).await;
        }
    })
    .await;
    assert_eq!(receiver.next().await.text(), "five");
}
