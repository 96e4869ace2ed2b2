//! How often one account may call, and how often somebody may come in from one network.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::Problem;

/// Callers that are remembered; a further one takes the place of who called longest ago.
const REMEMBERED: u64 = 100_000;
/// A bucket is full long before.
const IDLE: Duration = Duration::from_secs(60);
/// Of an IPv6 address: what one customer has at least, with more addresses in it than can be counted.
const NETWORK_BITS: u32 = 64;

/// Buckets, one for each key.
struct Buckets<K> {
    kept: Cache<K, Arc<DefaultDirectRateLimiter>>,
    quota: Quota,
    clock: DefaultClock,
    refusal: &'static str,
}

impl<K: Hash + Eq + Send + Sync + 'static> Buckets<K> {
    fn new(per_second: u32, at_once: u32, refusal: &'static str) -> Self {
        let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let kept = Cache::builder()
            .max_capacity(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(IDLE)
            .build();
        let quota = Quota::per_second(number(per_second)).allow_burst(number(at_once));
        Self { kept, quota, clock: DefaultClock::default(), refusal }
    }

    fn admit(&self, key: K) -> Result<(), Problem> {
        let bucket = self.kept.get_with(key, || Arc::new(RateLimiter::direct(self.quota)));
        bucket.check().map_err(|early| {
            let wait = early.wait_time_from(self.clock.now());
            Problem {
                retry_after_ms: Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
                ..Problem::new(429, "rate", self.refusal)
            }
        })
    }
}

/// Calls of accounts.
pub(crate) struct CallRates(Buckets<String>);

impl CallRates {
    /// For each account: so many calls in a second, and as many at once.
    pub(crate) fn new(calls_per_second: u32) -> Self {
        let refusal = "this account calls too often: wait a little";
        Self(Buckets::new(calls_per_second, calls_per_second, refusal))
    }

    /// 429 for who calls too often.
    pub(crate) fn admit(&self, user_id: &str) -> Result<(), Problem> {
        self.0.admit(user_id.to_owned())
    }
}

/// People who come in.
pub(crate) struct EntryRates(Buckets<IpAddr>);

impl EntryRates {
    /// For each network: so many people who come in in a second, and twice as many at once.
    pub(crate) fn new(entries_per_second: u32) -> Self {
        let refusal = "too many come in from this address: wait a little";
        Self(Buckets::new(entries_per_second, entries_per_second.saturating_mul(2), refusal))
    }

    /// 429 when too many come in.
    pub(crate) fn admit(&self, client: IpAddr) -> Result<(), Problem> {
        self.0.admit(network(client))
    }
}

/// What stands for all addresses of one customer.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (Ipv6Addr::BITS - NETWORK_BITS);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn all_addresses_of_one_customer_come_in_together() {
        let entries = EntryRates::new(1);
        for (client, admitted) in [
            ("2001:db8:1:2::1", true),
            ("2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::3", false),
            ("2001:db8:1:3::1", true),
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.1", false),
            ("192.0.2.2", true),
        ] {
            assert_eq!(entries.admit(address(client)).is_ok(), admitted, "{client}");
        }
    }

    #[test]
    fn a_flood_of_callers_is_held_by_the_bound() {
        let calls = CallRates::new(1);
        for caller in 0..REMEMBERED + 10_000 {
            assert!(calls.admit(&caller.to_string()).is_ok());
        }
        calls.0.kept.run_pending_tasks();
        assert!(calls.0.kept.entry_count() <= REMEMBERED);
        assert!(calls.admit("mei").is_ok());
        assert_eq!(calls.admit("mei").unwrap_err().code, "rate");
    }
}
