//! `docs/configuration.md` is made from the code and committed; this fails when it has drifted.

use chat_server::application::{SETTINGS, SettingKind};
use clap::{Arg, Command, CommandFactory};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::config_file::{CONFIG, check, keys};

const SERVE_INTRODUCTION: &str = "\
# Configuration

This page is made from the program's own definitions; `liveroom serve --help` says the same.

## The service

`liveroom serve` takes every option as a flag, as an environment variable, and as a key of the TOML \
file that `--config` names. A flag outweighs the variable, the variable the file, and the file the \
default. A variable that is set to nothing counts as unset. An unknown key or a value that does not fit is refused with a sentence that names both. \
Relative paths are relative to the folder in which the program was started.

```toml
listen = \"0.0.0.0:8700\"
trusted-proxies = \"10.0.0.9\"
data-dir = \"/var/lib/liveroom\"
log-format = \"json\"
drain-timeout-s = 20
```

| flag | environment variable | key in the file | default | meaning |
| --- | --- | --- | --- | --- |
";

const OTHER_COMMANDS: &str = "
## The other commands

`liveroom serve` alone reads a configuration file. Some of their options can be left out when a \
variable is set; a secret stays out of the list of processes that way. `LIVEROOM_LOG` is their log \
filter too, with the default `warn`.

| command | flag | environment variable | meaning |
| --- | --- | --- | --- |
";

const AFTER_SERVE: &str = "
When it is ready, the service prints one JSON line on stdout with the addresses it answers on. Logs \
go to stderr and hold no key, no token and no UserSig.

With `--tls-cert` and `--tls-key` the ports of both services speak TLS (1.2 and 1.3) and nothing \
else: `https://` for the REST API and the business API, `wss://` for the gateway, HTTP/1.1 inside. \
Take a certificate with an ECDSA key (P-256): one with RSA costs the server six times as much per \
handshake. The two files are looked at every five seconds and on SIGHUP; what they hold then is \
shown to the next client, and connections that are open stay. A pair that cannot be used is logged \
once, and the last good one stays. A handshake has five seconds. The two services of one process \
believe each other by that very certificate, whatever name it is for and even when it has run out; \
in two processes each needs a certificate for the name by which the other calls it, and `--ca` \
where the authority is a private one.

For an operator's tools the chat service answers on the address of `--operator-listen`, which is \
`operator` in that line: `GET /readyz` (200 while new clients are welcome, 503 with the reason when \
the database does not answer or the service stops) and `GET /metrics` (OpenMetrics text). It needs \
no signature and holds no secret; let only the operator's tools reach it. Everybody may ask \
`GET /healthz` (200 while the process serves) on the port of `--listen`. The business service does \
the same on the address of `--business-operator-listen`, which is `business_operator` in that line; \
its `/readyz` is 503 also when something that it does by itself has ended.

On SIGTERM `/readyz` turns 503 and the gateway takes no new client; the present ones are told, \
calls that are running end, and what memory knows is stored. The exit status is then 0.
";

const APPLICATION: &str = "
## An application

`liveroom app setting --sdk-app-id N --data-dir DIR` lists the settings of an application; with \
`--name NAME --value VALUE` it changes one. A running service takes the change over within a second.

| setting | values | default | meaning |
| --- | --- | --- | --- |
";

fn page() -> String {
    let mut page = SERVE_INTRODUCTION.to_owned();
    let command = crate::Arguments::command();
    let serve = command.find_subcommand("serve").unwrap();
    for arg in serve.get_arguments().filter(|arg| arg.get_long().is_some()) {
        let long = arg.get_long().unwrap();
        let variable = arg.get_env().expect("every option has a variable").to_str().unwrap();
        let key = if arg.get_id() == CONFIG { "–".to_owned() } else { code(long) };
        let default = match arg.get_default_values() {
            [] if arg.is_required_set() => "required".to_owned(),
            [] => "none".to_owned(),
            values => code(values[0].to_str().unwrap()),
        };
        let meaning = meaning(arg);
        writeln!(page, "| `--{long}` | `{variable}` | {key} | {default} | {meaning} |").unwrap();
    }
    page.push_str(AFTER_SERVE);
    page.push_str(OTHER_COMMANDS);
    for command in
        ["app", "usersig", "backup", "restore"].map(|name| command.find_subcommand(name).unwrap())
    {
        let mut rows = BTreeMap::new();
        variables(command, command.get_name(), &mut rows);
        for ((variable, long), (path, meaning)) in rows {
            writeln!(page, "| `{path}` | `--{long}` | `{variable}` | {meaning} |").unwrap();
        }
    }
    page.push_str(APPLICATION);
    for setting in SETTINGS {
        let values = match setting.kind {
            SettingKind::Switch => "`on`, `off`".to_owned(),
            SettingKind::Number { least, most } => format!("{least} to {most}"),
        };
        let (name, default) = (code(setting.name), code(setting.default));
        writeln!(page, "| {name} | {values} | {default} | {} |", cell(setting.help)).unwrap();
    }
    page
}

/// The options that have a variable, under the shortest path that all their commands begin with.
fn variables<'a>(
    command: &'a Command,
    path: &str,
    rows: &mut BTreeMap<(&'a str, &'a str), (String, String)>,
) {
    for arg in command.get_arguments() {
        let Some(variable) = arg.get_env() else { continue };
        let key = (variable.to_str().unwrap(), arg.get_long().unwrap());
        let row = rows.entry(key).or_insert_with(|| (path.to_owned(), meaning(arg)));
        row.0 = common(&row.0, path);
    }
    for subcommand in command.get_subcommands() {
        variables(subcommand, &format!("{path} {}", subcommand.get_name()), rows);
    }
}

fn common(one: &str, other: &str) -> String {
    let words = one.split(' ').zip(other.split(' '));
    words.map_while(|(a, b)| (a == b).then_some(a)).collect::<Vec<_>>().join(" ")
}

fn meaning(arg: &Arg) -> String {
    let mut meaning = cell(&arg.get_help().expect("every option has a help text").to_string());
    let values = arg.get_possible_values();
    if !values.is_empty() {
        let names: Vec<String> = values.iter().map(|value| code(value.get_name())).collect();
        write!(meaning, " ({})", names.join(", ")).unwrap();
    }
    meaning
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Text as it may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md")
}

#[test]
fn the_page_about_configuration_is_that_of_the_program() {
    assert!(
        std::fs::read_to_string(committed()).unwrap_or_default() == page(),
        "docs/configuration.md has drifted from the program: run \
         `cargo test -p liveroom-cli configuration_page -- --ignored` and commit the file"
    );
}

#[test]
#[ignore = "writes the file that the other test checks"]
fn write_the_page_about_configuration() {
    std::fs::write(committed(), page()).unwrap();
}

#[test]
fn every_option_has_a_variable_after_its_flag_and_tells_the_range_that_it_keeps() {
    let command = crate::Arguments::command();
    for arg in keys(command.find_subcommand("serve").unwrap()) {
        let long = arg.get_long().unwrap();
        let named = format!("LIVEROOM_{}", long.to_uppercase().replace('-', "_"));
        // The log filter keeps the variable that it had before it had a flag.
        let variable = if long == "log-filter" { "LIVEROOM_LOG".to_owned() } else { named };
        assert_eq!(arg.get_env().unwrap().to_str(), Some(variable.as_str()));
        let Err(refused) = check(arg, u32::MAX.to_string().as_ref()) else { continue };
        let Some((_, range)) = refused.split_once(" is not in ") else { continue };
        let told = range.replace("..=", " to ");
        assert!(meaning(arg).contains(&told), "--{long} does not tell its range, {told}");
    }
}
