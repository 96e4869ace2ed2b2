//! Addresses of clients, as limits count them.

use std::net::IpAddr;

/// The key under which an address is limited: an IPv4 address itself, the /64 of an IPv6 address,
/// since a household has at least that much. `None` for this machine itself, which is not limited:
/// tests, tools and proxies that are not declared come from there.
pub(crate) fn limit_key(address: IpAddr) -> Option<u64> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(u64::from(u32::from(address))),
        IpAddr::V6(address) => {
            // The upper half, which is the network.
            Some(u64::try_from(u128::from(address) >> 64).unwrap_or(u64::MAX))
        }
    }
}
