//! `liveroom app setting`

use chat_server::application::{self, SETTINGS};
use chat_server::storage::Storage;
use serde_json::json;

use super::{Target, print};
use crate::Error;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Setting to change; without it all are printed
    #[arg(long, requires = "value")]
    name: Option<String>,
    /// Its new value: on or off, or a number
    #[arg(long, requires = "name", allow_hyphen_values = true)]
    value: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { name, value, target } = arguments;
    let work = async |storage: &dyn Storage, id| {
        if let (Some(name), Some(value)) = (&name, &value) {
            application::set_setting(storage, id, name, value).await?;
        }
        Ok(application::find(storage, id).await?)
    };
    let app = target.work(work).await?;
    for setting in SETTINGS {
        if name.as_deref().is_none_or(|name| name == setting.name) {
            print(&json!({
                "name": setting.name,
                "value": app.settings.get(setting.name),
                "default": setting.default,
                "help": setting.help,
            }))?;
        }
    }
    Ok(())
}
