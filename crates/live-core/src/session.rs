//! The session: from dialling to being signed in, and back after a loss.
//!
//! A pure state machine. It is told what happened ([`Event`]) and answers what has to be done
//! ([`Action`]); sockets, clock and randomness belong to the caller. Times are durations since an
//! arbitrary fixed moment.
//!
//! ```text
//! Offline ──Open──▶ Connecting ──LoginOk──▶ Online
//!                    ▲      │ lost            │ lost
//!                    │      ▼                 │
//!          RetryDue  └─ Reconnecting ◀────────┘ lost, or the UserSig ran out
//!
//! any live state ──▶ Kicked | SigExpired | Failed     left only by Reconnect or Close
//! ```
//!
//! A UserSig that runs out while online costs one login at once, for which the caller gets a new
//! one. Only the refusal of that login makes the session expire.

use chat_types::gateway::close;
use chat_types::{ApiError, Code};
use rand::{Rng, RngExt};
use std::time::Duration;

use crate::back_off::BackOff;
use crate::view::{KickedBy, SessionView};

/// The longest pause that a stopping gateway may ask for.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// When a gateway stops, everybody comes back over at least this time. Wider than the back-off
/// alone, because here all are sure to have lost their connection in the same moment.
pub const STOP_SPREAD: Duration = Duration::from_secs(4);
/// A UserSig that runs out sooner after the one before is a mistake of somebody: the next login
/// then waits like any other.
pub const RENEW_EVERY: Duration = Duration::from_secs(60);

/// WebSocket close code of a service that stops.
const GOING_AWAY: u16 = 1001;

/// Login refusals that do not heal by themselves: the same login would be refused again. A code
/// that is not here is tried again with back-off, so an unknown one is never fatal.
const FINAL_REFUSALS: &[i32] = &[
    9003,  // our login frame is malformed
    9012,  // the application lets no guests in
    10001, // the login was not the first frame
    10004, // a parameter is wrong
    10007, // no permission
    10019, // the account does not exist
    60002, // the address is malformed
    60004, // the account id is malformed
    60006, // no such application
    60012, // the application is missing
    70002, // the UserSig is empty
    70003, // the UserSig is cut or malformed
    70005, // the same, with another cause
    70009, // the UserSig was signed with another key
    70013, // the UserSig names another account
    70014, // the UserSig names another application
    70016, // the application has no key
    70020, // no such application
    70052, // the UserSig was revoked
    70398, // the application has as many accounts as it may
    70402, // an account field is wrong
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Offline,
    /// `attempt` is 0 for a connection that the user asked for, and counts from 1 after a loss.
    Connecting {
        attempt: u32,
        step: Step,
    },
    Online {
        since: Duration,
    },
    Reconnecting {
        attempt: u32,
        until: Duration,
    },
    Kicked {
        cause: KickedBy,
        reason: String,
    },
    SigExpired,
    Failed {
        error: ApiError,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Dialling,
    LoggingIn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The user comes. Only an offline session is opened by it.
    Open,
    /// The user wants a connection now, whatever the state.
    Reconnect,
    /// The user leaves.
    Close,
    TransportOpened,
    /// The address cannot be dialled at all.
    AddressRefused(ApiError),
    LoginOk,
    /// The gateway, or the issuer of UserSigs, refused.
    LoginRefused(ApiError),
    /// The transport could not be opened or was closed; with the WebSocket close code, if any.
    TransportClosed(Option<u16>),
    /// Dial or login took too long, or nothing was heard for two heartbeats.
    Silent,
    Kicked {
        cause: KickedBy,
        reason: String,
    },
    SigExpired,
    ShuttingDown {
        retry_after_ms: u32,
    },
    /// The time in [`Session::retry_at`] has come.
    RetryDue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open a transport. There is never one already.
    Dial,
    SendLogin,
    /// Signed in: ask for the room.
    Join,
    /// Drop the transport, opened or not.
    Disconnect,
}

#[derive(Debug)]
pub struct Session {
    state: State,
    back_off: BackOff,
    /// When a UserSig last ran out while online.
    renewed_at: Option<Duration>,
}

impl Default for Session {
    fn default() -> Self {
        Self { state: State::Offline, back_off: BackOff::default(), renewed_at: None }
    }
}

impl Session {
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn is_online(&self) -> bool {
        matches!(self.state, State::Online { .. })
    }

    /// Over until the user acts: offline, kicked, expired or failed.
    pub fn is_over(&self) -> bool {
        matches!(
            self.state,
            State::Offline | State::Kicked { .. } | State::SigExpired | State::Failed { .. }
        )
    }

    /// When [`Event::RetryDue`] is expected.
    pub fn retry_at(&self) -> Option<Duration> {
        match self.state {
            State::Reconnecting { until, .. } => Some(until),
            _ => None,
        }
    }

    pub fn view(&self, now: Duration) -> SessionView {
        match &self.state {
            State::Offline => SessionView::Offline,
            State::Connecting { attempt: 0, .. } => SessionView::Connecting,
            State::Connecting { attempt, .. } => {
                SessionView::Reconnecting { attempt: *attempt, retry_in_ms: 0 }
            }
            State::Online { .. } => SessionView::Online,
            State::Reconnecting { attempt, until } => {
                let wait = until.saturating_sub(now).as_millis();
                SessionView::Reconnecting {
                    attempt: *attempt,
                    retry_in_ms: u32::try_from(wait).unwrap_or(u32::MAX),
                }
            }
            State::Kicked { cause, reason } => {
                SessionView::Kicked { cause: *cause, reason: reason.clone() }
            }
            State::SigExpired => SessionView::SigExpired,
            State::Failed { error } => {
                SessionView::Failed { code: error.code.0, info: error.info.clone() }
            }
        }
    }

    /// Takes one event and returns what has to be done, in this order. An event that has no
    /// meaning in the present state changes nothing: news of a dropped transport may come late.
    #[must_use]
    pub fn handle(&mut self, event: Event, now: Duration, rng: &mut impl Rng) -> Vec<Action> {
        match event {
            Event::Open if self.state == State::Offline => self.dial_anew(),
            Event::Reconnect => {
                let mut actions = self.drop_transport();
                actions.extend(self.dial_anew());
                actions
            }
            Event::Close => {
                let actions = self.drop_transport();
                self.state = State::Offline;
                actions
            }
            Event::RetryDue => self.retry(now),
            _ if !self.has_transport() => Vec::new(),
            Event::TransportOpened => self.log_in(),
            Event::LoginOk => self.come_online(now),
            Event::LoginRefused(error) => self.refused(error, now, rng),
            Event::AddressRefused(error) => self.end(State::Failed { error }),
            Event::TransportClosed(Some(close::SIG_EXPIRED)) | Event::SigExpired => {
                self.expired(now, rng)
            }
            Event::TransportClosed(Some(close::KICKED)) => {
                self.end(State::Kicked { cause: KickedBy::Other, reason: String::new() })
            }
            Event::Kicked { cause, reason } => self.end(State::Kicked { cause, reason }),
            Event::TransportClosed(Some(GOING_AWAY)) => self.stopped(Duration::ZERO, now, rng),
            Event::TransportClosed(_) | Event::Silent => self.lost(Duration::ZERO, now, rng),
            Event::ShuttingDown { retry_after_ms } => {
                let pause = Duration::from_millis(retry_after_ms.into()).min(LONGEST_PAUSE);
                self.stopped(pause, now, rng)
            }
            Event::Open => Vec::new(),
        }
    }

    fn has_transport(&self) -> bool {
        matches!(self.state, State::Connecting { .. } | State::Online { .. })
    }

    fn drop_transport(&self) -> Vec<Action> {
        if self.has_transport() { vec![Action::Disconnect] } else { Vec::new() }
    }

    fn dial_anew(&mut self) -> Vec<Action> {
        self.back_off.reset();
        self.state = State::Connecting { attempt: 0, step: Step::Dialling };
        vec![Action::Dial]
    }

    fn retry(&mut self, now: Duration) -> Vec<Action> {
        match self.state {
            State::Reconnecting { attempt, until } if now >= until => {
                self.state = State::Connecting { attempt, step: Step::Dialling };
                vec![Action::Dial]
            }
            _ => Vec::new(),
        }
    }

    fn log_in(&mut self) -> Vec<Action> {
        match self.state {
            State::Connecting { attempt, step: Step::Dialling } => {
                self.state = State::Connecting { attempt, step: Step::LoggingIn };
                vec![Action::SendLogin]
            }
            _ => Vec::new(),
        }
    }

    fn come_online(&mut self, now: Duration) -> Vec<Action> {
        match self.state {
            State::Connecting { step: Step::LoggingIn, .. } => {
                self.state = State::Online { since: now };
                vec![Action::Join]
            }
            _ => Vec::new(),
        }
    }

    fn refused(&mut self, error: ApiError, now: Duration, rng: &mut impl Rng) -> Vec<Action> {
        if self.is_online() {
            return Vec::new();
        }
        if error.code == Code::SIG_EXPIRED {
            return self.end(State::SigExpired);
        }
        if FINAL_REFUSALS.contains(&error.code.0) {
            return self.end(State::Failed { error });
        }
        self.lost(Duration::ZERO, now, rng)
    }

    fn expired(&mut self, now: Duration, rng: &mut impl Rng) -> Vec<Action> {
        let State::Online { since } = self.state else {
            return self.end(State::SigExpired);
        };
        let earlier = self.renewed_at.replace(now);
        if earlier.is_some_and(|earlier| now.saturating_sub(earlier) < RENEW_EVERY) {
            return self.lost(Duration::ZERO, now, rng);
        }
        self.back_off.ease(now.saturating_sub(since));
        self.state = State::Reconnecting { attempt: 1, until: now };
        vec![Action::Disconnect]
    }

    fn stopped(&mut self, pause: Duration, now: Duration, rng: &mut impl Rng) -> Vec<Action> {
        let spread = rng.random_range(Duration::ZERO..=pause.max(STOP_SPREAD));
        self.lost(pause + spread, now, rng)
    }

    fn lost(&mut self, pause: Duration, now: Duration, rng: &mut impl Rng) -> Vec<Action> {
        let attempt = match self.state {
            State::Connecting { attempt, .. } => attempt + 1,
            State::Online { since } => {
                self.back_off.ease(now.saturating_sub(since));
                1
            }
            _ => return Vec::new(),
        };
        let until = now + pause + self.back_off.next_wait(rng);
        self.state = State::Reconnecting { attempt, until };
        vec![Action::Disconnect]
    }

    fn end(&mut self, state: State) -> Vec<Action> {
        self.state = state;
        vec![Action::Disconnect]
    }
}
