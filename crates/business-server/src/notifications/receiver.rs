//! The shop's own server, and how it is called.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{StatusCode, Url, header};
use sha2::Sha256;
use std::time::Duration;
use tls_transport::Trust;

use crate::config::ShopWebhook;
use crate::outgoing;
use chat_rest::Secret;

/// What the receiver has for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const SIGNATURE: &str = "x-signature";

/// Why the shop's server cannot be told anything.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    #[error("the address of the shop's webhook has to begin with http:// or https://")]
    Url,
    #[error("the secret of the shop's webhook is empty: everybody could sign with it")]
    Secret,
    #[error("the shop's webhook cannot be called from here: {0}")]
    Client(String),
}

pub(super) struct Receiver {
    url: Url,
    secret: Secret,
    http: reqwest::Client,
}

/// Why an event was not taken.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: String,
    /// It is this event that the receiver does not want; another one it may take.
    pub(super) is_of_the_event: bool,
}

impl Receiver {
    pub(super) fn new(shop: &ShopWebhook, trust: &Trust) -> Result<Self, ReceiverError> {
        let url =
            Url::parse(&shop.url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        if shop.secret.reveal().is_empty() {
            return Err(ReceiverError::Secret);
        }
        let http = outgoing::client(trust, TIMEOUT);
        Ok(Self {
            url: url.ok_or(ReceiverError::Url)?,
            secret: Secret::new(shop.secret.reveal()),
            http: http.map_err(|error| ReceiverError::Client(error.to_string()))?,
        })
    }

    /// Tells one event once. Only an answer of 2xx says that it was taken.
    pub(super) async fn tell(&self, body: &str, now_s: u64) -> Result<(), Failure> {
        let signature = signature(&self.secret, now_s, body);
        let request = self
            .http
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE, format!("t={now_s},v1={signature}"))
            .body(body.to_owned());
        match request.send().await.map_err(reqwest::Error::without_url) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Failure {
                reason: format!("answered {}", answer.status()),
                is_of_the_event: is_of_the_event(answer.status()),
            }),
            Err(error) => {
                let reason = outgoing::told(&error);
                Err(Failure { reason, is_of_the_event: false })
            }
        }
    }
}

/// Whether a refusal speaks of what was sent, and not of who sends it, where, and how often.
fn is_of_the_event(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
    )
}

fn signature(secret: &Secret, now_s: u64, body: &str) -> String {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{now_s}.").as_bytes());
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(url: &str, secret: &str) -> ShopWebhook {
        ShopWebhook { url: url.into(), secret: Secret::new(secret), kinds: vec![], limit: 10 }
    }

    #[test]
    fn the_signature_is_that_of_the_time_and_the_body() {
        // By another program: printf '1760000000.{"id":"1"}' | openssl dgst -sha256 -hmac secret
        let signed = signature(&Secret::new("secret"), 1_760_000_000, r#"{"id":"1"}"#);
        assert_eq!(signed, "19fb88b907c21b9bb253827883415bea79486f9ae7067a08db9b4a7ac3a24f6d");
    }

    #[test]
    fn what_cannot_be_called_or_signed_is_refused_at_the_start() {
        let refused = |url, secret| Receiver::new(&shop(url, secret), &Trust::platform()).err();
        assert!(matches!(refused("shop.example/hook", "s"), Some(ReceiverError::Url)));
        assert!(matches!(refused("file:///hook", "s"), Some(ReceiverError::Url)));
        assert!(matches!(refused("https://shop.example", ""), Some(ReceiverError::Secret)));
        assert!(refused("https://shop.example/hook", "s").is_none());
    }
}
