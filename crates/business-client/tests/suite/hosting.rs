//! What the host of the room may do, and nobody else.

use chat_types::business::api::{Role, RoomStatus};

use crate::support::{ROOM, Services};

#[tokio::test]
async fn the_host_recommends_and_takes_down_and_a_viewer_may_not() {
    let services = Services::start().await;
    let host = services.visitor("host", Role::Host).await;
    let mei = services.visitor("mei", Role::Viewer).await;
    assert!(host.view().runs_room && !mei.view().runs_room);
    let products = mei.shop.products().await.unwrap();
    assert!(products.iter().any(|product| product.id == "cup" && product.counted));
    host.shop.recommend("cup").await.unwrap();
    assert_eq!(mei.shop.recommend("bowl").await.unwrap_err().code, "forbidden");
    assert_eq!(mei.shop.take_down().await.unwrap_err().code, "forbidden");
    assert_eq!(host.shop.recommend("moon").await.unwrap_err().code, "product");
    host.shop.take_down().await.unwrap();
    services.stop().await;
}

#[tokio::test]
async fn a_viewer_follows_the_host_and_finds_it_so_the_next_time() {
    let services = Services::start().await;
    let mei = services.visitor("mei", Role::Viewer).await;
    assert!(!mei.view().following);
    mei.shop.follow(true).await.unwrap();
    assert!(mei.view().following);
    let later = services.visitor("mei", Role::Viewer).await;
    assert!(later.view().following);
    later.shop.follow(false).await.unwrap();
    assert!(!services.client("mei", Role::Viewer).follow(ROOM).await.unwrap().following);
    let host = services.visitor("host", Role::Host).await;
    assert_eq!(host.shop.follow(true).await.unwrap_err().code, "own_room");
    services.stop().await;
}

#[tokio::test]
async fn gifts_wait_until_the_host_is_on() {
    let services = Services::start().await;
    let host = services.visitor("host", Role::Host).await;
    let mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(10).await.unwrap();
    host.shop.set_status(RoomStatus::Ended).await.unwrap();
    assert_eq!(mei.shop.set_status(RoomStatus::Live).await.unwrap_err().code, "forbidden");
    mei.shop.click("rose").unwrap();
    let view = mei.until("it is refused", |view| view.refusal.number > 0).await;
    assert_eq!((view.refusal.error.code.as_str(), view.balance), ("not_live", 10.0));
    host.shop.set_status(RoomStatus::Live).await.unwrap();
    mei.shop.give("rose", 1).await.unwrap();
    let room = services.client("mei", Role::Viewer).room(ROOM).await.unwrap();
    assert_eq!(room.status, RoomStatus::Live);
    services.stop().await;
}
