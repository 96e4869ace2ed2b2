//! One attempt of a call over HTTP.

use bytes::{Bytes, BytesMut};
use std::error::Error as _;
use std::time::Duration;
use tls_transport::{Trust, rustls};
use tokio::time::timeout;

use crate::MAX_ANSWER_BYTES;
use crate::config::Timeouts;
use crate::error::Error;

/// Many servers hang up on a silent connection after five seconds. Letting go of it earlier keeps a
/// call from being written into a connection that is just being closed, which leaves it unclear
/// whether the call was carried out.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// Silent connections that are kept; more calls at once open more.
const IDLE_CONNECTIONS: usize = 32;

/// Keeps connections alive between calls.
pub(crate) struct Http {
    client: reqwest::Client,
    timeouts: Timeouts,
}

impl Http {
    pub(crate) fn new(timeouts: Timeouts, trust: &Trust) -> Result<Self, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Config(error.to_string());
        let tls = trust.client_config().map_err(|error| unusable(&error))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
            .http1_only()
            // The service is the configured one and no other, and it is called directly.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Which failures are repeated is decided call by call.
            .retry(reqwest::retry::never())
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build()
            .map_err(|error| unusable(&error.without_url()))?;
        Ok(Self { client, timeouts })
    }

    /// Posts a body and reads the answer of an attempt of `command`.
    pub(crate) async fn post(
        &self,
        command: &'static str,
        url: &str,
        body: Bytes,
    ) -> Result<Bytes, Error> {
        let after = self.timeouts.answer;
        timeout(after, self.exchange(command, url, body))
            .await
            .unwrap_or(Err(Error::Timeout { command, after }))
    }

    async fn exchange(
        &self,
        command: &'static str,
        url: &str,
        body: Bytes,
    ) -> Result<Bytes, Error> {
        let broken = |error| broken(command, error);
        let request = self.client.post(url).header("Content-Type", "application/json").body(body);
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(Error::Status { command, status });
        }
        let mut answer = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Error::TooLong { command });
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer.freeze())
    }
}

/// Only a connection that was never made is known to have carried nothing.
fn broken(command: &'static str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        why = format!("{why}: {deeper}");
        cause = deeper.source();
    }
    if error.is_connect() {
        Error::Connect { command, why }
    } else {
        Error::Transport { command, why }
    }
}
