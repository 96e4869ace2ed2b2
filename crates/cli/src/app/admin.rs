//! `liveroom app admin …`

use chat_server::application;
use chat_server::clock::SystemClock;
use chat_server::storage::Storage;
use clap::Subcommand;
use serde_json::json;

use super::{Target, print};
use crate::Error;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account an administrator; the account is made if it is absent
    Add(Arguments),
    /// Take the right of an administrator away; the account stays
    Remove(Arguments),
}

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Account
    #[arg(long)]
    user: String,
    #[command(flatten)]
    target: Target,
}

pub(super) async fn run(command: Command) -> Result<(), Error> {
    let (Command::Add(arguments) | Command::Remove(arguments)) = &command;
    let Arguments { user, target } = arguments;
    let work = async |storage: &dyn Storage, id| {
        match &command {
            Command::Add(_) => application::add_admin(storage, &SystemClock, id, user).await?,
            Command::Remove(_) => application::remove_admin(storage, id, user).await?,
        }
        Ok(application::find(storage, id).await?)
    };
    let app = target.work(work).await?;
    print(&json!({ "sdk_app_id": app.sdk_app_id, "admins": app.admins }))
}
