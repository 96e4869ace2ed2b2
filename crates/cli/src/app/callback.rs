//! `liveroom app callback …`

use chat_server::application::{self, OnFailure};
use chat_server::clock::{Clock, SystemClock};
use chat_server::storage::Storage;
use chat_server::webhook;
use clap::Subcommand;
use clap::builder::TypedValueParser;
use serde_json::{Value, json};
use std::path::PathBuf;
use tls_transport::Trust;

use super::{Target, one_of, print, show};
use crate::{Error, trust};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Set where webhooks go; an empty URL ends them
    Set {
        /// http or https, without `?`, `&`, `!`, `$` and spaces
        #[arg(long)]
        url: String,
        /// Token that signs every call; left out, it stays as it is, and `--token ""` ends the
        /// signing. The variable keeps it out of the list of processes
        #[arg(
            long,
            env = "LIVEROOM_CALLBACK_TOKEN",
            hide_env_values = true,
            allow_hyphen_values = true
        )]
        token: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Switch webhooks on or off
    Switch {
        /// Name of a webhook such as Group.CallbackBeforeSendMsg, or all
        #[arg(long, value_name = "NAME")]
        command: String,
        #[command(flatten)]
        switch: OnOrOff,
        #[command(flatten)]
        target: Target,
    },
    /// Choose what happens to a message when its before-webhook fails
    Policy {
        /// Whether the message is delivered all the same or refused
        #[arg(long, value_parser = on_failure())]
        on_failure: OnFailure,
        #[command(flatten)]
        target: Target,
    },
    /// Ask the receiver about a message that nobody has sent, and print request and answer
    Test {
        /// PEM file with certificates that are trusted beside the machine's
        #[arg(long, env = "LIVEROOM_CA", value_name = "FILE")]
        ca: Option<PathBuf>,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct OnOrOff {
    /// From now on the receiver is called
    #[arg(long)]
    on: bool,
    /// From now on it is not called
    #[arg(long)]
    off: bool,
}

fn on_failure() -> impl TypedValueParser<Value = OnFailure> {
    one_of(["allow", "reject"])
}

pub(super) async fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Set { url, token, target } => {
            let work = async |storage: &dyn Storage, id| {
                Ok(application::set_callback_url(storage, id, &url, token.as_deref()).await?)
            };
            target.work(work).await?;
            print_callbacks(&target).await
        }
        Command::Switch { command, switch, target } => {
            let work = async |storage: &dyn Storage, id| {
                Ok(application::switch_callback(storage, id, &command, switch.on).await?)
            };
            target.work(work).await?;
            print_callbacks(&target).await
        }
        Command::Policy { on_failure, target } => {
            let work = async |storage: &dyn Storage, id| {
                Ok(application::set_callback_policy(storage, id, on_failure).await?)
            };
            target.work(work).await?;
            print_callbacks(&target).await
        }
        Command::Test { ca, target } => test(&target, trust(ca.as_deref())?).await,
    }
}

async fn print_callbacks(target: &Target) -> Result<(), Error> {
    let app = target.work(async |storage, id| Ok(application::find(storage, id).await?)).await?;
    print(&show::callbacks(&app.callbacks))
}

async fn test(target: &Target, trust: Trust) -> Result<(), Error> {
    let app = target.work(async |storage, id| Ok(application::find(storage, id).await?)).await?;
    let now_ms = SystemClock.now_ms();
    let exchange = webhook::probe(&app.callbacks, app.sdk_app_id, now_ms, trust).await?;
    print(&json!({
        "url": exchange.url,
        "request": readable(exchange.request_body),
        "status": exchange.status,
        "answer": exchange.response_body.map(readable),
        "error": exchange.verdict.as_ref().err(),
    }))?;
    exchange.verdict.map(|_| ()).map_err(Error::CallbackTest)
}

/// JSON as such, so that a person can read it; anything else as text.
fn readable(body: String) -> Value {
    serde_json::from_str(&body).unwrap_or(Value::String(body))
}
