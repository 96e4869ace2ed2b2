//! A service without a listener and without routines, for tests that take each step themselves.

use chat_types::UserId;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;
use crate::gifts::Catalogue;
use crate::storage::{Database, Db};
use crate::{Business, ChatAccess, Config, Secret, server};

/// Stands still unless it is moved.
#[derive(Debug)]
pub(crate) struct TestClock {
    wall_ms: AtomicU64,
    passed_ms: AtomicU64,
}

impl TestClock {
    pub(crate) fn at(now_ms: u64) -> Arc<Self> {
        Arc::new(Self { wall_ms: AtomicU64::new(now_ms), passed_ms: AtomicU64::new(0) })
    }

    /// Time passes.
    pub(crate) fn advance_ms(&self, milliseconds: u64) {
        self.wall_ms.fetch_add(milliseconds, Ordering::SeqCst);
        self.passed_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Somebody sets the clock on the wall to this time; no time passes.
    pub(crate) fn set_wall_ms(&self, now_ms: u64) {
        self.wall_ms.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.passed_ms.load(Ordering::SeqCst)
    }
}

/// The database of a service in `dir` whose last migration was this one.
pub(crate) async fn database_after(dir: &Path, migration: i64) -> sqlx::Pool<Db> {
    let path = dir.join(crate::DATABASE_FILE);
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = sqlx::Pool::connect_with(options).await.unwrap();
    let known = crate::MIGRATIONS.iter().filter(|known| known.version <= migration);
    Migrator::with_migrations(known.cloned().collect()).run(&pool).await.unwrap();
    pool
}

/// On the data of `dir`, beside a chat service that is away.
pub(crate) async fn business(dir: &Path, clock: &Arc<TestClock>) -> Business {
    let chat = ChatAccess {
        base_url: "http://127.0.0.1:9".into(),
        sdk_app_id: 1,
        key: Secret::new("key"),
        admin: UserId::new("administrator").unwrap(),
        assistant: UserId::new("assistant").unwrap(),
    };
    let clock = Arc::clone(clock);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = Config { clock, seed: Some(7), ..Config::new(listen, dir.to_owned(), chat) };
    let database = Database::open(dir).await.unwrap();
    let catalogue = Catalogue::open(None).unwrap();
    server::make(config, database, catalogue).await.unwrap()
}
