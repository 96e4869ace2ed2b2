//! The least that a server can do: it accepts connections and writes what senders send, as ready
//! frames, to everybody else. No account, no JSON, no room.
//!
//! A connection to `/send` is a sender; every other one is a member. A sender's text is the whole
//! frame as members get it. The loop stamps the message with the next number, as any server of a
//! room has to, if the text leaves [`UNNUMBERED`] for it.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem;
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::frames::{self, FrameReader};
use crate::{Error, handshake};

/// Where the loop puts the number of a message. It has room for ten digits.
pub const UNNUMBERED: &str = "0000000000";
/// The first number, so that all have the same length.
const FIRST_SEQ: u64 = 1_000_000_001;

const LISTENER: Token = Token(0);
const STOP: Token = Token(1);
const FIRST_CONNECTION: usize = 2;
/// Frames that wait for one socket, beyond which its frames are dropped and counted.
const QUEUE: usize = 1_024;
/// Buffers that one call may write; the system's own limit is 1,024.
const SLICES: usize = 1_024;

/// When frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Each at once: one write per message and member.
    Each,
    /// All that came within a tick together: one write per tick and member.
    Tick(Duration),
}

/// What the loop has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub messages: u64,
    /// Frames that a member was not sent because its queue was full.
    pub dropped: u64,
}

type Frame = Arc<[u8]>;

struct Connection {
    socket: TcpStream,
    stage: Stage,
    /// What the socket would not take yet; of the first frame only what follows `begun`.
    waiting: VecDeque<Frame>,
    begun: usize,
}

enum Stage {
    Asking(Vec<u8>),
    Member,
    Sender(FrameReader),
}

/// The loop with its listener.
pub struct BareLoop {
    poll: Poll,
    listener: TcpListener,
    address: SocketAddr,
    writing: Writing,
    connections: Vec<Option<Connection>>,
    /// Tokens of the members.
    members: Vec<usize>,
    /// Frames of this tick.
    pending: Vec<Frame>,
    /// When the tick ends.
    due: Option<Instant>,
    next_seq: u64,
    done: Done,
}

/// Ends a loop.
pub struct Stop(Arc<Waker>);

impl Stop {
    pub fn stop(&self) -> io::Result<()> {
        self.0.wake()
    }
}

impl BareLoop {
    /// Listens; port 0 takes a free one.
    pub fn listen(address: SocketAddr, writing: Writing) -> Result<(Self, Stop), Error> {
        let doing = || Error::io(format!("listen on {address}"));
        let poll = Poll::new().map_err(doing())?;
        let mut listener = TcpListener::bind(address).map_err(doing())?;
        let address = listener.local_addr().map_err(doing())?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(doing())?;
        let stop = Stop(Arc::new(Waker::new(poll.registry(), STOP).map_err(doing())?));
        let bare = Self {
            poll,
            listener,
            address,
            writing,
            connections: Vec::new(),
            members: Vec::new(),
            pending: Vec::new(),
            due: None,
            next_seq: FIRST_SEQ,
            done: Done::default(),
        };
        Ok((bare, stop))
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is stopped.
    pub fn run(mut self) -> Result<Done, Error> {
        let mut events = Events::with_capacity(1_024);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let timeout = self.due.map(|due| due.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(Error::io("wait for sockets")(error));
                }
                _ => {}
            }
            for event in &events {
                match event.token() {
                    STOP => return Ok(self.done),
                    LISTENER => self.accept()?,
                    Token(token) => self.serve(token - FIRST_CONNECTION, event, &mut buffer),
                }
            }
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.write_all();
            }
        }
    }

    fn accept(&mut self) -> Result<(), Error> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Error::io("accept a connection")(error)),
            };
            let token = Token(self.connections.len() + FIRST_CONNECTION);
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut socket, token, interest);
            registered.map_err(Error::io("watch a connection"))?;
            socket.set_nodelay(true).map_err(Error::io("set a connection up"))?;
            self.connections.push(Some(Connection {
                socket,
                stage: Stage::Asking(Vec::new()),
                waiting: VecDeque::new(),
                begun: 0,
            }));
        }
    }

    /// A connection that fails in any way is gone.
    fn serve(&mut self, index: usize, event: &Event, buffer: &mut [u8]) {
        let Some(Some(connection)) = self.connections.get_mut(index) else { return };
        let mut said = Vec::new();
        let mut alive = true;
        if event.is_writable() {
            alive &= connection.flush().is_ok();
        }
        if event.is_readable() && alive {
            let was_asking = matches!(connection.stage, Stage::Asking(_));
            alive = connection.read(buffer, &mut said).is_ok();
            if was_asking && matches!(connection.stage, Stage::Member) {
                self.members.push(index);
            }
        }
        if !alive {
            self.connections[index] = None;
            self.members.retain(|member| *member != index);
        }
        for text in said {
            self.say(text);
        }
    }

    fn say(&mut self, mut text: Vec<u8>) {
        if let Some(at) = memmem::find(&text, UNNUMBERED.as_bytes()) {
            let seq = self.next_seq.to_string();
            text[at..at + UNNUMBERED.len()].copy_from_slice(seq.as_bytes());
            self.next_seq += 1;
        }
        self.done.messages += 1;
        self.pending.push(frames::server_text(&text).into());
        match self.writing {
            Writing::Each => self.write_all(),
            Writing::Tick(tick) => {
                self.due.get_or_insert_with(|| Instant::now() + tick);
            }
        }
    }

    fn write_all(&mut self) {
        self.due = None;
        let frames = std::mem::take(&mut self.pending);
        let slices: Vec<IoSlice<'_>> = frames.iter().map(|frame| IoSlice::new(frame)).collect();
        let connections = &mut self.connections;
        let dropped = &mut self.done.dropped;
        self.members.retain(|index| {
            let Some(Some(connection)) = connections.get_mut(*index) else { return false };
            match connection.write(&frames, &slices) {
                Ok(too_many) => *dropped += too_many,
                Err(_) => connections[*index] = None,
            }
            connections[*index].is_some()
        });
    }
}

impl Connection {
    fn read(&mut self, buffer: &mut [u8], said: &mut Vec<Vec<u8>>) -> io::Result<()> {
        loop {
            let read = match self.socket.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.take(&buffer[..read], said)?;
        }
    }

    fn take(&mut self, bytes: &[u8], said: &mut Vec<Vec<u8>>) -> io::Result<()> {
        match &mut self.stage {
            Stage::Asking(head) => {
                head.extend_from_slice(bytes);
                let Some(asked) = handshake::asked(head).map_err(io::Error::other)? else {
                    return Ok(());
                };
                // The first bytes of a connection always find room.
                self.socket.write_all(&asked.answer)?;
                self.stage = match asked.path.as_str() {
                    "/send" => Stage::Sender(FrameReader::default()),
                    _ => Stage::Member,
                };
                Ok(())
            }
            Stage::Member => Ok(()),
            Stage::Sender(reader) => {
                let text = |frame: frames::Frame<'_>| {
                    if frame.opcode == frames::TEXT {
                        said.push(frame.unmasked());
                    }
                };
                reader.read(bytes, text).map_err(io::Error::other)
            }
        }
    }

    /// Writes the frames; what the socket does not take waits. Answers how many were dropped.
    fn write(&mut self, frames: &[Frame], slices: &[IoSlice<'_>]) -> io::Result<u64> {
        let mut whole = 0;
        if self.waiting.is_empty() {
            for batch in slices.chunks(SLICES) {
                let asked: usize = batch.iter().map(|slice| slice.len()).sum();
                let mut taken = match self.socket.write_vectored(batch) {
                    Ok(taken) => taken,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                    Err(error) => return Err(error),
                };
                if taken == asked {
                    whole += batch.len();
                    continue;
                }
                let took = batch.iter().take_while(|slice| {
                    let fits = slice.len() <= taken;
                    taken -= if fits { slice.len() } else { 0 };
                    fits
                });
                whole += took.count();
                self.begun = taken;
                break;
            }
        }
        let rest = &frames[whole..];
        let room = QUEUE.saturating_sub(self.waiting.len()).min(rest.len());
        self.waiting.extend(rest[..room].iter().cloned());
        Ok((rest.len() - room) as u64)
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            let frames = self.waiting.iter().take(64);
            let slices: Vec<IoSlice<'_>> = frames
                .enumerate()
                .map(|(at, frame)| IoSlice::new(&frame[if at == 0 { self.begun } else { 0 }..]))
                .collect();
            let taken = match self.socket.write_vectored(&slices) {
                Ok(taken) => taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.begun += taken;
            while self.waiting.front().is_some_and(|frame| frame.len() <= self.begun) {
                self.begun -= self.waiting.pop_front().map_or(0, |frame| frame.len());
            }
        }
        Ok(())
    }
}
