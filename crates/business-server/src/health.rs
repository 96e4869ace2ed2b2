//! Whether the service is whole, and the routines that run until the stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::Business;

/// A database that takes longer for a trivial query does not serve calls either.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// Whether the service is whole.
#[derive(Default)]
pub(crate) struct Health {
    /// The service takes no new calls.
    pub(crate) closing: CancellationToken,
    /// Something that runs until the stop has ended before it.
    broken: Arc<AtomicBool>,
}

/// Notes the end of a routine, also one by a panic.
struct Running {
    /// Path of its function.
    name: &'static str,
    broken: Arc<AtomicBool>,
    stopping: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.stopping.is_cancelled() {
            let name = self.name;
            tracing::error!(name, "a routine has ended before the stop: start the service again");
            self.broken.store(true, Ordering::SeqCst);
        }
    }
}

impl Health {
    /// Runs what has to run until `stopping`.
    fn keep(
        &self,
        name: &'static str,
        stopping: &CancellationToken,
        routine: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let broken = Arc::clone(&self.broken);
        let running = Running { name, broken, stopping: stopping.clone() };
        tokio::spawn(async move {
            let _running = running;
            routine.await;
        })
    }
}

/// Runs a routine of the service until `stopping`.
pub(crate) fn run<R: Future<Output = ()> + Send + 'static>(
    business: &Arc<Business>,
    stopping: &CancellationToken,
    routine: impl FnOnce(Arc<Business>, CancellationToken) -> R,
) -> JoinHandle<()> {
    let name = std::any::type_name_of_val(&routine);
    business.health.keep(name, stopping, routine(Arc::clone(business), stopping.clone()))
}

/// Why calls are not welcome, or not everything runs; `None` when all is well.
pub(crate) async fn unready(business: &Business) -> Option<&'static str> {
    if business.health.closing.is_cancelled() {
        return Some("the service stops");
    }
    if business.health.broken.load(Ordering::SeqCst) {
        return Some("a routine has ended; the log says which, and a new start helps");
    }
    match timeout(DATABASE_PATIENCE, business.database.check()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::error!(%error, "storage failed");
            Some("the database fails; the log says why")
        }
        Err(_) => Some("the database does not answer in time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_routine_that_ends_before_the_stop_breaks_the_service() {
        let (health, stopping) = (Health::default(), CancellationToken::new());
        let kept = health.keep("kept", &stopping, stopping.clone().cancelled_owned());
        stopping.cancel();
        kept.await.unwrap();
        assert!(!health.broken.load(Ordering::SeqCst));
        let failing =
            health.keep("failing", &CancellationToken::new(), async { panic!("on purpose") });
        assert!(failing.await.unwrap_err().is_panic());
        assert!(health.broken.load(Ordering::SeqCst));
    }
}
