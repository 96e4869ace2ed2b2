//! A socket of the load client, with or without TLS.

use std::io::{self, Read, Write};
use std::sync::Arc;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use tls_transport::rustls::{ClientConfig, ClientConnection};

use crate::Error;

/// The name that the certificate is for.
const SERVER: &str = "localhost";

pub(super) struct Socket {
    tcp: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, tls: Option<&Arc<ClientConfig>>) -> Result<Self, Error> {
        let Some(config) = tls else { return Ok(Self { tcp, tls: None }) };
        let unusable = |error: &dyn std::fmt::Display| Error::Unexpected(format!("TLS: {error}"));
        let name = SERVER.try_into().map_err(|error| unusable(&error))?;
        let tls = ClientConnection::new(Arc::clone(config), name);
        Ok(Self { tcp, tls: Some(Box::new(tls.map_err(|error| unusable(&error))?)) })
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Whether a read that gives less than was asked for says that nothing more is there: with TLS
    /// each gives what one look at the socket brought.
    pub(super) fn is_empty_after(&self, read: usize, asked: usize) -> bool {
        self.tls.is_none() && read < asked
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.tcp.read(buffer) };
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            tls.read_tls(&mut self.tcp)?;
            tls.process_new_packets().map_err(io::Error::other)?;
            // The handshake goes on.
            send(tls, &mut self.tcp)?;
        }
    }
}

impl Write for Socket {
    /// Takes everything as long as nothing waits in the session.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.tcp.write(bytes) };
        if !send(tls, &mut self.tcp)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = tls.writer().write(bytes)?;
        send(tls, &mut self.tcp)?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            send(tls, &mut self.tcp)?;
        }
        Ok(())
    }
}

/// Whether everything that is encrypted is out.
fn send(tls: &mut ClientConnection, tcp: &mut TcpStream) -> io::Result<bool> {
    while tls.wants_write() {
        match tls.write_tls(tcp) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            written => written?,
        };
    }
    Ok(true)
}

impl Source for Socket {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.tcp.register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.tcp.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.tcp.deregister(registry)
    }
}
