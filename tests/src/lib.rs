//! What the acceptance tests drive the system with. Nothing here links the product's own crates:
//! the tests know only what a stranger knows, the command line, HTTP, WebSocket and the window.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

pub mod gate;
pub mod gateway;
pub mod identity;
pub mod liveroom;
pub mod rest;
pub mod shop;

// WebKit's driver and the screen in memory are those of Linux.
#[cfg(target_os = "linux")]
pub mod browser;
#[cfg(target_os = "linux")]
mod frame;
#[cfg(target_os = "linux")]
pub mod page;
#[cfg(target_os = "linux")]
pub mod window;

use std::path::PathBuf;
use std::time::Duration;

/// Far longer than anything takes here; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A binary of this workspace: named by an environment variable that `cargo xtask test` sets, or
/// else the one that lies beside the running test.
fn binary(variable: &str, name: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(
        || {
            let test = std::env::current_exe().unwrap();
            let profile = test.ancestors().nth(2).unwrap().to_owned();
            profile.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
        },
        PathBuf::from,
    );
    assert!(path.exists(), "{} is not built: run `cargo xtask test`", path.display());
    path
}
