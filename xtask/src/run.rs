//! `cargo xtask run`: from whatever state the machine is in to the open window.

use std::env;
use std::ffi::OsString;
use std::process::{ExitCode, ExitStatus, Stdio};

use crate::process::{self, Error, Workspace};
use crate::report;
use crate::steps::cargo::{self, Profile};
use crate::steps::{self, Purpose};

/// Prepares, builds, opens the window and waits until it is closed.
pub(crate) fn run(
    workspace: &mut Workspace,
    release: bool,
    args: &[OsString],
) -> Result<ExitCode, Error> {
    // First of all, since a window that cannot open is worth no minutes of building.
    if cfg!(target_os = "linux") && !has_session(|name| env::var_os(name)) {
        return Err(Error::Person(
            "the window needs a graphical session, and neither DISPLAY nor WAYLAND_DISPLAY is set: \
             run this on a desktop, or on a screen in memory with `xvfb-run -a cargo xtask run` \
             (in the packages xvfb and xauth); `cargo xtask setup` prepares the machine without one"
                .to_owned(),
        ));
    }
    let profile = if release { Profile::Release } else { Profile::Debug };
    steps::set_up(workspace, Purpose::Run)?;
    report::step("app", || cargo::build(workspace, profile))?;

    say!("opening the window");
    let mut app = workspace.command(cargo::app(workspace, profile));
    let status = process::status(app.args(args).stdin(Stdio::inherit()))?;
    Ok(code(status))
}

fn has_session(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .into_iter()
        .any(|name| variable(name).is_some_and(|value| !value.is_empty()))
}

/// The app's own exit code; one that no `u8` can hold, or a death by signal, is a plain failure.
fn code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_kind_of_display_is_a_session() {
        assert!(has_session(|name| (name == "DISPLAY").then(|| OsString::from(":0"))));
        assert!(has_session(|name| (name == "WAYLAND_DISPLAY").then(|| OsString::from("wl"))));
    }

    #[test]
    fn a_display_without_a_name_is_none() {
        assert!(!has_session(|_| None));
        assert!(!has_session(|_| Some(OsString::new())));
    }
}
