//! `liveroom app …`: applications in a data folder. A service that runs on the same folder sees a
//! change at once.

use chat_server::application;
use chat_server::clock::SystemClock;
use chat_server::storage::Storage;
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

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
        #[arg(long)]
        name: String,
        #[command(flatten)]
        data: DataDir,
    },
    /// Print the applications with their keys, one JSON line each
    List {
        #[command(flatten)]
        data: DataDir,
    },
    /// Custom group fields
    Field {
        #[command(subcommand)]
        command: FieldCommand,
    },
}

#[derive(Subcommand)]
enum FieldCommand {
    /// Add a custom group field: 1 to 16 letters, digits and underscores, not starting with a digit
    Add {
        #[arg(long)]
        sdk_app_id: u32,
        #[arg(long)]
        name: String,
        #[command(flatten)]
        data: DataDir,
    },
}

#[derive(clap::Args)]
struct DataDir {
    /// Folder of the database; it is made if it is absent
    #[arg(long)]
    data_dir: PathBuf,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    match arguments.command {
        Command::Create { name, data } => {
            let storage = Storage::open(&data.data_dir).await?;
            let app = application::create(&storage, &SystemClock, &name).await?;
            storage.close().await;
            print_line(&json!({ "sdk_app_id": app.sdk_app_id, "key": app.key }).to_string())
        }
        Command::List { data } => {
            let storage = Storage::open(&data.data_dir).await?;
            let apps = storage.applications().await?;
            storage.close().await;
            for app in apps {
                let line =
                    json!({ "sdk_app_id": app.sdk_app_id, "name": app.name, "key": app.key });
                print_line(&line.to_string())?;
            }
            Ok(())
        }
        Command::Field { command: FieldCommand::Add { sdk_app_id, name, data } } => {
            let storage = Storage::open(&data.data_dir).await?;
            application::add_field(&storage, sdk_app_id, &name).await?;
            storage.close().await;
            print_line(&json!({ "sdk_app_id": sdk_app_id, "name": name }).to_string())
        }
    }
}
