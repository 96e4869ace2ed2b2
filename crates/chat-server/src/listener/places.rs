//! How many connections there may be at once, and whose.
//!
//! A connection begins as a newcomer: it has proven nothing. Newcomers have a pool of their own, and
//! when that is full the one that has waited longest makes way for the next. A flood of connections
//! that say nothing thus displaces itself: whoever knows its signature is out of the pool within
//! the time of a few packets. Whoever has signed in is displaced by nobody.

use governor::Quota;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;

use crate::address::limit_key;
use crate::admission::Limiter;
use crate::clock::Clock;
use crate::counters::{Counters, add};

/// Connections that one address may open at once, in seconds of its rate.
const BURST_S: u32 = 10;
/// Addresses whose rate is remembered one by one.
const MOST_ADDRESSES: usize = 100_000;
/// Rates that the neighbourhoods of each version of IP share when there are more addresses.
const NEIGHBOURHOODS: u64 = 16_384;

/// How many there may be at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections of the gateway that have signed in.
    pub(crate) signed_in: usize,
    /// Connections that have proven nothing yet.
    pub(crate) newcomers: usize,
    /// HTTP connections on which a call with a valid signature came.
    pub(crate) callers: usize,
    /// Connections of one address.
    pub(crate) per_address: u32,
    /// New connections of one address in a second; ten times as many at once.
    pub(crate) per_address_s: u32,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its address has as many as it may have.
    TooMany,
    /// Its address opens them too fast.
    TooFast,
}

/// There are as many as there may be, or the connection had to make way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// What a connection has proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Newcomer,
    SignedIn,
    Caller,
    /// It was a newcomer and has to end.
    Displaced,
}

/// All places of a service.
pub(crate) struct Places {
    limits: Limits,
    rates: Limiter,
    counters: Arc<Counters>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    /// By number, and so the longest waiting first.
    newcomers: BTreeMap<u64, Weak<Place>>,
    signed_in: usize,
    callers: usize,
    per_address: HashMap<u64, u32>,
}

/// The place of one connection, given back when the last owner drops it.
pub(crate) struct Place {
    places: Arc<Places>,
    number: u64,
    /// Both change under the lock of [`Places::taken`] alone.
    held: Mutex<Held>,
    displaced: Notify,
}

struct Held {
    standing: Standing,
    /// The address it is counted under.
    key: Option<u64>,
}

/// What an address shares its rate with when there are too many: a /24 of IPv4 or a /48 of IPv6,
/// which is what one network has. Whoever floods from many addresses of its own uses up its own
/// neighbourhood, and with one version of IP none of the other.
fn neighbourhood(key: u64) -> u64 {
    match u32::try_from(key) {
        Ok(v4) => u64::from(v4 >> 8) % NEIGHBOURHOODS,
        Err(_) => NEIGHBOURHOODS + (key >> 16) % NEIGHBOURHOODS,
    }
}

impl Places {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>, counters: Arc<Counters>) -> Arc<Self> {
        let rate = NonZeroU32::new(limits.per_address_s).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(limits.per_address_s.saturating_mul(BURST_S));
        let quota = Quota::per_second(rate).allow_burst(burst.unwrap_or(NonZeroU32::MIN));
        let rates = Limiter::new(clock, quota, MOST_ADDRESSES, neighbourhood);
        Arc::new(Self { limits, rates, counters, taken: Mutex::default() })
    }

    /// A place for a new connection. `address` is whose it is, if that is known already.
    pub(crate) fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Arc<Place>, Refused> {
        let key = address.and_then(limit_key);
        if let Some(key) = key {
            self.admit(key)?;
        }
        let (place, displaced) = {
            let mut taken = self.lock();
            if let Some(key) = key {
                self.count(&mut taken, key)?;
            }
            let number = taken.next;
            taken.next += 1;
            let displaced = if taken.newcomers.len() >= self.limits.newcomers.max(1) {
                taken.newcomers.pop_first().and_then(|(_, place)| place.upgrade())
            } else {
                None
            };
            if let Some(displaced) = &displaced {
                displaced.held().standing = Standing::Displaced;
            }
            let held = Mutex::new(Held { standing: Standing::Newcomer, key });
            let (places, notify) = (Arc::clone(self), Notify::new());
            let place = Arc::new(Place { places, number, held, displaced: notify });
            taken.newcomers.insert(number, Arc::downgrade(&place));
            (place, displaced)
        };
        if let Some(displaced) = displaced {
            add(&self.counters.connections_displaced, 1);
            displaced.displaced.notify_waiters();
        }
        Ok(place)
    }

    /// Whether nobody can sign in now.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().signed_in >= self.limits.signed_in
    }

    /// Counts a new connection against the rate of its address.
    fn admit(&self, key: u64) -> Result<(), Refused> {
        self.rates.admit(key, NonZeroU32::MIN).map_err(|_| {
            add(&self.counters.connections_refused_rate, 1);
            Refused::TooFast
        })
    }

    /// Forgets the rates of addresses that have their whole allowance again.
    pub(crate) fn tidy(&self) {
        self.rates.tidy();
    }

    /// Counts a connection under its address.
    fn count(&self, taken: &mut Taken, key: u64) -> Result<(), Refused> {
        let connections = taken.per_address.entry(key).or_default();
        if *connections >= self.limits.per_address {
            add(&self.counters.connections_refused_address, 1);
            return Err(Refused::TooMany);
        }
        *connections += 1;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says whose connection it is, when that has come out only now. Once it is known it stays.
    pub(crate) fn comes_from(&self, address: IpAddr) -> Result<(), Refused> {
        let Some(key) = limit_key(address) else { return Ok(()) };
        if self.held().key.is_some() {
            return Ok(());
        }
        self.places.admit(key)?;
        let mut taken = self.places.lock();
        let mut held = self.held();
        if held.key.is_none() {
            self.places.count(&mut taken, key)?;
            held.key = Some(key);
        }
        Ok(())
    }

    /// The client has proven who it is. [`Full`] when there is no place for it, and when it came so
    /// late that it had to make way.
    pub(crate) fn sign_in(&self) -> Result<(), Full> {
        let places = &self.places;
        let mut taken = places.lock();
        let mut held = self.held();
        match held.standing {
            Standing::SignedIn => return Ok(()),
            Standing::Displaced => return Err(Full),
            _ if taken.signed_in >= places.limits.signed_in => {
                add(&places.counters.connections_turned_away, 1);
                return Err(Full);
            }
            Standing::Newcomer => drop(taken.newcomers.remove(&self.number)),
            Standing::Caller => taken.callers -= 1,
        }
        held.standing = Standing::SignedIn;
        taken.signed_in += 1;
        Ok(())
    }

    /// A call with a valid signature came on it. Without a place among the callers it may have to
    /// make way like any other.
    pub(crate) fn called(&self) {
        let mut taken = self.places.lock();
        let mut held = self.held();
        if held.standing == Standing::Newcomer && taken.callers < self.places.limits.callers {
            taken.newcomers.remove(&self.number);
            taken.callers += 1;
            held.standing = Standing::Caller;
        }
    }

    /// Comes when the connection has to make way.
    pub(crate) async fn displaced(&self) {
        let mut told = pin!(self.displaced.notified());
        // From here on it is heard, and what was before is seen.
        told.as_mut().enable();
        if self.held().standing != Standing::Displaced {
            told.await;
        }
    }

    /// Whether as many are signed in as may be.
    pub(crate) fn is_full(&self) -> bool {
        self.places.is_full()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        match held.standing {
            Standing::Newcomer => drop(taken.newcomers.remove(&self.number)),
            Standing::SignedIn => taken.signed_in -= 1,
            Standing::Caller => taken.callers -= 1,
            Standing::Displaced => {}
        }
        if let Some(key) = held.key
            && let Some(connections) = taken.per_address.get_mut(&key)
        {
            *connections -= 1;
            if *connections == 0 {
                taken.per_address.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct StillClock(AtomicU64);

    impl Clock for StillClock {
        fn now_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn monotonic_ms(&self) -> u64 {
            self.now_ms()
        }
    }

    struct World {
        places: Arc<Places>,
        clock: Arc<StillClock>,
        counters: Arc<Counters>,
    }

    const LIMITS: Limits =
        Limits { signed_in: 3, newcomers: 4, callers: 2, per_address: 5, per_address_s: 2 };

    fn world(limits: Limits) -> World {
        let clock = Arc::new(StillClock(AtomicU64::new(1_000)));
        let counters = Arc::new(Counters::default());
        let shared: Arc<StillClock> = Arc::clone(&clock);
        let places = Places::new(limits, shared, Arc::clone(&counters));
        World { places, clock, counters }
    }

    fn viewer(number: u8) -> Option<IpAddr> {
        Some(Ipv4Addr::new(203, 0, 113, number).into())
    }

    fn is_displaced(place: &Place) -> bool {
        place.displaced().now_or_never().is_some()
    }

    #[test]
    fn a_flood_of_newcomers_displaces_itself_and_nobody_who_has_signed_in() {
        let World { places, counters, .. } = world(LIMITS);
        let signed_in = places.enter(viewer(1)).unwrap();
        signed_in.sign_in().unwrap();
        let caller = places.enter(viewer(2)).unwrap();
        caller.called();
        let first: Vec<_> = (10..14).map(|number| places.enter(viewer(number)).unwrap()).collect();
        assert!(!first.iter().any(|place| is_displaced(place)), "the pool holds four");
        for number in 14..34 {
            // One that knows its signature comes through however many come after it.
            let place = places.enter(viewer(number)).unwrap();
            assert!(!is_displaced(&place));
        }
        let next = places.enter(viewer(99)).unwrap();
        let flood: Vec<_> =
            (100..103).map(|number| places.enter(viewer(number)).unwrap()).collect();
        assert!(next.sign_in().is_ok(), "three came after it, and there is room for four");
        assert!(first.iter().all(|place| is_displaced(place)), "the longest waiting made way");
        assert!(first[0].sign_in().is_err(), "and are not let in any more");
        assert!(![&signed_in, &caller, &next].into_iter().any(|place| is_displaced(place)));
        assert_eq!(counters.read().connections_displaced, 4);
        drop((first, flood, signed_in, next, caller));
        let taken = places.lock();
        assert!(taken.newcomers.is_empty() && taken.per_address.is_empty());
        assert_eq!((taken.signed_in, taken.callers), (0, 0));
    }

    #[test]
    fn whoever_signs_in_when_all_places_are_taken_is_told_and_a_place_given_back_is_free() {
        let World { places, counters, .. } = world(LIMITS);
        let enter = |number| places.enter(viewer(number)).unwrap();
        let signed_in: Vec<_> = (1..=3).map(enter).collect();
        signed_in.iter().for_each(|place| place.sign_in().unwrap());
        assert!(places.is_full());
        let late = enter(4);
        assert_eq!(late.sign_in(), Err(Full));
        assert_eq!(counters.read().connections_turned_away, 1);
        drop(signed_in);
        assert!(!places.is_full());
        assert_eq!(late.sign_in(), Ok(()));
        assert_eq!(late.sign_in(), Ok(()), "it is signed in already");
    }

    #[test]
    fn without_a_place_among_the_callers_a_connection_stays_a_newcomer() {
        let World { places, .. } = world(LIMITS);
        let calling: Vec<_> = (1..=3).map(|number| places.enter(viewer(number)).unwrap()).collect();
        calling.iter().for_each(|place| place.called());
        let now = || {
            let taken = places.lock();
            (taken.newcomers.len(), taken.signed_in, taken.callers)
        };
        assert_eq!(now(), (1, 0, 2));
        calling[0].sign_in().unwrap();
        assert_eq!(now(), (1, 1, 1));
    }

    #[test]
    fn one_address_has_so_many_at_once_and_its_neighbours_notice_nothing() {
        let limits = Limits { newcomers: 100, per_address_s: 1_000, ..LIMITS };
        let World { places, counters, .. } = world(limits);
        let home = |host: u16| Some(IpAddr::from([0x2001, 0xdb8, 1, 1, 0, 0, 0, host]));
        let mut of_home: Vec<_> = (0..5).map(|host| places.enter(home(host)).unwrap()).collect();
        assert_eq!(places.enter(home(9)).err(), Some(Refused::TooMany), "a /64 is one address");
        let next_door = Some(IpAddr::from([0x2001, 0xdb8, 1, 2, 0, 0, 0, 1]));
        assert!(places.enter(next_door).is_ok());
        assert_eq!(counters.read().connections_refused_address, 1);
        of_home.pop();
        assert!(places.enter(home(9)).is_ok());
        let here = Some(Ipv4Addr::LOCALHOST.into());
        let of_machine: Vec<_> = (0..50).map(|_| places.enter(here).unwrap()).collect();
        assert_eq!(of_machine.len(), 50, "this machine is not limited");
    }

    #[test]
    fn a_connection_behind_a_proxy_is_counted_when_its_address_is_known() {
        let World { places, .. } = world(Limits { newcomers: 100, ..LIMITS });
        let address = viewer(1).unwrap();
        let unknown = || places.enter(None).unwrap();
        let known: Vec<_> = (0..5).map(|_| unknown()).collect();
        for place in &known {
            place.comes_from(address).unwrap();
            place.comes_from(address).unwrap();
        }
        assert_eq!(places.lock().per_address.values().copied().collect::<Vec<_>>(), [5]);
        assert_eq!(unknown().comes_from(address), Err(Refused::TooMany));
        assert_eq!(unknown().comes_from(viewer(2).unwrap()), Ok(()));
        drop(known);
        assert!(places.lock().per_address.is_empty());
    }

    #[test]
    fn new_connections_of_one_address_have_a_rate() {
        let World { places, clock, counters } = world(LIMITS);
        let open = |number| places.enter(viewer(number)).map(drop);
        for _ in 0..20 {
            assert_eq!(open(1), Ok(()), "ten seconds of the rate at once");
        }
        assert_eq!(open(1), Err(Refused::TooFast));
        assert_eq!(open(2), Ok(()));
        clock.0.fetch_add(500, Ordering::Relaxed);
        assert_eq!(open(1), Ok(()), "two in a second");
        assert_eq!(open(1), Err(Refused::TooFast));
        assert_eq!(counters.read().connections_refused_rate, 2);
    }

    #[test]
    fn a_flood_from_very_many_addresses_starves_its_own_neighbourhood_alone() {
        let World { places, clock, .. } = world(Limits { per_address_s: 1, ..LIMITS });
        let open = |address: Option<IpAddr>| places.enter(address).map(drop);
        let v6 = |network: u16, home: u16| {
            Some(IpAddr::from([0x2001, 0xdb8, network, home, 0, 0, 0, 1]))
        };
        let mut refused = 0;
        for network in 0..3 {
            for home in 0..=u16::MAX {
                refused += u32::from(open(v6(network, home)).is_err());
            }
        }
        assert!(refused > 50_000, "there are too many addresses to give each a rate: {refused}");
        assert_eq!(open(v6(2, 7)), Err(Refused::TooFast));
        for elsewhere in 1..=200 {
            assert_eq!(open(v6(1_000 + u16::from(elsewhere), 7)), Ok(()));
            assert_eq!(open(Some(Ipv4Addr::new(198, 51, elsewhere, 7).into())), Ok(()));
        }
        clock.0.fetch_add(60_000, Ordering::Relaxed);
        places.tidy();
        assert_eq!(open(v6(2, 7)), Ok(()), "the flood is over");
        for home in 0..100 {
            assert_eq!(open(v6(2, home)), Ok(()), "and each has a rate of its own");
        }
    }
}
