//! What the load client is asked to do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tls_transport::rustls::ClientConfig;

/// How a room is filled and what is said in it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub address: SocketAddr,
    pub protocol: Protocol,
    /// What connections over TLS are made from; without it they are plain.
    pub tls: Option<Arc<ClientConfig>>,
    pub members: usize,
    pub senders: usize,
    pub traffic: Traffic,
    /// Traffic before anything is measured.
    pub warm_up: Duration,
    /// Traffic that is measured.
    pub time: Duration,
    /// Process whose CPU time and memory are read, and then the client's own, too.
    pub server_process: Option<u32>,
    /// Connections that are being made at once.
    pub parallel: usize,
}

#[derive(Debug, Clone)]
pub enum Protocol {
    /// That of [`crate::bare_loop`]: no login, and a sender's text is the members' frame.
    Bare,
    /// That of the gateway.
    Gateway(Login),
}

/// What the gateway wants to know. `Debug` hides the key.
#[derive(Clone)]
pub struct Login {
    pub sdk_app_id: u32,
    pub key: String,
    pub group_id: String,
    /// Members read compressed frames.
    pub deflate: bool,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sdk_app_id, group_id, deflate, key: _ } = self;
        write!(f, "Login({sdk_app_id}, {group_id}, deflate: {deflate})")
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Traffic {
    /// Nobody speaks.
    Idle,
    /// So many messages per second, of all senders together.
    Rate(f64),
    /// As much as the server can take: so many messages are under way at any time, and the next
    /// one follows when all sampled members have the oldest.
    Saturated(usize),
}
