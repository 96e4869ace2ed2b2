//! Where the workspace is and how its child processes are started.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Why a command stopped. The text is all that a person gets to see, so it says what to do next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("could not start `{program}` ({source}); check that it is installed and on PATH")]
    Start { program: String, source: io::Error },
    #[error("`{command}` failed ({status}); what it printed above says why")]
    Failed { command: String, status: ExitStatus },
    #[error("could not {doing} {}: {source}; check that this account may do that", .path.display())]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// Something that only the person at the machine can put right, in a whole sentence.
    #[error("{0}")]
    Person(String),
}

/// The directories all steps work in, and the environment their children get.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target directory, absolute because children run in other directories than ours.
    pub(crate) target: PathBuf,
    /// Searched before the rest of PATH once the project has a Node.js of its own.
    pub(crate) tools: Option<PathBuf>,
    cargo: OsString,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self, Error> {
        // Cargo names the manifest at run time as well, which stays right when the whole checkout
        // has been moved since xtask was compiled.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().map(Path::to_path_buf).ok_or_else(|| {
            Error::Person("run this as `cargo xtask` from inside the checkout".to_owned())
        })?;
        let target = match env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
            Some(dir) => std::path::absolute(&dir).map_err(|source| Error::File {
                doing: "resolve CARGO_TARGET_DIR",
                path: PathBuf::from(dir),
                source,
            })?,
            None => root.join("target"),
        };
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        Ok(Self { root, target, tools: None, cargo })
    }

    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// A child in the workspace's root that reads nothing from the terminal.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        if let Some(path) = search_path(self.tools.as_deref(), env::var_os("PATH")) {
            command.env("PATH", path);
        }
        // `cargo run` describes the xtask crate to us. Build scripts that watch these variables
        // would run again each time a person alternates between `cargo build` and `cargo xtask`.
        for (name, _) in env::vars_os() {
            if describes_a_package(&name) {
                command.env_remove(name);
            }
        }
        command
    }

    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command(&self.cargo);
        command.args(args).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// npm in `ui/`.
    pub(crate) fn npm(&self, args: &[&str]) -> Command {
        let mut command = self.command(NPM);
        command.args(args).current_dir(self.ui());
        command
    }
}

/// npm is a batch file on Windows, which is found only under its full name.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

fn search_path(first: Option<&Path>, rest: Option<OsString>) -> Option<OsString> {
    let first = first?.to_path_buf();
    let rest = rest.unwrap_or_default();
    env::join_paths(std::iter::once(first).chain(env::split_paths(&rest))).ok()
}

fn describes_a_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    name.starts_with("CARGO_PKG_")
        || matches!(
            &*name,
            "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_BIN_NAME" | "CARGO_CRATE_NAME"
        )
}

/// Runs a child to its end with its output on ours; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: shown(command), status }) }
}

/// Runs a child to its end with its output on ours.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    command.status().map_err(|source| start_error(command, source))
}

/// Like [`status`], and hands each line of its standard output to `line` after printing it.
pub(crate) fn watch(
    command: &mut Command,
    mut line: impl FnMut(&str),
) -> Result<ExitStatus, Error> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|source| start_error(command, source))?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut bytes = Vec::new();
        // A failed read ends the copy, not the check: the exit status still decides.
        while output.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let mut ours = io::stdout().lock();
            // Nobody reading any more is no reason to abandon the child half way.
            let _ = ours.write_all(&bytes).and_then(|()| ours.flush());
            line(&String::from_utf8_lossy(&bytes));
            bytes.clear();
        }
    }
    child.wait().map_err(|source| start_error(command, source))
}

/// What a child printed, trimmed; nothing if it is not installed or did not succeed.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program of this name is in a directory of PATH.
pub(crate) fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn start_error(command: &Command, source: io::Error) -> Error {
    Error::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// A command as a person would type it, for messages only: nothing is quoted.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_tools_come_first_on_the_path() {
        let rest = env::join_paths(["/usr/bin", "/bin"]).expect("a path list");
        let path = search_path(Some(Path::new("/tools")), Some(rest)).expect("a path list");
        let dirs: Vec<_> = env::split_paths(&path).collect();
        assert_eq!(dirs, ["/tools", "/usr/bin", "/bin"].map(PathBuf::from));
    }

    #[test]
    fn without_tools_of_its_own_the_path_is_left_alone() {
        assert_eq!(search_path(None, Some(OsString::from("/bin"))), None);
    }

    #[test]
    fn only_what_describes_xtask_is_kept_from_children() {
        for kept_back in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION_MAJOR", "CARGO_MANIFEST_DIR"] {
            assert!(describes_a_package(OsStr::new(kept_back)), "{kept_back}");
        }
        for passed_on in ["CARGO_HOME", "CARGO_TARGET_DIR", "RUSTFLAGS", "PATH"] {
            assert!(!describes_a_package(OsStr::new(passed_on)), "{passed_on}");
        }
    }

    #[test]
    fn a_command_is_shown_without_the_directory_of_its_program() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command.args(["fmt", "--all"]);
        assert_eq!(shown(&command), "cargo fmt --all");
    }

    #[test]
    fn a_program_that_does_not_exist_gives_no_answer() {
        assert_eq!(answer(&mut Command::new("liveroom-no-such-program")), None);
        assert!(!on_path("liveroom-no-such-program"));
    }
}
