//! `liveroom serve`

use chat_server::{GatewayTimes, Server, ServerConfig};
use serde_json::json;
use std::time::Duration;

use crate::options::Options;
use crate::{Error, print_line};

/// Runs the service until it is asked to stop. When it is ready it prints one JSON line with the
/// addresses it answers on.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let mut stop = StopSignal::new()?;
    let server = Server::start(config(options)).await?;
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

fn config(options: Options) -> ServerConfig {
    let seconds = |number: u32| Duration::from_secs(number.into());
    ServerConfig {
        times: GatewayTimes {
            heartbeat: seconds(options.heartbeat_s),
            login: seconds(options.login_timeout_s),
            write: seconds(options.write_timeout_s),
            ..GatewayTimes::default()
        },
        max_connections: usize::try_from(options.max_connections).unwrap_or(usize::MAX),
        drain_timeout: seconds(options.drain_timeout_s),
        ..ServerConfig::new(options.listen, options.data_dir)
    }
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
