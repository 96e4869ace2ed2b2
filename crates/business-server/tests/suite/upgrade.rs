//! A database of an earlier version is brought to this one with all that is in it.

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use std::fs;
use std::path::Path;

/// What a shop had before combos, postings and orders of the shop were numbered as they are now.
const BEFORE: u32 = 35;
const ROWS: &str = "
INSERT INTO secrets (name, value) VALUES ('order_tag', 'a1b2c3d4');
INSERT INTO rooms (group_id, owner, title, status, status_since_s, created_s)
VALUES ('r', 'host', 'Room', 'live', 1, 1), ('new', 'host', 'New', 'to_be_started', 1, 1);
INSERT INTO streams (stream, group_id, began_s, ended_s) VALUES (1, 'r', 1, 2), (2, 'r', 3, NULL);
INSERT INTO gift_orders (number, order_id, group_id, stream, day, user_id, owner, gift, combo,
    count, coins, at_ms, refunded_ms)
VALUES (7, 'a1b2c3d4-7', 'r', 2, 1, 'mei', 'host', 'rose', 'c', 3, 3, 9, NULL),
    (8, 'a1b2c3d4-8', 'r', 2, 1, 'mei', 'host', 'rose', 'd', 1, 1, 9, 10);
INSERT INTO gift_combos (group_id, combo, user_id, gift, opened, total, told, message, last_ms)
VALUES ('r', 'c', 'mei', 'rose', 7, 40, 40, '{}', 9);
INSERT INTO ledger_transactions (number, kind, reference, at_ms)
VALUES (11, 'gift', 'gift:a1b2c3d4-8', 9), (12, 'refund', 'refund:a1b2c3d4-8', 10);
INSERT INTO outbox (number, key, lane, group_id, kind, body, priority, random_number, state, reason,
    written_ms)
VALUES (1, 'k1', 'l1', 'r', 'message', '[]', 'High', 1, 'waiting', NULL, 1),
    (2, 'k2', 'l1', 'r', 'message', '[]', 'High', 2, 'waiting', NULL, 1),
    (3, 'k3', 'status:r', 'r', 'message', '[]', 'High', 3, 'waiting', 'muted', 1),
    (4, 'k4', 'assistant:answer:new', 'new', 'message', '[]', 'High', 4, 'waiting', NULL, 1);
UPDATE outbox_figures SET value = 4;
INSERT INTO shop_orders (order_id, product, quantity, taken_s)
VALUES ('later', 'cup', 1, 5), ('a', 'cup', 1, 3), ('b', 'cup', 1, 3);
";

/// Runs the migrations whose numbers are wanted.
async fn migrate(database: &mut SqliteConnection, wanted: impl Fn(u32) -> bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    for file in files {
        let number = file.file_name().unwrap().to_str().unwrap()[..4].parse().unwrap();
        if wanted(number) {
            let statements = AssertSqlSafe(fs::read_to_string(&file).unwrap());
            sqlx::raw_sql(statements).execute(&mut *database).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_stands_in_an_older_database_is_numbered_and_counted() {
    let options = SqliteConnectOptions::new().in_memory(true);
    let mut database = options.connect().await.unwrap();
    migrate(&mut database, |number| number < BEFORE).await;
    sqlx::raw_sql(ROWS).execute(&mut database).await.unwrap();
    migrate(&mut database, |number| number >= BEFORE).await;
    for (statement, expected) in [
        (
            "SELECT json_group_object(name || scope, n) FROM counters",
            json!({"gift_orders": 8, "ledger_transactions": 12, "shop_orders": 3, "outbox": 4,
                "notifications": 0, "streamsr": 2}),
        ),
        (
            "SELECT json_group_object(group_id, waiting) FROM outbox_senders",
            json!({"r": 3, "new": 1}),
        ),
        (
            "SELECT json_group_object(group_id, muted) FROM outbox_senders",
            json!({"r": "muted", "new": null}),
        ),
        (
            "SELECT json_group_object(number, unclear_ms) FROM outbox",
            json!({"1": 1, "2": null, "3": null, "4": 1}),
        ),
        (
            "SELECT json_group_object(number, life_ms) FROM outbox",
            json!({"1": null, "2": null, "3": 0, "4": 60_000}),
        ),
        (
            "SELECT json_group_object(order_id, number) FROM shop_orders",
            json!({"a": 1, "b": 2, "later": 3}),
        ),
        ("SELECT json_group_object(combo, messages) FROM gift_combos", json!({"c": 40})),
        (
            "SELECT json_group_object(order_id, refund_reason) FROM gift_orders",
            json!({"a1b2c3d4-7": null, "a1b2c3d4-8": "asked"}),
        ),
        (
            "SELECT json_group_object(number, reason) FROM ledger_transactions",
            json!({"11": null, "12": "asked"}),
        ),
        ("SELECT json_group_object(name, value) FROM secrets", json!({})),
    ] {
        let row = sqlx::query(statement).fetch_one(&mut database).await.unwrap();
        let found: serde_json::Value = serde_json::from_str(row.get(0)).unwrap();
        assert_eq!(found, expected, "{statement}");
    }
}
