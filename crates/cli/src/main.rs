//! The `liveroom` command: run the services, and set up what they serve.
//!
//! Results go to stdout, one JSON value per line where a program may read them; logs and errors go
//! to stderr.

mod app;
mod backup;
mod certificates;
mod config_file;
#[cfg(test)]
mod configuration_page;
mod draw_command;
mod environment;
#[cfg(test)]
mod help;
mod logging;
mod options;
mod serve;
mod usersig_command;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tls_transport::Trust;

use options::LogFormat;

#[derive(Parser)]
#[command(name = "liveroom", version, about = "Live rooms: the chat service and its tools")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the chat service and the business service until SIGTERM or Ctrl-C
    Serve(Box<options::Options>),
    /// Create and change applications; needs no running service
    App(app::Arguments),
    /// Print a UserSig, the password an account signs in with
    #[command(name = "usersig")]
    UserSig(usersig_command::Arguments),
    /// Check that a lucky draw was fair
    Draw(draw_command::Arguments),
    /// Copy what a data folder holds, as of one moment; the services may run
    Backup(backup::BackupArguments),
    /// Put a backup into an empty data folder
    Restore(backup::RestoreArguments),
}

impl Command {
    fn log_format(&self) -> LogFormat {
        match self {
            Self::Serve(options) => options.log_format,
            Self::App(_)
            | Self::UserSig(_)
            | Self::Draw(_)
            | Self::Backup(_)
            | Self::Restore(_) => LogFormat::Text,
        }
    }
}

/// Why a command failed, in words for the person who typed it.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    ConfigFile(#[from] config_file::Error),
    #[error("{0}")]
    Environment(String),
    #[error("the environment variable LIVEROOM_LOG is wrong: {0}")]
    LogFilter(String),
    #[error(transparent)]
    Api(#[from] chat_types::ApiError),
    #[error(transparent)]
    Storage(#[from] chat_server::storage::Error),
    #[error(transparent)]
    Server(#[from] chat_server::server::Error),
    #[error(transparent)]
    Business(#[from] business_server::Error),
    #[error(transparent)]
    Beside(#[from] embedded::Error),
    #[error(transparent)]
    Tls(#[from] tls_transport::Error),
    #[error("{flag} is missing: it is needed {why}")]
    Missing { flag: &'static str, why: &'static str },
    #[error(transparent)]
    UserSig(#[from] usersig::Error),
    #[error("the draw cannot be trusted: {0}")]
    Draw(#[from] draw::Fault),
    #[error("{} cannot be read: {source}", .file.display())]
    RecordFile { file: PathBuf, source: std::io::Error },
    #[error(
        "there is no database in {}: check --data-dir, or make an application there first",
        .0.display()
    )]
    NoDatabase(PathBuf),
    #[error(transparent)]
    Backup(#[from] backup::Error),
    #[error("the webhook receiver did not answer as it should: {0}")]
    CallbackTest(String),
    #[error("the key is empty; give the one that `liveroom app create` printed")]
    EmptyKey,
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
    let words: Vec<OsString> = std::env::args_os().collect();
    let command = match read(&words) {
        Ok(command) => command,
        Err(error) => return failed(&error, LogFormat::Text),
    };
    let format = command.log_format();
    match logging::start(&command).and_then(|()| run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, format),
    }
}

fn failed(error: &Error, format: LogFormat) -> ExitCode {
    logging::complain(error, format);
    ExitCode::FAILURE
}

/// What the command line, the environment and the configuration file ask for together. Ends the
/// process with the library's own sentences where help is asked for or a flag is wrong.
fn read(words: &[OsString]) -> Result<Command, Error> {
    let command = environment::without_empty(Arguments::command());
    let command = config_file::apply(command, words)?;
    match command.clone().try_get_matches_from(words) {
        Ok(matches) => match Arguments::from_arg_matches(&matches) {
            Ok(arguments) => Ok(arguments.command),
            Err(error) => error.exit(),
        },
        Err(error) => match environment::blame(&command, words, &error) {
            Some(sentence) => Err(Error::Environment(sentence)),
            None => error.exit(),
        },
    }
}

fn run(command: Command) -> Result<(), Error> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::Runtime)?;
    match command {
        Command::Serve(arguments) => runtime.block_on(serve::run(*arguments)),
        Command::App(arguments) => runtime.block_on(app::run(arguments)),
        Command::UserSig(arguments) => usersig_command::run(&arguments),
        Command::Draw(arguments) => draw_command::run(&arguments),
        Command::Backup(arguments) => runtime.block_on(backup::backup(arguments)),
        Command::Restore(arguments) => runtime.block_on(backup::restore(arguments)),
    }
}

/// Whom the command trusts when it calls a server over TLS: the machine's authorities and those of
/// this file.
fn trust(ca: Option<&Path>) -> Result<Trust, Error> {
    let trust = Trust::platform();
    Ok(match ca {
        Some(file) => trust.with_authorities_of(file)?,
        None => trust,
    })
}

/// Writes one line to stdout and flushes it: a program that waits for the line must not wait for a
/// buffer to fill.
fn print_line(line: &str) -> Result<(), Error> {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(Error::Stdout)
}
