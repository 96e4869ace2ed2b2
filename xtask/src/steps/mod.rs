//! The steps that make a checkout ready, each of which does nothing when it has been done before.

pub(crate) mod bun;
pub(crate) mod cargo;
mod node;
pub(crate) mod sdk;
mod system;
pub(crate) mod ui;

use crate::process::{Error, Workspace};
use crate::report;

/// What the machine is made ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building the app and looking at it.
    Run,
    /// That, and running every check.
    Test,
}

/// Everything that comes before compiling the app.
pub(crate) fn set_up(workspace: &mut Workspace, purpose: Purpose) -> Result<(), Error> {
    install(workspace, purpose)?;
    report::step("ui build", || ui::build(workspace, ui::When::Changed))
}

/// What [`set_up`] does apart from building: packages of the system, Node.js, packages of the UI
/// and of the tests.
pub(crate) fn install(workspace: &mut Workspace, purpose: Purpose) -> Result<(), Error> {
    report::step("system packages", || system::install(workspace, purpose))?;
    report::step("node", || node::provide(workspace))?;
    report::step("ui packages", || ui::install_packages(workspace))?;
    match purpose {
        Purpose::Run => Ok(()),
        Purpose::Test => report::step("sdk packages", || sdk::install_packages(workspace)),
    }
}
