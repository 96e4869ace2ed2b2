//! What a connection stands on after its upgrade: a socket, with or without TLS.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use tls_transport::{ServerStream, Stream};
use tokio::net::TcpStream;

use crate::outbox::{Outbox, TlsWire, Wire};

#[derive(Clone)]
pub(super) enum Transport {
    Plain(Arc<TcpStream>),
    Tls(Arc<TlsWire>),
}

impl From<ServerStream> for Transport {
    fn from(stream: ServerStream) -> Self {
        match stream {
            Stream::Plain(stream) => Self::Plain(Arc::new(stream)),
            Stream::Tls(stream) => {
                let (socket, tls) = stream.into_inner();
                Self::Tls(Arc::new(TlsWire::new(socket, tls)))
            }
        }
    }
}

impl Transport {
    /// The socket itself, for its readiness.
    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(wire) => wire.socket(),
        }
    }

    pub(super) fn wire(&self) -> Arc<dyn Wire> {
        match self {
            Self::Plain(stream) => Arc::clone(stream) as Arc<dyn Wire>,
            Self::Tls(wire) => Arc::clone(wire) as Arc<dyn Wire>,
        }
    }

    /// Would block when the task is to be woken later: when there is nothing to read, and when the
    /// task has read so much that it is others' turn.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(wire) => return wire.poll_read(cx, buffer),
        };
        loop {
            let Poll::Ready(readable) = stream.poll_read_ready(cx) else {
                return Err(io::ErrorKind::WouldBlock.into());
            };
            readable?;
            match stream.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    /// After reading: what TLS answered by itself and the socket did not take waits like frames do.
    pub(super) fn settle(&self, outbox: &Outbox) {
        if let Self::Tls(wire) = self
            && wire.owes()
        {
            outbox.owe_flush();
        }
    }

    /// Tells the client that the connection ends here, and was not cut.
    pub(super) fn say_end(&self) {
        if let Self::Tls(wire) = self {
            wire.say_end();
        }
    }
}
