//! `liveroom serve`

use chat_server::{Server, ServerConfig};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{Error, print_line};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// Folder of the database; it is made if it is absent
    #[arg(long)]
    data_dir: PathBuf,
}

/// Runs the service until it is asked to stop. When it is ready it prints one JSON line with the
/// addresses it answers on.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let mut stop = StopSignal::new()?;
    let server = Server::start(ServerConfig::new(arguments.listen, arguments.data_dir)).await?;
    let ready = json!({
        "event": "ready",
        "rest": server.rest_url(),
        "gateway": server.gateway_url(),
    });
    print_line(&ready.to_string())?;
    stop.received().await;
    server.shutdown().await;
    Ok(())
}

/// SIGTERM or Ctrl-C. Made before the service starts, so that no signal falls into a gap.
struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignal {
    #[cfg(unix)]
    fn new() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> Result<Self, Error> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn received(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be heard; end the process to stop the service");
            std::future::pending::<()>().await;
        }
    }
}
