//! What a client has to know, and the limits within which it works.

use chat_types::UserId;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tls_transport::Trust;

use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::region::Region;

/// Life of the administrator's UserSig. The vendor advises against less than a day.
const USER_SIG_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);
/// A retry of a message comes well before the service forgets its `Random`, after five minutes.
const LONGEST_RETRYING: Duration = Duration::from_secs(180);
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

/// A key or token, such as the key of an application. It has no readable `Debug`, so that it stays out
/// of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the places that sign with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How long one attempt of a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection to be made.
    pub connect: Duration,
    /// For the whole attempt, from connecting to the last byte of the answer. The service gives up
    /// on its own parts after 3 s, and a crowded room may choose among its messages for 5 s.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), answer: Duration::from_secs(6) }
    }
}

/// How often, how fast and how long a call is repeated that may be (see [`Repeat`](crate::Repeat)).
/// A call takes at most `total` and one [`Timeouts::answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts of one call, the first among them. 1 repeats nothing.
    pub attempts: u32,
    /// Before the first repeat; it doubles with each one. A random part of up to as much again is
    /// added, so that callers that failed together do not come back together.
    pub first_pause: Duration,
    /// The pause does not grow beyond this.
    pub longest_pause: Duration,
    /// No repeat begins later than this after the beginning of the call. At most three minutes.
    pub total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(2),
            total: Duration::from_secs(10),
        }
    }
}

impl RetryPolicy {
    /// Repeats nothing.
    pub fn none() -> Self {
        Self { attempts: 1, ..Self::default() }
    }
}

/// What a [`Client`](crate::Client) is made from. Its `Debug` hides the key.
///
/// ```
/// use chat_rest::{Config, Region, Secret};
///
/// // The embedded service.
/// let config = Config::new("http://127.0.0.1:8090", 1_400_000_001, Secret::new("the key"));
/// assert_eq!(config.admin.as_str(), "administrator");
/// assert!(!format!("{config:?}").contains("the key"));
///
/// // The cloud.
/// let config = Config::of_region(Region::Frankfurt, 1_400_000_001, Secret::new("the key"));
/// assert_eq!(config.base_url, "https://adminapiger.im.qcloud.com");
/// ```
#[derive(Clone)]
pub struct Config {
    /// Where the service is: scheme, host, and a port and a path if it has them, without `/v4`.
    /// Plain `http` is allowed; the cloud takes `https` only.
    pub base_url: String,
    /// Another address of the same service, tried when the first cannot be reached or fails below
    /// the API. It has to be the same service, for it has to know what the first was sent.
    pub backup_url: Option<String>,
    /// The application, `SDKAppID`.
    pub sdk_app_id: u32,
    /// The key of the application.
    pub key: Secret,
    /// The administrator of the application who makes the calls.
    pub admin: UserId,
    /// Life of the UserSigs that the client makes for `admin`; at least a minute. A new one is made
    /// after four fifths of it.
    pub user_sig_lifetime: Duration,
    pub timeouts: Timeouts,
    pub retry: RetryPolicy,
    /// Whom the client believes at addresses with https.
    pub trust: Trust,
    /// Tells the time that UserSigs are made at.
    pub clock: Arc<dyn Clock>,
    /// Gives the `random` of the URLs and the random part of the pauses; `None` takes it from the
    /// system.
    pub seed: Option<u64>,
}

impl Config {
    /// With the default administrator and the usual limits.
    pub fn new(base_url: impl Into<String>, sdk_app_id: u32, key: Secret) -> Self {
        Self {
            base_url: base_url.into(),
            backup_url: None,
            sdk_app_id,
            key,
            admin: UserId::administrator(),
            user_sig_lifetime: USER_SIG_LIFETIME,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            trust: Trust::platform(),
            clock: Arc::new(SystemClock),
            seed: None,
        }
    }

    /// An application of the cloud, with the backup host of its region.
    pub fn of_region(region: Region, sdk_app_id: u32, key: Secret) -> Self {
        let backup_url = region.backup_host().map(https);
        Self { backup_url, ..Self::new(https(region.host()), sdk_app_id, key) }
    }
}

fn https(host: &str) -> String {
    format!("https://{host}")
}

impl Config {
    /// The addresses to call, the preferred one first, without a slash at their end.
    pub(crate) fn addresses(&self) -> Result<Vec<String>, Error> {
        let all = [Some(&self.base_url), self.backup_url.as_ref()];
        all.into_iter().flatten().map(|address| checked_address(address)).collect()
    }

    pub(crate) fn check_limits(&self) -> Result<(), Error> {
        let Timeouts { connect, answer } = self.timeouts;
        let wrong = if self.user_sig_lifetime < SHORTEST_LIFETIME {
            "user_sig_lifetime is shorter than a minute: a day is usual"
        } else if connect.is_zero() || answer.is_zero() || answer > LONGEST_ANSWER {
            "a timeout is 0 or longer than a minute: 2 s to connect and 6 s to answer are usual"
        } else if self.retry.attempts == 0 {
            "retry.attempts is 0: 1 is a call without a repeat"
        } else if self.retry.total > LONGEST_RETRYING {
            "retry.total is longer than three minutes: after five the service has forgotten what a \
             repeat repeats"
        } else {
            return Ok(());
        };
        Err(Error::Config(wrong.to_owned()))
    }
}

/// An address that a path can be put behind.
fn checked_address(address: &str) -> Result<String, Error> {
    let wrong = |what: &str| {
        Error::Config(format!("{what}: an address has the form https://host or http://host:port"))
    };
    let url = Url::parse(address).map_err(|error| wrong(&format!("no address ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("the scheme is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("there is a name or a password in the address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("there is a query or a fragment in the address"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("admin", &self.admin)
            .field("user_sig_lifetime", &self.user_sig_lifetime)
            .field("timeouts", &self.timeouts)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
