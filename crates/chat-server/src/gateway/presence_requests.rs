//! Who is online, as a signed-in client may ask.

use chat_types::code::ApiError;
use chat_types::gateway::ServerFrame;

use super::requests::Session;

impl Session {
    /// The service itself answers, so that no change of a status can come before the answer.
    pub(super) fn presence(
        &self,
        id: u32,
        user_ids: &[String],
    ) -> Result<Option<ServerFrame>, ApiError> {
        self.service.follow(&self.who, &self.login, id, user_ids)?;
        Ok(None)
    }
}
