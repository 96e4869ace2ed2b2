//! The proxies whose word about a client's address is taken.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// Entries of `X-Forwarded-For` that are looked at: more proxies than anybody has in a row.
const MAX_HOPS: usize = 32;

/// Addresses and networks of proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a network such as 10.0.0.0/8")]
pub struct NotAProxy(String);

impl FromStr for TrustedProxies {
    type Err = NotAProxy;

    /// Addresses and networks with commas between; nothing at all is nobody.
    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, NotAProxy> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    text.parse::<IpNet>().map_err(|_| NotAProxy(text.to_owned()))
}

impl TrustedProxies {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// As whom a peer counts that has connected to the address `local`. A program of this machine
    /// that calls an address other than loopback comes from that very address, and is loopback all
    /// the same, unless it is named as a proxy: nobody else can have the address.
    #[must_use]
    pub fn peer(&self, peer: IpAddr, local: IpAddr) -> IpAddr {
        let (peer, local) = (peer.to_canonical(), local.to_canonical());
        if peer == local && !peer.is_loopback() && !self.contains(peer) {
            return Ipv4Addr::LOCALHOST.into();
        }
        peer
    }

    /// The client behind a peer. `forwarded` are the values of all `X-Forwarded-For` headers in
    /// their order. Every proxy puts whom it has heard at the end, so the list is read from there:
    /// what stands before the first address that is no proxy was said by the client, and counts for
    /// nothing.
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        let entries = forwarded.rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
        for entry in entries.take(MAX_HOPS) {
            if !self.contains(client) {
                break;
            }
            // A proxy that hides whom it has heard, with `unknown` say, is the last one known.
            let Some(before) = address(entry) else { break };
            client = before;
        }
        client
    }
}

/// An entry of `X-Forwarded-For`: an address, with some proxies also its port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let trusted: TrustedProxies = trusted.parse().unwrap();
        let values = forwarded.iter().map(|value| value.as_bytes());
        trusted.client(peer.parse().unwrap(), values).to_string()
    }

    #[test]
    fn a_list_of_proxies_is_addresses_and_networks() {
        let list: TrustedProxies = " 10.0.0.0/8, 192.0.2.7,2001:db8::/32 ,::1".parse().unwrap();
        for inside in ["10.1.2.3", "192.0.2.7", "2001:db8::5", "::1", "::ffff:10.1.2.3"] {
            assert!(list.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "127.0.0.1"] {
            assert!(!list.contains(outside.parse().unwrap()), "{outside}");
        }
        assert!("".parse::<TrustedProxies>().unwrap().is_empty());
        for wrong in ["proxy.internal", "10.0.0.0/33", "10.0.0", "*"] {
            let said = wrong.parse::<TrustedProxies>().unwrap_err().to_string();
            assert!(said.contains(wrong), "{said}");
        }
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy() {
        let trusted = "10.0.0.0/8";
        assert_eq!(client(trusted, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        // One header with both, as nginx makes it, and one header each, as HAProxy does.
        for forwarded in [&["6.6.6.6, 203.0.113.9"][..], &["6.6.6.6", "203.0.113.9"]] {
            assert_eq!(client(trusted, "10.0.0.1", forwarded), "203.0.113.9", "{forwarded:?}");
        }
        let through_two = &["6.6.6.6, 203.0.113.9, 10.0.0.2"];
        assert_eq!(client(trusted, "10.0.0.1", through_two), "203.0.113.9");
        assert_eq!(client(trusted, "10.0.0.1", &["203.0.113.9:51311"]), "203.0.113.9");
        assert_eq!(client(trusted, "10.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client(trusted, "10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client(trusted, "::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn a_program_of_this_machine_is_loopback_by_whatever_address_it_connects() {
        let peer = |trusted: &str, peer: &str, local: &str| {
            let trusted: TrustedProxies = trusted.parse().unwrap();
            trusted.peer(peer.parse().unwrap(), local.parse().unwrap()).to_string()
        };
        assert_eq!(peer("", "10.0.0.5", "10.0.0.5"), "127.0.0.1");
        assert_eq!(peer("", "::ffff:10.0.0.5", "10.0.0.5"), "127.0.0.1");
        assert_eq!(peer("", "2001:db8::5", "2001:db8::5"), "127.0.0.1");
        assert_eq!(peer("", "10.0.0.6", "10.0.0.5"), "10.0.0.6");
        assert_eq!(peer("", "127.0.0.2", "127.0.0.2"), "127.0.0.2", "loopback stays what it is");
        assert_eq!(peer("10.0.0.5", "10.0.0.5", "10.0.0.5"), "10.0.0.5", "a proxy stays itself");
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_for_whom_it_speaks() {
        assert_eq!(client("10.0.0.0/8", "203.0.113.9", &["6.6.6.6"]), "203.0.113.9");
        assert_eq!(client("", "127.0.0.1", &["6.6.6.6"]), "127.0.0.1");
    }

    #[test]
    fn where_the_list_breaks_off_the_last_known_proxy_is_the_client() {
        let trusted = "10.0.0.0/8";
        for nothing in [&[][..], &[""], &["unknown"], &["6.6.6.6, unknown"], &["6.6.6.6,"]] {
            assert_eq!(client(trusted, "10.0.0.1", nothing), "10.0.0.1", "{nothing:?}");
        }
        assert_eq!(client(trusted, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        let endless = "10.0.0.2,".repeat(5_000) + "10.0.0.2";
        assert_eq!(client(trusted, "10.0.0.1", &["203.0.113.9", &endless]), "10.0.0.2");
    }
}
