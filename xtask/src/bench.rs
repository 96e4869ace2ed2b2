//! `cargo xtask bench`: builds what a measurement needs and starts it.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::process::{self, Error, Workspace};
use crate::report::{self, Done};
use crate::steps::bun;

const BUILD: &[&str] =
    &["build", "--release", "--locked", "-p", "liveroom-cli", "-p", "bench-fanout"];

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// What it costs to write a room's messages to its members, beside bare loops (20 to 60 minutes)
    Fanout(Fanout),
}

#[derive(Debug, Args)]
pub(crate) struct Fanout {
    /// One short round: shows that everything works, and figures to be taken with salt
    #[arg(long)]
    quick: bool,
    /// Times that everything is measured
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Members of the small and of the large room
    #[arg(long, value_name = "SMALL,LARGE")]
    members: Option<String>,
    /// Rows to measure, instead of all
    #[arg(long, value_name = "ROW,ROW")]
    only: Option<String>,
    /// Measure uWebSockets in Bun as well, which npm fetches into the target directory
    #[arg(long)]
    peers: bool,
    /// What else is to be said of the conditions, as a sentence that stands over the tables
    #[arg(long, value_name = "SENTENCE")]
    note: Option<String>,
    /// Replace the tables in docs/performance.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn bench(workspace: &mut Workspace, bench: &Bench) -> Result<ExitCode, Error> {
    if !cfg!(target_os = "linux") || !process::on_path("taskset") {
        return Err(Error::Person(
            "the measurement reads /proc and gives each program a core with `taskset`: run it on \
             Linux with the package util-linux"
                .to_owned(),
        ));
    }
    let Bench::Fanout(fanout) = bench;
    report::step("release build", || {
        process::run(&mut workspace.cargo(BUILD)).map(|()| Done::Worked)
    })?;
    let bun = if fanout.peers { Some(bun::provide(workspace)?) } else { None };
    let programs = workspace.target.join("release");
    let mut command = workspace.command(programs.join("fanout-bench"));
    command.args(arguments(fanout, &workspace.root, &workspace.target, bun.as_deref()));
    process::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

fn arguments(fanout: &Fanout, root: &Path, target: &Path, bun: Option<&Path>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    option("--programs", target.join("release").into());
    option("--out", target.join("bench").into());
    let rounds = fanout.rounds.or(fanout.quick.then_some(1));
    if let Some(rounds) = rounds {
        option("--rounds", rounds.to_string().into());
    }
    if fanout.quick {
        option("--seconds", "3".into());
    }
    if let Some(members) = &fanout.members {
        option("--members", members.into());
    }
    if let Some(only) = &fanout.only {
        option("--only", only.into());
    }
    if let Some(note) = &fanout.note {
        option("--note", note.into());
    }
    if fanout.write {
        option("--write", root.join("docs").join("performance.md").into());
    }
    if let Some(bun) = bun {
        let peers = root.join("bench").join("fanout").join("peers");
        option("--bun", bun.into());
        option("--peer-script", peers.join("uws.js").into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_is_one_round_unless_a_number_is_given() {
        let mut fanout = Fanout {
            quick: true,
            rounds: None,
            members: None,
            only: None,
            peers: false,
            note: None,
            write: false,
        };
        let words = |fanout: &Fanout| {
            let words = arguments(fanout, Path::new("r"), Path::new("t"), None);
            words.join(&OsString::from(" ")).into_string().expect("UTF-8")
        };
        assert!(words(&fanout).ends_with("--rounds 1 --seconds 3"));
        fanout.rounds = Some(2);
        assert!(words(&fanout).ends_with("--rounds 2 --seconds 3"));
        fanout.quick = false;
        assert!(words(&fanout).ends_with("--rounds 2"));
    }
}
