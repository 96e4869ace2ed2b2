//! The methods, by what they are about.

mod accounts;
mod c2c;
mod extensions;
mod groups;
mod kept_data;
mod members;
mod messages;
mod profiles;

pub use messages::Sent;

use chat_types::rest::Nothing;
use serde::Serialize;

use crate::client::Client;
use crate::command::Command;
use crate::error::Error;

impl Client {
    /// A command that answers nothing beyond its success.
    async fn tell<B: Serialize>(&self, command: &Command, body: &B) -> Result<(), Error> {
        let Nothing {} = self.call(command, body).await?;
        Ok(())
    }
}
