//! A service without a port.

use chat_types::GroupId;
use chat_types::group::GroupType;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tls_transport::Trust;

use super::Service;
use crate::application::{self, Edition};
use crate::clock::{Clock, SystemClock};
use crate::faults::Faults;
use crate::storage::{self, StoredGroup};

/// A service on a database of its own, which lives as long as the folder.
pub(super) async fn service_at(clock: Arc<dyn Clock>) -> (tempfile::TempDir, Arc<Service>) {
    let dir = tempfile::tempdir().unwrap();
    let stores = storage::open_all(dir.path()).await.unwrap();
    let (service, _) =
        Service::new(stores, clock, Faults::default(), Trust::nobody()).await.unwrap();
    (dir, service)
}

pub(super) async fn service() -> (tempfile::TempDir, Arc<Service>) {
    service_at(Arc::new(SystemClock)).await
}

/// A clock that only a test moves.
#[derive(Default)]
pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn advance_ms(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_room_that_many_ask_for_at_once_is_brought_in_once_and_waits_for_no_other() {
    let (_dir, service) = service().await;
    let edition = Edition::Ultimate;
    let app = application::create(&*service.storage, &SystemClock, "test", edition).await.unwrap();
    let app = app.sdk_app_id;
    let [busy, other] = ["busy", "other"].map(|id| GroupId::new(id).unwrap());
    for id in [&busy, &other] {
        let group = StoredGroup::new(id.as_str(), GroupType::AVChatRoom, 0);
        assert!(service.storage.insert_group(app, &group).await.unwrap());
    }
    let held = service.room_keys.lock(&(app, &busy)).await;
    let mut asking = Box::pin(join_all((0..100).map(|_| service.room(app, &busy))));
    assert!(futures_util::poll!(&mut asking).is_pending());
    service.room(app, &other).await.unwrap();
    drop(held);
    let rooms = asking.await;
    let first = rooms[0].as_ref().unwrap();
    assert!(rooms.iter().all(|room| Arc::ptr_eq(room.as_ref().unwrap(), first)));
    assert_eq!(service.next_room.load(Ordering::Relaxed), 3, "two rooms have ever been made");
}
