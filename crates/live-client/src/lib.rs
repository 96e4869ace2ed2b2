//! The driver of the client core: holds the connection of one login, enters rooms on it, and gives
//! their news to whoever asks. What follows from what is decided in [`live_core`]; sockets, clock
//! and randomness are here.
//!
//! [`Client::open`] starts one task that owns everything; handles send it commands through a bounded
//! channel and may be cloned. The task ends with [`Client::close`], or when the last handle is gone.
//! [`Client::enter`] gives the handle of a room, [`RoomClient::subscribe`] the news of it.
//!
//! The transport is a WebSocket, over TLS (`wss://`) or without it (`ws://`).

// See the root manifest: frames with UserSigs in them stay out of every log.
const _: () = assert!(log::STATIC_MAX_LEVEL as usize <= log::LevelFilter::Debug as usize);

mod client;
mod command;
mod diagnostics;
mod driver;
mod link;
mod questions;
mod room;
mod subscription;

pub use client::{Client, ClientConfig, Credentials};
pub use diagnostics::Diagnostics;
pub use live_core::batch::Interest;
pub use questions::C2cPage;
pub use room::RoomClient;
pub use subscription::{Batches, MOST_SUBSCRIBERS, View};
pub use tls_transport::Trust;
