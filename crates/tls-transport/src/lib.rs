//! TLS for the services and for their clients, with rustls and ring: the provider is given
//! explicitly everywhere, because a process may have another one, or none, as its default.
//!
//! * [`ServerTls`] – a certificate and its key, read from files and read again when they change
//! * [`Acceptor`] – handshakes, bounded in time and in number
//! * [`Stream`] – a connection, with or without TLS
//! * [`Trust`] – whose certificates a client believes, and connecting to them

mod acceptor;
mod certificates;
mod pem;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod trust;

pub use acceptor::{Acceptor, HandshakeLimits, Refused};
pub use certificates::{CertificateFiles, Reloaded, ServerTls};
pub use pem::Error;
pub use rustls;
pub use stream::{ClientStream, ServerStream, Stream};
pub use trust::Trust;
