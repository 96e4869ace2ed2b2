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
        if account.token_epoch != session.epoch {
            let detail = "the token was taken back, as all of this account: sign in again";
            return Err(Problem::new(401, "token_revoked", detail));
        }
        account.check_not_blocked()?;
        let (role, session_ends_s) = (account.role, session.ends_s);
        Ok(Caller { user_id, role, session_ends_s, trail: Arc::default() })
    }
}
