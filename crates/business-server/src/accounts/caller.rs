//! Whose token a call brings.

use super::store;
use crate::Business;
use crate::http::Caller;
use crate::problem::Problem;

impl Business {
    /// The account to which this service gave `token`, with the role that it has now: what was taken
    /// from somebody is gone at once. 429 for who calls too often.
    pub(crate) async fn caller(&self, token: &str) -> Result<Caller, Problem> {
        let user_id = self.tokens.read(token, self.clock.now_s())?;
        self.call_rates.admit(user_id.as_str())?;
        let role = store::role(&mut self.database.read().await?, user_id.as_str()).await?;
        let role = role.ok_or_else(Problem::foreign_token)?;
        Ok(Caller { user_id, role })
    }
}
