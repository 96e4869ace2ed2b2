//! The `liveroom` command: run the chat service, and set up what it serves.
//!
//! Results go to stdout, one JSON value per line where a program may read them; logs and errors go
//! to stderr.

mod app;
mod serve;
mod usersig_command;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "liveroom", version, about = "Live rooms: the chat service and its tools")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the chat service until SIGTERM or Ctrl-C
    Serve(serve::Arguments),
    /// Create and change applications; needs no running service
    App(app::Arguments),
    /// Print a UserSig, the password an account signs in with
    #[command(name = "usersig")]
    UserSig(usersig_command::Arguments),
}

/// Why a command failed, in words for the person who typed it.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Api(#[from] chat_types::ApiError),
    #[error(transparent)]
    Storage(#[from] chat_server::storage::Error),
    #[error(transparent)]
    Server(#[from] chat_server::server::Error),
    #[error(transparent)]
    UserSig(#[from] usersig::Error),
    #[error("{0} is no user id: {1}")]
    UserId(String, String),
    #[error("the system refuses to report signals: {0}")]
    Signals(std::io::Error),
    #[error("stdout cannot be written: {0}")]
    Stdout(std::io::Error),
    #[error("the asynchronous runtime cannot be started: {0}")]
    Runtime(std::io::Error),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("LIVEROOM_LOG").unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("liveroom: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::Runtime)?;
    match command {
        Command::Serve(arguments) => runtime.block_on(serve::run(arguments)),
        Command::App(arguments) => runtime.block_on(app::run(arguments)),
        Command::UserSig(arguments) => usersig_command::run(&arguments),
    }
}

/// Writes one line to stdout and flushes it: a program that waits for the line must not wait for a
/// buffer to fill.
fn print_line(line: &str) -> Result<(), Error> {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(Error::Stdout)
}
