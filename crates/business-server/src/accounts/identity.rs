//! The shop's own identity server: its tokens, and the keys that they are checked with.

use chat_types::business::api::Role;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::time::Duration;
use tls_transport::Trust;
use tokio::sync::Mutex;

use super::keys::Keys;
use crate::config::IdentityServer;
use crate::outgoing;
use crate::problem::Problem;

/// Longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Longest answer with the keys, in bytes.
const MAX_KEYS_BYTES: usize = 256 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest name of a person, in bytes.
const MAX_SUBJECT_BYTES: usize = 512;
/// Clocks of two machines may differ by so much.
const LEEWAY_S: u64 = 30;
/// Only signatures of a key pair: with a shared secret the public keys would be the secret.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token has to say. Who the person is stands in `sub` or in another claim that is configured,
/// the display name in `name`, the role of this API in `role` (viewer when it is absent). Of `name`,
/// `role` and `nbf`, null is as good as absent.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    role: Value,
    #[serde(deserialize_with = "seconds")]
    exp: u64,
    #[serde(default, deserialize_with = "seconds_or_null")]
    nbf: u64,
    #[serde(deserialize_with = "milliseconds")]
    iat: u64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// For whom the identity server vouches.
#[derive(Debug, Clone)]
pub(super) struct Vouched {
    /// The person's name at the identity server: any text of 1 to 512 bytes.
    pub(super) subject: String,
    /// May be empty, and of any length.
    pub(super) name: String,
    pub(super) role: Role,
    /// When the identity server made the token.
    pub(super) issued_ms: u64,
}

/// A `NumericDate` of RFC 7519, which may have a fraction.
fn seconds<'de, D: Deserializer<'de>>(reader: D) -> Result<u64, D::Error> {
    let seconds = f64::deserialize(reader)?;
    Duration::try_from_secs_f64(seconds).map(|time| time.as_secs()).map_err(D::Error::custom)
}

fn seconds_or_null<'de, D: Deserializer<'de>>(reader: D) -> Result<u64, D::Error> {
    let Some(seconds) = Option::<f64>::deserialize(reader)? else { return Ok(0) };
    Duration::try_from_secs_f64(seconds).map(|time| time.as_secs()).map_err(D::Error::custom)
}

/// A claim that may be left out and is a text otherwise, or a sentence about it.
fn text_of(claim: &str, value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(format!("the claim {claim} has to be a text, or be left out")),
    }
}

fn role_of(value: Value) -> Result<Role, String> {
    let role = match value {
        Value::Null => Some(Role::default()),
        Value::String(name) => Role::from_name(&name),
        _ => None,
    };
    role.ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        format!("the claim role has to be one of {names}, or be left out")
    })
}

fn milliseconds<'de, D: Deserializer<'de>>(reader: D) -> Result<u64, D::Error> {
    let seconds = f64::deserialize(reader)?;
    let time = Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)?;
    u64::try_from(time.as_millis()).map_err(D::Error::custom)
}

pub(crate) struct Identity {
    server: IdentityServer,
    http: reqwest::Client,
    keys: Mutex<Keys>,
}

/// Why the keys of the identity server cannot be fetched on this machine at all.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(
        "{0:?} is no address of a key set: --identity-jwks begins with http:// or https:// and names a host"
    )]
    Url(String),
    #[error("the identity server cannot be asked from here: {0}")]
    Client(String),
}

impl Identity {
    pub(crate) fn new(server: IdentityServer, trust: &Trust) -> Result<Self, IdentityError> {
        let url = reqwest::Url::parse(&server.jwks_url).ok();
        if !url.is_some_and(|url| ["http", "https"].contains(&url.scheme())) {
            return Err(IdentityError::Url(server.jwks_url));
        }
        let http = outgoing::client(trust, FETCH_TIMEOUT)
            .map_err(|error| IdentityError::Client(error.to_string()))?;
        Ok(Self { server, http, keys: Mutex::default() })
    }

    /// Who the token is about. 401 when it does not hold, 502 when the keys cannot be had.
    pub(super) async fn verify(&self, token: &str, now_ms: u64) -> Result<Vouched, Problem> {
        let now_s = now_ms / 1_000;
        let refused = |why: &str| Problem::new(401, "identity", why.to_owned());
        if token.len() > MAX_TOKEN_BYTES {
            return Err(refused("the token is too long"));
        }
        let header = decode_header(token).map_err(|_| refused("this is no JSON Web Token"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("the token is not signed by a key pair"));
        }
        let key_id = header.kid.ok_or_else(|| refused("the token names no key (kid)"))?;
        let key = self.key(&key_id, now_ms).await?;
        let mut validation = Validation::new(header.alg);
        // By the clock that is passed in, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_issuer(&[&self.server.issuer]);
        validation.set_audience(&[&self.server.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let mut claims = decode::<Claims>(token, &key, &validation)
            .map_err(|error| refused(&format!("the token does not hold: {error}")))?
            .claims;
        if claims.exp.saturating_add(LEEWAY_S) <= now_s {
            return Err(refused("the token has ended"));
        }
        if claims.nbf > now_s.saturating_add(LEEWAY_S) {
            return Err(refused("the token does not hold yet"));
        }
        if claims.iat / 1_000 > now_s.saturating_add(LEEWAY_S) {
            return Err(refused("the token was issued later than now (iat)"));
        }
        let claim = self.server.user_claim.as_str();
        let subject = match claim {
            "sub" => claims.sub,
            other => match claims.others.remove(other) {
                Some(Value::String(text)) => text,
                Some(Value::Number(number)) => number.to_string(),
                _ => return Err(refused(&format!("the token has no {claim} that is a text"))),
            },
        };
        if !(1..=MAX_SUBJECT_BYTES).contains(&subject.len()) {
            return Err(refused(&format!("{claim} has 1 to {MAX_SUBJECT_BYTES} bytes")));
        }
        let name = text_of("name", claims.name).map_err(|why| refused(&why))?.unwrap_or_default();
        let role = role_of(claims.role).map_err(|why| refused(&why))?;
        let issued_ms = claims.iat;
        Ok(Vouched { subject, name, role, issued_ms })
    }

    /// Whose people these are.
    pub(super) fn issuer(&self) -> &str {
        &self.server.issuer
    }

    /// One key of the set, which is fetched when it is too old, and when the key is not in it.
    async fn key(&self, key_id: &str, now_ms: u64) -> Result<DecodingKey, Problem> {
        let mut keys = self.keys.lock().await;
        if keys.is_due(key_id, now_ms) {
            match self.fetch().await {
                Ok(set) => keys.fetched(set, now_ms),
                Err(error) => {
                    tracing::warn!(%error, "keys of the identity server not fetched");
                    keys.failed(now_ms);
                }
            }
        }
        if let Some(key) = keys.find(key_id, now_ms) {
            return Ok(key);
        }
        // Without the present set nobody knows whether the key is in it.
        let later = |left_ms: u64, detail: &str| Problem {
            retry_after_ms: Some(left_ms),
            ..Problem::new(502, "identity_server", detail)
        };
        Err(match (keys.rest_ms(now_ms), keys.unknown_ms(now_ms)) {
            (Some(rest_ms), _) => {
                later(rest_ms, "the identity server does not give its keys: try again later")
            }
            (None, Some(left_ms)) => later(
                left_ms,
                "the token's key is not among the keys that were fetched a moment ago: try again later",
            ),
            (None, None) => {
                Problem::new(401, "identity", "the identity server does not have the token's key")
            }
        })
    }

    async fn fetch(&self) -> Result<JwkSet, FetchError> {
        let request = self.http.get(&self.server.jwks_url);
        let mut response = request
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(transport)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if bytes.len() + chunk.len() > MAX_KEYS_BYTES {
                return Err(FetchError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{0}")]
    Transport(reqwest::Error),
    #[error("the answer has more than {MAX_KEYS_BYTES} bytes")]
    TooLong,
    #[error("the answer is no key set: {0}")]
    Malformed(#[from] serde_json::Error),
}

fn transport(error: reqwest::Error) -> FetchError {
    FetchError::Transport(error.without_url())
}
