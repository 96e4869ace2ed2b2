//! Profiles of accounts. The names of the tags are in [`chat_types::rest::tag`].

use chat_types::rest::{ErrorDisplay, PortraitGet, PortraitSet, Portraits};

use crate::client::Client;
use crate::command as commands;
use crate::error::Error;

impl Client {
    /// Writes fields of the profile of an account.
    pub async fn portrait_set(&self, body: &PortraitSet) -> Result<(), Error> {
        let _: ErrorDisplay = self.call(&commands::PORTRAIT_SET, body).await?;
        Ok(())
    }

    /// Reads fields of the profiles of up to 100 accounts. Each entry of the answer has its own code.
    pub async fn portrait_get(&self, body: &PortraitGet) -> Result<Portraits, Error> {
        self.call(&commands::PORTRAIT_GET, body).await
    }
}
