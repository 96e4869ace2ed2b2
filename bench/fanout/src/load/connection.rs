//! One connection of the load client, from connecting to the last frame.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::time::SystemTime;

use hdrhistogram::Histogram;
use mio::event::Event;

use super::plan::{Plan, Protocol};
use super::socket::Socket;
use super::speech;
use crate::frames::{CLOSE, Frame, FrameReader};
use crate::tally::{Inflater, Mark, Tally, marks};
use crate::{Error, handshake};

/// Longest delay that is told apart, in microseconds.
const LONGEST_US: u64 = 120_000_000;
const GATEWAY: &str = "/gateway";
const SEND: &str = "/send";

#[derive(Debug)]
enum Stage {
    Connecting,
    Asking(Vec<u8>),
    LoggingIn,
    Joining,
    Ready,
    Closed,
}

/// What a sampled member knows beside its count.
#[derive(Debug, Default)]
struct Sample {
    /// One above the highest number of a message that it has.
    through: u64,
    /// The same of each sender.
    of_sender: Vec<u64>,
    disorder: u64,
}

pub(super) struct Connection {
    socket: Socket,
    stage: Stage,
    reader: FrameReader,
    account: String,
    sender: bool,
    tally: Tally,
    sample: Option<Box<Sample>>,
    /// What the socket would not take yet.
    unsent: Vec<u8>,
    /// Requests to send, and those of them that were answered.
    asked: u64,
    answered: u64,
}

/// What all connections together have heard.
pub(super) struct Heard {
    pub(super) delivered: u64,
    pub(super) bytes: u64,
    pub(super) refused: u64,
    pub(super) closed: u64,
    /// Delays of the messages that were sent within [`Self::measured`], in microseconds.
    pub(super) delays: Histogram<u64>,
    pub(super) measured: Range<u64>,
    inflater: Inflater,
}

impl Heard {
    pub(super) fn new() -> Result<Self, Error> {
        let delays = Histogram::new_with_bounds(1, LONGEST_US, 3)
            .map_err(|error| Error::Unexpected(format!("no histogram: {error}")))?;
        Ok(Self {
            delivered: 0,
            bytes: 0,
            refused: 0,
            closed: 0,
            delays,
            measured: u64::MAX..u64::MAX,
            inflater: Inflater::default(),
        })
    }
}

impl Sample {
    fn take(&mut self, mark: Mark, senders: usize) {
        self.through = self.through.max(mark.number + 1);
        let senders = senders.max(1);
        self.of_sender.resize(senders, 0);
        // Messages go round the senders.
        let newest = &mut self.of_sender[usize::try_from(mark.number).unwrap_or(0) % senders];
        self.disorder += u64::from(mark.number < *newest);
        *newest = mark.number + 1;
    }
}

impl Connection {
    pub(super) fn new(socket: Socket, account: String, sender: bool, sampled: bool) -> Self {
        Self {
            socket,
            stage: Stage::Connecting,
            reader: FrameReader::default(),
            account,
            sender,
            tally: Tally::default(),
            sample: sampled.then(Box::default),
            unsent: Vec::new(),
            asked: 0,
            answered: 0,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready)
    }

    /// One above the highest number that a sampled member has; nothing for others.
    pub(super) fn through(&self) -> Option<u64> {
        self.sample.as_ref().filter(|_| self.is_ready()).map(|sample| sample.through)
    }

    pub(super) fn disorder(&self) -> u64 {
        // Where the room's own numbers are not in order, a sender's can be out of order as well:
        // that is one fault and counts once.
        self.tally.disorder.max(self.sample.as_ref().map_or(0, |sample| sample.disorder))
    }

    /// Goes on towards the room; an error ends the measurement.
    pub(super) fn approach(
        &mut self,
        event: &Event,
        buffer: &mut [u8],
        plan: &Plan,
    ) -> Result<(), Error> {
        if matches!(self.stage, Stage::Connecting) && event.is_writable() {
            if let Some(error) =
                self.socket.tcp().take_error().map_err(Error::io("look at a socket"))?
            {
                return Err(Error::io(format!("connect to {}", plan.address))(error));
            }
            self.socket.tcp().set_nodelay(true).map_err(Error::io("set a connection up"))?;
            let path = match (&plan.protocol, self.sender) {
                (Protocol::Bare, true) => SEND,
                _ => GATEWAY,
            };
            self.write(&handshake::request(&plan.address.to_string(), path))?;
            self.stage = Stage::Asking(Vec::new());
        }
        if !event.is_readable() {
            return Ok(());
        }
        loop {
            let read = match self.socket.read(buffer) {
                Ok(0) => return Err(Error::Closed),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Error::io("read from the server")(error)),
            };
            self.hear_on_the_way(&buffer[..read], plan)?;
        }
    }

    fn hear_on_the_way(&mut self, bytes: &[u8], plan: &Plan) -> Result<(), Error> {
        let mut answered = Vec::new();
        let bytes = match &mut self.stage {
            Stage::Asking(head) => {
                head.extend_from_slice(bytes);
                let Some(length) = handshake::accepted(head).map_err(Error::Handshake)? else {
                    return Ok(());
                };
                answered = head.split_off(length);
                self.stage = Stage::LoggingIn;
                match &plan.protocol {
                    Protocol::Bare => self.stage = Stage::Ready,
                    Protocol::Gateway(login) => {
                        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
                        self.write(&speech::login(login, self.sender, &self.account, now)?)?;
                    }
                }
                &answered
            }
            _ => bytes,
        };
        let mut replies = Vec::new();
        self.reader.read(bytes, |frame| {
            if [&b"{\"t\":\"login_ok\""[..], b"{\"t\":\"join_ok\"", b"{\"t\":\"error\""]
                .iter()
                .any(|wanted| frame.payload.starts_with(wanted))
            {
                replies.push(String::from_utf8_lossy(frame.payload).into_owned());
            }
        })?;
        drop(answered);
        for reply in replies {
            self.answer(&reply, plan)?;
        }
        Ok(())
    }

    fn answer(&mut self, reply: &str, plan: &Plan) -> Result<(), Error> {
        let Protocol::Gateway(login) = &plan.protocol else { return Ok(()) };
        if reply.starts_with(r#"{"t":"error""#) {
            return Err(Error::Refused(reply.to_owned()));
        }
        match self.stage {
            Stage::LoggingIn => {
                self.write(&speech::join(login))?;
                self.stage = Stage::Joining;
            }
            Stage::Joining => self.stage = Stage::Ready,
            _ => {}
        }
        Ok(())
    }

    /// Asks for a message to be sent.
    pub(super) fn say(&mut self, message: &[u8]) -> Result<(), Error> {
        self.asked += 1;
        self.write(message)
    }

    /// Requests to send that have no answer yet. The bare loop answers none.
    pub(super) fn unanswered(&self) -> u64 {
        self.asked - self.answered.min(self.asked)
    }

    /// Writes as much as the socket takes; the rest follows when it can be written to again.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.unsent.extend_from_slice(bytes);
        self.flush()
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        match self.socket.flush() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(Error::io("write to the server")(error));
            }
            _ => {}
        }
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What the server said before it closed is still to be heard, and tells more.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.unsent.clear(),
                Err(error) => return Err(Error::io("write to the server")(error)),
            }
        }
        Ok(())
    }

    /// Hears what has come.
    pub(super) fn hear(
        &mut self,
        event: &Event,
        buffer: &mut [u8],
        now_us: u64,
        senders: usize,
        heard: &mut Heard,
    ) -> Result<(), Error> {
        if matches!(self.stage, Stage::Closed) {
            return Ok(());
        }
        loop {
            let read = match self.socket.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // An end and a broken connection are the same to a member.
                Ok(0) | Err(_) if !self.sender => {
                    self.close(heard);
                    return Ok(());
                }
                Ok(0) => return Err(Error::SenderClosed("no reason given".to_owned())),
                Err(error) => return Err(Error::io("read from the server")(error)),
                Ok(read) => read,
            };
            let closes = self.take(&buffer[..read], now_us, senders, heard)?;
            if closes {
                self.close(heard);
                return Ok(());
            }
            // A socket that gave less than it was asked for has no more; the next bytes are a new
            // event. Only the end would be overlooked.
            if self.socket.is_empty_after(read, buffer.len()) && !event.is_read_closed() {
                return Ok(());
            }
        }
    }

    fn close(&mut self, heard: &mut Heard) {
        self.stage = Stage::Closed;
        heard.closed += 1;
    }

    /// Whether the server says good-bye.
    fn take(
        &mut self,
        bytes: &[u8],
        now_us: u64,
        senders: usize,
        heard: &mut Heard,
    ) -> Result<bool, Error> {
        let Self { reader, tally, sample, sender, answered, .. } = self;
        let Heard { delivered, bytes: total, refused, delays, measured, inflater, .. } = heard;
        if *sender {
            let mut reason = None;
            reader.read(bytes, |frame| {
                if let (CLOSE, [high, low, text @ ..]) = (frame.opcode, frame.payload) {
                    let code = u16::from_be_bytes([*high, *low]);
                    reason = Some(format!("{code} {}", String::from_utf8_lossy(text)));
                }
                let is_refused = frame.payload.starts_with(br#"{"t":"error""#);
                let is_sent = frame.payload.starts_with(br#"{"t":"send_ok""#);
                *refused += u64::from(is_refused);
                *answered += u64::from(is_refused || is_sent);
            })?;
            return reason.map_or(Ok(false), |reason| Err(Error::SenderClosed(reason)));
        }
        *total += bytes.len() as u64;
        let mut closes = false;
        let mut unreadable = None;
        let member = |frame: Frame<'_>| match inflater.json(frame) {
            Ok(Some(json)) => {
                *delivered += tally.take(json);
                let Some(sample) = sample else { return };
                for mark in marks(json) {
                    sample.take(mark, senders);
                    if measured.contains(&mark.sent_us) {
                        delays.saturating_record(now_us.saturating_sub(mark.sent_us).max(1));
                    }
                }
            }
            Ok(None) => closes |= frame.opcode == CLOSE,
            Err(error) => unreadable = Some(error),
        };
        reader.read(bytes, member)?;
        match unreadable {
            Some(error) => Err(Error::Unexpected(error.to_string())),
            None => Ok(closes),
        }
    }
}
