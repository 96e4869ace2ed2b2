//! Messages through a room that is full.

use std::process;
use std::time::{Duration, Instant};

use super::Load;
use super::connection::{Connection, Heard};
use super::measured::Measured;
use super::plan::{Plan, Protocol, Traffic};
use super::speech;
use crate::Error;
use crate::process::Cpu;
use crate::tally::Mark;

/// At a given rate a sender has at most so many messages under way, and at any rate so many requests
/// without an answer: a gateway ends a connection that has 64 of them, and a server that is this far
/// behind has fallen behind.
const WINDOW: u64 = 32;
/// Longest wait before the senders look again.
const GLANCE: Duration = Duration::from_millis(20);
/// When nothing has come through for so long, what is under way is given up.
const STALL: Duration = Duration::from_secs(3);
/// What has not come this long after the last message came is lost.
const QUIET: Duration = Duration::from_secs(2);
/// A server that needs longer for what is under way has fallen behind beyond interest.
const DRAIN: Duration = Duration::from_secs(30);

/// The figures at one moment.
struct Moment {
    at: Instant,
    delivered: u64,
    bytes: u64,
    server: Cpu,
    client: Cpu,
}

impl Moment {
    fn now(plan: &Plan, heard: &Heard) -> Result<Self, Error> {
        Ok(Self {
            at: Instant::now(),
            delivered: heard.delivered,
            bytes: heard.bytes,
            server: plan.server_process.map(Cpu::of).transpose()?.unwrap_or_default(),
            client: plan
                .server_process
                .map(|_| Cpu::of(process::id()))
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

/// The senders' side.
struct Senders {
    start: Instant,
    sent: u64,
    /// Messages below this number are not waited for.
    through: u64,
    progress: Instant,
    stalls: u64,
}

/// Warm-up, measured time, and the wait for what is under way.
pub(super) fn carry(load: &mut Load, plan: &Plan) -> Result<Measured, Error> {
    let mut heard = Heard::new()?;
    let start = Instant::now();
    let mut senders = Senders { start, sent: 0, through: 0, progress: start, stalls: 0 };

    let opens = start + plan.warm_up;
    converse(load, plan, &mut senders, &mut heard, opens)?;
    heard.measured.start = load.now_us();
    let opening = Moment::now(plan, &heard)?;

    converse(load, plan, &mut senders, &mut heard, opening.at + plan.time)?;
    heard.measured = heard.measured.start..load.now_us();
    let closing = Moment::now(plan, &heard)?;

    let due = senders.sent * plan.members as u64;
    drain(load, &mut heard, due)?;
    let ms = |us: u64| us as f64 / 1_000.0;
    Ok(Measured {
        members: plan.members,
        seconds: (closing.at - opening.at).as_secs_f64(),
        deliveries: closing.delivered - opening.delivered,
        bytes: closing.bytes - opening.bytes,
        server: closing.server.since(opening.server),
        client: closing.client.since(opening.client),
        p50_ms: ms(heard.delays.value_at_quantile(0.5)),
        p99_ms: ms(heard.delays.value_at_quantile(0.99)),
        longest_ms: ms(heard.delays.max()),
        sent: senders.sent,
        delivered: heard.delivered,
        lost: due.saturating_sub(heard.delivered),
        disordered: load.connections.iter().map(Connection::disorder).sum(),
        refused: heard.refused,
        closed: heard.closed,
        stalls: senders.stalls,
        idle: None,
    })
}

/// Sends and hears until then.
fn converse(
    load: &mut Load,
    plan: &Plan,
    senders: &mut Senders,
    heard: &mut Heard,
    until: Instant,
) -> Result<(), Error> {
    loop {
        let now = Instant::now();
        let Some(rest) = until.checked_duration_since(now).filter(|rest| !rest.is_zero()) else {
            return Ok(());
        };
        let next = senders.send(load, plan, now)?;
        load.turn(next.min(rest), heard)?;
    }
}

impl Senders {
    /// Sends what is due, and tells when to look again.
    fn send(&mut self, load: &mut Load, plan: &Plan, now: Instant) -> Result<Duration, Error> {
        self.look(load, plan, now);
        loop {
            let (window, due) = match plan.traffic {
                Traffic::Idle => return Ok(GLANCE),
                Traffic::Saturated(window) => (window as u64, self.start),
                Traffic::Rate(rate) => (
                    WINDOW * plan.senders as u64,
                    self.start + Duration::from_secs_f64(self.sent as f64 / rate),
                ),
            };
            if self.sent >= self.through + window {
                return Ok(GLANCE);
            }
            if due > now {
                return Ok((due - now).min(GLANCE));
            }
            let sender = usize::try_from(self.sent).unwrap_or(0) % plan.senders;
            let is_answered = matches!(plan.protocol, Protocol::Gateway(_));
            if is_answered && load.connections[sender].unanswered() >= WINDOW {
                return Ok(GLANCE);
            }
            let mark = Mark { number: self.sent, sent_us: load.now_us() };
            let message = speech::message(&plan.protocol, sender, mark);
            load.connections[sender].say(&message)?;
            self.sent += 1;
        }
    }

    /// Looks how far the sampled members are.
    fn look(&mut self, load: &Load, plan: &Plan, now: Instant) {
        let members = load.connections.iter().skip(plan.senders);
        let through = members.filter_map(Connection::through).min().unwrap_or(self.sent);
        if through > self.through || self.sent == self.through {
            self.through = self.through.max(through);
            self.progress = now;
        } else if now - self.progress > STALL {
            self.through = self.sent;
            self.progress = now;
            self.stalls += 1;
        }
    }
}

fn drain(load: &mut Load, heard: &mut Heard, due: u64) -> Result<(), Error> {
    let start = Instant::now();
    let mut last = (heard.delivered, start);
    while heard.delivered < due && last.1.elapsed() < QUIET && start.elapsed() < DRAIN {
        load.turn(GLANCE, heard)?;
        if heard.delivered > last.0 {
            last = (heard.delivered, Instant::now());
        }
    }
    Ok(())
}
