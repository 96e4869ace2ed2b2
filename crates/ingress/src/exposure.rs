//! Whether a listener may be reached from other machines.

use std::net::{IpAddr, SocketAddr};

use crate::TrustedProxies;

/// What stands between a listener and the network.
#[derive(Debug, Clone, Copy)]
pub struct Exposure {
    pub listen: SocketAddr,
    /// The listener speaks TLS.
    pub encrypted: bool,
    /// Proxies are named, which encrypt in its place.
    pub behind_proxies: bool,
    /// Somebody has said that plain text from everywhere is meant.
    pub plain_text: bool,
}

/// Signatures and tokens would cross the network in plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{listen} can be reached from other machines, and UserSigs and tokens would cross the \
     network in plain text: encrypt with --tls-cert and --tls-key, name the proxies that encrypt in \
     front of the service with --trusted-proxies, or say that plain text is meant with \
     --insecure-plain-text on"
)]
pub struct Exposed {
    listen: SocketAddr,
}

impl Exposure {
    /// # Errors
    /// [`Exposed`] names the three ways out.
    pub fn check(self) -> Result<(), Exposed> {
        let local = self.listen.ip().to_canonical().is_loopback();
        if local || self.encrypted || self.behind_proxies || self.plain_text {
            return Ok(());
        }
        Err(Exposed { listen: self.listen })
    }

    /// As whom a peer speaks that has connected to the address `local` ([`TrustedProxies::peer`]).
    /// `None` when it may not: with proxies that encrypt, plain text from anybody else is what they
    /// are there to prevent.
    #[must_use]
    pub fn takes(self, proxies: &TrustedProxies, peer: IpAddr, local: IpAddr) -> Option<IpAddr> {
        let peer = proxies.peer(peer, local);
        let anybody = self.encrypted || self.plain_text || !self.behind_proxies;
        (anybody || peer.is_loopback() || proxies.contains(peer)).then_some(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(listen: &str) -> Exposure {
        let listen = listen.parse().unwrap();
        Exposure { listen, encrypted: false, behind_proxies: false, plain_text: false }
    }

    #[test]
    fn plain_text_beyond_this_machine_is_refused_with_three_ways_out() {
        for local in ["127.0.0.1:8700", "127.8.8.8:1", "[::1]:8700", "[::ffff:127.0.0.1]:8700"] {
            assert_eq!(exposure(local).check(), Ok(()), "{local}");
        }
        for open in ["0.0.0.0:8700", "[::]:8700", "10.0.0.5:8700", "[2001:db8::1]:8700"] {
            let said = exposure(open).check().unwrap_err().to_string();
            for word in
                [open, "--tls-cert", "--tls-key", "--trusted-proxies", "--insecure-plain-text"]
            {
                assert!(said.contains(word), "{word} is missing in: {said}");
            }
        }
        let open = exposure("0.0.0.0:8700");
        assert_eq!(Exposure { encrypted: true, ..open }.check(), Ok(()));
        assert_eq!(Exposure { behind_proxies: true, ..open }.check(), Ok(()));
        assert_eq!(Exposure { plain_text: true, ..open }.check(), Ok(()));
    }

    #[test]
    fn behind_proxies_that_encrypt_nobody_else_speaks_plain_text() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies: TrustedProxies = "10.0.0.9".parse().unwrap();
        let takes = |exposure: Exposure, peer: &str| {
            let peer = exposure.takes(&proxies, address(peer), address("10.0.0.5"));
            peer.map(|peer| peer.to_string())
        };
        let behind = Exposure { behind_proxies: true, ..exposure("10.0.0.5:8700") };
        assert_eq!(takes(behind, "203.0.113.9"), None);
        assert_eq!(takes(behind, "10.0.0.9").unwrap(), "10.0.0.9");
        assert_eq!(takes(behind, "::ffff:10.0.0.9").unwrap(), "10.0.0.9");
        // A program of this machine comes over loopback, or from the address that it connects to.
        for here in ["127.0.0.1", "10.0.0.5", "::ffff:10.0.0.5"] {
            assert_eq!(takes(behind, here).unwrap(), "127.0.0.1", "{here}");
        }
        let encrypted = Exposure { encrypted: true, ..behind };
        let plain_text = Exposure { plain_text: true, ..behind };
        for open in [encrypted, plain_text, exposure("10.0.0.5:8700")] {
            assert_eq!(takes(open, "203.0.113.9").unwrap(), "203.0.113.9", "{open:?}");
        }
    }
}
