//! The reading half of a socket: WebSocket messages out of bytes. Reading needs a small buffer only
//! while a message is on its way in.

use bytes::Bytes;
use std::io::{self, Read, Write};
use std::task::{Context, Poll};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use super::HARD_FRAME_LIMIT_BYTES;
use super::transport::Transport;
use super::upgrade::Upgraded;
use crate::outbox::Outbox;

/// Taken from the socket at once. Most that a viewer says is shorter.
const READ_BUFFER_BYTES: usize = 256;

pub(super) struct Socket {
    transport: Transport,
    context: WebSocketContext,
}

/// Reads from the socket; what the protocol wants to be answered by itself, such as a pong, is put
/// aside, because only the outbox writes.
struct Ears<'a, 'b> {
    transport: &'a Transport,
    cx: &'a mut Context<'b>,
    replies: Vec<u8>,
}

impl Read for Ears<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.transport.poll_read(self.cx, buffer)
    }
}

impl Write for Ears<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket {
    pub(super) fn new(upgraded: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(HARD_FRAME_LIMIT_BYTES))
            .max_frame_size(Some(HARD_FRAME_LIMIT_BYTES));
        let read = upgraded.read.to_vec();
        let context = WebSocketContext::from_partially_read(read, Role::Server, Some(config));
        Self { transport: upgraded.stream.into(), context }
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The next message, or why there is none any more.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &Outbox,
    ) -> Poll<Result<Message, Error>> {
        let mut ears = Ears { transport: &self.transport, cx, replies: Vec::new() };
        let read = self.context.read(&mut ears);
        if !ears.replies.is_empty() {
            outbox.control_frame(Bytes::from(ears.replies));
        }
        self.transport.settle(outbox);
        match read {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            read => Poll::Ready(read),
        }
    }
}
