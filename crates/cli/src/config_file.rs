//! The configuration file of `liveroom serve`. What stands in it takes the place of the defaults,
//! so that a flag and an environment variable both outweigh it.

use clap::{Arg, ArgMatches, Command};
use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The subcommand that the file belongs to.
const SERVE: &str = "serve";
/// The option that names the file, and that the file cannot hold.
pub(crate) const CONFIG: &str = "config";

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the configuration file {} cannot be read: {source}; check --config and LIVEROOM_CONFIG",
        path.display()
    )]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {} is not TOML: {reason}", path.display())]
    NotToml { path: PathBuf, reason: String },
    #[error("{} has the key {key}, which does not exist; there are {known}", path.display())]
    UnknownKey { path: PathBuf, key: String, known: String },
    #[error("{} has a wrong value for {key}: {reason}", path.display())]
    WrongValue { path: PathBuf, key: String, reason: String },
}

/// The command with the values of the configuration file as its defaults, if one is named on this
/// command line or in the environment.
pub(crate) fn apply(command: Command, words: &[OsString]) -> Result<Command, Error> {
    // What is required may stand in the file, which is not known yet.
    let nothing_required =
        command.clone().mut_subcommand(SERVE, |serve| serve.mut_args(|arg| arg.required(false)));
    // A wrong command line is reported when it is parsed for good.
    let Ok(matches) = nothing_required.try_get_matches_from(words) else { return Ok(command) };
    let Some(path) = named(&matches) else { return Ok(command) };
    let table = read(path)?;
    let mut defaults = Vec::with_capacity(table.len());
    if let Some(serve) = command.find_subcommand(SERVE) {
        for (key, value) in &table {
            defaults.push(default(serve, path, key, value)?);
        }
    }
    Ok(command.mut_subcommand(SERVE, |serve| {
        defaults.into_iter().fold(serve, |serve, (id, value)| {
            serve.mut_arg(id, |arg| arg.required(false).default_value(value))
        })
    }))
}

fn named(matches: &ArgMatches) -> Option<&Path> {
    let serve = matches.subcommand_matches(SERVE)?;
    serve.get_one::<PathBuf>(CONFIG).map(PathBuf::as_path)
}

fn read(path: &Path) -> Result<Table, Error> {
    let bytes = std::fs::read(path)
        .map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    let not_toml = |reason: &dyn std::fmt::Display| Error::NotToml {
        path: path.to_owned(),
        reason: reason.to_string().trim_end().to_owned(),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| not_toml(&error))?;
    text.parse().map_err(|error: toml::de::Error| not_toml(&error))
}

/// The id of the option that a key names, and its value as it would stand on the command line.
fn default(
    serve: &Command,
    path: &Path,
    key: &str,
    value: &Value,
) -> Result<(String, String), Error> {
    let Some(arg) = keys(serve).find(|arg| arg.get_long() == Some(key)) else {
        let known: Vec<&str> = keys(serve).filter_map(Arg::get_long).collect();
        let (path, key) = (path.to_owned(), key.to_owned());
        return Err(Error::UnknownKey { path, key, known: known.join(", ") });
    };
    let wrong = |reason| Error::WrongValue { path: path.to_owned(), key: key.to_owned(), reason };
    let takes_number = arg.get_value_parser().type_id() == TypeId::of::<u32>();
    let text = match value {
        Value::Integer(number) if takes_number => number.to_string(),
        Value::String(text) if !takes_number => text.clone(),
        _ if takes_number => return Err(wrong("it takes a whole number".to_owned())),
        _ => return Err(wrong("it takes a text in quotes".to_owned())),
    };
    check(arg, text.as_ref()).map_err(wrong)?;
    Ok((arg.get_id().to_string(), text))
}

/// The options that may stand in a file.
pub(crate) fn keys(serve: &Command) -> impl Iterator<Item = &Arg> {
    serve.get_arguments().filter(|arg| arg.get_id() != CONFIG && arg.get_long().is_some())
}

/// Whether the option takes this value; a refusal in the words of the command line.
pub(crate) fn check(arg: &Arg, text: &OsStr) -> Result<(), String> {
    let alone = Command::new(SERVE).no_binary_name(true).arg(arg.clone());
    let mut word = OsString::from(format!("--{}=", arg.get_long().unwrap_or_default()));
    word.push(text);
    alone.try_get_matches_from([word]).map(|_| ()).map_err(|error| {
        let shown = error.to_string();
        let lines = shown.lines().take_while(|line| !line.is_empty()).map(str::trim);
        let sentence = lines.collect::<Vec<_>>().join(" ");
        sentence.trim_start_matches("error: ").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{LogFormat, Options};
    use clap::{CommandFactory, FromArgMatches};

    /// What `serve` would run with, given a file and further words.
    fn options(file: impl AsRef<[u8]>, words: &[&str]) -> Result<Options, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("liveroom.toml");
        std::fs::write(&path, file).unwrap();
        let mut all = vec!["liveroom".into(), SERVE.into(), "--config".into(), path.into()];
        all.extend(words.iter().map(Into::into));
        let command =
            apply(crate::Arguments::command(), &all).map_err(|error| error.to_string())?;
        let matches = command.try_get_matches_from(all).map_err(|error| error.to_string())?;
        let serve = matches.subcommand_matches(SERVE).unwrap();
        Options::from_arg_matches(serve).map_err(|error| error.to_string())
    }

    #[test]
    fn the_file_outweighs_the_defaults_and_a_flag_outweighs_the_file() {
        let file = "data-dir = \"d\"\nheartbeat-s = 7\nlog-format = \"json\"";
        let options = options(file, &["--heartbeat-s", "9"]).unwrap();
        assert_eq!(options.data_dir, PathBuf::from("d"), "what is required may stand in the file");
        assert_eq!(options.log_format, LogFormat::Json);
        assert_eq!(options.heartbeat_s, 9);
        assert_eq!(options.login_timeout_s, 10);
    }

    #[test]
    fn the_file_sets_the_outbox_and_the_levels() {
        let file = "data-dir = \"d\"\noutbox-limit = 77\nlevels-comment = 9\n\
                    levels-thresholds = \"10, 30\"";
        let options = options(file, &[]).unwrap();
        let access = business_server::ChatAccess {
            base_url: String::new(),
            sdk_app_id: 1,
            key: business_server::Secret::new("key"),
            admin: chat_types::UserId::new("administrator").unwrap(),
            assistant: chat_types::UserId::new("assistant").unwrap(),
        };
        let mut config = business_server::Config::new(options.listen, "d".into(), access);
        options.business.configure(&mut config);
        assert_eq!(config.outbox_limit, 77);
        assert_eq!((config.levels.comment, config.levels.thresholds), (9, vec![10, 30]));
    }

    #[test]
    fn a_file_that_does_not_fit_is_refused_with_its_name_and_the_key() {
        for (file, key, reason) in [
            ("hearbeat-s = 3", "hearbeat-s", "heartbeat-s"),
            ("heartbeat_s = 3", "heartbeat_s", "heartbeat-s"),
            ("config = \"x\"", "config", "does not exist"),
            ("help = \"x\"", "help", "does not exist"),
            ("heartbeat-s = \"3\"", "heartbeat-s", "whole number"),
            ("heartbeat-s = 0", "heartbeat-s", "1..=600"),
            ("heartbeat-s = 3.5", "heartbeat-s", "whole number"),
            ("listen = 8700", "listen", "text in quotes"),
            ("listen = \"everywhere\"", "listen", "socket address"),
            ("log-format = \"xml\"", "log-format", "text, json"),
            ("log-filter = \"a=b=c\"", "log-filter", "invalid"),
            ("data-dir = [1]", "data-dir", "text in quotes"),
            ("log-filter = \"verbose\"", "log-filter", "no level"),
            ("levels-thresholds = \"30,10\"", "levels-thresholds", "50,200,450"),
            ("outbox-limit = 0", "outbox-limit", "1..=10000000"),
            ("shop-webhook-kinds = \"gift\"", "shop-webhook-kinds", "gift_paid"),
            ("business-operator-listen = \"on\"", "business-operator-listen", "or off"),
            ("listen = ", "", "not TOML"),
        ] {
            let refused = options(file, &["--data-dir", "d"]).unwrap_err();
            assert!(refused.contains("liveroom.toml"), "{file}: {refused}");
            assert!(refused.contains(key) && refused.contains(reason), "{file}: {refused}");
        }
    }

    #[test]
    fn a_file_in_another_encoding_is_not_toml() {
        let refused = options(b"data-dir = \"\xe9t\xe9\"", &[]).unwrap_err();
        assert!(refused.contains("not TOML") && refused.contains("utf-8"), "{refused}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let words = ["liveroom", SERVE, "--config", "/nowhere/at/all.toml", "--data-dir", "d"];
        let words: Vec<_> = words.iter().map(Into::into).collect();
        let refused = apply(crate::Arguments::command(), &words).unwrap_err().to_string();
        assert!(refused.contains("/nowhere/at/all.toml"), "{refused}");
    }
}
