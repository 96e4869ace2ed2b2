//! Whether a listener may be reached from other machines.

use std::net::{IpAddr, SocketAddr};

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

    /// Whether a peer that is none of the proxies may speak here: with proxies that encrypt, plain
    /// text from anybody else is what they are there to prevent.
    #[must_use]
    pub fn takes_strangers(self, peer: IpAddr) -> bool {
        self.encrypted
            || self.plain_text
            || !self.behind_proxies
            || peer.to_canonical().is_loopback()
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
        let stranger = "203.0.113.9".parse().unwrap();
        let this_machine = "127.0.0.1".parse().unwrap();
        let behind = Exposure { behind_proxies: true, ..exposure("0.0.0.0:8700") };
        assert!(!behind.takes_strangers(stranger));
        assert!(behind.takes_strangers(this_machine));
        assert!(Exposure { encrypted: true, ..behind }.takes_strangers(stranger));
        assert!(Exposure { plain_text: true, ..behind }.takes_strangers(stranger));
        assert!(exposure("127.0.0.1:8700").takes_strangers(stranger));
    }
}
