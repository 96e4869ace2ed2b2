//! What the accept loop does when the machine has nothing left for a further connection.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// Long enough that failing costs nothing, short enough that nobody notices when it is over.
const PAUSE: Duration = Duration::from_millis(20);
/// Always there, and costs nothing to keep open.
const NOTHING: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };
/// EMFILE and ENFILE of the systems with such a limit: too many open files in the process, in the
/// machine.
const TOO_MANY_FILES: [i32; 2] = [24, 23];

/// A file that is kept open to be given up when there is no other left: whoever waits is then
/// turned away in place of hanging, since what the kernel has accepted waits for ever otherwise.
pub(super) struct Spare {
    file: Option<File>,
    failing: bool,
}

impl Spare {
    pub(super) fn new() -> Self {
        Self { file: File::open(Path::new(NOTHING)).ok(), failing: false }
    }

    /// A connection was accepted: the next failure is news again.
    pub(super) fn went_well(&mut self) {
        self.failing = false;
    }

    /// Waits as long as the failure of an accept asks for. True when the client that waited for it
    /// was turned away.
    pub(super) async fn after(&mut self, error: &io::Error, listener: &TcpListener) -> bool {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        // A client that has gone before it was accepted concerns nobody else.
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return false;
        }
        // Said once for each time that it begins: a flood must not fill the log.
        if !self.failing {
            tracing::error!(%error, "no connection can be accepted");
        }
        self.failing = true;
        let files = error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code));
        if files && self.turn_away(listener).await {
            return true;
        }
        sleep(PAUSE).await;
        false
    }

    async fn turn_away(&mut self, listener: &TcpListener) -> bool {
        if self.file.take().is_none() {
            self.file = File::open(Path::new(NOTHING)).ok();
            return false;
        }
        // Somebody waits, or there would have been no failure; but another thread may be faster
        // and take the file that was given up.
        let accepted = tokio::time::timeout(PAUSE, listener.accept()).await;
        let turned_away = matches!(accepted, Ok(Ok(_)));
        drop(accepted);
        self.file = File::open(Path::new(NOTHING)).ok();
        turned_away
    }
}
