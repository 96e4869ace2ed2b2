//! Rules of this crate that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inside = folders.iter().flat_map(|folder| sources(folder));
    files
        .into_iter()
        .chain(inside)
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// Files of this crate that hold `needle`, by their path below `src`.
fn with(needle: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let all = sources(&root);
    assert!(all.len() > 20, "the sources are found");
    let holding = all.into_iter().filter(|path| fs::read_to_string(path).unwrap().contains(needle));
    holding.map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect()
}

#[test]
fn statements_stand_in_the_store_of_their_subject_and_nowhere_else() {
    for file in with("sqlx::query") {
        let name = Path::new(&file).file_name().unwrap();
        assert!(name == "store.rs" || file == "storage.rs" || file.contains("/store/"), "{file}");
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    assert_eq!(with("SystemTime::now"), ["clock.rs"]);
}

#[test]
fn no_part_knows_the_chat_service_but_by_its_rest_api() {
    let empty: [&str; 0] = [];
    assert_eq!(with("chat_server"), empty);
    assert_eq!(with("tungstenite"), empty);
}
