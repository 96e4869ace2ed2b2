//! Places at which a test lets the service fail.

use std::sync::Arc;

type Fault = dyn Fn(&str, &str) + Send + Sync;

/// A function that is called at some places of a running service with the name of the place and with
/// whom it concerns: a group, an account, a routine. A test lets it panic or wait there. Without a
/// function it costs a comparison.
#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Fault>>);

impl Faults {
    /// A turn of a room, with nothing locked; then with the state of the room locked; then with
    /// messages that have been decided and are about to be written.
    pub const TURN: &str = "turn";
    pub const STATE: &str = "state";
    pub const DELIVERY: &str = "delivery";
    /// A login that has been let in and is not complete.
    pub const LOGIN: &str = "login";
    /// A request of an account.
    pub const REQUEST: &str = "request";
    /// An account that a room has let in and whose connection does not know it yet.
    pub const ENTERED: &str = "entered";
    /// The end of the connection of an account.
    pub const END: &str = "end";
    /// What the service does by itself, by the name of the routine.
    pub const ROUTINE: &str = "routine";
    /// A step of the delivery of webhooks, by its name.
    pub const WEBHOOK: &str = "webhook";

    pub fn new(fault: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(fault)))
    }

    pub(crate) fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn at(&self, place: &str, whom: &str) {
        if let Some(fault) = &self.0 {
            fault(place, whom);
        }
    }
}
