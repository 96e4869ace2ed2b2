//! What is too old goes while the shop works.

use serde_json::json;
use sqlx::SqlitePool;

use crate::events::Events;
use crate::gifts::{give, giver, top_up};
use crate::support::{ROOM, Shop};

/// Old rows of each of two tables.
const ROWS: i64 = 500_000;

/// Events that everybody has heard, and gift messages that were counted, long ago.
async fn fill(database: &SqlitePool) {
    for rows in [
        "INSERT INTO webhook_events (id, event_key, body, came_ms, state, failures)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
         SELECT -n, 'old' || n, '', n, 1, 0 FROM numbers",
        "INSERT INTO experience_gifts (message, at_ms)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
         SELECT 'old' || n, n FROM numbers",
    ] {
        sqlx::query(rows).bind(ROWS).execute(database).await.unwrap();
    }
}

async fn is_left(database: &SqlitePool) -> bool {
    let left = "SELECT EXISTS (SELECT 1 FROM webhook_events WHERE state = 1 AND came_ms <= $1)
        OR EXISTS (SELECT 1 FROM experience_gifts WHERE at_ms <= $1)";
    sqlx::query_scalar(left).bind(ROWS).fetch_one(database).await.unwrap()
}

#[tokio::test]
async fn gifts_are_paid_and_events_are_taken_while_a_million_old_rows_go() {
    let shop = Shop::open().await;
    giver(&shop, "mei", 1).await;
    let database = shop.database().await;
    fill(&database).await;
    // The routine that forgets begins with the process.
    let shop = shop.business_restarted().await;
    let mei = shop.sign_in("mei", "viewer").await;
    top_up(&mei, "more", 1_000_000).await;
    let events = Events::of(&shop).await;
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    let mut answered = 0;
    while is_left(&database).await {
        give(&mei, &format!("k{answered}"), rose.clone()).await.expect_status(200);
        events.said(ROOM, "li", "hello", shop.clock.now_s() * 1_000).await;
        answered += 1;
        // A node renews its leases as time passes.
        shop.clock.advance_ms(100);
    }
    // They had their turns, and did not wait for the end.
    assert!(answered >= 10, "{answered} had their turn");
    events.processed().await;
}
