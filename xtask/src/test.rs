//! `cargo xtask test`: every check of the project, counted.

use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::ValueEnum;

use crate::display::Display;
use crate::process::{self, Error, Workspace};
use crate::report::{self, Row};
use crate::steps::cargo::{self, Profile};
use crate::steps::{self, Purpose, sdk, ui};
use crate::tally::{Counting, Tally};

/// The checks, in the order in which they run. Each may need only earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Check {
    /// Install what the checks below need
    Setup,
    /// Formatting of the Rust code
    Fmt,
    /// Lint of the user interface
    UiLint,
    /// Types of the user interface
    UiTypecheck,
    /// Tests of the user interface
    UiTest,
    /// Build of the user interface, which the app embeds when it is compiled
    UiBuild,
    /// Lints of the Rust code
    Clippy,
    /// The programs that the end-to-end tests drive
    Build,
    /// Unit and integration tests of all crates
    RustTest,
    /// REST calls and webhooks with a published package of Node.js
    SdkNode,
    /// Published server SDKs of Python, unchanged, and a gateway client in Python
    SdkPython,
    /// End-to-end tests in the app's window
    Acceptance,
}

/// The next three name the same packages and kinds of targets, so that cargo settles on the same
/// features for all of them: with others, hundreds of crates would be compiled once more.
const BUILD: &[&str] = &["build", "--workspace", "--all-targets", "--locked"];

/// No crate's failure hides another's. The end-to-end tests say in their manifest that they are
/// not among these.
const RUST_TEST: &[&str] = &["test", "--workspace", "--locked", "--no-fail-fast"];

/// One after the other, since they share one screen.
const ACCEPTANCE: &[&str] = &[
    "test",
    "--workspace",
    "--locked",
    "--no-fail-fast",
    "--test",
    "service",
    "--test",
    "crash",
    "--test",
    "business",
    "--test",
    "money",
    "--test",
    "backup",
    "--test",
    "shop_webhook",
    "--test",
    "operation",
    "--test",
    "applications",
    "--test",
    "proxies",
    "--test",
    "browser",
    "--test",
    "window",
    "--test",
    "two_windows",
    "--",
    "--test-threads=1",
];

const CLIPPY: &[&str] =
    &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];

impl Check {
    fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Fmt => "fmt",
            Self::UiLint => "ui-lint",
            Self::UiTypecheck => "ui-typecheck",
            Self::UiTest => "ui-test",
            Self::UiBuild => "ui-build",
            Self::Clippy => "clippy",
            Self::Build => "build",
            Self::RustTest => "rust-test",
            Self::SdkNode => "sdk-node",
            Self::SdkPython => "sdk-python",
            Self::Acceptance => "acceptance",
        }
    }

    /// The checks without whose success this one cannot be run.
    fn needs(self) -> &'static [Self] {
        match self {
            Self::Setup | Self::Fmt => &[],
            Self::UiLint | Self::UiTypecheck | Self::UiTest | Self::UiBuild => &[Self::Setup],
            Self::Clippy | Self::Build | Self::RustTest => &[Self::UiBuild],
            Self::SdkNode | Self::SdkPython | Self::Acceptance => &[Self::Build],
        }
    }

    fn counting(self) -> Counting {
        match self {
            Self::UiTest => Counting::Vitest,
            Self::RustTest | Self::Acceptance => Counting::Libtest,
            Self::SdkNode => Counting::Node,
            Self::SdkPython => Counting::Plain,
            _ => Counting::Whole,
        }
    }

    /// The web driver that the end-to-end tests use belongs to WebKitGTK.
    fn runs_here(self) -> bool {
        self != Self::Acceptance || cfg!(target_os = "linux")
    }
}

/// Names the steps.
pub(crate) fn list() {
    for check in Check::value_variants() {
        let help = check.to_possible_value().and_then(|value| value.get_help().cloned());
        say!("{:<14}{}", check.name(), help.unwrap_or_default());
    }
}

/// Runs all checks, or one with those it needs, and ends with the line that counts them.
pub(crate) fn test(workspace: &mut Workspace, only: Option<Check>) -> Result<ExitCode, Error> {
    let (checks, elsewhere) =
        selection(only).into_iter().partition::<Vec<_>, _>(|check| check.runs_here());
    if let [check] = elsewhere[..] {
        if only.is_some() {
            return Err(Error::Person(format!(
                "{} runs on Linux only: run it there",
                check.name()
            )));
        }
        say!("{} is left out: it runs on Linux only", check.name());
    }

    let mut rows: Vec<Row> = Vec::new();
    let mut failed: Vec<Check> = Vec::new();
    for check in checks {
        let row = match check.needs().iter().find(|needed| failed.contains(needed)) {
            Some(needed) => {
                say!("\n== {}: not run, because {} failed", check.name(), needed.name());
                Row::not_run(check.name())
            }
            None => timed(workspace, check),
        };
        if row.tally.failed > 0 {
            failed.push(check);
        }
        // Making ready is no check, unless it failed or is all that was asked for.
        if check != Check::Setup || row.tally.failed > 0 || only == Some(check) {
            rows.push(row);
        }
    }

    let mut sum = Tally::default();
    for row in &rows {
        sum += row.tally;
    }
    say!("\n{}", report::table(&rows));
    say!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The chosen check with everything it needs, or all of them.
fn selection(only: Option<Check>) -> Vec<Check> {
    let all = Check::value_variants();
    let Some(only) = only else { return all.to_vec() };
    let mut chosen = vec![only];
    // Needs point backwards, so that one pass from the end meets them all.
    for check in all.iter().rev() {
        if chosen.contains(check) {
            chosen.extend(check.needs());
        }
    }
    all.iter().filter(|check| chosen.contains(check)).copied().collect()
}

fn timed(workspace: &mut Workspace, check: Check) -> Row {
    say!("\n== {}", check.name());
    let start = Instant::now();
    let tally = perform(workspace, check).unwrap_or_else(|error| {
        say!("{}: {error}", check.name());
        Tally { passed: 0, failed: 1 }
    });
    Row { name: check.name(), tally, time: Some(start.elapsed()) }
}

fn perform(workspace: &mut Workspace, check: Check) -> Result<Tally, Error> {
    match check {
        Check::Setup => steps::install(workspace, Purpose::Test).map(|()| whole()),
        Check::Fmt => count(check, &mut workspace.cargo(&["fmt", "--all", "--check"])),
        Check::UiLint => count(check, &mut script(workspace, "lint")),
        Check::UiTypecheck => count(check, &mut script(workspace, "typecheck")),
        Check::UiTest => count(check, &mut script(workspace, "test")),
        Check::UiBuild => ui::build(workspace, ui::When::Always).map(|_| whole()),
        Check::Clippy => count(check, &mut workspace.cargo(CLIPPY)),
        Check::Build => count(check, &mut workspace.cargo(BUILD)),
        Check::RustTest => count(check, &mut workspace.cargo(RUST_TEST)),
        Check::SdkNode => sdk(workspace, check, sdk::node_tests(workspace)),
        Check::SdkPython => sdk(workspace, check, sdk::python_tests(workspace)),
        Check::Acceptance => acceptance(workspace),
    }
}

/// The count of a check that is one and held.
fn whole() -> Tally {
    Counting::Whole.settle(true, Tally::default())
}

fn script(workspace: &Workspace, name: &str) -> Command {
    let mut npm = workspace.npm(&["run", name]);
    // No colours, no cursor movement, no waiting for changes: the output is read and may be kept.
    npm.env("CI", "1").env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    npm
}

fn sdk(workspace: &Workspace, check: Check, mut command: Command) -> Result<Tally, Error> {
    command.env("LIVEROOM_BIN", cargo::cli(workspace, Profile::Debug));
    // No colours: the output is read and may be kept.
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    count(check, &mut command)
}

fn acceptance(workspace: &Workspace) -> Result<Tally, Error> {
    let artifacts = workspace.target.join("acceptance");
    let display = Display::start(workspace, &artifacts)?;
    let mut command = workspace.cargo(ACCEPTANCE);
    display.show(&mut command);
    command
        // Without a graphics card WebKit's other renderer is slow and shows stale frames.
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        .env("LIVEROOM_APP_BIN", cargo::app(workspace, Profile::Debug))
        .env("LIVEROOM_BIN", cargo::cli(workspace, Profile::Debug))
        .env("LIVEROOM_ARTIFACTS", &artifacts);
    count(Check::Acceptance, &mut command)
}

/// Runs the command of a check and counts what it reports.
fn count(check: Check, command: &mut Command) -> Result<Tally, Error> {
    say!("{}", process::shown(command));
    let counting = check.counting();
    let mut counted = Tally::default();
    let status = process::watch(command, |line| {
        if let Some(more) = counting.read(line) {
            counted += more;
        }
    })?;
    let settled = counting.settle(status.success(), counted);
    if settled != counted && counting != Counting::Whole {
        let reason =
            if status.success() { "no test ran" } else { "it ended without naming a failed test" };
        say!("{}: {reason}, which counts as one failure", check.name());
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_chosen_by_the_names_they_are_listed_under() {
        for check in Check::value_variants() {
            let value = check.to_possible_value().expect("a name on the command line");
            assert_eq!(value.get_name(), check.name());
            assert!(value.get_help().is_some());
        }
    }

    #[test]
    fn every_check_comes_after_those_it_needs() {
        let all = Check::value_variants();
        for (place, check) in all.iter().enumerate() {
            for needed in check.needs() {
                assert!(all[..place].contains(needed), "{} before {}", needed.name(), check.name());
            }
        }
    }

    #[test]
    fn all_checks_run_unless_one_is_chosen() {
        assert_eq!(selection(None), Check::value_variants());
    }

    #[test]
    fn a_chosen_check_brings_what_it_needs() {
        assert_eq!(selection(Some(Check::Fmt)), [Check::Fmt]);
        assert_eq!(selection(Some(Check::UiTest)), [Check::Setup, Check::UiTest]);
        assert_eq!(
            selection(Some(Check::Acceptance)),
            [Check::Setup, Check::UiBuild, Check::Build, Check::Acceptance]
        );
    }

    #[test]
    fn only_the_test_runners_count_single_tests() {
        assert_eq!(Check::UiTest.counting(), Counting::Vitest);
        assert_eq!(Check::RustTest.counting(), Counting::Libtest);
        assert_eq!(Check::Acceptance.counting(), Counting::Libtest);
        assert_eq!(Check::SdkNode.counting(), Counting::Node);
        assert_eq!(Check::SdkPython.counting(), Counting::Plain);
        assert_eq!(Check::Clippy.counting(), Counting::Whole);
    }
}
