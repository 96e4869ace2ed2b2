//! When a draw is closed, and what the room is told then.

use business_server::clock::Clock;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{OVER_MS, WINDOW_S, database, drawn, opened, path, record, wish};
use crate::events::{Events, in_time};
use crate::support::{Opening, ROOM, Shop};

#[tokio::test]
async fn the_time_of_a_comment_decides_and_not_when_its_webhook_comes() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish()).await;
    let opened_ms = shop.clock.now_s() * 1_000;
    let ends_ms = draw["ends_at_s"].as_u64().unwrap() * 1_000;
    events.said(ROOM, "early", "lucky cup", opened_ms - 1).await;
    events.said(ROOM, "first", "lucky cup", opened_ms).await;
    // Four seconds after the end the draw still waits for what is late.
    shop.clock.advance_ms(ends_ms - opened_ms + 4_000);
    events.said(ROOM, "last", "lucky cup", ends_ms).await;
    events.said(ROOM, "late", "lucky cup", ends_ms + 1).await;
    events.processed().await;
    shop.clock.advance_ms(2_000);
    drawn(&shop, &host, &draw).await;
    assert_eq!(record(&host, &draw).await.entrants, ["first", "last"]);
}

#[tokio::test]
async fn a_service_that_was_away_at_the_end_draws_when_it_is_back() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish()).await;
    events.said(ROOM, "mei", "lucky cup", shop.clock.now_s() * 1_000).await;
    shop.clock.advance_ms(OVER_MS);
    let shop = shop.business_restarted().await;
    let host = shop.sign_in("host", "host").await;
    drawn(&shop, &host, &draw).await;
    let first = record(&host, &draw).await;
    assert_eq!((first.verify(), &first.entrants), (Ok(()), &vec!["mei".to_owned()]));
    assert_eq!(json!(first.commitment), draw["commitment"], "the seed has survived");
    let shop = shop.business_restarted().await;
    let host = shop.sign_in("host", "host").await;
    assert_eq!(record(&host, &draw).await, first, "nothing is drawn twice");
}

#[tokio::test]
async fn who_spoke_in_time_takes_part_although_the_service_was_away_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_owned();
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.data_dir = data_dir.clone();
    });
    let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish()).await;
    let now_ms = shop.clock.now_s() * 1_000;
    events.said(ROOM, "mei", "lucky cup", now_ms).await;
    events.processed().await;
    // Stored and acknowledged, and not processed before the service stopped.
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "lucky cup"}});
    store_unprocessed(dir.path(), &events.message(ROOM, "jun", &element, now_ms), now_ms).await;
    shop.clock.advance_ms(OVER_MS);
    let shop = shop.business_restarted().await;
    // The chat service delivers again what it got no answer to.
    let events = Events::of(&shop).await;
    shop.clock.advance_ms(60_000);
    events.said(ROOM, "ana", "lucky cup", now_ms + 1_000).await;
    let host = shop.sign_in("host", "host").await;
    assert_eq!(host.get_ok(&path(&draw)).await["state"], "open");
    drawn(&shop, &host, &draw).await;
    assert_eq!(record(&host, &draw).await.entrants, ["ana", "jun", "mei"]);

    // What comes still later changes nothing any more, and is counted.
    let first = host.get(&format!("{}/record", path(&draw))).await.text;
    events.said(ROOM, "zoe", "lucky cup", now_ms + 1_000).await;
    events.said(ROOM, "mei", "lucky cup", now_ms + 1_000).await;
    events.processed().await;
    assert_eq!(host.get_ok(&path(&draw)).await["came_late"], 1);
    assert_eq!(host.get(&format!("{}/record", path(&draw))).await.text, first);
}

/// Puts an event into the database of a service as if it had stored it, and not processed it yet.
async fn store_unprocessed(data_dir: &std::path::Path, body: &Value, at_ms: u64) {
    let pool = database(data_dir).await;
    sqlx::query(
        "INSERT INTO webhook_events (id, event_key, body, at_ms, came_ms, state, failures)
         VALUES (1000000, 'test', $1, $2, $2, 0, 0)",
    )
    .bind(body.to_string())
    .bind(i64::try_from(at_ms).unwrap())
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
}

/// A clock that differs from another one.
struct Skewed {
    clock: Arc<dyn Clock>,
    ahead_ms: i64,
}

impl Clock for Skewed {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms().saturating_add_signed(self.ahead_ms)
    }

    fn monotonic_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }
}

#[tokio::test]
async fn the_clock_of_the_chat_service_counts_and_not_the_own_one() {
    for ahead_ms in [-20_000_i64, 20_000] {
        let configure = Box::new(move |config: &mut business_server::Config| {
            config.clock = Arc::new(Skewed { clock: Arc::clone(&config.clock), ahead_ms });
        });
        let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
        let host = shop.sign_in("host", "host").await;
        let events = Events::of(&shop).await;
        let opened_ms = shop.clock.now_s() * 1_000;
        events.said(ROOM, "mei", "hello", opened_ms).await;
        let draw = opened(&host, wish()).await;
        let ends_ms = draw["ends_at_s"].as_u64().unwrap() * 1_000;
        assert_eq!(ends_ms, opened_ms + WINDOW_S * 1_000, "{ahead_ms}");
        events.said(ROOM, "early", "lucky cup", opened_ms - 1).await;
        events.said(ROOM, "first", "lucky cup", opened_ms).await;
        shop.clock.advance_ms(WINDOW_S * 1_000 - 1_000);
        let last_but_one = host.get_ok(&path(&draw)).await;
        assert_eq!(last_but_one["state"], "open", "{ahead_ms}");
        shop.clock.advance_ms(1_000);
        events.said(ROOM, "last", "lucky cup", ends_ms).await;
        assert_eq!(host.delete(&path(&draw)).await.problem(409), "draw_over");
        shop.clock.advance_ms(1_000);
        events.said(ROOM, "late", "lucky cup", ends_ms + 1).await;
        shop.clock.advance_ms(10_000);
        let view = drawn(&shop, &host, &draw).await;
        assert_eq!(view["opened_at_s"], opened_ms / 1_000, "{ahead_ms}");
        assert_eq!(record(&host, &draw).await.entrants, ["first", "last"], "{ahead_ms}");
    }
}

#[tokio::test]
async fn from_its_end_on_a_draw_cannot_be_cancelled() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let draw = opened(&host, wish()).await;
    let ends_ms = draw["ends_at_s"].as_u64().unwrap() * 1_000;
    shop.clock.advance_ms(ends_ms - shop.clock.now_s() * 1_000);
    let refused = host.delete(&path(&draw)).await;
    assert_eq!(refused.problem(409), "draw_over");
    assert!(refused.json()["detail"].as_str().unwrap().contains("cannot be cancelled"));
    assert_eq!(host.get_ok(&path(&draw)).await["state"], "open", "late comments are waited for");
    shop.clock.advance_ms(OVER_MS);
    drawn(&shop, &host, &draw).await;
    assert_eq!(host.delete(&path(&draw)).await.problem(409), "draw_over");
}

#[tokio::test]
async fn nobody_gets_the_seed_before_the_room_has_the_hash_of_the_list() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish()).await;
    events.said(ROOM, "mei", "lucky cup", shop.clock.now_s() * 1_000).await;
    let (api, open) = (host.clone(), draw.clone());
    let shop = shop
        .without_chat(|clock| async move {
            clock.advance_ms(OVER_MS);
            let path = path(&open);
            let listed = async || api.get_ok(&path).await["entrants_hash"].is_string();
            in_time(&clock, "the list stands", listed).await;
            let view = api.get_ok(&path).await;
            assert_eq!((&view["state"], view.get("seed")), (&json!("closing"), None));
            assert_eq!(api.get(&format!("{path}/record")).await.problem(409), "no_record");
            assert_eq!(api.get(&format!("{path}/entrants")).await.problem(409), "no_record");
        })
        .await;
    let view = drawn(&shop, &host, &draw).await;
    let record = record(&host, &draw).await;
    assert_eq!(view["entrants_hash"], record.entrants_hash);
    assert!(record.list_told_at_ms.is_some());
    assert_eq!((record.verify(), record.entrants), (Ok(()), vec!["mei".into()]));
    drop(shop);
}

#[tokio::test]
async fn a_clock_that_is_set_back_loses_no_entrant_and_draws_once() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("watcher", ROOM).await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish()).await;
    let now_ms = shop.clock.now_s() * 1_000;
    events.said(ROOM, "mei", "lucky cup", now_ms).await;
    shop.clock.step_wall(-3_600);
    events.processed().await;
    assert_eq!(host.get_ok(&path(&draw)).await["state"], "open");
    shop.clock.step_wall(3_600);
    shop.clock.advance_ms(OVER_MS);
    drawn(&shop, &host, &draw).await;
    assert_eq!(watcher.business("draw_result").await["entrants"], 1);
    shop.clock.step_wall(-3_600);
    shop.clock.step_wall(7_200);
    // The next draw comes after everything that the first one would still say.
    let next = opened(&host, wish()).await;
    assert_eq!(watcher.business("draw_opened").await["draw"], next["draw"]);
}
