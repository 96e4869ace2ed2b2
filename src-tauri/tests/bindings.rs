//! The TypeScript side of the bridge is generated and committed; this fails when it has drifted.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use specta_typescript::Typescript;
use std::path::{Path, PathBuf};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/bindings.ts")
}

fn write(path: &Path) {
    liveroom_app::bridge::builder().export(Typescript::default(), path).unwrap();
}

#[test]
fn the_bindings_of_the_ui_are_those_of_the_bridge() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("bindings.ts");
    write(&fresh);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert!(
        read(&committed()) == read(&fresh),
        "ui/src/bindings.ts has drifted from src-tauri/src/bridge: run \
         `cargo test -p liveroom-app --test bindings -- --ignored` and commit the file"
    );
}

#[test]
#[ignore = "writes the file that the other test checks"]
fn write_the_bindings_of_the_ui() {
    write(&committed());
}
