//! Keeps a connection known to be alive: when to say something, and when silence means loss.

use std::time::Duration;

/// What the service may ask for. Outside of it a client would flood the service, or notice a dead
/// connection too late to be of use.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// What to do at a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    Rest,
    /// Send a ping now.
    Ping,
    /// Nothing was heard for two heartbeats: the connection is lost.
    Lost,
}

/// The heartbeat of one connection. Times are durations since an arbitrary fixed moment.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    every: Duration,
    heard: Duration,
    said: Duration,
}

impl Heartbeat {
    /// `heartbeat_s` is what the login answer gave, in seconds.
    pub fn start(heartbeat_s: u32, now: Duration) -> Self {
        let every = Duration::from_secs(heartbeat_s.into()).clamp(SHORTEST, LONGEST);
        Self { every, heard: now, said: now }
    }

    pub fn heard(&mut self, now: Duration) {
        self.heard = now;
    }

    /// When to look again.
    pub fn due(&self) -> Duration {
        (self.said + self.every / 2).min(self.heard + self.every * 2)
    }

    /// A ping that is asked for counts as said.
    pub fn beat(&mut self, now: Duration) -> Beat {
        if now >= self.heard + self.every * 2 {
            return Beat::Lost;
        }
        if now >= self.said + self.every / 2 {
            self.said = now;
            return Beat::Ping;
        }
        Beat::Rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_pings_at_half_the_heartbeat() {
        let mut heartbeat = Heartbeat::start(30, s(100));
        assert_eq!(heartbeat.due(), s(115));
        assert_eq!(heartbeat.beat(s(114)), Beat::Rest);
        assert_eq!(heartbeat.beat(s(115)), Beat::Ping);
        assert_eq!(heartbeat.beat(s(116)), Beat::Rest);
        assert_eq!(heartbeat.due(), s(130));
    }

    #[test]
    fn silence_of_two_heartbeats_is_a_loss() {
        let mut heartbeat = Heartbeat::start(30, s(0));
        for at in [15, 30, 45] {
            assert_eq!(heartbeat.beat(s(at)), Beat::Ping);
        }
        assert_eq!(heartbeat.due(), s(60));
        heartbeat.heard(s(50));
        assert_eq!(heartbeat.beat(s(60)), Beat::Ping);
        assert_eq!(heartbeat.beat(s(110)), Beat::Lost);
    }

    #[test]
    fn a_senseless_interval_is_brought_into_range() {
        assert_eq!(Heartbeat::start(0, s(0)).due(), Duration::from_millis(500));
        assert_eq!(Heartbeat::start(u32::MAX, s(0)).due(), s(150));
    }
}
