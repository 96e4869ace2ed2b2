use std::sync::Arc;
use tokio::sync::Semaphore;

use super::memory::MemoryQueue;
use super::support::{
    AFTER, APP, NOW_MS, Reply, Stage, TestReceiver, awaited, event, gone, of, ok, patient, status,
};
use crate::storage::{AfterQueue, NewAfter, Subject};
use crate::webhook::{Backlog, WebhookRules};

const OTHER_APP: u32 = APP + 1;

/// One delivery at a time, so that their order is certain.
fn single() -> WebhookRules {
    WebhookRules { after_places: 1, ..patient() }
}

fn left_from_earlier(body: &str, created_ms: u64) -> NewAfter {
    NewAfter {
        sdk_app_id: APP,
        command: AFTER,
        subject: Subject::default(),
        body: format!(r#"{{"Text":"{body}"}}"#),
        client_ip: None,
        platform: "RESTAPI",
        created_ms,
    }
}

fn left(count: usize) -> Vec<NewAfter> {
    (0..count).map(|n| left_from_earlier(&n.to_string(), NOW_MS)).collect()
}

#[tokio::test]
async fn events_of_a_group_arrive_signed_and_in_the_order_they_happened() {
    let receiver = TestReceiver::new(Reply::Answer(200, "not even JSON".into())).await;
    let stage = Stage::new(&receiver.url, patient());
    for n in 0..200 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), of("r", "a")).await;
    }
    for n in 0..200 {
        let seen = receiver.next().await;
        assert_eq!(seen.text(), n.to_string());
        assert_eq!(seen.query["CallbackCommand"], AFTER);
        assert_eq!(seen.query["ClientIP"], "10.0.0.7");
        assert_eq!(seen.query["Sign"].len(), 64);
    }
    stage.queue.until(|rows| rows.len() == 0).await;
    assert_eq!(stage.figure(|f| &f.after_delivered), 200);
    assert_eq!((receiver.requests(), receiver.connections()), (200, 1));
}

#[tokio::test]
async fn an_event_nobody_wants_is_not_kept() {
    let stage = Stage::new(&gone().await, patient());
    stage.webhooks.after(OTHER_APP, event(AFTER, ""), of("r", "a")).await;
    stage.configuration.change(APP, |callbacks| callbacks.commands.clear());
    stage.webhooks.after(APP, event(AFTER, ""), of("r", "a")).await;
    assert_eq!(stage.figure(|f| &f.after_recorded), 0);
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_ever_more_slowly_for_an_hour_and_then_given_up() {
    let receiver = TestReceiver::new(status(500)).await;
    let stage = Stage::new(&receiver.url, patient());
    stage.webhooks.after(APP, event(AFTER, "lost"), of("r", "a")).await;
    let (mut at, mut attempts) = (NOW_MS, 0);
    for pause_s in [1, 2, 4, 8, 16, 32].into_iter().chain(std::iter::repeat(60)) {
        attempts += 1;
        stage.queue.until(|rows| rows.attempts() == [attempts]).await;
        at += pause_s * 1_000;
        assert_eq!(stage.queue.next_ms(), at);
        stage.clock.set(at);
        stage.webhooks.wake();
        if at > NOW_MS + 3_600_000 {
            break;
        }
    }
    stage.queue.until(|rows| rows.len() == 0).await;
    assert_eq!(receiver.requests(), usize::try_from(attempts).unwrap());
    assert_eq!(stage.figure(|f| &f.after_retried), u64::from(attempts));
    assert_eq!(stage.figure(|f| &f.after_dropped_old), 1);
}

#[tokio::test]
async fn an_event_that_fails_holds_back_its_own_group_until_it_is_passed_by() {
    let receiver = TestReceiver::new(ok()).await;
    receiver.fail("bad");
    let stage = Stage::new(&receiver.url, patient());
    stage.webhooks.after(APP, event(AFTER, "bad"), of("r", "a")).await;
    stage.queue.until(|rows| rows.attempts() == [1]).await;
    stage.webhooks.after(APP, event(AFTER, "next"), of("r", "b")).await;
    assert_eq!(receiver.next().await.text(), "bad");
    for (attempts, pause_s) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        // Others are answered meanwhile.
        stage.webhooks.after(APP, event(AFTER, "other"), of("other", "a")).await;
        assert_eq!(receiver.next().await.text(), "other");
        stage.queue.until(|rows| rows.attempts() == [attempts, 0]).await;
        stage.clock.advance(pause_s * 1_000);
        stage.webhooks.wake();
        assert_eq!(receiver.next().await.text(), "bad");
    }
    assert_eq!(receiver.next().await.text(), "next");
    assert_eq!(stage.figure(|f| &f.after_passed_by), 1);
    stage.queue.until(|rows| rows.attempts() == [5]).await;
    receiver.fail("nothing");
    stage.clock.advance(16_000);
    stage.webhooks.wake();
    assert_eq!(receiver.next().await.text(), "bad", "it comes later");
    stage.queue.until(|rows| rows.len() == 0).await;
}

#[tokio::test]
async fn a_group_that_is_slow_leaves_places_to_others_and_all_places_are_used() {
    let permits = Arc::new(Semaphore::new(0));
    let receiver = TestReceiver::new(Reply::Hold(Arc::clone(&permits))).await;
    let stage = Stage::new(&receiver.url, patient());
    let account = |n: u32| of("busy", &n.to_string());
    // One at a time, as long as few wait.
    for n in 0..10 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), account(n)).await;
    }
    assert_eq!(receiver.next().await.text(), "0");
    stage.webhooks.after(APP, event(AFTER, "other"), of("quiet", "a")).await;
    assert_eq!(receiver.next().await.text(), "other");
    assert_eq!(receiver.requests(), 2);
    // When many wait, accounts go beside each other.
    for n in 10..100 {
        stage.webhooks.after(APP, event(AFTER, &n.to_string()), account(n)).await;
    }
    let mut beside = Vec::new();
    for _ in 1..7 {
        beside.push(receiver.next().await.text().parse::<u32>().unwrap());
    }
    beside.sort_unstable();
    assert_eq!(beside, [1, 2, 3, 4, 5, 6]);
    assert_eq!(receiver.requests(), 8, "all places");
    permits.add_permits(1);
    receiver.next().await;
    permits.add_permits(1_000);
    stage.queue.until(|rows| rows.len() == 0).await;
    assert_eq!((stage.figure(|f| &f.after_delivered), receiver.most_at_once()), (101, 8));
}

#[tokio::test]
async fn a_dead_receiver_is_not_tried_with_every_event_and_gets_them_all_when_it_is_back() {
    let receiver = TestReceiver::new(status(500)).await;
    let queue = Arc::new(MemoryQueue::new());
    queue.push(&left(20)).await.unwrap();
    let stage = Stage::on(queue, &receiver.url, single());
    // Five failures in a row, and the fifteen behind them have not been tried.
    let tried = |rows: &super::memory::Rows| rows.attempts().iter().filter(|n| **n > 0).count();
    stage.queue.until(|rows| tried(rows) == 5).await;
    assert_eq!(receiver.requests(), 5);
    let backlog = Backlog { after_waiting: 20, after_open: 1, ..Backlog::default() };
    assert_eq!(stage.webhooks.backlog(), backlog);
    receiver.set(ok());
    stage.clock.advance(16_000);
    stage.webhooks.wake();
    stage.queue.until(|rows| rows.len() == 0).await;
    assert_eq!(stage.figure(|f| &f.after_delivered), 20);
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_after_a_restart() {
    let queue = Arc::new(MemoryQueue::new());
    let stage = Stage::on(Arc::clone(&queue), &gone().await, single());
    stage.webhooks.after(APP, event(AFTER, "kept"), of("r", "a")).await;
    queue.until(|rows| rows.attempts() == [1]).await;
    stage.stop().await;

    let receiver = TestReceiver::new(ok()).await;
    let stage = Stage::on(Arc::clone(&queue), &receiver.url, single());
    awaited(async {
        while stage.webhooks.backlog().after_waiting != 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stage.clock.advance(1_000);
    stage.webhooks.wake();
    assert_eq!(receiver.next().await.text(), "kept");
    queue.until(|rows| rows.len() == 0).await;
}

#[tokio::test]
async fn an_orderly_stop_finishes_what_is_under_way_and_keeps_the_rest() {
    let permits = Arc::new(Semaphore::new(0));
    let receiver = TestReceiver::new(Reply::Hold(Arc::clone(&permits))).await;
    let queue = Arc::new(MemoryQueue::new());
    queue.push(&left(5)).await.unwrap();
    let rules = WebhookRules { after_places: 2, ..patient() };
    let stage = Stage::on(Arc::clone(&queue), &receiver.url, rules);
    receiver.next().await;
    receiver.next().await;
    stage.stopping.cancel();
    permits.add_permits(10);
    stage.stop().await;
    queue.until(|rows| rows.len() == 3).await;
    assert_eq!((receiver.requests(), receiver.most_at_once()), (2, 2));
}

#[tokio::test]
async fn a_receiver_that_hangs_does_not_keep_the_service_from_stopping() {
    let receiver = TestReceiver::new(Reply::Hang).await;
    let stage = Stage::new(&receiver.url, WebhookRules::default());
    stage.webhooks.after(APP, event(AFTER, "kept"), of("r", "a")).await;
    receiver.next().await;
    let queue = Arc::clone(&stage.queue);
    stage.stop().await;
    queue.until(|rows| rows.attempts() == [1]).await;
}

#[tokio::test]
async fn an_application_with_a_dead_receiver_does_not_delay_another_one() {
    let (dead, alive) = (TestReceiver::new(Reply::Hang).await, TestReceiver::new(ok()).await);
    let stage = Stage::new(&dead.url, WebhookRules { after_places: 2, ..patient() });
    stage.configuration.set_url(OTHER_APP, &alive.url);
    stage.configuration.change(OTHER_APP, |callbacks| {
        callbacks.commands.insert(AFTER.into());
    });
    for _ in 0..10 {
        stage.webhooks.after(APP, event(AFTER, "stuck"), of("r", "a")).await;
    }
    dead.next().await;
    for n in 0..10 {
        stage.webhooks.after(OTHER_APP, event(AFTER, &n.to_string()), of("r", "a")).await;
        alive.next().await;
    }
    stage.queue.until(|rows| rows.len() == 10).await;
    assert!(dead.most_at_once() <= 2);
}

#[tokio::test]
async fn events_that_are_too_old_or_have_no_receiver_any_more_are_dropped_and_counted() {
    let receiver = TestReceiver::new(ok()).await;
    let queue = Arc::new(MemoryQueue::new());
    let hour = 3_600_000;
    let events = vec![
        left_from_earlier("too old", NOW_MS - hour - 1),
        left_from_earlier("just young enough", NOW_MS - hour),
    ];
    queue.push(&events).await.unwrap();
    let stage = Stage::on(Arc::clone(&queue), &receiver.url, single());
    assert_eq!(receiver.next().await.text(), "just young enough");
    queue.until(|rows| rows.len() == 0).await;
    assert_eq!(stage.figure(|f| &f.after_dropped_old), 1);

    receiver.set(status(500));
    stage.webhooks.after(APP, event(AFTER, "for nobody"), of("r", "a")).await;
    queue.until(|rows| rows.attempts() == [1]).await;
    stage.configuration.change(APP, |callbacks| callbacks.url = None);
    stage.clock.advance(1_000);
    stage.webhooks.wake();
    queue.until(|rows| rows.len() == 0).await;
    assert_eq!(stage.figure(|f| &f.after_dropped_no_url), 1);
    assert_eq!(receiver.requests(), 2);
}
