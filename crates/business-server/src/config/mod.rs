//! How a business service runs.

mod levels;
mod shop_webhook;
mod webhooks;

pub use levels::LevelRules;
pub use shop_webhook::{EventKind, ShopWebhook};
pub use webhooks::WebhookLimits;

use chat_types::UserId;
use ingress::{Exposure, TrustedProxies};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tls_transport::{ServerTls, Trust};

use crate::clock::{Clock, SystemClock};
use chat_rest::Secret;

/// A UserSig that this service gives to a client lives this long, unless told otherwise. Below 24 h
/// is advised against (product/269/1671).
const USER_SIG_LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// A token of this service lives this long, unless told otherwise.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3_600);
/// After a sign-in with a name nothing is renewed beyond this time, unless told otherwise; that is for
/// development and for one's own machine.
const NAMED_SESSION: Duration = Duration::from_secs(30 * 24 * 3_600);
/// After an exchange of a token, unless told otherwise: so long somebody whom the identity server does
/// not know any more may stay in at most.
const VOUCHED_SESSION: Duration = Duration::from_secs(24 * 3_600);
/// What administrators, moderators and hosts did is kept for so long, unless told otherwise.
const AUDIT_LIFETIME: Duration = Duration::from_secs(400 * 24 * 3_600);
/// Calls of one account in a second, unless told otherwise.
const CALLS_PER_SECOND: u32 = 20;
/// People who come in from one address in a second, unless told otherwise.
const ENTRIES_PER_SECOND: u32 = 100;
/// Accounts on the list of one draw, unless told otherwise.
const DRAW_ENTRANTS: u64 = 200_000;
/// Postings that may wait, unless told otherwise: a busy evening's gifts of some minutes.
const OUTBOX_LIMIT: u64 = 10_000;
const OUTBOX_TOTAL_LIMIT: u64 = 200_000;

/// Name of the one node that there is, unless told otherwise.
pub const NODE: &str = "main";

/// Whether this may be the name of a node.
pub fn is_node_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Where the chat service is, and as whom this service speaks to it.
#[derive(Debug, Clone)]
pub struct ChatAccess {
    /// `http://ADDR:PORT` of our own service, or `https://HOST` of the cloud.
    pub base_url: String,
    pub sdk_app_id: u32,
    pub key: Secret,
    /// Administrator of the application who makes the calls.
    pub admin: UserId,
    /// The virtual assistant: an account in whose name products, greetings and answers come.
    pub assistant: UserId,
}

/// Administrator of every application from its start, whoever makes the calls of this service.
const USUAL_ADMIN: &str = "administrator";

impl ChatAccess {
    /// Whether the account is of the service: one in whose name it speaks or calls. Nobody signs in
    /// as such an account, it takes part in nothing, and nobody mutes or bans it.
    pub(crate) fn is_own(&self, user_id: &str) -> bool {
        [self.admin.as_str(), self.assistant.as_str(), USUAL_ADMIN].contains(&user_id)
    }
}

/// The shop's own identity server, whose tokens are exchanged for ours.
#[derive(Debug, Clone)]
pub struct IdentityServer {
    /// `iss` of its tokens.
    pub issuer: String,
    /// `aud` that has to be in its tokens.
    pub audience: String,
    /// Where its JSON Web Key Set is.
    pub jwks_url: String,
    /// The claim that names a person for ever: `sub`, unless the shop has a reason.
    pub user_claim: String,
}

#[derive(Clone)]
pub struct Config {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where an operator's tools ask `/readyz` and `/metrics`, which nobody else needs to reach.
    /// Without it nobody is answered these.
    pub operator_listen: Option<SocketAddr>,
    pub data_dir: PathBuf,
    /// Name of this node among those that share a database, of 1 to 32 letters, digits, `-` and `_`: one
    /// of them at a time runs what only one may run. A process that is started under the name takes
    /// over at once from the one before it, which has to have ended.
    pub node: String,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Listens beyond this machine without encryption and without proxies.
    pub insecure_plain_text: bool,
    pub chat: ChatAccess,
    /// With which the chat service signs its webhooks; without one none is taken, unless it comes from
    /// this machine in development.
    pub webhook_token: Option<Secret>,
    /// Whether anyone may sign in with a name alone, as an administrator too, and top up their wallet.
    pub development: bool,
    /// That this may be reached from other machines is meant.
    pub development_anywhere: bool,
    pub identity: Option<IdentityServer>,
    /// Signs top-ups that the shop's payment makes. Without one there are none.
    pub payment_key: Option<Secret>,
    /// Who is told what happens. Without one nobody is.
    pub shop_webhook: Option<ShopWebhook>,
    /// Folder with `gifts.json` and `products.json`. Without one the built-in catalogue is used.
    pub catalogue_dir: Option<PathBuf>,
    /// Origins of web pages that may call the API; `*` for all.
    pub cors_origins: Vec<String>,
    pub user_sig_lifetime: Duration,
    pub token_lifetime: Duration,
    /// How long after a sign-in its tokens and UserSigs are renewed. Without it 30 days after one with
    /// a name, and a day after an exchange of a token.
    pub session_lifetime: Option<Duration>,
    /// Signs the tokens in place of the key that is kept in the database.
    pub token_key: Option<Secret>,
    /// How long is kept what administrators, moderators and hosts did.
    pub audit_lifetime: Duration,
    /// Calls of one account in a second.
    pub calls_per_second: u32,
    /// Sign-ins and token exchanges of one address in a second; twice as many at once.
    pub entries_per_second: u32,
    /// Postings that may wait for one room; with so many waiting, gifts to it are refused.
    pub outbox_limit: u64,
    /// Postings that may wait in all, without those whose sender may not speak in the room; with so
    /// many waiting, gifts are refused everywhere.
    pub outbox_total_limit: u64,
    /// Whether likes are counted from the before-send webhook.
    pub count_likes: bool,
    /// How much the receiver of webhooks takes.
    pub webhooks: WebhookLimits,
    /// Accounts on the list of one draw, at most 200,000. Comments beyond are counted and told.
    pub draw_entrants: u64,
    /// What experience comes from, and how much of it makes a level.
    pub levels: LevelRules,
    /// With a certificate the API is `https` and nothing else. Whoever gives it looks after its
    /// renewal ([`ServerTls::watch`]).
    pub tls: Option<Arc<ServerTls>>,
    /// Whom the service believes when it calls the chat service or the identity server over `https`.
    pub trust: Trust,
    pub clock: Arc<dyn Clock>,
    /// From where draws and lots take their chance; the same for the same seed. `None` takes the
    /// system's.
    pub seed: Option<u64>,
}

impl Config {
    pub fn new(listen: SocketAddr, data_dir: PathBuf, chat: ChatAccess) -> Self {
        Self {
            listen,
            operator_listen: None,
            data_dir,
            node: NODE.to_owned(),
            trusted_proxies: TrustedProxies::default(),
            insecure_plain_text: false,
            chat,
            webhook_token: None,
            development: false,
            development_anywhere: false,
            identity: None,
            payment_key: None,
            shop_webhook: None,
            catalogue_dir: None,
            cors_origins: Vec::new(),
            user_sig_lifetime: USER_SIG_LIFETIME,
            token_lifetime: TOKEN_LIFETIME,
            session_lifetime: None,
            token_key: None,
            audit_lifetime: AUDIT_LIFETIME,
            calls_per_second: CALLS_PER_SECOND,
            entries_per_second: ENTRIES_PER_SECOND,
            outbox_limit: OUTBOX_LIMIT,
            outbox_total_limit: OUTBOX_TOTAL_LIMIT,
            count_likes: true,
            webhooks: WebhookLimits::default(),
            draw_entrants: DRAW_ENTRANTS,
            levels: LevelRules::default(),
            tls: None,
            trust: Trust::platform(),
            clock: Arc::new(SystemClock),
            seed: None,
        }
    }

    /// Whether other machines reach a service at which anybody is whom they say they are.
    pub(crate) fn is_open_development(&self) -> bool {
        let is_local = self.listen.ip().to_canonical().is_loopback();
        let is_reached = !is_local || !self.trusted_proxies.is_empty();
        self.development && !self.development_anywhere && is_reached
    }

    /// How long a session lives that a name alone has opened, or the word of the identity server.
    pub(crate) fn session_lifetime(&self, is_vouched_for: bool) -> Duration {
        let usual = if is_vouched_for { VOUCHED_SESSION } else { NAMED_SESSION };
        self.session_lifetime.unwrap_or(usual)
    }

    pub(crate) fn exposure(&self) -> Exposure {
        Exposure {
            listen: self.listen,
            encrypted: self.tls.is_some(),
            behind_proxies: !self.trusted_proxies.is_empty(),
            plain_text: self.insecure_plain_text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_that_others_reach_has_to_be_said_twice() {
        let chat = ChatAccess {
            base_url: "http://127.0.0.1:8700".into(),
            sdk_app_id: 1,
            key: Secret::new("key"),
            admin: UserId::new("boss").unwrap(),
            assistant: UserId::new("assistant").unwrap(),
        };
        assert!(["boss", "assistant", USUAL_ADMIN].iter().all(|account| chat.is_own(account)));
        assert!(!chat.is_own("mei"));
        let refused = |listen: &str, proxies: &str, development, development_anywhere| {
            let config = Config::new(listen.parse().unwrap(), "data".into(), chat.clone());
            let trusted_proxies = proxies.parse().unwrap();
            Config { trusted_proxies, development, development_anywhere, ..config }
                .is_open_development()
        };
        assert!(!refused("127.0.0.1:8701", "", true, false));
        assert!(!refused("[::1]:8701", "", true, false));
        for (listen, proxies) in
            [("0.0.0.0:8701", ""), ("10.0.0.5:8701", ""), ("127.0.0.1:8701", "127.0.0.1")]
        {
            assert!(refused(listen, proxies, true, false), "{listen} {proxies}");
            assert!(!refused(listen, proxies, true, true), "{listen} {proxies}");
            assert!(!refused(listen, proxies, false, false), "{listen} {proxies}");
        }
    }
}
