//! Options of the business service.

use business_server::{IdentityServer, Secret};
use clap::ValueEnum;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::levels::LevelOptions;
use super::shop_webhook::ShopWebhookOptions;
use crate::Error;

#[derive(Debug, clap::Args)]
pub(crate) struct BusinessOptions {
    /// Run one of the two services alone
    #[arg(long, env = "LIVEROOM_ONLY", value_name = "SERVICE")]
    pub(crate) only: Option<Only>,

    /// Address and port of the business service; without it the address of --listen and the next
    /// port, or a free one if that is 0
    #[arg(long, env = "LIVEROOM_BUSINESS_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) business_listen: Option<SocketAddr>,

    /// Name of the business service's process among those that share its database, 1 to 32 letters,
    /// digits, - and _: one of them at a time does what only one may do. One that is started under the
    /// name of one that has ended takes over from it at once
    #[arg(
        long,
        env = "LIVEROOM_NODE",
        value_name = "NAME",
        default_value = business_server::NODE,
        value_parser = node
    )]
    pub(crate) node: String,

    /// Application that the business service serves; without it the only one of the data folder
    #[arg(long, env = "LIVEROOM_SDK_APP_ID", value_name = "NUMBER")]
    pub(crate) sdk_app_id: Option<u32>,

    /// Base address of the chat service's REST API, for --only business: http://ADDRESS:PORT of
    /// another process, or https://HOST of the cloud
    #[arg(long, env = "LIVEROOM_CHAT_URL", value_name = "URL")]
    pub(crate) chat_url: Option<String>,

    /// Key of the application, for --only business
    #[arg(long, env = "LIVEROOM_KEY", value_name = "KEY", hide_env_values = true, value_parser = secret)]
    pub(crate) key: Option<Secret>,

    /// Administrator of the application in whose name the business service makes its calls, for
    /// --only business
    #[arg(long, env = "LIVEROOM_ADMIN", value_name = "USER", default_value = "administrator")]
    pub(crate) admin: String,

    /// Account of the virtual assistant
    #[arg(long, env = "LIVEROOM_ASSISTANT", value_name = "USER", default_value = embedded::ASSISTANT)]
    pub(crate) assistant: String,

    /// With which the chat service signs its webhooks, for --only business, where it is needed unless
    /// --development is on
    #[arg(
        long,
        env = "LIVEROOM_WEBHOOK_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) webhook_token: Option<Secret>,

    /// on: anyone signs in with a name, as an administrator too, and tops up their wallet, on this
    /// machine alone; anywhere: also where other machines reach it
    #[arg(long, env = "LIVEROOM_DEVELOPMENT", value_name = "WHERE", default_value = "off")]
    pub(crate) development: Development,

    /// on: likes are counted; off: they only pass
    #[arg(long, env = "LIVEROOM_COUNT_LIKES", value_name = "SWITCH", default_value = "on")]
    pub(crate) count_likes: Switch,

    /// Signs what the shop's payment and order systems tell, 32 characters or more; without it they tell
    /// nothing
    #[arg(
        long,
        env = "LIVEROOM_PAYMENT_KEY",
        value_name = "KEY",
        hide_env_values = true,
        value_parser = long_secret
    )]
    pub(crate) payment_key: Option<Secret>,

    /// Issuer (iss) of the tokens of the shop's identity server
    #[arg(long, env = "LIVEROOM_IDENTITY_ISSUER", value_name = "ISSUER")]
    pub(crate) identity_issuer: Option<String>,

    /// Audience (aud) that has to be in these tokens
    #[arg(long, env = "LIVEROOM_IDENTITY_AUDIENCE", value_name = "AUDIENCE")]
    pub(crate) identity_audience: Option<String>,

    /// Address of the identity server's JSON Web Key Set, http:// or https://
    #[arg(long, env = "LIVEROOM_IDENTITY_JWKS", value_name = "URL")]
    pub(crate) identity_jwks: Option<String>,

    /// Claim of these tokens that names a person for ever
    #[arg(long, env = "LIVEROOM_IDENTITY_USER_CLAIM", value_name = "CLAIM", default_value = "sub")]
    pub(crate) identity_user_claim: String,

    /// Hours after a sign-in in which its tokens and UserSigs are renewed, 1 to 8760; without it 720
    /// after a sign-in with a name, and 24 after an exchange of a token
    #[arg(
        long,
        env = "LIVEROOM_SESSION_H",
        value_name = "HOURS",
        value_parser = clap::value_parser!(u32).range(1..=8_760)
    )]
    pub(crate) session_h: Option<u32>,

    /// Signs the business API's tokens, 32 characters or more; without it a key that is kept in the
    /// database
    #[arg(
        long,
        env = "LIVEROOM_TOKEN_KEY",
        value_name = "KEY",
        hide_env_values = true,
        value_parser = long_secret
    )]
    pub(crate) token_key: Option<Secret>,

    /// Days for which is kept what administrators, moderators and hosts did, 1 to 36500
    #[arg(
        long,
        env = "LIVEROOM_AUDIT_DAYS",
        value_name = "DAYS",
        default_value = "400",
        value_parser = clap::value_parser!(u32).range(1..=36_500)
    )]
    pub(crate) audit_days: u32,

    /// Folder with gifts.json and products.json, which has to exist; without it, or in place of a file
    /// that is not in it, the built-in catalogue is used
    #[arg(long, env = "LIVEROOM_CATALOGUE_DIR", value_name = "DIR")]
    pub(crate) catalogue_dir: Option<PathBuf>,

    /// Origins of web pages that may call the business API, with commas between; * is all
    #[arg(long, env = "LIVEROOM_CORS_ORIGINS", value_name = "ORIGINS", default_value = "")]
    pub(crate) cors_origins: String,

    /// Calls that one account may make in a second, 1 to 100000
    #[arg(
        long,
        env = "LIVEROOM_CALLS_PER_SECOND",
        value_name = "NUMBER",
        default_value = "20",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub(crate) calls_per_second: u32,

    /// Sign-ins and token exchanges that one address may make in a second, 1 to 100000, and twice as
    /// many at once; behind a proxy that is none of --trusted-proxies all people have its address
    #[arg(
        long,
        env = "LIVEROOM_ENTRIES_PER_SECOND",
        value_name = "NUMBER",
        default_value = "100",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub(crate) entries_per_second: u32,

    /// Messages that may wait for one room, because the chat service is slow or away or their sender
    /// may not speak, 1 to 10000000; with so many waiting, gifts to this room are refused
    #[arg(
        long,
        env = "LIVEROOM_OUTBOX_LIMIT",
        value_name = "NUMBER",
        default_value = "10000",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000)
    )]
    pub(crate) outbox_limit: u32,

    /// Messages that may wait for a chat service that is slow or away, for all rooms together, 1 to
    /// 100000000; with so many waiting, gifts are refused
    #[arg(
        long,
        env = "LIVEROOM_OUTBOX_TOTAL_LIMIT",
        value_name = "NUMBER",
        default_value = "200000",
        value_parser = clap::value_parser!(u32).range(1..=100_000_000)
    )]
    pub(crate) outbox_total_limit: u32,

    #[command(flatten)]
    pub(crate) shop_webhook: ShopWebhookOptions,

    #[command(flatten)]
    pub(crate) levels: LevelOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    Chat,
    Business,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

/// Where anybody is whom they say they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Development {
    Off,
    On,
    Anywhere,
}

impl Switch {
    pub(crate) fn is_on(self) -> bool {
        self == Self::On
    }
}

impl BusinessOptions {
    /// What is told of the business service wherever the chat service is, beside the identity server.
    pub(crate) fn configure(&self, config: &mut business_server::Config) {
        config.node = self.node.clone();
        config.development = self.development != Development::Off;
        config.development_anywhere = self.development == Development::Anywhere;
        config.count_likes = self.count_likes.is_on();
        config.payment_key = self.payment_key.clone();
        config.token_key = self.token_key.clone();
        config.session_lifetime =
            self.session_h.map(|hours| Duration::from_secs(u64::from(hours) * 3_600));
        config.audit_lifetime = Duration::from_secs(u64::from(self.audit_days) * 86_400);
        config.catalogue_dir = self.catalogue_dir.clone();
        config.calls_per_second = self.calls_per_second;
        config.entries_per_second = self.entries_per_second;
        config.outbox_limit = self.outbox_limit.into();
        config.outbox_total_limit = self.outbox_total_limit.into();
        config.levels = self.levels.rules();
        let origins = self.cors_origins.split(',').map(str::trim);
        config.cors_origins =
            origins.filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
    }

    /// The identity server, if one is named; one of its three options alone is a mistake.
    pub(crate) fn identity(&self) -> Result<Option<IdentityServer>, Error> {
        let Self { identity_issuer, identity_audience, identity_jwks, identity_user_claim, .. } =
            self;
        match (identity_issuer, identity_audience, identity_jwks) {
            (Some(issuer), Some(audience), Some(jwks_url)) => Ok(Some(IdentityServer {
                issuer: issuer.clone(),
                audience: audience.clone(),
                jwks_url: jwks_url.clone(),
                user_claim: identity_user_claim.clone(),
            })),
            (None, None, None) => Ok(None),
            (None, ..) => Err(missing("--identity-issuer")),
            (_, None, _) => Err(missing("--identity-audience")),
            (_, _, None) => Err(missing("--identity-jwks")),
        }
    }

    /// Where the business service listens beside a chat service that was asked to listen at
    /// `listen`. Beside a free port it takes a free one as well: the next one may be taken.
    pub(crate) fn listen(&self, listen: SocketAddr) -> SocketAddr {
        let next = match listen.port() {
            0 | u16::MAX => 0,
            port => port + 1,
        };
        self.business_listen.unwrap_or_else(|| SocketAddr::new(listen.ip(), next))
    }
}

fn missing(flag: &'static str) -> Error {
    Error::Missing { flag, why: "with the other two --identity options" }
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

fn node(text: &str) -> Result<String, &'static str> {
    if !business_server::is_node_name(text) {
        return Err("a name has 1 to 32 letters, digits, - and _");
    }
    Ok(text.to_owned())
}

/// A key that nobody guesses.
pub(super) fn long_secret(text: &str) -> Result<Secret, &'static str> {
    const CHARACTERS: usize = 32;
    if text.chars().count() < CHARACTERS {
        return Err("a key has 32 characters or more: take some from a random generator");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Options {
        #[command(flatten)]
        _business: BusinessOptions,
    }

    #[test]
    fn keys_that_sign_are_long_and_are_not_told_when_they_are_refused() {
        for flag in ["--token-key", "--payment-key", "--shop-webhook-secret"] {
            let read = |key: &str| Options::try_parse_from(["serve", flag, key]);
            assert!(read(&"k".repeat(32)).is_ok(), "{flag}");
            let Err(refused) = read("hush-hush") else { panic!("{flag} is short and was taken") };
            let said = refused.to_string();
            assert!(said.contains(flag) && said.contains("32 characters"), "{said}");
        }
    }
}
