//! A service without a port.

use std::sync::Arc;
use tls_transport::Trust;

use super::Service;
use crate::clock::{Clock, SystemClock};
use crate::faults::Faults;
use crate::storage;

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
