//! Calling a receiver over HTTP (product/1047/34354).

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;
use tls_transport::{Trust, rustls};

use super::answer::MAX_ANSWER_BYTES;
use crate::model::Secret;

/// Common receivers hang up on a silent connection after five seconds. Letting go of it earlier
/// keeps a call from being written into a connection that is just being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// The one command that tells neither address nor platform (product/1047/48734).
const MEMBER_STATE_CHANGE: &str = "Group.CallbackOnMemberStateChange";

/// Why there is no answer. The texts contain no URL: the query carries the signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    #[error("the receiver cannot be reached, or broke off: {0}")]
    Transport(#[from] reqwest::Error),
    #[error("the answer has more than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
}

/// One call, before it is addressed.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    pub(super) sdk_app_id: u32,
    pub(super) command: &'a str,
    pub(super) body: String,
    pub(super) client_ip: Option<IpAddr>,
    pub(super) platform: &'a str,
}

impl Call<'_> {
    /// The whole URL. `now_s` is the Unix time that a signature carries.
    pub(super) fn url(&self, receiver: &str, token: Option<&Secret>, now_s: u64) -> String {
        let start = format!("{receiver}?");
        let length = start.len();
        let mut query = form_urlencoded::Serializer::for_suffix(start, length);
        query.extend_pairs([
            ("SdkAppid", self.sdk_app_id.to_string().as_str()),
            ("CallbackCommand", self.command),
            ("contenttype", "json"),
        ]);
        if self.command != MEMBER_STATE_CHANGE {
            if let Some(ip) = self.client_ip {
                query.append_pair("ClientIP", &ip.to_string());
            }
            query.append_pair("OptPlatform", self.platform);
        }
        if let Some(token) = token {
            let time = now_s.to_string();
            query.append_pair("Sign", &sign(token, &time));
            query.append_pair("RequestTime", &time);
        }
        query.finish()
    }
}

/// Lower-case hexadecimal SHA-256 of the token directly followed by the time.
fn sign(token: &Secret, time: &str) -> String {
    let digest = Sha256::new().chain_update(token.reveal()).chain_update(time).finalize();
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Keeps connections alive between calls. It is made by the first call, because loading the root
/// certificates of the system is work that a service without webhooks need not do.
#[derive(Debug)]
pub(super) struct Client {
    trust: Trust,
    made: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    /// Believes the receivers that `trust` does.
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, made: OnceLock::new() }
    }

    /// Posts `body` and reads the answer, whatever its status. Sets no time limit.
    pub(super) async fn post(&self, url: &str, body: String) -> Result<Reply, Error> {
        let client = self.made.get_or_init(|| make(&self.trust));
        let client = client.as_ref().map_err(|why| Error::Client(why.clone()))?;
        let request = client.post(url).header("Content-Type", "application/json").body(body);
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Error::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, body })
    }
}

fn make(trust: &Trust) -> Result<reqwest::Client, String> {
    let tls = trust.client_config().map_err(|error| error.to_string())?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
        .http1_only()
        // The receiver is the configured one and no other, and it is called directly.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_idle_timeout(IDLE_CONNECTION)
        .build()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_documented_one() {
        assert_eq!(
            sign(&Secret::new("xxxxyyyy"), "1669872112"),
            "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"
        );
    }

    #[test]
    fn the_query_has_the_documented_parameters_with_their_capitals() {
        let mut call = Call {
            sdk_app_id: 1_400_000_001,
            command: "Group.CallbackBeforeSendMsg",
            body: String::new(),
            client_ip: Some(IpAddr::from([10, 0, 0, 7])),
            platform: "RESTAPI",
        };
        assert_eq!(
            call.url("http://shop.example/webhook", None, 1_669_872_112),
            "http://shop.example/webhook?SdkAppid=1400000001\
             &CallbackCommand=Group.CallbackBeforeSendMsg&contenttype=json\
             &ClientIP=10.0.0.7&OptPlatform=RESTAPI"
        );
        call.command = MEMBER_STATE_CHANGE;
        assert_eq!(
            call.url("http://shop.example", Some(&Secret::new("xxxxyyyy")), 1_669_872_112),
            "http://shop.example?SdkAppid=1400000001\
             &CallbackCommand=Group.CallbackOnMemberStateChange&contenttype=json\
             &Sign=17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061\
             &RequestTime=1669872112"
        );
    }
}
