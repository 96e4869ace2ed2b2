//! Who calls, by the token that a sign-in gave.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use chat_types::UserId;
use chat_types::business::api::Role;
use std::sync::Arc;

use super::{Problem, Trail};
use crate::Business;

/// The account that makes a call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: UserId,
    pub(crate) role: Role,
    /// The number that the account had when the token was made.
    pub(crate) session_epoch: u64,
    /// Nothing that is renewed lives longer.
    pub(crate) session_ends_s: u64,
    pub(crate) trail: Arc<Trail>,
}

impl Caller {
    /// 403 unless the account has this role or a higher one.
    pub(crate) fn require(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            if role > Role::Viewer {
                self.trail.took_role();
            }
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "this needs the role {}, and {} has the role {}",
            role.name(),
            self.user_id,
            self.role.name()
        )))
    }
}

impl FromRequestParts<Arc<Business>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        business: &Arc<Business>,
    ) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION);
        let token = header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| {
                Problem::new(401, "token", "send the header Authorization: Bearer TOKEN")
            })?;
        let caller = business.caller(token).await?;
        let trail = parts.extensions.get::<Arc<Trail>>().map(Arc::clone).unwrap_or_default();
        trail.made_by(&caller.user_id, caller.role);
        Ok(Self { trail, ..caller })
    }
}
