//! The project's own commands: `cargo xtask run`, `cargo xtask setup`, `cargo xtask test`,
//! `cargo xtask bench`.
//!
//! They bring a machine that has only a Rust toolchain to the point where the app opens or every
//! check has run, and skip whatever is already in place.

/// A line on standard output. That nobody reads it any more is no reason to stop half way, which is
/// what `println!` would do.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod bench;
mod display;
mod process;
mod report;
mod run;
mod steps;
mod tally;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::process::{Error, Workspace};
use crate::steps::Purpose;
use crate::test::Check;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Prepare, run and check Liveroom"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what is missing, build everything and open the window
    Run {
        /// Build and run the optimised app
        #[arg(long)]
        release: bool,
        /// Arguments for the app itself, after `--`
        #[arg(last = true, value_name = "APP ARGS")]
        args: Vec<OsString>,
    },
    /// Install what is missing and build the user interface, without compiling the app
    Setup {
        /// Also install what the checks need
        #[arg(long)]
        test: bool,
    },
    /// Run every check and end with the number of those that passed and failed
    Test {
        /// Run one step, preceded by the steps that it needs
        #[arg(long, value_name = "STEP")]
        only: Option<Check>,
        /// Name the steps and stop
        #[arg(long)]
        list: bool,
    },
    /// Measure what the product costs, in release builds
    #[command(subcommand)]
    Bench(Bench),
}

fn main() -> ExitCode {
    match perform(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode, Error> {
    let mut workspace = Workspace::locate()?;
    match task {
        Task::Run { release, args } => run::run(&mut workspace, release, &args),
        Task::Setup { test } => {
            let purpose = if test { Purpose::Test } else { Purpose::Run };
            steps::set_up(&mut workspace, purpose)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Bench(bench) => bench::bench(&mut workspace, &bench),
        Task::Test { list: true, .. } => {
            test::list();
            Ok(ExitCode::SUCCESS)
        }
        Task::Test { only, list: false } => test::test(&mut workspace, only),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_after_two_dashes_belong_to_the_app() {
        let cli = Cli::try_parse_from(["cargo xtask", "run", "--release", "--", "--release", "x"])
            .expect("a valid command line");
        let Task::Run { release, args } = cli.task else { panic!("not the run command") };
        assert!(release);
        assert_eq!(args, ["--release", "x"]);
    }

    #[test]
    fn a_step_is_chosen_by_its_name() {
        let cli = Cli::try_parse_from(["cargo xtask", "test", "--only", "ui-build"])
            .expect("a valid command line");
        let Task::Test { only, list } = cli.task else { panic!("not the test command") };
        assert_eq!(only, Some(Check::UiBuild));
        assert!(!list);
    }
}
