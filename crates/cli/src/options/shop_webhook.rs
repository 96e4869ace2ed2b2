//! Options of the webhook to the shop's own server.

use business_server::{EventKind, Secret, ShopWebhook};
use std::str::FromStr;

use super::business::long_secret;
use crate::Error;

#[derive(Debug, clap::Args)]
pub(crate) struct ShopWebhookOptions {
    /// Address of the shop's own server that is told of gifts, draws, orders and sanctions
    #[arg(long, env = "LIVEROOM_SHOP_WEBHOOK_URL", value_name = "URL", hide_env_values = true)]
    shop_webhook_url: Option<String>,

    /// Signs what is sent to --shop-webhook-url, 32 characters or more
    #[arg(
        long,
        env = "LIVEROOM_SHOP_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        value_parser = long_secret
    )]
    shop_webhook_secret: Option<Secret>,

    /// What the shop is told of, with commas between, such as `gift_paid,draw_closed`; without it of
    /// everything
    #[arg(long, env = "LIVEROOM_SHOP_WEBHOOK_KINDS", value_name = "KINDS", default_value = "")]
    shop_webhook_kinds: Kinds,

    /// Events that may wait for the shop's server, 1 to 10000000; with so many waiting, further ones
    /// are dropped and counted
    #[arg(
        long,
        env = "LIVEROOM_SHOP_WEBHOOK_LIMIT",
        value_name = "NUMBER",
        default_value = "100000",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000)
    )]
    shop_webhook_limit: u32,
}

#[derive(Debug, Clone)]
struct Kinds(Vec<EventKind>);

impl FromStr for Kinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl ShopWebhookOptions {
    /// The webhook, if one is named; half of it is a mistake.
    pub(crate) fn webhook(&self) -> Result<Option<ShopWebhook>, Error> {
        let why = "beside the other one of --shop-webhook-url and --shop-webhook-secret";
        match (self.shop_webhook_url.clone(), self.shop_webhook_secret.clone()) {
            (Some(url), Some(secret)) => Ok(Some(ShopWebhook {
                url,
                secret,
                kinds: self.shop_webhook_kinds.0.clone(),
                limit: self.shop_webhook_limit.into(),
            })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Error::Missing { flag: "--shop-webhook-url", why }),
            (Some(_), None) => Err(Error::Missing { flag: "--shop-webhook-secret", why }),
        }
    }
}
