//! Calls that move coins can be made again: the same key with the same request gets the first answer,
//! and nothing is done twice.
//!
//! An answer is kept in the transaction that did the work, so there is no moment in which one exists
//! without the other. Only what was done is kept: a call that was refused (for want of coins, say)
//! is judged anew when it is made again.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chat_types::UserId;
use chat_types::business::api::IDEMPOTENCY_KEY;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::store::answers;
use crate::problem::Problem;
use crate::storage::Tx;

const MAX_KEY_BYTES: usize = 64;

/// The header `Idempotency-Key`: 1 to 64 bytes of printable ASCII, new for each thing that is to be
/// done, and the same when it is tried again. It is remembered for seven days.
#[derive(Debug, Clone, IntoParams)]
#[into_params(names("Idempotency-Key"), parameter_in = Header)]
pub(super) struct IdempotencyKey(String);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = parts.headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        let key = key.filter(|key| (1..=MAX_KEY_BYTES).contains(&key.len()));
        let key = key.filter(|key| key.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        key.map(|key| Self(key.to_owned())).ok_or_else(|| {
            Problem::new(
                400,
                "idempotency_key",
                "send the header Idempotency-Key: 1 to 64 bytes of printable ASCII, the same when \
                 the call is made again",
            )
        })
    }
}

/// A call by one account.
#[derive(Debug)]
pub(super) struct Call {
    user: UserId,
    key: String,
    /// The path and all that was asked for.
    request: String,
}

impl IdempotencyKey {
    pub(super) fn of<R: Serialize>(
        self,
        user: &UserId,
        path: &str,
        request: &R,
    ) -> Result<Call, Problem> {
        let request = format!("{path} {}", encode(request)?);
        Ok(Call { user: user.clone(), key: self.0, request })
    }
}

impl Call {
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

/// The answer that the call got before. 409 when the key came with another request.
pub(super) async fn answered<A: DeserializeOwned>(
    tx: &mut Tx,
    call: &Call,
) -> Result<Option<A>, Problem> {
    let Some((request, answer)) = answers::find(tx, call.user.as_str(), &call.key).await? else {
        return Ok(None);
    };
    if request != call.request {
        return Err(Problem::conflict(
            "idempotency_key",
            "this Idempotency-Key came with another request before: use a new one",
        ));
    }
    let answer = serde_json::from_str(&answer).map_err(|error| {
        tracing::error!(%error, "kept answer not read");
        Problem::internal()
    })?;
    Ok(Some(answer))
}

pub(super) async fn keep<A: Serialize>(
    tx: &mut Tx,
    call: &Call,
    answer: &A,
    now_ms: u64,
) -> Result<(), Problem> {
    let answer = encode(answer)?;
    answers::keep(tx, call.user.as_str(), &call.key, &call.request, &answer, now_ms).await?;
    Ok(())
}

fn encode<T: Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "request or answer not encoded");
        Problem::internal()
    })
}
