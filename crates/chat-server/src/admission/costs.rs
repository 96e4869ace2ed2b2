//! What every frame of the gateway costs. The match is exhaustive: a new frame has a cost, or the
//! crate does not compile.

use chat_types::gateway::ClientFrame;
use std::num::NonZeroU32;

/// An allowance of its own for each kind of work, so that whoever has asked for too much of one
/// can go on with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    /// Coming into rooms and going: the room and the application are told.
    Entries,
    /// What a single other account is told, and is never left out for it.
    Accounts,
    /// Reading what is kept.
    Queries,
    /// Changes that a whole room is told.
    Changes,
    /// Messages to rooms that nobody gets.
    Refusals,
    /// Logins: followers and the application are told.
    Logins,
    /// Frames that do nothing: pings, and what is refused for coming too fast. Nobody is refused
    /// for them; their connection is heard more slowly.
    Noise,
}

impl Budget {
    pub(super) const ALL: [Self; 7] = [
        Self::Entries,
        Self::Accounts,
        Self::Queries,
        Self::Changes,
        Self::Refusals,
        Self::Logins,
        Self::Noise,
    ];

    /// What one connection may use.
    const fn of_connection(self) -> Rate {
        let (per_second, burst) = match self {
            // A program is in 256 rooms at most, and joins them all when it comes back.
            Self::Entries => (5, 300),
            Self::Accounts => (40, 40),
            Self::Queries => (200, 400),
            Self::Changes => (100, 400),
            Self::Refusals => (10, 40),
            // A connection signs in once.
            Self::Logins => (1, 1),
            Self::Noise => (200, 500),
        };
        Rate { per_second, burst }
    }

    /// What may be used in units. An account has twice what each of its connections has, an address
    /// has the allowance of many accounts, since a whole network may stand behind it.
    pub(super) const fn rate(self, scope: Scope) -> Rate {
        let Rate { per_second, burst } = self.of_connection();
        match (self, scope) {
            (_, Scope::Connection) => Rate { per_second, burst },
            // Every platform can come back at once.
            (Self::Logins, Scope::Account) => Rate { per_second, burst: 20 },
            (Self::Logins, Scope::Address) => Rate { per_second: 50, burst: 1_000 },
            (_, Scope::Account) => Rate { per_second: 2 * per_second, burst: 2 * burst },
            (_, Scope::Address) => Rate { per_second: 50 * per_second, burst: 50 * burst },
        }
    }
}

/// Who an allowance belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Connection,
    /// With all its connections.
    Account,
    /// With everybody behind it.
    Address,
}

/// Units that come back in a second, and units that can be used at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) per_second: u32,
    pub(super) burst: u32,
}

/// So many units of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) budget: Budget,
    pub(crate) units: NonZeroU32,
}

const fn charge(budget: Budget, units: u32) -> Charge {
    // Zero would be free, and what is free has no charge.
    let units = match NonZeroU32::new(units) {
        Some(units) => units,
        None => NonZeroU32::MIN,
    };
    Charge { budget, units }
}

/// A login, whether it is let in or not.
pub(crate) const LOGIN: Charge = charge(Budget::Logins, 1);
/// A message to a room that nobody gets.
pub(crate) const REFUSED_MESSAGE: Charge = charge(Budget::Refusals, 1);
/// A frame that does nothing.
pub(crate) const NOISE: Charge = charge(Budget::Noise, 1);
/// The answer holds up to 256 KiB of a room's short history.
pub(crate) const CATCH_UP: Charge = charge(Budget::Queries, 20);

/// How a request is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Answered from what the connection knows itself.
    Free,
    Before(Charge),
    /// The rules of the room hold the sender back, or the application wants no limit: a message
    /// costs nothing here unless nobody gets it. Whoever has used that up is not heard for a while.
    IfRefused(Charge),
}

pub(crate) const fn cost(frame: &ClientFrame) -> Cost {
    match frame {
        ClientFrame::Ping { .. } | ClientFrame::Logout { .. } | ClientFrame::Login { .. } => {
            Cost::Free
        }
        ClientFrame::Send { .. } => Cost::IfRefused(REFUSED_MESSAGE),
        ClientFrame::Join { .. } | ClientFrame::Leave { .. } => {
            Cost::Before(charge(Budget::Entries, 1))
        }
        ClientFrame::CatchUp { .. } => Cost::Before(CATCH_UP),
        ClientFrame::History { .. }
        | ClientFrame::C2cHistory { .. }
        | ClientFrame::Presence { .. } => Cost::Before(charge(Budget::Queries, 20)),
        // Goes through all that is kept for the account.
        ClientFrame::Conversations { .. } => Cost::Before(charge(Budget::Queries, 40)),
        ClientFrame::ModifyGroup { .. } | ClientFrame::ModifyRules { .. } => {
            Cost::Before(charge(Budget::Changes, 20))
        }
        // Whoever moderates takes back all that somebody has said.
        ClientFrame::Recall { .. } => Cost::Before(charge(Budget::Changes, 5)),
        ClientFrame::SendC2c { .. }
        | ClientFrame::C2cRead { .. }
        | ClientFrame::C2cWithdraw { .. } => Cost::Before(charge(Budget::Accounts, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::every_frame;
    use super::*;

    #[test]
    fn no_request_costs_more_than_a_full_allowance() {
        let of_frames = every_frame().into_iter().filter_map(|frame| match cost(&frame) {
            Cost::Free => None,
            Cost::Before(charge) | Cost::IfRefused(charge) => Some(charge),
        });
        for Charge { budget, units } in of_frames.chain([LOGIN, REFUSED_MESSAGE, CATCH_UP, NOISE]) {
            for scope in [Scope::Connection, Scope::Account, Scope::Address] {
                let rate = budget.rate(scope);
                assert!(units.get() <= rate.burst && rate.per_second > 0, "{budget:?} {scope:?}");
            }
        }
    }

    #[test]
    fn an_account_is_never_held_shorter_than_one_of_its_connections() {
        for budget in Budget::ALL {
            let [one, account, address] =
                [Scope::Connection, Scope::Account, Scope::Address].map(|scope| budget.rate(scope));
            assert!(one.burst <= account.burst && account.burst <= address.burst);
            assert!(one.per_second <= account.per_second);
            assert!(account.per_second <= address.per_second);
        }
    }
}
