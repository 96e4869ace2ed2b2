//! One call over HTTP, and what its failure says.

use chat_types::business::api::{IDEMPOTENCY_KEY, ProblemView};
use reqwest::Method;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::time::Duration;
use tls_transport::{Trust, rustls};

use crate::Error;

/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Longer than the service lets a call take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Shorter than servers keep a silent connection: one that is just being closed leaves it unclear
/// whether a call was done.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);

/// A call that is to be made.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) token: Option<&'a str>,
    /// Names a call that moves coins.
    pub(crate) key: Option<&'a str>,
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct Http(reqwest::Client);

impl Http {
    pub(crate) fn new(trust: &Trust) -> Result<Self, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Away(error.to_string());
        let tls = trust.client_config().map_err(|error| unusable(&error))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
            .http1_only()
            // The service is the configured one and no other, and it is called directly.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(IDLE_CONNECTION)
            .build()
            .map_err(|error| unusable(&error.without_url()))?;
        Ok(Self(client))
    }

    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let mut request = self.0.request(call.method, call.url);
        if let Some(token) = call.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = call.key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if let Some(body) = call.body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Error::Unclear("the answer is too long".into()));
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_success() {
            // 204 says nothing.
            let answer = if answer.is_empty() { b"null".as_slice() } else { answer.as_slice() };
            return serde_json::from_slice(answer)
                .map_err(|error| Error::Unclear(format!("the answer cannot be read: {error}")));
        }
        match serde_json::from_slice::<ProblemView>(&answer) {
            Ok(problem) => Err(Error::Refused(problem)),
            // Something stands between, or the address is another server's.
            Err(_) => Err(Error::Unclear(format!("HTTP status {}", status.as_u16()))),
        }
    }
}

/// Only a connection that was never made is known to have carried nothing.
fn broken(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        why = format!("{why}: {deeper}");
        cause = deeper.source();
    }
    if error.is_connect() || error.is_builder() { Error::Away(why) } else { Error::Unclear(why) }
}
