//! The client: signs, sends, and repeats what may be repeated.

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use chat_types::rest::{AccountCheck, Envelope, MAX_BODY_BYTES, Nothing, UserIdItem};
use chat_types::{Code, UserId};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tls_transport::Trust;
use tokio::time::{Instant, sleep};
use tracing::{Instrument, Span, field};

use crate::command::{Command, Repeat};
use crate::config::{Config, RetryPolicy};
use crate::error::{Error, Outcome};
use crate::http::Http;
use crate::outcome::wants_new_user_sig;
use crate::signer::Signer;

/// The service's own sentence in an error; the rest of a longer one is cut off.
const MAX_INFO_BYTES: usize = 1_024;
/// What an account that is no administrator is answered, or one that does not exist yet (70107).
const NO_ADMIN: [Code; 3] = [Code::NOT_ADMIN, Code::ACCOUNT_NOT_ADMIN, Code(70_107)];

/// A client of the REST API. Clones share the connections and the UserSig.
///
/// One method per command, named as the command; each says what it asks and what a repeat of it
/// does. [`call`](Self::call) is for commands without a method.
///
/// Against a chat service in the same process:
///
/// ```
/// use chat_rest::{Client, Config, Randoms, Secret};
/// use chat_server::application::{self, Edition};
/// use chat_server::clock::SystemClock;
/// use chat_server::{Server, ServerConfig, storage};
/// use chat_types::Element;
/// use chat_types::rest::{CreateGroup, SendGroupMsg};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let storage = storage::open(dir.path()).await?;
/// let app = application::create(&*storage, &SystemClock, "shop", Edition::Free).await?;
/// storage.close().await;
/// let listen = "127.0.0.1:0".parse()?;
/// let server = Server::start(ServerConfig::new(listen, dir.path().to_owned())).await?;
///
/// let key = Secret::new(app.key.reveal());
/// let client = Client::new(Config::new(server.rest_url(), app.sdk_app_id, key))?;
/// let room = CreateGroup {
///     group_type: "AVChatRoom".into(),
///     name: "Evening sale".into(),
///     group_id: Some("room_1001".into()),
///     ..CreateGroup::default()
/// };
/// client.create_group(&room).await?;
/// let welcome = SendGroupMsg {
///     group_id: "room_1001".into(),
///     random: Randoms::from_system().next(),
///     msg_body: vec![Element::text("Welcome")],
///     ..SendGroupMsg::default()
/// };
/// let sent = client.send_group_msg(&welcome).await?.answer();
/// assert_eq!(sent.map(|sent| sent.msg_seq), Some(1));
/// assert_eq!(client.group_profile("room_1001").await?.name, "Evening sale");
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: Arc<Http>,
    signer: Signer,
    addresses: Arc<Addresses>,
    sdk_app_id: u32,
    admin: UserId,
    retry: RetryPolicy,
    rng: Mutex<SmallRng>,
}

impl Client {
    /// Checks the configuration and signs with it once; nothing is sent. Needs no runtime yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] says what of the configuration is wrong; [`Error::UserSig`] is an empty key.
    pub fn new(config: Config) -> Result<Self, Error> {
        let addresses = config.addresses()?;
        config.check_limits()?;
        let signer = Signer::new(&config);
        signer.user_sig()?;
        // Plain HTTP needs none of the machine's authorities, and works where there are none.
        let secure = addresses.iter().any(|address| address.starts_with("https:"));
        let trust = if secure { config.trust.clone() } else { Trust::nobody() };
        let seed = config.seed.unwrap_or_else(rand::random);
        Ok(Self {
            inner: Arc::new(Inner {
                http: Arc::new(Http::new(config.timeouts, &trust)?),
                signer,
                addresses: Arc::new(Addresses { all: addresses, preferred: AtomicUsize::new(0) }),
                sdk_app_id: config.sdk_app_id,
                admin: config.admin,
                retry: config.retry,
                rng: Mutex::new(SmallRng::seed_from_u64(seed)),
            }),
        })
    }

    /// The application that the client speaks for, `SDKAppID`.
    pub fn sdk_app_id(&self) -> u32 {
        self.inner.sdk_app_id
    }

    /// The administrator who makes the calls.
    pub fn admin(&self) -> &UserId {
        &self.inner.admin
    }

    /// Whether the service takes REST calls from this account, so that its UserSig opens the whole
    /// application. No command lists the administrators, so a harmless call is made in the account's
    /// own name: who is none is answered 60010. The account need not exist, and nothing of it
    /// changes. The call is made once, whatever becomes of it.
    ///
    /// # Errors
    ///
    /// Every [`Error`] but [`Error::Config`]: it is not known then.
    pub async fn is_admin(&self, account: &UserId) -> Result<bool, Error> {
        let Inner { http, signer, addresses, sdk_app_id, .. } = &*self.inner;
        let as_account = Self {
            inner: Arc::new(Inner {
                http: Arc::clone(http),
                signer: signer.of_account(account),
                addresses: Arc::clone(addresses),
                sdk_app_id: *sdk_app_id,
                admin: account.clone(),
                retry: RetryPolicy::none(),
                rng: Mutex::new(SmallRng::seed_from_u64(self.inner.with_rng(|rng| rng.random()))),
            }),
        };
        let check = AccountCheck { check_item: vec![UserIdItem { user_id: account.to_string() }] };
        match as_account.account_check(&check).await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some_and(|code| NO_ADMIN.contains(&code)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Calls any command, also one that this crate has no method for.
    ///
    /// ```no_run
    /// # async fn example(client: chat_rest::Client) -> Result<(), chat_rest::Error> {
    /// use chat_rest::{Command, Repeat};
    /// use serde_json::{Value, json};
    ///
    /// const FRIEND_CHECK: Command = Command::new("sns", "friend_check", Repeat::Harmless);
    /// let body = json!({"From_Account": "mei", "To_Account": ["li"]});
    /// let answer: Value = client.call(&FRIEND_CHECK, &body).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Every [`Error`] but [`Error::Config`].
    pub async fn call<B, A>(&self, command: &Command, body: &B) -> Result<A, Error>
    where
        B: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        let name = command.name;
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::Encode { command: name, why: error.to_string() })?;
        if body.len() > MAX_BODY_BYTES {
            return Err(Error::RequestTooLong { command: name, bytes: body.len() });
        }
        let answer = self.carry_out(command, body.into()).await?;
        read(name, &answer)
    }

    /// All attempts of one call, in a span that tells what came of it.
    async fn carry_out(&self, command: &Command, body: Bytes) -> Result<Bytes, Error> {
        let span = tracing::debug_span!(
            "chat_rest_call",
            service = command.service,
            command = command.name,
            attempts = field::Empty,
            code = field::Empty,
            duration_ms = field::Empty,
        );
        let attempts = async {
            let begun = Instant::now();
            let answered = self.inner.attempts(command, body, begun).await;
            let span = Span::current();
            span.record("duration_ms", milliseconds(begun.elapsed()));
            match &answered {
                Ok(_) => span.record("code", Code::OK.0),
                Err(error) => span.record("code", error.code().map(|code| code.0)),
            };
            tracing::debug!("call ended");
            answered
        };
        attempts.instrument(span).await
    }
}

impl Inner {
    async fn attempts(
        &self,
        command: &Command,
        body: Bytes,
        begun: Instant,
    ) -> Result<Bytes, Error> {
        let mut pauses = self.pauses();
        let mut has_new_user_sig = false;
        let mut unclear = None;
        let mut attempt = 1_u32;
        loop {
            Span::current().record("attempts", attempt);
            let user_sig = self.signer.user_sig()?;
            let error = match self.attempt(command, attempt, body.clone(), &user_sig).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wants_new = error.code().is_some_and(wants_new_user_sig);
            if wants_new && !has_new_user_sig {
                // It was refused before anything was done, so this is no repeat.
                self.signer.forget(&user_sig);
                has_new_user_sig = true;
                attempt += 1;
                continue;
            }
            if !may_repeat(command, &error) {
                return Err(error.after(unclear));
            }
            let pause = pauses.next().filter(|pause| begun.elapsed() + *pause < self.retry.total);
            let Some(pause) = pause else { return Err(error.after(unclear)) };
            tracing::warn!(attempt, %error, pause_ms = milliseconds(pause), "call is repeated");
            if error.outcome() == Outcome::Unclear {
                unclear = Some(error);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        command: &Command,
        attempt: u32,
        body: Bytes,
        user_sig: &str,
    ) -> Result<Bytes, Error> {
        let begun = Instant::now();
        let (which, address) = self.addresses.preferred();
        let url = self.url(address, command, user_sig);
        let posted = self.http.post(command.name, &url, body).await;
        if posted.as_ref().is_err_and(Error::is_of_the_way) {
            self.addresses.prefer_after(which);
        }
        let answered = posted.and_then(|answer| {
            judge(command.name, &answer, user_sig)?;
            Ok(answer)
        });
        let duration_ms = milliseconds(begun.elapsed());
        match &answered {
            Ok(_) => tracing::debug!(attempt, duration_ms, code = Code::OK.0, "attempt answered"),
            Err(error) => tracing::debug!(attempt, duration_ms, %error, "attempt failed"),
        }
        answered
    }

    /// With the UserSig in it: for the request and for nothing else.
    fn url(&self, address: &str, command: &Command, user_sig: &str) -> String {
        let random: u32 = self.with_rng(|rng| rng.random());
        let start = format!("{address}/v4/{}/{}?", command.service, command.name);
        let length = start.len();
        form_urlencoded::Serializer::for_suffix(start, length)
            .append_pair("sdkappid", &self.sdk_app_id.to_string())
            .append_pair("identifier", self.admin.as_str())
            .append_pair("usersig", user_sig)
            .append_pair("random", &random.to_string())
            .append_pair("contenttype", "json")
            .finish()
    }

    /// The pauses before the repeats of one call.
    fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let RetryPolicy { attempts, first_pause, longest_pause, .. } = self.retry;
        let repeats = attempts.saturating_sub(1);
        ExponentialBuilder::new()
            .with_min_delay(first_pause)
            .with_max_delay(longest_pause)
            .with_max_times(usize::try_from(repeats).unwrap_or(usize::MAX))
            .with_jitter()
            .with_jitter_seed(self.with_rng(|rng| rng.random()))
            .build()
    }

    fn with_rng<T>(&self, draw: impl FnOnce(&mut SmallRng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("addresses", &self.inner.addresses.all)
            .field("sdk_app_id", &self.inner.sdk_app_id)
            .field("admin", &self.inner.admin)
            .finish_non_exhaustive()
    }
}

/// The addresses of one service. Calls go to the one that worked last.
struct Addresses {
    /// One or two.
    all: Vec<String>,
    /// Place of the preferred one.
    preferred: AtomicUsize,
}

impl Addresses {
    fn preferred(&self) -> (usize, &str) {
        let which = self.preferred.load(Ordering::Relaxed);
        (which, self.all.get(which).map_or("", String::as_str))
    }

    /// The other one, because this one could not be reached. Of many calls that fail at once only
    /// the first changes it.
    fn prefer_after(&self, failed: usize) {
        let next = (failed + 1) % self.all.len().max(1);
        let order = Ordering::Relaxed;
        // Where it is another one by now, somebody was faster.
        let _ = self.preferred.compare_exchange(failed, next, order, order);
    }
}

/// Whether the call may be made again after this failure of one attempt.
fn may_repeat(command: &Command, error: &Error) -> bool {
    if !error.is_temporary() || error.code().is_some_and(|code| command.is_settled_by(code)) {
        return false;
    }
    match error.outcome() {
        Outcome::NotAccepted => true,
        Outcome::Unclear => command.repeat != Repeat::Harmful,
        Outcome::Refused | Outcome::Unauthorized => false,
    }
}

/// What the envelope of an answer says. `ErrorCode` alone decides: `ActionStatus` may be absent, and
/// is `SomeError` where a call did a part of its work.
fn judge(command: &'static str, answer: &[u8], user_sig: &str) -> Result<(), Error> {
    let envelope: Envelope<Nothing> = read(command, answer)?;
    if envelope.error_code == Code::OK {
        return Ok(());
    }
    // A service that quotes the URL must not put the UserSig into the log of its caller.
    let mut info = envelope.error_info.replace(user_sig, "(UserSig)");
    info.truncate(info.floor_char_boundary(MAX_INFO_BYTES));
    Err(Error::Api { command, code: envelope.error_code, info, after_unclear: false })
}

/// What is wrong is told by its place: the parser's own text quotes values, of any length, which may
/// be what somebody said, or a UserSig.
fn read<T: DeserializeOwned>(command: &'static str, answer: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(answer).map_err(|error| {
        let what = match error.classify() {
            Category::Data => "a member is missing or has the wrong type",
            Category::Io | Category::Syntax | Category::Eof => "it is no JSON",
        };
        let why = format!("{what} (line {}, column {})", error.line(), error.column());
        Error::Malformed { command, why }
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
