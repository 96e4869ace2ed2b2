//! `liveroom backup` beside a running service, and `liveroom restore`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::liveroom::{self, Service};
use acceptance::shop::Shopper;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::timeout;

const ROOM: &str = "r";
const COINS: i64 = 100_000;
const GIVERS: usize = 3;
/// Gifts that are given before each backup.
const GIFTS: usize = 15;
const BACKUPS: usize = 3;

async fn serve(data_dir: &Path) -> Service {
    Service::both(data_dir, &["--development", "on", "--calls-per-second", "10000"], None, |_| {})
        .await
}

/// Both services on a new data folder, with a room that is on air.
async fn open() -> (TempDir, Service) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let create = ["app", "create", "--name", "shop", "--edition", "ultimate", "--data-dir", path];
    liveroom::print(create).await;
    let service = serve(dir.path()).await;
    let host = Shopper::sign_in(&service.business, "host", "host").await;
    host.post("/rooms", "-", json!({"room": ROOM, "title": "Room"})).await;
    host.put(&format!("/rooms/{ROOM}/status"), json!({"status": "live"})).await;
    (dir, service)
}

fn words<'a>(command: &'a str, paths: [(&'a str, &'a Path); 2]) -> Vec<&'a str> {
    let pairs = paths.into_iter().flat_map(|(flag, path)| [flag, path.to_str().unwrap()]);
    std::iter::once(command).chain(pairs).collect()
}

fn backup<'a>(data_dir: &'a Path, to: &'a Path) -> Vec<&'a str> {
    words("backup", [("--data-dir", data_dir), ("--to", to)])
}

fn restore<'a>(from: &'a Path, data_dir: &'a Path) -> Vec<&'a str> {
    words("restore", [("--from", from), ("--data-dir", data_dir)])
}

/// What one query says of the books.
async fn books(data_dir: &Path, sql: &'static str) -> i64 {
    let file = SqliteConnectOptions::new().filename(data_dir.join("business.db"));
    let mut database = file.connect().await.unwrap();
    let found = sqlx::query(sql).fetch_one(&mut database).await.unwrap().get(0);
    database.close().await.unwrap();
    found
}

async fn orders(data_dir: &Path) -> Vec<String> {
    let file = SqliteConnectOptions::new().filename(data_dir.join("business.db"));
    let mut database = file.connect().await.unwrap();
    let rows = sqlx::query("SELECT order_id FROM gift_orders").fetch_all(&mut database).await;
    database.close().await.unwrap();
    rows.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Gives gifts until it is told to stop; notes each when it is answered.
async fn give(url: String, giver: usize, given: Arc<Given>) {
    let viewer = Shopper::sign_in(&url, &format!("viewer{giver}"), "viewer").await;
    viewer.post("/wallet/top-up", "coins", json!({"coins": COINS})).await;
    let mut number = 0;
    while !given.enough.load(Ordering::SeqCst) {
        number += 1;
        let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
        let answer = viewer.post("/gifts", &format!("k{number}"), rose).await;
        given.orders.lock().unwrap().push(answer["order"].as_str().unwrap().to_owned());
        given.news.notify_one();
    }
}

#[derive(Default)]
struct Given {
    orders: Mutex<Vec<String>>,
    news: Notify,
    enough: AtomicBool,
}

impl Given {
    /// Waits for so many further gifts, and gives all that were answered.
    async fn more(&self, number: usize) -> Vec<String> {
        let all = || self.orders.lock().unwrap().clone();
        let wanted = all().len() + number;
        let come = async {
            while all().len() < wanted {
                self.news.notified().await;
            }
        };
        timeout(PATIENCE, come).await.expect("gifts go on");
        all()
    }
}

#[tokio::test]
async fn a_backup_under_gifts_holds_all_that_was_paid_before_it_and_its_books_balance() {
    let (dir, service) = open().await;
    let given = Arc::new(Given::default());
    let givers: Vec<_> = (0..GIVERS)
        .map(|giver| tokio::spawn(give(service.business.clone(), giver, Arc::clone(&given))))
        .collect();
    let backups = tempfile::tempdir().unwrap();
    let mut taken = Vec::new();
    for number in 0..BACKUPS {
        let before = given.more(GIFTS).await;
        let to = backups.path().join(number.to_string());
        let said: Value =
            serde_json::from_str(&liveroom::print(backup(dir.path(), &to)).await).unwrap();
        assert_eq!(said["backup"], to.to_str().unwrap());
        assert_eq!(said["files"].as_array().unwrap().len(), 2);
        taken.push((before, to));
    }
    // The service has noticed nothing.
    given.more(GIFTS).await;
    given.enough.store(true, Ordering::SeqCst);
    for giver in givers {
        giver.await.unwrap();
    }
    service.kill().await;

    for (before, from) in taken {
        let restored = tempfile::tempdir().unwrap();
        liveroom::print(restore(&from, restored.path())).await;
        let held = orders(restored.path()).await;
        let lost: Vec<_> = before.iter().filter(|order| !held.contains(order)).collect();
        assert!(lost.is_empty(), "paid before the backup and not in it: {lost:?}");

        let service = serve(restored.path()).await;
        let viewer = Shopper::sign_in(&service.business, "viewer0", "viewer").await;
        let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
        viewer.post("/gifts", "after the restore", rose).await;
        let (status, _) = service.terminate().await;
        assert!(status.success());
        let count = |what| books(restored.path(), what);
        assert_eq!(orders(restored.path()).await.len(), held.len() + 1);
        assert_eq!(count("SELECT SUM(amount) FROM ledger_entries").await, 0);
        assert_eq!(count("SELECT SUM(balance) FROM ledger_accounts").await, 0);
        let paid = count("SELECT SUM(coins) FROM gift_orders").await;
        let income = "SELECT SUM(amount) FROM ledger_entries WHERE account = 'income:host'";
        assert_eq!(count(income).await, paid);
        let told = "SELECT COUNT(*) FROM outbox WHERE state = 'failed'";
        assert_eq!(count(told).await, 0);
    }
}

#[tokio::test]
async fn what_was_given_after_a_backup_is_nothing_of_the_restored_shop() {
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    let (dir, service) = open().await;
    service.kill().await;
    // A key that no restore renews.
    let words = ["--development", "on", "--token-key", KEY];
    let service = Service::both(dir.path(), &words, None, |_| {}).await;
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    let viewer = Shopper::sign_in(&service.business, "viewer", "viewer").await;
    viewer.post("/wallet/top-up", "coins", json!({"coins": 10})).await;
    viewer.post("/gifts", "before", rose.clone()).await;
    let backups = tempfile::tempdir().unwrap();
    let from = backups.path().join("b");
    liveroom::print(backup(dir.path(), &from)).await;
    let lost = viewer.post("/gifts", "after", rose.clone()).await["order"].clone();
    service.kill().await;
    let last = "SELECT MAX(random_number) FROM outbox";
    let sent = books(dir.path(), last).await;

    let restored = backups.path().join("new");
    liveroom::print(restore(&from, &restored)).await;
    let kept = books(&restored, last).await;
    let service = Service::both(&restored, &words, None, |_| {}).await;
    assert_eq!(viewer.at(&service.business).status("/me").await, 401);
    let viewer = Shopper::sign_in(&service.business, "viewer", "viewer").await;
    let order = viewer.post("/gifts", "again", rose).await["order"].clone();
    assert_eq!(orders(&restored).await.len(), 2, "one before the backup, and one now");
    assert_ne!(order, lost, "clients drop a message whose order they have seen");
    let given = books(&restored, last).await;
    assert!(given > sent && sent > kept, "{given}: the chat service drops a Random that it knows");
}

#[tokio::test]
async fn no_service_starts_on_half_of_a_backup() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("restore.part")).unwrap();
    let path = dir.path().to_str().unwrap();
    for only in ["chat", "business"] {
        let said = liveroom::complaint([
            "serve",
            "--only",
            only,
            "--data-dir",
            path,
            "--listen",
            "127.0.0.1:0",
            "--development",
            "on",
            "--chat-url",
            "http://127.0.0.1:1",
            "--sdk-app-id",
            "1",
            "--key",
            "key",
        ])
        .await;
        assert!(said.contains("was broken off"), "{said}");
    }
    let backups = tempfile::tempdir().unwrap();
    let (full, _service) = open().await;
    let from = backups.path().join("b");
    liveroom::print(backup(full.path(), &from)).await;
    let said = liveroom::complaint(restore(&from, dir.path())).await;
    assert!(said.contains("not empty"), "{said}");
}

#[tokio::test]
async fn a_backup_is_for_its_owner_alone_and_takes_the_place_of_nothing() {
    let (dir, _service) = open().await;
    let backups = tempfile::tempdir().unwrap();
    let to = backups.path().join("b");
    liveroom::print(backup(dir.path(), &to)).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o77;
        assert_eq!(mode(&to), 0);
    }
    let said = liveroom::complaint(backup(dir.path(), &to)).await;
    assert!(said.contains("is there already"), "{said}");
    let said = liveroom::complaint(backup(backups.path(), &backups.path().join("c"))).await;
    assert!(said.contains("no database") && said.contains("--data-dir"), "{said}");
    let left: Vec<_> = std::fs::read_dir(backups.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half made is left");
}

#[tokio::test]
async fn a_restore_takes_the_place_of_nothing() {
    let (dir, service) = open().await;
    let backups = tempfile::tempdir().unwrap();
    let from = backups.path().join("b");
    liveroom::print(backup(dir.path(), &from)).await;
    let said = liveroom::complaint(restore(&from, dir.path())).await;
    assert!(said.contains("another service runs"), "{said}");
    service.kill().await;
    let said = liveroom::complaint(restore(&from, dir.path())).await;
    assert!(said.contains("not empty"), "{said}");
    let said = liveroom::complaint(restore(backups.path(), &backups.path().join("new"))).await;
    assert!(said.contains("no backup") && said.contains("backup.json"), "{said}");
}

#[tokio::test]
async fn a_backup_that_was_changed_is_refused_and_nothing_is_restored() {
    let (dir, service) = open().await;
    service.kill().await;
    let backups = tempfile::tempdir().unwrap();
    let from = backups.path().join("b");
    liveroom::print(backup(dir.path(), &from)).await;
    let mut bytes = std::fs::read(from.join("chat.db")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(from.join("chat.db"), bytes).unwrap();
    let target = backups.path().join("new");
    let said = liveroom::complaint(restore(&from, &target)).await;
    assert!(said.contains("chat.db is damaged"), "{said}");
    assert!(!target.exists());
}

#[tokio::test]
async fn a_database_of_another_version_is_refused() {
    let (dir, service) = open().await;
    service.kill().await;
    let file = SqliteConnectOptions::new().filename(dir.path().join("business.db"));
    let mut database = file.connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of the future', TRUE, x'00', 0)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();
    let backups = tempfile::tempdir().unwrap();
    let said = liveroom::complaint(backup(dir.path(), &backups.path().join("b"))).await;
    assert!(said.contains("another version") && said.contains("9999"), "{said}");
    assert_eq!(std::fs::read_dir(backups.path()).unwrap().count(), 0);
}
