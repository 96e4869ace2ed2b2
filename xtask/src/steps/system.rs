//! Packages of the operating system: installed where apt rules, asked for everywhere else.

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use super::Purpose;
use crate::process::{self, Error, Workspace};
use crate::report::Done;

/// For building the app and for what its window shows.
const RUN: &[&str] = &[
    // Crates with C inside compile it, and find the libraries below through pkg-config.
    "build-essential",
    "pkg-config",
    // The window: WebKitGTK with its headers, which brings GTK 3 along.
    "libwebkit2gtk-4.1-dev",
    // The web view plays streams through GStreamer; H.264 and AAC are not in its base set.
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-libav",
    // People chat in every script; without these a fresh machine paints empty boxes.
    "fonts-noto-core",
    "fonts-noto-cjk",
    "fonts-noto-color-emoji",
];

/// For the end-to-end tests, on top of [`RUN`].
const TEST: &[&str] = &[
    // A screen without hardware; xauth is what `xvfb-run` needs to offer it to one command.
    "xvfb",
    "xauth",
    // GTK looks for a session bus and complains on every start when it can launch none.
    "dbus-x11",
    // Clicks and types in the app's window.
    "webkit2gtk-driver",
    // Looking at the result: screenshots, windows, processes, answers of the servers.
    "imagemagick",
    "x11-utils",
    "procps",
    "curl",
    // The proxies of docs/deployment.md.
    "nginx-light",
    "haproxy",
    // Server SDKs of others are tried against the service in an environment of their own.
    "python3",
    "python3-venv",
];

pub(crate) fn install(workspace: &Workspace, purpose: Purpose) -> Result<Done, Error> {
    if cfg!(target_os = "macos") {
        return require(
            process::answer(workspace.command("xcode-select").arg("-p")).is_some(),
            "the command line tools of Xcode are missing: run `xcode-select --install`, then this \
             command again",
        );
    }
    if !cfg!(target_os = "linux") {
        // Windows brings its web view, and rustc has found its linker already.
        return Ok(Done::Already);
    }
    if has_apt(workspace) {
        return apt_install(workspace, &packages(purpose));
    }
    require(
        process::answer(workspace.command("pkg-config").args(["--exists", "webkit2gtk-4.1"]))
            .is_some(),
        "this system has no apt: install WebKitGTK 4.1 with its headers, a C compiler, pkg-config, \
         the GStreamer plugins good, bad and libav and the Noto fonts with its own package \
         manager, then run this command again",
    )?;
    require(
        purpose == Purpose::Run || ["Xvfb", "WebKitWebDriver"].into_iter().all(process::on_path),
        "this system has no apt: install Xvfb, the WebDriver of WebKitGTK and ImageMagick with its \
         own package manager, then run this command again",
    )
}

fn require(there: bool, otherwise: &str) -> Result<Done, Error> {
    if there { Ok(Done::Already) } else { Err(Error::Person(otherwise.to_owned())) }
}

fn packages(purpose: Purpose) -> Vec<&'static str> {
    let extra = if purpose == Purpose::Test { TEST } else { &[] };
    RUN.iter().chain(extra).copied().collect()
}

pub(super) fn has_apt(workspace: &Workspace) -> bool {
    cfg!(target_os = "linux")
        && process::answer(workspace.command("apt-get").arg("--version")).is_some()
        && process::answer(workspace.command("dpkg-query").arg("--version")).is_some()
}

/// Installs those of the packages that are missing.
pub(super) fn apt_install(workspace: &Workspace, wanted: &[&str]) -> Result<Done, Error> {
    let absent = missing(wanted, &installed(workspace, wanted)?);
    if absent.is_empty() {
        return Ok(Done::Already);
    }
    let sudo = find_sudo(workspace);
    let user = process::answer(workspace.command("id").arg("-u"));
    let Some(rights) = rights(user.as_deref(), sudo, io::stdin().is_terminal()) else {
        return Err(Error::Person(by_hand(&absent, sudo)));
    };
    say!("apt installs {}", absent.join(" "));

    // Lists that cannot be refreshed, say because one foreign source is down, may still be good
    // enough; if not, the installation fails and tells what is missing.
    process::status(&mut apt(workspace, rights, &["update"]))?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(&absent);
    process::run(&mut apt(workspace, rights, &arguments))?;

    let absent = missing(wanted, &installed(workspace, wanted)?);
    if absent.is_empty() {
        Ok(Done::Worked)
    } else {
        Err(Error::Person(format!(
            "apt reported success, but these packages are still missing: {}; look at what it \
             printed above",
            absent.join(" ")
        )))
    }
}

/// dpkg's line for each of the packages it knows.
fn installed(workspace: &Workspace, wanted: &[&str]) -> Result<String, Error> {
    let mut query = workspace.command("dpkg-query");
    query.args(["-W", "-f=${Package} ${db:Status-Status}\\n"]).args(wanted);
    // It fails as soon as one name is unknown to it and still lists the others.
    let output = query
        .stderr(Stdio::null())
        .output()
        .map_err(|source| Error::Start { program: "dpkg-query".to_owned(), source })?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The wanted packages that dpkg's lines do not show as installed.
fn missing<'a>(wanted: &[&'a str], status: &str) -> Vec<&'a str> {
    wanted
        .iter()
        .filter(|package| {
            !status.lines().any(|line| line.split_once(' ') == Some((package, "installed")))
        })
        .copied()
        .collect()
}

/// What the account can do with sudo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sudo {
    Absent,
    /// It works only after a question on the terminal, if at all.
    Asks,
    Silent,
}

fn find_sudo(workspace: &Workspace) -> Sudo {
    if !process::on_path("sudo") {
        Sudo::Absent
    } else if process::answer(workspace.command("sudo").args(["-n", "true"])).is_some() {
        Sudo::Silent
    } else {
        Sudo::Asks
    }
}

/// How apt-get gets the rights that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rights {
    /// The account has them.
    Own,
    Sudo,
}

/// Nothing if this account cannot install packages.
fn rights(user: Option<&str>, sudo: Sudo, terminal: bool) -> Option<Rights> {
    match (user, sudo) {
        (Some("0"), _) => Some(Rights::Own),
        (_, Sudo::Silent) => Some(Rights::Sudo),
        (_, Sudo::Asks) if terminal => Some(Rights::Sudo),
        _ => None,
    }
}

fn apt(workspace: &Workspace, rights: Rights, arguments: &[&str]) -> Command {
    // The variable is set through `env`, since sudo drops those that it does not know.
    let mut command = match rights {
        Rights::Own => workspace.command("env"),
        Rights::Sudo => {
            let mut sudo = workspace.command("sudo");
            // It may ask for the password.
            sudo.arg("env").stdin(Stdio::inherit());
            sudo
        }
    };
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        // A freshly booted machine may still be installing its own updates.
        .args(["-o", "DPkg::Lock::Timeout=300"])
        .args(arguments);
    command
}

fn by_hand(absent: &[&str], sudo: Sudo) -> String {
    let (who, prefix) = match sudo {
        Sudo::Absent => ("as root", ""),
        Sudo::Asks | Sudo::Silent => ("in a terminal", "sudo "),
    };
    format!(
        "system packages are missing and installing them takes an administrator. Type {who}\n\n    \
         {prefix}apt-get update && {prefix}apt-get install -y --no-install-recommends {}\n\n\
         and then this command again.",
        absent.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn testing_takes_everything_that_running_takes() {
        let test = packages(Purpose::Test);
        assert!(packages(Purpose::Run).iter().all(|package| test.contains(package)));
        assert!(test.contains(&"xvfb"));
        assert!(!packages(Purpose::Run).contains(&"xvfb"));
    }

    #[test]
    fn a_package_is_missing_unless_dpkg_shows_it_as_installed() {
        let status = "xvfb installed\ncurl config-files\nxauth-extra installed\n";
        assert_eq!(missing(&["xvfb", "curl", "xauth"], status), ["curl", "xauth"]);
        assert!(missing(&["xvfb"], status).is_empty());
        assert_eq!(missing(&["xvfb"], ""), ["xvfb"]);
    }

    #[test]
    fn one_installed_architecture_is_enough() {
        let status = "libwebkit2gtk-4.1-dev not-installed\nlibwebkit2gtk-4.1-dev installed\n";
        assert!(missing(&["libwebkit2gtk-4.1-dev"], status).is_empty());
    }

    #[test]
    fn root_installs_without_sudo() {
        assert_eq!(rights(Some("0"), Sudo::Absent, false), Some(Rights::Own));
        assert_eq!(rights(Some("0"), Sudo::Silent, true), Some(Rights::Own));
    }

    #[test]
    fn sudo_is_used_when_it_can_get_its_answer() {
        assert_eq!(rights(Some("1000"), Sudo::Silent, false), Some(Rights::Sudo));
        assert_eq!(rights(Some("1000"), Sudo::Asks, true), Some(Rights::Sudo));
        assert_eq!(rights(Some("1000"), Sudo::Asks, false), None);
        assert_eq!(rights(Some("1000"), Sudo::Absent, true), None);
        assert_eq!(rights(None, Sudo::Absent, true), None);
    }

    #[test]
    fn who_cannot_install_is_told_the_command() {
        let without = by_hand(&["xvfb", "curl"], Sudo::Absent);
        assert!(without.contains(
            "\n    apt-get update && apt-get install -y --no-install-recommends xvfb curl\n"
        ));
        let with = by_hand(&["xvfb"], Sudo::Asks);
        assert!(with.contains("sudo apt-get update && sudo apt-get install"));
    }
}
