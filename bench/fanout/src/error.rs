//! Why a measurement could not be made.

use std::io;

use crate::frames;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("could not {doing}: {source}")]
    Io { doing: String, source: io::Error },
    #[error("the server sent what is no frame: {0}")]
    Frame(#[from] frames::Malformed),
    #[error("the server refused the WebSocket: {0}")]
    Handshake(String),
    #[error("the server refused a request: {0}")]
    Refused(String),
    #[error("the server closed a connection while the room was filled")]
    Closed,
    #[error("the server closed the connection of a sender: {0}")]
    SenderClosed(String),
    #[error("{0}")]
    Unexpected(String),
}

impl Error {
    /// For `map_err`: what was tried, in the words of a sentence that begins with "could not".
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
