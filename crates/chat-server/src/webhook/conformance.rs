//! What every queue of after-webhooks has to do, whatever it is made of.

use std::net::IpAddr;

use super::queue::{AfterQueue, FAR_MS, NewAfter, Retry, StoredAfter};

const NOW: u64 = 1_760_000_000_000;

fn event(sdk_app_id: u32, body: &str, created_ms: u64) -> NewAfter {
    NewAfter {
        sdk_app_id,
        command: "Group.CallbackAfterSendMsg",
        body: body.into(),
        client_ip: Some(IpAddr::from([10, 0, 0, 7])),
        platform: "Web",
        created_ms,
    }
}

fn bodies(events: &[StoredAfter]) -> Vec<&str> {
    events.iter().map(|event| event.body.as_str()).collect()
}

/// Checks an empty queue through its whole life and leaves it empty.
pub(crate) async fn after_queue_conformance(queue: &dyn AfterQueue) {
    assert_eq!(queue.waiting().await.unwrap(), []);
    assert_eq!(queue.count(1).await.unwrap(), 0);
    queue.push(Vec::new()).await.unwrap();
    queue.settle(&[], &[]).await.unwrap();

    let odd_body = r#"{"Text":"'; DROP TABLE x; -- 慢 \u0000"}"#;
    let nobody = NewAfter { client_ip: None, ..event(1, "b", NOW + 5) };
    let v6 = NewAfter { client_ip: "2001:db8::7".parse().ok(), ..event(1, "c", NOW) };
    let events = vec![event(1, odd_body, NOW), event(2, "other", NOW + 9), nobody, v6.clone()];
    queue.push(events).await.unwrap();
    queue.push(vec![event(1, "d", NOW)]).await.unwrap();
    assert_eq!(queue.count(1).await.unwrap(), 4);
    assert_eq!(queue.count(2).await.unwrap(), 1);
    let mut waiting = queue.waiting().await.unwrap();
    waiting.sort_unstable();
    assert_eq!(waiting, [(1, NOW), (2, NOW + 9)]);

    // Due from the very millisecond on, in the order of arrival, each application by itself.
    assert_eq!(queue.due(1, NOW - 1, 10).await.unwrap(), []);
    assert_eq!(bodies(&queue.due(1, NOW, 10).await.unwrap()), [odd_body, "c", "d"]);
    let all = queue.due(1, NOW + 5, 10).await.unwrap();
    assert_eq!(bodies(&all), [odd_body, "b", "c", "d"]);
    assert!(all.is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(bodies(&queue.due(1, NOW + 5, 2).await.unwrap()), [odd_body, "b"]);
    assert_eq!(bodies(&queue.due(2, NOW + 9, 10).await.unwrap()), ["other"]);
    assert_eq!(queue.due(3, NOW + 9, 10).await.unwrap(), []);

    // Far later than any pause: the clock has been set back, and nothing waits for it.
    assert_eq!(queue.due(1, NOW - FAR_MS + 5, 10).await.unwrap(), []);
    assert_eq!(
        bodies(&queue.due(1, NOW - FAR_MS - 1, 10).await.unwrap()),
        [odd_body, "b", "c", "d"]
    );

    // Looking takes nothing away, and everything comes back as it was given.
    assert_eq!(queue.due(1, NOW + 5, 10).await.unwrap(), all);
    assert_eq!(all[1].client_ip, None);
    let expected = StoredAfter {
        id: all[2].id,
        sdk_app_id: 1,
        command: v6.command.into(),
        body: v6.body,
        client_ip: v6.client_ip,
        platform: v6.platform.into(),
        created_ms: NOW,
        attempts: 0,
    };
    assert_eq!(all[2], expected);

    // One done, one put off; an unknown id is nothing special.
    let retry = Retry { id: all[1].id, next_ms: NOW + 1_000, attempts: 3 };
    let unknown = Retry { id: i64::MAX, next_ms: NOW, attempts: 1 };
    queue.settle(&[all[0].id, i64::MAX], &[retry, unknown]).await.unwrap();
    assert_eq!(queue.count(1).await.unwrap(), 3);
    assert_eq!(bodies(&queue.due(1, NOW + 999, 10).await.unwrap()), ["c", "d"]);
    let later = queue.due(1, NOW + 1_000, 10).await.unwrap();
    assert_eq!(bodies(&later), ["b", "c", "d"]);
    assert_eq!((later[0].attempts, later[0].created_ms), (3, NOW + 5));

    queue.settle(&[all[2].id, all[3].id], &[]).await.unwrap();
    let mut waiting = queue.waiting().await.unwrap();
    waiting.sort_unstable();
    assert_eq!(waiting, [(1, NOW + 1_000), (2, NOW + 9)]);
    let other = queue.due(2, NOW + 9, 1).await.unwrap();
    queue.settle(&[all[1].id, other[0].id], &[]).await.unwrap();
    assert_eq!(queue.waiting().await.unwrap(), []);

    // Numbers are not used twice: an event may be settled long after it was read.
    queue.push(vec![event(2, "new", NOW)]).await.unwrap();
    let new = queue.due(2, NOW, 1).await.unwrap();
    assert!(new[0].id > other[0].id && new[0].id > all[3].id);
    queue.settle(&[new[0].id], &[]).await.unwrap();
    assert_eq!(queue.count(2).await.unwrap(), 0);
}
