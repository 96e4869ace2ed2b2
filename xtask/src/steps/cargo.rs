//! Compiling the programs, and where they are afterwards.

use std::env::consts;
use std::path::PathBuf;

use crate::process::{self, Error, Workspace};
use crate::report::Done;

/// The two programs that people start.
const BUILD: &[&str] = &["build", "-p", "liveroom-app", "-p", "liveroom-cli"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// Compiles the programs. Cargo itself knows what is up to date.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<Done, Error> {
    say!("app: cargo builds liveroom-app and liveroom");
    let mut command = workspace.cargo(BUILD);
    if profile == Profile::Release {
        command.arg("--release");
    }
    process::run(&mut command)?;
    Ok(Done::Worked)
}

/// The window.
pub(crate) fn app(workspace: &Workspace, profile: Profile) -> PathBuf {
    binary(workspace, profile, "liveroom-app")
}

/// The command line.
pub(crate) fn cli(workspace: &Workspace, profile: Profile) -> PathBuf {
    binary(workspace, profile, "liveroom")
}

fn binary(workspace: &Workspace, profile: Profile, name: &str) -> PathBuf {
    let directory = match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    };
    workspace.target.join(directory).join(format!("{name}{}", consts::EXE_SUFFIX))
}
