//! What administrators, moderators and hosts did.
//!
//! A call that writes the database notes its act in the same transaction ([`note`]). A call that took a
//! role, changed something and noted nothing is noted when it is answered ([`keep`]), so that none is
//! missing.

pub(crate) mod http;
mod store;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::Business;
use crate::http::{Caller, REQUEST_ID, Trail};
use crate::storage::{Error, Tx};
use store::Row;

/// Longest description of a state, in bytes; of a longer one the length is kept.
const MAX_STATE_BYTES: usize = 2_000;

/// What a call did, and to what.
#[derive(Debug, Default)]
pub(crate) struct Act<'a> {
    target: &'a str,
    room: Option<&'a str>,
    before: Option<String>,
    after: Option<String>,
}

impl<'a> Act<'a> {
    pub(crate) fn on(target: &'a str) -> Self {
        Self { target, ..Self::default() }
    }

    pub(crate) fn in_room(self, room: &'a str) -> Self {
        Self { room: Some(room).filter(|room| !room.is_empty()), ..self }
    }

    /// How it was.
    pub(crate) fn before(self, state: impl Serialize) -> Self {
        Self { before: short(&state), ..self }
    }

    /// How it is now.
    pub(crate) fn after(self, state: impl Serialize) -> Self {
        Self { after: short(&state), ..self }
    }
}

/// The state as JSON, or how long that is. `None` for none.
fn short(state: &impl Serialize) -> Option<String> {
    let state = match serde_json::to_string(state) {
        Ok(state) if state.len() > MAX_STATE_BYTES => json!({ "bytes": state.len() }).to_string(),
        Ok(state) => state,
        Err(error) => Value::String(error.to_string()).to_string(),
    };
    (state != "null").then_some(state)
}

/// Writes down what the caller did, in the transaction in which it is done.
pub(crate) async fn note(tx: &mut Tx, caller: &Caller, act: Act<'_>) -> Result<(), Error> {
    let row = Row {
        at_ms: caller.trail.at_ms,
        actor: caller.user_id.as_str(),
        role: caller.role,
        call: &caller.trail.call,
        room: act.room,
        target: act.target,
        before: act.before.as_deref(),
        after: act.after.as_deref(),
        request: &caller.trail.request,
    };
    store::insert(tx, row).await?;
    caller.trail.noted();
    Ok(())
}

/// Follows a call to its answer, which gets the name of the request.
pub(crate) async fn keep(
    State(business): State<Arc<Business>>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let now_ms = business.clock.now_ms();
    let trail = Trail::new(request.method(), request.uri(), request.headers(), route, now_ms);
    let trail = Arc::new(trail);
    request.extensions_mut().insert(Arc::clone(&trail));
    let mut response = next.run(request).await;
    if response.status().is_success()
        && let Err(error) = note_rest(&business, &trail).await
    {
        tracing::error!(%error, call = trail.call, path = trail.path, "an act is not written down");
    }
    if let Ok(name) = HeaderValue::from_str(&trail.request) {
        response.headers_mut().insert(REQUEST_ID, name);
    }
    response
}

/// Writes down that a call was made which did not do it itself.
async fn note_rest(business: &Business, trail: &Trail) -> Result<(), Error> {
    let Some((actor, role)) = trail.unnoted() else { return Ok(()) };
    let mut tx = business.database.write().await?;
    let row = Row {
        at_ms: trail.at_ms,
        actor: actor.as_str(),
        role: *role,
        call: &trail.call,
        room: room_of(&trail.path),
        target: &trail.path,
        before: None,
        after: None,
        request: &trail.request,
    };
    store::insert(&mut tx, row).await?;
    tx.commit().await?;
    Ok(())
}

/// The room of a path such as `/rooms/r/slot`.
fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix("/rooms/")?.split('/').next().filter(|room| !room.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_short_json_or_nothing() {
        assert_eq!(short(&json!({"stock": 3})).as_deref(), Some(r#"{"stock":3}"#));
        assert_eq!(short(&None::<u32>), None);
        assert_eq!(short(&"x".repeat(5_000)).as_deref(), Some(r#"{"bytes":5002}"#));
    }

    #[test]
    fn the_room_stands_in_the_path() {
        assert_eq!(room_of("/rooms/r1/slot/queue"), Some("r1"));
        assert_eq!(room_of("/rooms/r1"), Some("r1"));
        for none in ["/rooms", "/rooms/", "/products/cup"] {
            assert_eq!(room_of(none), None);
        }
    }
}
