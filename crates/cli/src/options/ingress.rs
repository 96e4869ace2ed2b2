//! Options for how clients reach the services.

use chat_server::TrustedProxies;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use super::business::Switch;

#[derive(Debug, clap::Args)]
pub(crate) struct IngressOptions {
    /// Address and port on which /readyz and /metrics are answered, or off; without it this machine's
    /// own address and the port two after that of --listen, or a free one if that is 0
    #[arg(long, env = "LIVEROOM_OPERATOR_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) operator_listen: Option<OperatorListen>,

    /// The same for the business service; without it this machine's own address and the port two
    /// after that of the business service
    #[arg(long, env = "LIVEROOM_BUSINESS_OPERATOR_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) business_operator_listen: Option<OperatorListen>,

    /// Proxies in front of the services, addresses such as 10.0.0.9 and networks of nothing but
    /// proxies, with commas between: their word about a client's address is taken
    /// (X-Forwarded-For), and without TLS nobody else but this machine may connect
    #[arg(long, env = "LIVEROOM_TRUSTED_PROXIES", value_name = "NETWORKS", default_value = "")]
    pub(crate) trusted_proxies: TrustedProxies,

    /// on: every connection to the chat service begins with the header of the PROXY protocol,
    /// version 1 or 2, and comes from one of --trusted-proxies
    #[arg(long, env = "LIVEROOM_PROXY_PROTOCOL", value_name = "SWITCH", default_value = "off")]
    pub(crate) proxy_protocol: Switch,

    /// on: listen beyond this machine without TLS and without proxies; UserSigs and tokens then cross
    /// the network for everybody to read
    #[arg(
        long,
        env = "LIVEROOM_INSECURE_PLAIN_TEXT",
        value_name = "SWITCH",
        default_value = "off"
    )]
    pub(crate) insecure_plain_text: Switch,

    /// Connections to the chat service that one address (of an IPv6 address its /64) may have at
    /// once, 1 to 1000000; this machine is not limited
    #[arg(
        long,
        env = "LIVEROOM_CONNECTIONS_PER_ADDRESS",
        value_name = "NUMBER",
        default_value = "500",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) connections_per_address: u32,

    /// New connections to the chat service that one address may open in a second, 1 to 1000000, and
    /// ten times as many at once
    #[arg(
        long,
        env = "LIVEROOM_CONNECTS_PER_ADDRESS_S",
        value_name = "NUMBER",
        default_value = "50",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) connects_per_address_s: u32,
}

/// Where an operator's tools ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperatorListen {
    Off,
    At(SocketAddr),
}

impl FromStr for OperatorListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            text => text.parse().map(Self::At).map_err(|_| "it is ADDRESS:PORT or off".to_owned()),
        }
    }
}

impl IngressOptions {
    pub(crate) fn configure(&self, config: &mut chat_server::ServerConfig) {
        config.operator_listen = operator(self.operator_listen, config.listen);
        config.trusted_proxies = self.trusted_proxies.clone();
        config.proxy_protocol = self.proxy_protocol.is_on();
        config.insecure_plain_text = self.insecure_plain_text.is_on();
        config.connections_per_address = self.connections_per_address;
        config.connects_per_address_s = self.connects_per_address_s;
    }

    /// The business service speaks no PROXY protocol: its proxies speak HTTP.
    pub(crate) fn configure_business(&self, config: &mut business_server::Config) {
        config.operator_listen = operator(self.business_operator_listen, config.listen);
        config.trusted_proxies = self.trusted_proxies.clone();
        config.insecure_plain_text = self.insecure_plain_text.is_on();
    }
}

/// Where an operator's tools ask a service at `listen`.
fn operator(chosen: Option<OperatorListen>, listen: SocketAddr) -> Option<SocketAddr> {
    let port = match listen.port() {
        0 => 0,
        port => port.checked_add(2).unwrap_or_default(),
    };
    match chosen {
        None => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        Some(OperatorListen::Off) => None,
        Some(OperatorListen::At(address)) => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_an_operator_s_tools_ask_on_this_machine_two_ports_on() {
        let at = |chosen, listen: &str| operator(chosen, listen.parse().unwrap());
        assert_eq!(at(None, "10.0.0.5:8701"), Some("127.0.0.1:8703".parse().unwrap()));
        assert_eq!(at(None, "0.0.0.0:0"), Some("127.0.0.1:0".parse().unwrap()));
        assert_eq!(at(Some(OperatorListen::Off), "10.0.0.5:8701"), None);
        let chosen = "10.0.0.5:9000".parse().unwrap();
        assert_eq!(at(Some(OperatorListen::At(chosen)), "10.0.0.5:8701"), Some(chosen));
    }
}
