//! Every flag has a help text.

use clap::{Command, CommandFactory};

fn without_help(command: &Command, path: &str, found: &mut Vec<String>) {
    let arguments = command.get_arguments().filter(|arg| arg.get_help().is_none());
    found.extend(arguments.map(|arg| format!("{path} {}", arg.get_id())));
    for subcommand in command.get_subcommands() {
        let path = format!("{path} {}", subcommand.get_name());
        if subcommand.get_about().is_none() {
            found.push(path.clone());
        }
        without_help(subcommand, &path, found);
    }
}

#[test]
fn every_command_and_every_flag_tells_what_it_is_for() {
    let mut found = Vec::new();
    without_help(&crate::Arguments::command(), "liveroom", &mut found);
    assert!(found.is_empty(), "without help: {found:#?}");
}
