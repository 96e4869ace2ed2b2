//! `liveroom app field …`

use chat_server::application::{self, NewField, Right};
use chat_server::clock::SystemClock;
use chat_server::storage::Storage;
use chat_types::group::GroupType;
use clap::Subcommand;
use clap::builder::TypedValueParser;
use serde_json::json;

use super::{Target, one_of, print, show};
use crate::Error;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a custom group field; it stays for good, and so do its group types
    Add {
        /// 1 to 16 letters, digits and underscores, not starting with a digit
        #[arg(long)]
        name: String,
        /// Groups that have the field, separated by commas
        #[arg(
            long,
            value_name = "TYPES",
            value_delimiter = ',',
            default_value = "AVChatRoom",
            value_parser = group_type
        )]
        group_types: Vec<GroupType>,
        /// Who may read it: everybody from this right upwards
        #[arg(long, default_value = "anyone", value_parser = right())]
        read: Right,
        /// Who may write it: everybody from this right upwards
        #[arg(long, default_value = "app-admin", value_parser = right())]
        write: Right,
        #[command(flatten)]
        target: Target,
    },
    /// Change who may read and write a custom group field
    Rights {
        /// Field that is there
        #[arg(long)]
        name: String,
        #[command(flatten)]
        rights: ChosenRights,
        #[command(flatten)]
        target: Target,
    },
    /// Add a custom field of group members, whose name no group field may have
    AddMember {
        /// 1 to 16 letters, digits and underscores, not starting with a digit
        #[arg(long)]
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Print the fields, one line each
    List(Target),
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct ChosenRights {
    /// Who may read it; left out, it stays as it is
    #[arg(long, value_parser = right())]
    read: Option<Right>,
    /// Who may write it; left out, it stays as it is
    #[arg(long, value_parser = right())]
    write: Option<Right>,
}

fn right() -> impl TypedValueParser<Value = Right> {
    one_of(["anyone", "member", "admin", "owner", "app-admin"])
}

fn group_type(name: &str) -> Result<GroupType, String> {
    GroupType::from_name(name)
        .ok_or_else(|| format!("there are {}", GroupType::ALL.map(GroupType::name).join(", ")))
}

pub(super) async fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Add { name, group_types, read, write, target } => {
            let group_types = group_types.into_iter().collect();
            let field = NewField { name: name.clone(), group_types, read, write };
            let work = async |storage: &dyn Storage, id| {
                Ok(application::add_field(storage, &SystemClock, id, field).await?)
            };
            target.work(work).await?;
            print_field(&target, &name).await
        }
        Command::Rights { name, rights: ChosenRights { read, write }, target } => {
            let work = async |storage: &dyn Storage, id| {
                Ok(application::set_field_rights(storage, id, &name, read, write).await?)
            };
            target.work(work).await?;
            print_field(&target, &name).await
        }
        Command::AddMember { name, target } => {
            let work = async |storage: &dyn Storage, id| {
                Ok(application::add_member_field(storage, id, &name).await?)
            };
            target.work(work).await?;
            print(&json!({ "of": "member", "name": name }))
        }
        Command::List(target) => {
            let app = find(&target).await?;
            for field in &app.fields {
                print_group_field(field)?;
            }
            for name in &app.member_fields {
                print(&json!({ "of": "member", "name": name }))?;
            }
            Ok(())
        }
    }
}

async fn find(target: &Target) -> Result<application::Application, Error> {
    target.work(async |storage, id| Ok(application::find(storage, id).await?)).await
}

async fn print_field(target: &Target, name: &str) -> Result<(), Error> {
    find(target).await?.field(name).map_or(Ok(()), print_group_field)
}

fn print_group_field(field: &application::FieldDefinition) -> Result<(), Error> {
    let mut line = show::field(field);
    line["of"] = "group".into();
    print(&line)
}
