//! Gifts and likes on their way to the subscriber.

use chat_types::Priority;
use chat_types::business::{BusinessMessage, Gift};
use chat_types::gateway::{ClientFrame, Message, ServerFrame};
use std::time::Duration;

use crate::gateway::{Gateway, live, send_ok};
use crate::shop::{gave, gift, liked};

#[tokio::test]
async fn gifts_and_likes_cross_the_wire_and_reach_the_subscriber() {
    let gateway = Gateway::start().await;
    let (client, mut peer, mut reader) = gateway.room().await;
    client.set_likes_every(Duration::from_millis(20)).await;
    client.like(2).await.unwrap();
    let ClientFrame::Send { id, client_id, priority, elements, .. } = peer.hear().await else {
        panic!("likes are sent");
    };
    assert_eq!(priority, Priority::Low);
    let Some(BusinessMessage::Like(like)) = BusinessMessage::read(&elements) else {
        panic!("they are likes");
    };
    assert_eq!((like.count, &like.batch), (2, &client_id));
    reader.until(|seen| seen.likes.unconfirmed == 2).await;
    peer.say(send_ok(id, client_id, 1)).await;
    reader.until(|seen| seen.likes.total == 2.0 && seen.likes.unconfirmed == 0).await;
    assert_eq!(reader.seen.burst, 0, "the own clicks were seen when they were made");

    let own = Gift { user: "me".into(), nick: "Ann".into(), ..gift("o1", "c1", 1, 1) };
    client.show_paid_gift(own.clone()).await;
    reader.until(|seen| seen.banners.len() == 1).await;
    let likes_of_others = vec![liked(2, "bo", "b1", 30), liked(4, "al", "b1", 12)];
    let mut all = vec![gave(3, own), gave(5, gift("o2", "c2", 6, 6))];
    all.extend(likes_of_others);
    all.sort_by_key(|message| message.seq);
    peer.say(live(1, all)).await;
    reader.until(|seen| seen.gifts.count == 7.0 && seen.banners.len() == 2).await;
    assert_eq!((reader.seen.burst, reader.seen.likes.total), (42, 44.0));
    assert_eq!(reader.seen.texts(), ["Rose \u{d7}1", "Rose \u{d7}6"]);
    assert!(reader.seen.flights.is_empty());

    let forged = Message { client_id: "c1".into(), ..gave(6, gift("o3", "c3", 9, 9)) };
    peer.say(live(5, vec![forged])).await;
    peer.say(ServerFrame::CounterChanged {
        group_id: "room_1".into(),
        key: "likes".into(),
        value: 1_204,
    })
    .await;
    reader.until(|seen| seen.likes.counted).await;
    assert_eq!((reader.seen.likes.total, reader.seen.gifts.count), (1_204.0, 7.0));
    assert_eq!(client.diagnostics().await.unwrap().forged_messages, 1);
}
