//! The published packages of other languages that are run against the service, in `tests/sdk`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ui::{read, write};
use crate::process::{self, Error, NPM, Workspace};
use crate::report::Done;

/// Kept beside installed packages: the lock file that they were installed from.
const STAMP: &str = ".liveroom-stamp";
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Installs what the two lock files name, each if the last installation was for another one.
pub(crate) fn install_packages(workspace: &Workspace) -> Result<Done, Error> {
    let node = install_node_packages(workspace)?;
    let python = install_python_packages(workspace)?;
    Ok(if node == Done::Worked { node } else { python })
}

fn install_node_packages(workspace: &Workspace) -> Result<Done, Error> {
    let directory = directory(workspace);
    let lock = read(&directory.join("package-lock.json"))?;
    let stamp = directory.join("node_modules").join(STAMP);
    if is_current(&stamp, &lock) {
        return Ok(Done::Already);
    }
    say!("sdk packages: npm installs what tests/sdk/package-lock.json names");
    let mut npm = workspace.command(NPM);
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&directory);
    process::run(&mut npm)?;
    write(&stamp, &lock)?;
    Ok(Done::Worked)
}

fn install_python_packages(workspace: &Workspace) -> Result<Done, Error> {
    let requirements = directory(workspace).join("python").join("requirements.txt");
    let lock = read(&requirements)?;
    let environment = environment(workspace);
    let stamp = environment.join(STAMP);
    if is_current(&stamp, &lock) {
        return Ok(Done::Already);
    }
    say!("sdk packages: pip installs what tests/sdk/python/requirements.txt names");
    let mut venv = workspace.command(PYTHON);
    process::run(venv.args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = workspace.command(python(&environment));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        // The file names everything, also what the packages need; nothing else comes along.
        .args(["--no-deps", "--require-hashes", "--use-pep517", "--requirement"])
        .arg(&requirements);
    process::run(&mut pip)?;
    write(&stamp, &lock)?;
    Ok(Done::Worked)
}

/// The tests that speak plain HTTP, with UserSigs of the npm package.
pub(crate) fn node_tests(workspace: &Workspace) -> Command {
    let mut npm = workspace.command(NPM);
    npm.args(["run", "--silent", "test"]).current_dir(directory(workspace));
    npm
}

/// The tests of the server SDKs from PyPI, and of a gateway client in Python.
pub(crate) fn python_tests(workspace: &Workspace) -> Command {
    let mut python = workspace.command(python(&environment(workspace)));
    python.arg(directory(workspace).join("python").join("run.py"));
    python
}

fn directory(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests").join("sdk")
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools").join("sdk-python")
}

fn python(environment: &Path) -> PathBuf {
    if cfg!(windows) {
        environment.join("Scripts").join("python.exe")
    } else {
        environment.join("bin").join("python")
    }
}

fn is_current(stamp: &Path, lock: &[u8]) -> bool {
    std::fs::read(stamp).is_ok_and(|last| last == lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_current_only_for_the_lock_file_they_came_from() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let stamp = directory.path().join(STAMP);
        assert!(!is_current(&stamp, b"one"));
        write(&stamp, b"one").expect("the stamp");
        assert!(is_current(&stamp, b"one"));
        assert!(!is_current(&stamp, b"two"));
    }
}
