//! Whether the service is whole.

use std::time::Duration;
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
}

/// Why calls are not welcome, or not everything runs; `None` when all is well.
pub(crate) async fn unready(business: &Business) -> Option<String> {
    if business.health.closing.is_cancelled() {
        return Some("the service stops".to_owned());
    }
    if let Some(name) = business.routines.dead() {
        return Some(format!("the routine {name} fails again and again; the log says why"));
    }
    match timeout(DATABASE_PATIENCE, business.database.check()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::error!(%error, "storage failed");
            Some("the database fails; the log says why".to_owned())
        }
        Err(_) => Some("the database does not answer in time".to_owned()),
    }
}
