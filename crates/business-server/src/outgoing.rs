//! Calls to other servers of the shop.

use std::error::Error;
use std::time::Duration;
use tls_transport::{Trust, rustls};

/// A client for one configured server and no other, which is waited for as long as this.
pub(crate) fn client(
    trust: &Trust,
    timeout: Duration,
) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    let tls = trust.client_config()?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(timeout)
        .build()?;
    Ok(client)
}

/// What went wrong, down to its cause and without an address, which may hold a password.
pub(crate) fn told(error: &reqwest::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        told = format!("{told}: {deeper}");
        cause = deeper.source();
    }
    told
}
