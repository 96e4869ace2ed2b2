//! The socket as the outbox sees it, and frames in the form that goes over it.

use bytes::Bytes;
use std::io;
use tokio::net::TcpStream;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};

use super::{Closing, Flushed};

/// What a wire has taken of the bytes that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) bytes: usize,
    /// The wire holds nothing back of them; otherwise they are out when [`Wire::try_flush`] says so.
    pub(crate) all_out: bool,
}

/// Where bytes go that are ready to be sent.
pub(crate) trait Wire: Send + Sync {
    /// Takes as many bytes as it can without waiting, and says how many.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when it can take none now; anything else ends the connection.
    fn try_write(&self, bytes: &[u8]) -> io::Result<Taken>;

    /// Sends what was taken before and is not out yet, as far as that goes without waiting.
    ///
    /// # Errors
    /// As for [`Wire::try_write`], but a wire that can send nothing now says [`Flushed::Nothing`].
    fn try_flush(&self) -> io::Result<Flushed>;
}

impl Wire for TcpStream {
    fn try_write(&self, bytes: &[u8]) -> io::Result<Taken> {
        Ok(Taken { bytes: Self::try_write(self, bytes)?, all_out: true })
    }

    fn try_flush(&self) -> io::Result<Flushed> {
        Ok(Flushed::All)
    }
}

/// One JSON text as a WebSocket message. The gateway never masks, so all readers share the bytes.
pub(crate) fn text(json: impl Into<Bytes>) -> Bytes {
    message(json.into(), Data::Text)
}

/// Compressed JSON as a WebSocket message.
pub(super) fn binary(bytes: impl Into<Bytes>) -> Bytes {
    message(bytes.into(), Data::Binary)
}

fn message(payload: Bytes, kind: Data) -> Bytes {
    on_the_wire(Frame::message(payload, OpCode::Data(kind), true))
}

pub(super) fn close(closing: Closing) -> Bytes {
    let frame = CloseFrame { code: closing.code.into(), reason: closing.reason.into() };
    on_the_wire(Frame::close(Some(frame)))
}

fn on_the_wire(frame: Frame) -> Bytes {
    let mut bytes = Vec::with_capacity(frame.len());
    // A vector takes everything.
    let _ = frame.format(&mut bytes);
    bytes.into()
}
