//! Whose token a call brings.

use std::sync::Arc;

use super::store;
use crate::Business;
use crate::http::Caller;
use crate::problem::Problem;

impl Business {
    /// The account to which this service gave `token`, with the role that it has now: what was taken
    /// from somebody is gone at once. 429 for who calls too often.
    pub(crate) async fn caller(&self, token: &str) -> Result<Caller, Problem> {
        let session = self.tokens.read(token, self.clock.now_s())?;
        let user_id = session.user_id;
        self.call_rates.admit(user_id.as_str())?;
        let account = store::find(&mut self.database.read().await?, user_id.as_str()).await?;
        let account = account.ok_or_else(Problem::foreign_token)?;
        account.check_session(session.epoch)?;
        Ok(Caller {
            user_id,
            role: account.role,
            session_epoch: session.epoch,
            session_ends_s: session.ends_s,
            trail: Arc::default(),
        })
    }
}
