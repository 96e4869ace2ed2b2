//! The load client: members who read and senders who speak, on one thread.
//!
//! It reads cheaply, so that the server is what is measured: frames are counted by a search for
//! bytes. Every member's messages are counted and their order is looked at; the delay is taken from
//! a hundred members who are spread over all.

mod connection;
mod fill;
mod measured;
mod plan;
mod socket;
mod speech;
mod traffic;

pub use measured::Measured;
pub use plan::{Login, Plan, Protocol, Traffic};

use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::Error;
use crate::process::Memory;
use connection::Connection;

/// How long a server that has just been filled is left alone before its memory is read.
const SETTLING: Duration = Duration::from_secs(2);

/// Everything that is open.
struct Load {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    /// The senders first, then the members.
    connections: Vec<Connection>,
    senders: usize,
    /// Times in messages count from here.
    epoch: Instant,
}

/// Fills the room, carries the plan's traffic through it, and tells what came of it.
pub fn measure(plan: &Plan) -> Result<Measured, Error> {
    let poll = Poll::new().map_err(Error::io("watch sockets"))?;
    let mut load = Load {
        poll,
        events: Events::with_capacity(1_024),
        buffer: vec![0; 256 * 1024],
        connections: Vec::with_capacity(plan.senders + plan.members),
        senders: plan.senders,
        epoch: Instant::now(),
    };
    let memory = || plan.server_process.map(Memory::of).transpose();
    let before = memory()?;
    load.fill(plan)?;
    if plan.server_process.is_some() {
        load.listen(SETTLING)?;
    }
    let connections = plan.senders + plan.members;
    let idle = before.zip(memory()?).map(|(before, after)| after.added_per(before, connections));
    let mut measured = match plan.traffic {
        Traffic::Idle => Measured::default(),
        Traffic::Rate(_) | Traffic::Saturated(_) => traffic::carry(&mut load, plan)?,
    };
    measured.members = plan.members;
    measured.idle = idle;
    Ok(measured)
}
