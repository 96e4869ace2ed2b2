//! What every queue of after-webhooks has to do, whatever it is made of.

use std::net::IpAddr;

use crate::storage::{AfterQueue, NewAfter, Retry, StoredAfter, StoredKey, Subject};

const NOW: u64 = 1_760_000_000_000;

fn event(sdk_app_id: u32, body: &str, created_ms: u64) -> NewAfter {
    NewAfter {
        sdk_app_id,
        command: "Group.CallbackAfterSendMsg",
        subject: Subject { group: Some("r".into()), account: Some("慢".into()) },
        body: body.into(),
        client_ip: Some(IpAddr::from([10, 0, 0, 7])),
        platform: "Web",
        created_ms,
    }
}

fn key_of(id: i64, event: &NewAfter) -> StoredKey {
    StoredKey {
        id,
        sdk_app_id: event.sdk_app_id,
        subject: event.subject.clone(),
        created_ms: event.created_ms,
        next_ms: event.created_ms,
        attempts: 0,
    }
}

async fn ids(queue: &dyn AfterQueue) -> Vec<i64> {
    queue.keys(i64::MIN, 100).await.unwrap().into_iter().map(|key| key.id).collect()
}

/// Checks an empty queue through its whole life and leaves it empty.
pub(crate) async fn after_queue_conformance(queue: &dyn AfterQueue) {
    assert_eq!(queue.keys(i64::MIN, 10).await.unwrap(), []);
    queue.settle(&[], &[]).await.unwrap();

    let odd_body = r#"{"Text":"'; DROP TABLE x; -- 慢 \u0000"}"#;
    let no_account = Subject { group: Some("r".into()), account: None };
    let no_group = Subject { group: None, account: Some("a".into()) };
    let events = [
        event(1, odd_body, NOW),
        event(2, "other", NOW + 9),
        NewAfter { client_ip: None, subject: Subject::default(), ..event(1, "b", NOW + 5) },
        NewAfter {
            client_ip: "2001:db8::7".parse().ok(),
            subject: no_account,
            ..event(1, "c", NOW)
        },
    ];
    let first = queue.push(&events).await.unwrap();
    let single = [NewAfter { subject: no_group, ..event(1, "d", NOW) }];
    let last = queue.push(&single).await.unwrap();
    assert!(last > first + 3);

    // Keys come as they were given, of all applications, in the order of arrival, page by page.
    let pushed = events.iter().chain(&single).zip((first..first + 4).chain([last]));
    let expected: Vec<StoredKey> = pushed.clone().map(|(event, id)| key_of(id, event)).collect();
    assert_eq!(queue.keys(i64::MIN, 10).await.unwrap(), expected);
    assert_eq!(queue.keys(i64::MIN, 2).await.unwrap(), expected[..2]);
    assert_eq!(queue.keys(first + 1, 2).await.unwrap(), expected[2..4]);
    assert_eq!(queue.keys(last, 2).await.unwrap(), []);

    // Looking takes nothing away, and everything else comes back as it was given.
    for (event, id) in pushed {
        let expected = StoredAfter {
            command: event.command.into(),
            body: event.body.clone(),
            client_ip: event.client_ip,
            platform: event.platform.into(),
        };
        for _ in 0..2 {
            assert_eq!(queue.event(id).await.unwrap().as_ref(), Some(&expected));
        }
    }
    assert_eq!(queue.event(i64::MAX).await.unwrap(), None);

    // One done, one put off; an unknown id is nothing special.
    let retry = Retry { id: first + 2, next_ms: NOW + 1_000, attempts: 3 };
    let unknown = Retry { id: i64::MAX, next_ms: NOW, attempts: 1 };
    queue.settle(&[first, i64::MAX], &[retry, unknown]).await.unwrap();
    assert_eq!(queue.event(first).await.unwrap(), None);
    let mut expected = expected[1..].to_vec();
    (expected[1].next_ms, expected[1].attempts) = (NOW + 1_000, 3);
    assert_eq!(queue.keys(i64::MIN, 10).await.unwrap(), expected);

    // What is done stays done, even if it is put off at the same time.
    queue.settle(&[first + 2, first + 3, last], &[retry]).await.unwrap();
    assert_eq!(ids(queue).await, [first + 1]);

    // Numbers are not used twice: an event may be settled long after it was read.
    queue.settle(&[first + 1], &[]).await.unwrap();
    let new = queue.push(&[event(2, "new", NOW)]).await.unwrap();
    assert!(new > last);
    queue.settle(&[new], &[]).await.unwrap();
    assert_eq!(ids(queue).await, [0_i64; 0]);
}
