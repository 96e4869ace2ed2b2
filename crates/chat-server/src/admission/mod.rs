//! Admission: how often anybody may ask for anything. Decided from memory, before anything is looked
//! up, in one place for the frames of the gateway ([`Allowance::admit`]) and one for the calls of
//! the REST API ([`Admission::call`]).
//!
//! Every limit is the generic cell rate algorithm of `governor` by the service's monotonic clock: a
//! rate, and a burst that may be used at once. What a frame costs stands in [`costs`]; what a REST
//! command may be called stands in its row of the catalogue; what an account may say in a room is a
//! rule of the room. The budget of a room (`room/policy`) is none of this: it chooses among messages
//! that were admitted.

mod asking;
mod costs;
mod limiter;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::ClientFrame;
use governor::Quota;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

use asking::Asking;
pub(crate) use asking::Question;
pub(crate) use costs::Cost;
use costs::{Budget, CATCH_UP, Charge, LOGIN, NOISE, Scope, cost};
pub(crate) use limiter::Limiter;

use crate::address;
use crate::clock::Clock;
use crate::counters::{Counters, add};
use crate::room::ConnectionId;

/// Keys of one limit that are kept apart. An account or address is forgotten as soon as its
/// allowance is full again, so this many were busy within the last minute.
const MOST_KEYS: usize = 200_000;
/// A connection is heard again after this time at the latest, whoever else makes noise beside it.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Keys of one limit that are left when there are too many to keep them apart.
const SHARED_KEYS: u64 = 4_096;
const NS_PER_S: u32 = 1_000_000_000;
/// A sender may use up its rate of so many seconds at once.
const SENDER_BURST_S: u32 = 2;

/// All limits of one service.
pub(crate) struct Admission {
    /// Keyed by a secret of this process: clients choose names, and so cannot choose keys.
    hasher: RandomState,
    counters: Arc<Counters>,
    connections: Budgets,
    accounts: Budgets,
    addresses: Budgets,
    /// Limits whose rate belongs to the key and not to the limiter: its unit is a nanosecond, and
    /// one request of a rate `n` costs the `n`th part of a second.
    calls: Limiter,
    senders: Limiter,
    asking: Asking,
}

/// Keys are hashes, so whoever shares one is nobody's choice.
const fn crowd(key: u64) -> u64 {
    key % SHARED_KEYS
}

/// A limiter for each budget.
struct Budgets([Limiter; Budget::ALL.len()]);

impl Budgets {
    fn new(clock: &Arc<dyn Clock>, scope: Scope) -> Self {
        Self(Budget::ALL.map(|budget| {
            let rate = budget.rate(scope);
            let units = |units| NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::per_second(units(rate.per_second)).allow_burst(units(rate.burst));
            Limiter::new(Arc::clone(clock), quota, MOST_KEYS, crowd)
        }))
    }

    fn of(&self, budget: Budget) -> &Limiter {
        &self.0[budget as usize]
    }
}

/// Who a connection is to the limits.
#[derive(Debug, Clone, Copy)]
struct Client {
    connection: u64,
    /// Absent for a guest.
    account: Option<u64>,
    /// Absent for this machine.
    address: Option<u64>,
}

/// Whose allowance does not cover a request, and the milliseconds until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TooFast {
    scope: Scope,
    wait_ms: u64,
}

/// What one signed-in connection may still ask for.
pub(crate) struct Allowance {
    admission: Arc<Admission>,
    client: Client,
    /// What a message that came to nothing could not pay: the next one pays it first.
    owed: Option<Charge>,
}

impl Admission {
    pub(crate) fn new(clock: Arc<dyn Clock>, counters: Arc<Counters>) -> Self {
        let scaled = |burst_s: u32| {
            let burst = NonZeroU32::new(burst_s * NS_PER_S).unwrap_or(NonZeroU32::MAX);
            let unit = Quota::with_period(Duration::from_nanos(1));
            let quota = unit.unwrap_or(Quota::per_second(burst)).allow_burst(burst);
            Limiter::new(Arc::clone(&clock), quota, MOST_KEYS, crowd)
        };
        Self {
            hasher: RandomState::new(),
            connections: Budgets::new(&clock, Scope::Connection),
            accounts: Budgets::new(&clock, Scope::Account),
            addresses: Budgets::new(&clock, Scope::Address),
            calls: scaled(1),
            senders: scaled(SENDER_BURST_S),
            asking: Asking::default(),
            counters,
        }
    }

    /// Charges the address that wants to sign somebody in, before anything is looked up for it.
    pub(crate) fn login_from(&self, address: IpAddr) -> Result<(), ApiError> {
        match address::limit_key(address) {
            Some(key) => {
                let charged = self.charge(Scope::Address, self.key(key), LOGIN);
                charged.map_err(|too_fast| self.refuse(too_fast))
            }
            None => Ok(()),
        }
    }

    /// Charges the account that signs in. Only after its UserSig was found right, or anybody could
    /// use its allowance up.
    pub(crate) fn login_of(&self, sdk_app_id: u32, user_id: &UserId) -> Result<(), ApiError> {
        let charged = self.charge(Scope::Account, self.key((sdk_app_id, user_id)), LOGIN);
        charged.map_err(|too_fast| self.refuse(too_fast))
    }

    /// Counts a message of an account to a room, at most `per_second` of them; 0 is no limit. The
    /// milliseconds to wait when there are too many.
    pub(crate) fn speak(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        user_id: &UserId,
        per_second: u32,
    ) -> Result<(), u64> {
        self.scaled(&self.senders, (sdk_app_id, group_id, user_id), per_second)
    }

    /// Counts something that is done through the REST API, at most `per_second` times; 0 is no
    /// limit. `false` when it is too often.
    pub(crate) fn call(&self, what: impl Hash, per_second: u32) -> bool {
        self.scaled(&self.calls, what, per_second).is_ok()
    }

    fn scaled(&self, limiter: &Limiter, what: impl Hash, per_second: u32) -> Result<(), u64> {
        let Some(per_second) = NonZeroU32::new(per_second) else { return Ok(()) };
        let units = NonZeroU32::new(NS_PER_S / per_second).unwrap_or(NonZeroU32::MIN);
        self.check(limiter, self.key(what), units)
    }

    fn charge(&self, scope: Scope, key: u64, charge: Charge) -> Result<(), TooFast> {
        let budgets = match scope {
            Scope::Connection => &self.connections,
            Scope::Account => &self.accounts,
            Scope::Address => &self.addresses,
        };
        let checked = self.check(budgets.of(charge.budget), key, charge.units);
        checked.map_err(|wait_ms| TooFast { scope, wait_ms })
    }

    /// Counts a request that is refused, and says so.
    fn refuse(&self, TooFast { scope, wait_ms }: TooFast) -> ApiError {
        let refused = match scope {
            Scope::Connection => &self.counters.requests_refused_connection,
            Scope::Account => &self.counters.requests_refused_account,
            Scope::Address => &self.counters.requests_refused_address,
        };
        add(refused, 1);
        let info = match scope {
            Scope::Connection | Scope::Account => {
                "this asks for too much in too short a time: wait"
            }
            Scope::Address => "too much comes from this address in too short a time: wait",
        };
        ApiError::new(Code::REQUEST_RATE, info).retry_after_ms(wait_ms)
    }

    fn check(&self, limiter: &Limiter, key: u64, units: NonZeroU32) -> Result<(), u64> {
        if limiter.is_crowded() {
            add(&self.counters.admissions_shared, 1);
        }
        limiter.admit(key, units)
    }

    fn key(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }

    /// Forgets everybody whose allowances are full.
    pub(crate) fn tidy(&self) {
        let budgets = [&self.connections, &self.accounts, &self.addresses];
        let limiters = budgets.into_iter().flat_map(|budgets| &budgets.0);
        for limiter in limiters.chain([&self.calls, &self.senders]) {
            limiter.tidy();
        }
    }
}

impl Allowance {
    /// `account` is absent for a guest, `address` when the connection came from nowhere.
    pub(crate) fn new(
        admission: &Arc<Admission>,
        connection: ConnectionId,
        account: Option<(u32, &UserId)>,
        address: Option<IpAddr>,
    ) -> Self {
        let client = Client {
            connection: admission.key(connection),
            account: account.map(|account| admission.key(account)),
            address: address.and_then(address::limit_key).map(|address| admission.key(address)),
        };
        Self { admission: Arc::clone(admission), client, owed: None }
    }

    /// Charges a request; 9013 when it comes too soon. What a refusal will cost it, for
    /// [`Allowance::was_refused`].
    pub(crate) fn admit(&mut self, frame: &ClientFrame) -> Result<Cost, ApiError> {
        let cost = cost(frame);
        let due = match cost {
            Cost::Free => None,
            Cost::Before(charge) => Some(charge),
            Cost::IfRefused(_) => self.owed,
        };
        if let Some(charge) = due {
            self.charge(charge).map_err(|too_fast| self.admission.refuse(too_fast))?;
        }
        if let Cost::IfRefused(_) = cost {
            self.owed = None;
        }
        Ok(cost)
    }

    /// Charges what a refused request costs, if it costs anything.
    pub(crate) fn was_refused(&mut self, cost: Cost, error: &ApiError) {
        let Cost::IfRefused(charge) = cost else { return };
        // Told when to come back, by a limit of its own.
        if is_told_to_wait(error) {
            return;
        }
        if self.charge(charge).is_err() {
            self.owed = Some(charge);
        }
    }

    /// Charges a frame that did nothing, and waits when there are too many of them: its connection
    /// is not heard meanwhile, and the network holds its client back.
    pub(crate) async fn noise(&self) {
        if let Err(TooFast { wait_ms, .. }) = self.charge(NOISE) {
            add(&self.admission.counters.noise_held_back, 1);
            sleep(Duration::from_millis(wait_ms).min(LONGEST_PAUSE)).await;
        }
    }

    /// Charges a `join` of a room that the connection is in, which brings what was missed.
    pub(crate) fn admit_catch_up(&self) -> Result<(), ApiError> {
        self.charge(CATCH_UP).map_err(|too_fast| self.admission.refuse(too_fast))
    }

    /// Waits until the account has a place among those that wait for the application's answer.
    pub(crate) async fn ask(&self) -> Option<Question> {
        let account = self.client.account?;
        Some(self.admission.asking.enter(account).await)
    }

    /// The narrowest first: what a connection is refused costs neither its account nor its address.
    fn charge(&self, charge: Charge) -> Result<(), TooFast> {
        let Client { connection, account, address } = self.client;
        let keys = [
            (Scope::Connection, Some(connection)),
            (Scope::Account, account),
            (Scope::Address, address),
        ];
        for (scope, key) in keys {
            if let Some(key) = key {
                self.admission.charge(scope, key, charge)?;
            }
        }
        Ok(())
    }
}

/// Whether a request was refused for coming too fast, and nothing else was looked at.
pub(crate) fn is_told_to_wait(error: &ApiError) -> bool {
    [Code::REQUEST_RATE, Code::SENDER_RATE, Code::SLOW_MODE].contains(&error.code)
}
