//! What a measurement found.

use serde::{Deserialize, Serialize};

use crate::process::{Cpu, Memory};

/// Figures of one measurement. Where nothing else is said they are of the measured time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub members: usize,
    /// Length of the measured time.
    pub seconds: f64,
    /// Messages that reached a member, counted once for each member.
    pub deliveries: u64,
    /// Bytes that members received, headers of WebSocket frames included.
    pub bytes: u64,
    /// CPU time of the server.
    pub server: Cpu,
    /// CPU time of the load client.
    pub client: Cpu,
    /// From the write of the sender to the read of a sampled member.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub longest_ms: f64,
    /// Messages of the whole traffic, warm-up included.
    pub sent: u64,
    /// Deliveries of the whole traffic.
    pub delivered: u64,
    /// Messages of the whole traffic that did not come to a member, counted for each.
    pub lost: u64,
    /// Messages that came to a member with a number not above the one before, or to a sampled
    /// member before an earlier one of the same sender. Of the whole traffic.
    pub disordered: u64,
    /// Requests to send that the server refused.
    pub refused: u64,
    /// Connections that the server closed.
    pub closed: u64,
    /// How often nothing had come through for seconds, and the senders went on all the same.
    pub stalls: u64,
    /// Memory of the server per connection after all had come in and before anybody spoke.
    pub idle: Option<Memory>,
}

impl Measured {
    /// CPU seconds of the server for a million deliveries.
    pub fn per_million(&self) -> Cpu {
        let millions = (self.deliveries as f64 / 1e6).max(f64::MIN_POSITIVE);
        Cpu {
            user_s: self.server.user_s / millions,
            system_s: self.server.system_s / millions,
            waited_s: self.server.waited_s / millions,
        }
    }

    pub fn deliveries_per_s(&self) -> f64 {
        self.deliveries as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    pub fn bytes_per_delivery(&self) -> f64 {
        self.bytes as f64 / (self.deliveries as f64).max(1.0)
    }

    /// The share of one core that the server used.
    pub fn server_busy(&self) -> f64 {
        self.server.total_s() / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// The share of one core that the client used.
    pub fn client_busy(&self) -> f64 {
        self.client.total_s() / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// The share of the time in which the server had to wait for its core.
    pub fn server_waited(&self) -> f64 {
        self.server.waited_s / self.seconds.max(f64::MIN_POSITIVE)
    }
}
