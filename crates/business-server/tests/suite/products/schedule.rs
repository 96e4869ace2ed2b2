//! What is recommended by itself at a set time.

use serde_json::{Value, json};

use super::{field, products};
use crate::events::soon;
use crate::support::{ROOM, Shop};

#[tokio::test]
async fn a_schedule_recommends_by_itself() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let now_s = shop.clock.now_s();
    let plan = json!([
        {"at_s": now_s + 60, "product": "bowl", "price_minor": 5_000, "ends_in_s": 100},
        {"at_s": now_s + 30, "product": "cup"},
    ]);
    let kept = host.put_ok("/rooms/r/slot/schedule", plan).await;
    assert_eq!(products(&kept, "product"), ["cup", "bowl"]);
    shop.clock.step_wall(30);
    assert_eq!(field(&mut watcher).await["id"], "cup");
    shop.clock.step_wall(30);
    let bowl = field(&mut watcher).await;
    assert_eq!((&bowl["id"], &bowl["price_minor"]), (&json!("bowl"), &json!(5_000)));
    assert_eq!(bowl["ends_at_s"], now_s + 160);
    let kept = host.get_ok("/rooms/r/slot/schedule").await;
    assert_eq!(products(&kept, "state"), ["shown", "shown"]);
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(history[0]["shown_by"], Value::Null);
    // A clock that is set back shows nothing twice.
    shop.clock.step_wall(-60);
    shop.clock.step_wall(220);
    assert_eq!(field(&mut watcher).await, Value::Null);
}

#[tokio::test]
async fn of_what_was_planned_for_an_outage_only_the_latest_is_shown() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let now_s = shop.clock.now_s();
    let plan = json!([
        {"at_s": now_s + 10, "product": "cup"},
        {"at_s": now_s + 20, "product": "vase"},
        {"at_s": now_s + 9_000, "product": "bowl"},
    ]);
    host.put_ok("/rooms/r/slot/schedule", plan).await;
    shop.clock.step_wall(500);
    let shop = shop.business_restarted().await;
    assert_eq!(field(&mut watcher).await["id"], "vase");
    let host = shop.sign_in("host", "host").await;
    let kept = host.get_ok("/rooms/r/slot/schedule").await;
    assert_eq!(products(&kept, "state"), ["missed", "shown", "waiting"]);
    assert_eq!(products(&host.get_ok("/rooms/r/slot/history").await, "product"), ["vase"]);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_kept_is_refused() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let now_s = shop.clock.now_s();
    let soon = now_s + 10;
    for (wrong, code) in [
        (json!([{"at_s": now_s, "product": "cup"}]), 400),
        (json!([{"at_s": now_s + 400 * 86_400, "product": "cup"}]), 400),
        (json!([{"at_s": soon, "product": "cup", "ends_in_s": 0}]), 400),
        (json!([{"at_s": soon, "product": "cup"}, {"at_s": soon, "product": "vase"}]), 400),
        (json!([{"at_s": soon, "product": "spoon"}]), 404),
        (json!([{"at_s": -1, "product": "cup"}]), 422),
    ] {
        host.put("/rooms/r/slot/schedule", wrong).await.problem(code);
    }
    assert_eq!(host.get_ok("/rooms/r/slot/schedule").await, json!([]));
}

#[tokio::test]
async fn a_schedule_shows_nothing_in_a_room_whose_stream_has_ended() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    for (status, state) in
        [("ended", "missed"), ("to_be_started", "shown"), ("live", "shown"), ("paused", "shown")]
    {
        host.put_ok("/rooms/r/status", json!({"status": status})).await;
        let plan = json!([{"at_s": shop.clock.now_s() + 10, "product": "cup"}]);
        host.put_ok("/rooms/r/slot/schedule", plan).await;
        shop.clock.advance_ms(10_000);
        soon("the entry has had its time", async || {
            host.get_ok("/rooms/r/slot/schedule").await[0]["state"] != "waiting"
        })
        .await;
        assert_eq!(host.get_ok("/rooms/r/slot/schedule").await[0]["state"], state, "{status}");
    }
}
