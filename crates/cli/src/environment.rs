//! The environment variables behind the flags: which of them count, and which one is wrong.

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::ffi::{OsStr, OsString};

use crate::config_file::check;

/// The command without the variables that are set to nothing, which is how scripts and unit files
/// leave one out.
pub(crate) fn without_empty(command: Command) -> Command {
    let empty = |arg: &Arg| value(arg).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if empty(&arg) { arg.env(Resettable::Reset) } else { arg })
        .mut_subcommands(without_empty)
}

/// A sentence that names the variable, if the command line was refused because of one. The
/// library's own sentence names the flag, which nobody may have typed.
pub(crate) fn blame(command: &Command, words: &[OsString], error: &clap::Error) -> Option<String> {
    use ErrorKind::{InvalidUtf8, InvalidValue, ValueValidation};
    if !matches!(error.kind(), InvalidUtf8 | InvalidValue | ValueValidation) {
        return None;
    }
    let refused = match error.get(ContextKind::InvalidArg) {
        // The flag, and behind it what it takes.
        Some(ContextValue::String(refused)) => refused.split(' ').next(),
        _ => None,
    };
    let taken = addressed(command, words);
    taken.get_arguments().find_map(|arg| {
        let flag = format!("--{}", arg.get_long()?);
        if refused.is_some_and(|refused| refused != flag) || typed(&flag, words) {
            return None;
        }
        let reason = check(arg, &value(arg)?).err()?;
        Some(format!("the environment variable {} is wrong: {reason}", name(arg)?))
    })
}

/// The subcommand that the words lead to.
fn addressed<'a>(command: &'a Command, words: &[OsString]) -> &'a Command {
    words
        .iter()
        .skip(1)
        .fold(command, |command, word| command.find_subcommand(word).unwrap_or(command))
}

fn typed(flag: &str, words: &[OsString]) -> bool {
    words.iter().filter_map(|word| word.to_str()).any(|word| {
        word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

fn name(arg: &Arg) -> Option<&str> {
    arg.get_env().and_then(OsStr::to_str)
}

fn value(arg: &Arg) -> Option<OsString> {
    arg.get_env().and_then(std::env::var_os)
}
