//! The socket of a client that speaks TLS. Reading and writing share the connection's keys and
//! therefore a lock, which is held for no longer than the socket takes or gives without waiting.
//! Whoever holds the outbox's lock may take this one; never the other way round.

use std::io::{self, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tls_transport::rustls::ServerConnection;
use tokio::net::TcpStream;

use super::{Flushed, Taken, Wire};

/// Encrypted bytes that wait for a socket that takes none. What is encrypted has to go out, whoever
/// it was for: by this much a slow reader gets more than the classes of its messages would let it.
const HELD_BACK_BYTES: usize = 16 * 1024;

pub(crate) struct TlsWire {
    socket: TcpStream,
    tls: Mutex<ServerConnection>,
}

/// The socket as rustls writes to it and reads from it, without waiting.
struct Trying<'a>(&'a TcpStream);

impl Read for Trying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Trying<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TlsWire {
    pub(crate) fn new(socket: TcpStream, mut tls: ServerConnection) -> Self {
        tls.set_buffer_limit(Some(HELD_BACK_BYTES));
        Self { socket, tls: Mutex::new(tls) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn lock(&self) -> MutexGuard<'_, ServerConnection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what the client says. [`io::ErrorKind::WouldBlock`] when the task is woken later; 0 when
    /// the client has ended the connection, and an error when it ended without saying so.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let mut tls = self.lock();
        loop {
            // What is decrypted already does not make the socket readable.
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            let Poll::Ready(readable) = self.socket.poll_read_ready(cx) else {
                return Err(io::ErrorKind::WouldBlock.into());
            };
            readable?;
            match tls.read_tls(&mut Trying(&self.socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                read => read?,
            };
            let processed = tls.process_new_packets();
            // Answers of the protocol itself: new keys, or an alert that says what was wrong.
            flush(&mut tls, &self.socket)?;
            processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }

    /// Whether encrypted bytes wait for the socket.
    pub(crate) fn owes(&self) -> bool {
        self.lock().wants_write()
    }

    /// Tells the client that nothing comes any more, if the socket still takes it.
    pub(crate) fn say_end(&self) {
        let mut tls = self.lock();
        tls.send_close_notify();
        // Whoever does not take it sees a connection that broke, which is what it is then.
        let _ = flush(&mut tls, &self.socket);
    }
}

impl Wire for TlsWire {
    fn try_write(&self, bytes: &[u8]) -> io::Result<Taken> {
        let mut tls = self.lock();
        let tls = &mut *tls;
        if flush(tls, &self.socket)? != Flushed::All {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut taken = 0;
        while taken < bytes.len() {
            taken += tls.writer().write(&bytes[taken..])?;
            if flush(tls, &self.socket)? != Flushed::All {
                return Ok(Taken { bytes: taken, all_out: false });
            }
        }
        Ok(Taken { bytes: taken, all_out: true })
    }

    fn try_flush(&self) -> io::Result<Flushed> {
        flush(&mut self.lock(), &self.socket)
    }
}

fn flush(tls: &mut ServerConnection, socket: &TcpStream) -> io::Result<Flushed> {
    let mut flushed = Flushed::Nothing;
    while tls.wants_write() {
        match tls.write_tls(&mut Trying(socket)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(_) => flushed = Flushed::Some,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(flushed),
            Err(error) => return Err(error),
        }
    }
    Ok(Flushed::All)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tls_transport::testing::Authority;
    use tls_transport::{Acceptor, ClientStream, HandshakeLimits, Stream};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    async fn pair() -> (TlsWire, ClientStream) {
        let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let tls = authority.serve_loopback(dir.path());
        let acceptor = Acceptor::new(tls, HandshakeLimits::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (trust, port) = (authority.trust(), listener.local_addr().unwrap().port());
        let accepting = async { acceptor.accept(listener.accept().await.unwrap().0).await };
        let (client, accepted) = tokio::join!(trust.connect("127.0.0.1", port, true), accepting);
        let Stream::Tls(stream) = accepted.unwrap() else { panic!("TLS was asked for") };
        let (socket, tls) = stream.into_inner();
        (TlsWire::new(socket, tls), client.unwrap())
    }

    #[tokio::test]
    async fn what_a_full_socket_leaves_behind_goes_out_whole_and_before_anything_else() {
        let (wire, mut client) = pair().await;
        let mut said = Vec::new();
        loop {
            let frame: Vec<u8> = (0..40_000u32).map(|byte| (byte % 251) as u8).collect();
            let taken = wire.try_write(&frame).unwrap();
            said.extend_from_slice(&frame[..taken.bytes]);
            if !taken.all_out {
                break;
            }
            assert_eq!(taken.bytes, frame.len(), "a socket with room takes whole frames");
        }
        assert!(wire.owes());

        let mut heard = vec![0; said.len()];
        let flushing = async {
            while wire.try_flush().unwrap() != Flushed::All {
                wire.socket().writable().await.unwrap();
            }
        };
        let both = async { tokio::join!(client.read_exact(&mut heard), flushing) };
        timeout(Duration::from_secs(20), both).await.unwrap().0.unwrap();
        assert!(heard == said, "every byte that was taken arrives once");

        assert_eq!(wire.try_write(b"later").unwrap(), Taken { bytes: 5, all_out: true });
        wire.say_end();
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.expect("an end that was announced");
        assert_eq!(rest, "later");
    }
}
