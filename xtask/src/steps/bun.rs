//! Bun, which has uWebSockets inside, under `target/tools`: a peer of the fan-out bench.

use std::env::consts;
use std::path::PathBuf;

use super::node;
use crate::process::{self, Error, NPM, Workspace};
use crate::report::{self, Done};

const VERSION: &str = "1.4.5";

/// The npm package that is a Bun for this kind of machine.
fn package(architecture: &str) -> Option<&'static str> {
    match architecture {
        "x86_64" => Some("@oven/bun-linux-x64"),
        "aarch64" => Some("@oven/bun-linux-aarch64"),
        _ => None,
    }
}

/// Fetches Bun if it is not there in the pinned version, and tells where it is.
pub(crate) fn provide(workspace: &mut Workspace) -> Result<PathBuf, Error> {
    let Some(package) = package(consts::ARCH) else {
        return Err(Error::Person(format!(
            "npm has no Bun for {}: leave --peers out on this machine",
            consts::ARCH
        )));
    };
    report::step("node", || node::provide(workspace))?;
    let directory = workspace.target.join("tools").join("bun");
    let bun = directory.join("node_modules").join(package).join("bin").join("bun");
    report::step("bun", || {
        let here = || process::answer(workspace.command(&bun).arg("--version"));
        if here().as_deref() == Some(VERSION) {
            return Ok(Done::Already);
        }
        process::run(
            workspace
                .command(NPM)
                .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"])
                .arg("--prefix")
                .arg(&directory)
                .arg(format!("{package}@{VERSION}")),
        )?;
        if here().as_deref() == Some(VERSION) {
            return Ok(Done::Worked);
        }
        Err(Error::Person(format!(
            "the Bun in {} does not start on this machine: leave --peers out",
            directory.display()
        )))
    })?;
    Ok(bun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bun_for_the_two_common_kinds_of_machines() {
        assert_eq!(package("x86_64"), Some("@oven/bun-linux-x64"));
        assert_eq!(package("aarch64"), Some("@oven/bun-linux-aarch64"));
        assert_eq!(package("riscv64"), None);
    }
}
