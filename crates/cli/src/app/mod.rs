//! `liveroom app …`: applications in a data folder, and everything that one can be configured to
//! do. A service that runs on the same folder takes a change over within a second.
//!
//! Every command prints JSON, one object per line. Keys are printed by `create`, `show` and
//! `list --with-keys` only; the token of a webhook by nobody.

mod admin;
mod callback;
mod field;
mod setting;
mod show;

use chat_server::application::{self, Edition};
use chat_server::clock::SystemClock;
use chat_server::storage::{self, DATABASE_FILE, Storage};
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use crate::{Error, print_line};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make an application and print its id and key
    Create {
        /// What people call it
        #[arg(long)]
        name: String,
        /// Edition, on which features depend
        #[arg(long, default_value = "free", value_parser = edition())]
        edition: Edition,
        #[command(flatten)]
        data: DataDir,
    },
    /// Print the applications, one line each
    List {
        /// With their keys
        #[arg(long)]
        with_keys: bool,
        #[command(flatten)]
        data: DataDir,
    },
    /// Print everything that an application is configured to do, its key included
    Show(Target),
    /// Administrators: accounts that may call the REST API, five at most
    #[command(subcommand)]
    Admin(admin::Command),
    /// Custom fields of groups and of group members
    #[command(subcommand)]
    Field(field::Command),
    /// The webhook receiver
    #[command(subcommand)]
    Callback(callback::Command),
    /// Change the edition, on which features depend
    Edition {
        /// The new edition
        #[arg(long, value_parser = edition())]
        to: Edition,
        #[command(flatten)]
        target: Target,
    },
    /// Print all settings with their values, or change one
    Setting(setting::Arguments),
}

#[derive(clap::Args)]
struct DataDir {
    /// Folder of the database
    #[arg(long, env = "LIVEROOM_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

/// One application.
#[derive(clap::Args)]
struct Target {
    /// Number of the application, as `liveroom app create` printed it
    #[arg(long, value_name = "NUMBER")]
    sdk_app_id: u32,
    #[command(flatten)]
    data: DataDir,
}

impl Target {
    /// Does something with the application and closes the database again.
    async fn work<T>(
        &self,
        work: impl AsyncFnOnce(&dyn Storage, u32) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let storage = existing(&self.data.data_dir).await?;
        let done = work(&*storage, self.sdk_app_id).await;
        storage.close().await;
        done
    }
}

/// The database of a folder that has one: whoever mistypes a folder is told so.
async fn existing(data_dir: &Path) -> Result<std::sync::Arc<dyn Storage>, Error> {
    if !data_dir.join(DATABASE_FILE).exists() {
        return Err(Error::NoDatabase(data_dir.to_owned()));
    }
    Ok(storage::open(data_dir).await?)
}

/// A parser of names that a type of the service is written with.
fn one_of<T: DeserializeOwned + Clone + Send + Sync + 'static>(
    names: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names).try_map(|name| serde_json::from_value(Value::String(name)))
}

fn edition() -> impl TypedValueParser<Value = Edition> {
    one_of(["free", "pro", "ultimate"])
}

fn print(value: &Value) -> Result<(), Error> {
    print_line(&value.to_string())
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    match arguments.command {
        Command::Create { name, edition, data } => create(&name, edition, &data.data_dir).await,
        Command::List { with_keys, data } => list(with_keys, &data.data_dir).await,
        Command::Show(target) => {
            let app = target.work(async |storage, id| Ok(application::find(storage, id).await?));
            print(&show::application(&app.await?))
        }
        Command::Admin(command) => admin::run(command).await,
        Command::Field(command) => field::run(command).await,
        Command::Callback(command) => callback::run(command).await,
        Command::Edition { to, target } => {
            let work = async |storage: &dyn Storage, id| {
                Ok(application::set_edition(storage, id, to).await?)
            };
            target.work(work).await?;
            print(&json!({ "sdk_app_id": target.sdk_app_id, "edition": to }))
        }
        Command::Setting(arguments) => setting::run(arguments).await,
    }
}

async fn create(name: &str, edition: Edition, data_dir: &Path) -> Result<(), Error> {
    let storage = storage::open(data_dir).await?;
    let app = application::create(&*storage, &SystemClock, name, edition).await;
    storage.close().await;
    let app = app?;
    print(&json!({ "sdk_app_id": app.sdk_app_id, "key": app.key.reveal() }))
}

async fn list(with_keys: bool, data_dir: &Path) -> Result<(), Error> {
    let storage = existing(data_dir).await?;
    let apps = application::list(&*storage).await;
    storage.close().await;
    for app in apps? {
        let mut line =
            json!({ "sdk_app_id": app.sdk_app_id, "name": app.name, "edition": app.edition });
        if with_keys {
            line["key"] = app.key.reveal().into();
        }
        print(&line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        crate::Arguments::command().debug_assert();
    }

    #[test]
    fn every_name_that_is_offered_is_taken() {
        for (words, names) in [
            ("app edition --to", &["free", "pro", "ultimate"][..]),
            (
                "app field rights --name f --read",
                &["anyone", "member", "admin", "owner", "app-admin"],
            ),
            ("app callback policy --on-failure", &["allow", "reject"]),
        ] {
            for name in names {
                let line = format!("liveroom {words} {name} --sdk-app-id 1 --data-dir d");
                let parsed = crate::Arguments::try_parse_from(line.split(' '));
                assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
            }
        }
    }
}
