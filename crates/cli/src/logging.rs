//! The log on stderr.

use serde_json::json;
use std::io::{IsTerminal, Write, stderr};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::options::LogFormat;
use crate::{Command, Error};

/// The variable of the log filter, for every command.
const VARIABLE: &str = "LIVEROOM_LOG";
/// What the short commands log when [`VARIABLE`] does not say: they answer on stdout, and their
/// errors are sentences.
const QUIET: &str = "warn";

/// Starts the log.
pub(crate) fn start(command: &Command) -> Result<(), Error> {
    let filter = match command {
        Command::Serve(options) => options.log_filter.clone(),
        Command::App(_)
        | Command::UserSig(_)
        | Command::Draw(_)
        | Command::Backup(_)
        | Command::Restore(_) => short_filter(std::env::var_os(VARIABLE))?,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match command.log_format() {
        LogFormat::Text => log.with_ansi(in_colour()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// What the short commands log, given what the variable holds.
fn short_filter(variable: Option<std::ffi::OsString>) -> Result<String, Error> {
    match variable.filter(|text| !text.is_empty()) {
        None => Ok(QUIET.to_owned()),
        Some(text) => filter(&text.to_string_lossy()).map_err(Error::LogFilter),
    }
}

fn in_colour() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Reads a log filter. The library takes a word that is no level for the name of a part of the
/// program and then logs nothing else, so that a slip of the pen would silence the log.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let lost = |part: &&&str| {
        let bare = !part.contains(['=', '[']);
        bare && (part.is_empty() || part.parse::<LevelFilter>().is_err())
    };
    if let Some(part) = parts.iter().find(lost) {
        return Err(format!(
            "\"{part}\" is no level; there are error, warn, info, debug, trace and off, and a part \
             of the program has its level behind it, as in chat_server::gateway=debug"
        ));
    }
    let text = parts.join(",");
    EnvFilter::try_new(&text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// Writes why the command failed. This is no event of the log, which a filter could hide.
pub(crate) fn complain(error: &Error, format: LogFormat) {
    let line = match format {
        LogFormat::Text => format!("liveroom: {error}"),
        LogFormat::Json => {
            let mut timestamp = String::new();
            // Writing into a text cannot fail.
            let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
            json!({
                "timestamp": timestamp,
                "level": "ERROR",
                "message": "command failed",
                "error": error.to_string(),
                "target": module_path!(),
            })
            .to_string()
        }
    };
    // Nobody is left to be told that stderr is closed.
    let _ = writeln!(stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_parts_with_levels_and_a_mistyped_level_is_refused() {
        for (text, read) in [
            ("info", "info"),
            ("OFF", "OFF"),
            ("warn, chat_server::gateway=debug", "warn,chat_server::gateway=debug"),
            ("info,[call{code=0}]=debug", "info,[call{code=0}]=debug"),
        ] {
            assert_eq!(filter(text).as_deref(), Ok(read));
        }
        for text in ["verbose", "", "info,", "info,chat_server", "bogus,[call]=debug"] {
            let refused = filter(text).unwrap_err();
            assert!(refused.contains("no level") && refused.contains("debug"), "{text}: {refused}");
        }
        for text in ["chat_server=verbose", "a=b=c"] {
            assert!(filter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_short_command_refuses_a_wrong_variable_and_takes_an_empty_one_for_none() {
        assert_eq!(short_filter(None).unwrap(), QUIET);
        assert_eq!(short_filter(Some("".into())).unwrap(), QUIET);
        assert_eq!(short_filter(Some("debug".into())).unwrap(), "debug");
        let refused = short_filter(Some("bogus".into())).unwrap_err().to_string();
        assert!(refused.contains(VARIABLE) && refused.contains("bogus"), "{refused}");
    }
}
