//! Filling the room, and one turn of the loop.

use std::io;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};

use super::Load;
use super::connection::{Connection, Heard};
use super::plan::Plan;
use super::socket::Socket;
use super::speech;
use crate::Error;

/// Members whose delays are taken.
const SAMPLED: usize = 100;
/// A room that nobody could come into for so long does not fill any more.
const PATIENCE: Duration = Duration::from_secs(30);

impl Load {
    /// Opens all connections and waits until each is in the room.
    pub(super) fn fill(&mut self, plan: &Plan) -> Result<(), Error> {
        let all = plan.senders + plan.members;
        let every = plan.members.div_ceil(SAMPLED).max(1);
        let mut ready = 0;
        let mut heard = Heard::new()?;
        let mut last = Instant::now();
        while ready < all {
            while self.connections.len() < all && self.connections.len() - ready < plan.parallel {
                self.open(plan, every)?;
            }
            self.wait(Duration::from_secs(1))?;
            let now_us = self.now_us();
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                if connection.is_ready() {
                    let (buffer, senders) = (&mut self.buffer, self.senders);
                    connection.hear(event, buffer, now_us, senders, &mut heard)?;
                    continue;
                }
                connection.approach(event, &mut self.buffer, plan)?;
                if connection.is_ready() {
                    ready += 1;
                    last = Instant::now();
                }
            }
            if heard.closed > 0 {
                return Err(Error::Closed);
            }
            if last.elapsed() > PATIENCE {
                return Err(Error::Unexpected(format!("only {ready} of {all} came in")));
            }
        }
        Ok(())
    }

    fn open(&mut self, plan: &Plan, every: usize) -> Result<(), Error> {
        let index = self.connections.len();
        let sender = index < plan.senders;
        let number = if sender { index } else { index - plan.senders };
        let doing = || Error::io(format!("connect to {}", plan.address));
        let socket = TcpStream::connect(plan.address).map_err(doing())?;
        let mut socket = Socket::new(socket, plan.tls.as_ref())?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, Token(index), interest).map_err(doing())?;
        let account = speech::account(sender, number);
        let sampled = !sender && number.is_multiple_of(every);
        self.connections.push(Connection::new(socket, account, sender, sampled));
        Ok(())
    }

    pub(super) fn now_us(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn wait(&mut self, timeout: Duration) -> Result<(), Error> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(Error::io("wait for sockets")(error))
            }
            _ => Ok(()),
        }
    }

    /// Waits for something to hear, and hears it.
    pub(super) fn turn(&mut self, timeout: Duration, heard: &mut Heard) -> Result<(), Error> {
        self.wait(timeout)?;
        let mut now_us = self.now_us();
        for (at, event) in self.events.iter().enumerate() {
            // The clock is looked at often enough for a delay and seldom enough to cost nothing.
            if at % 16 == 15 {
                now_us = u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
            }
            let connection = &mut self.connections[event.token().0];
            if event.is_writable() {
                connection.flush()?;
            }
            if event.is_readable() {
                connection.hear(event, &mut self.buffer, now_us, self.senders, heard)?;
            }
        }
        Ok(())
    }

    /// Hears what comes for a while.
    pub(super) fn listen(&mut self, time: Duration) -> Result<(), Error> {
        let mut heard = Heard::new()?;
        let start = Instant::now();
        while let Some(rest) = time.checked_sub(start.elapsed()) {
            self.turn(rest, &mut heard)?;
        }
        if heard.closed > 0 { Err(Error::Closed) } else { Ok(()) }
    }
}
