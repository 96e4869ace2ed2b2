//! Certificates that are renewed while the services run.

use std::sync::Arc;
use std::time::Duration;
use tls_transport::ServerTls;

/// How often it is looked for a renewed certificate. Reading two small files costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Looks for a renewed certificate from time to time, and at once when SIGHUP asks for it.
pub(crate) async fn watch(tls: Arc<ServerTls>) {
    let watching = Arc::clone(&tls).watch(LOOK_EVERY);
    tokio::select! {
        () = watching => {}
        () = hang_ups(tls) => {}
    }
}

#[cfg(unix)]
async fn hang_ups(tls: Arc<ServerTls>) {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::hangup()) {
        Ok(mut hang_up) => {
            while hang_up.recv().await.is_some() {
                Arc::clone(&tls).look().await;
            }
        }
        Err(error) => tracing::warn!(%error, "SIGHUP is not heard"),
    }
    std::future::pending().await
}

#[cfg(not(unix))]
async fn hang_ups(_: Arc<ServerTls>) {
    std::future::pending().await
}
