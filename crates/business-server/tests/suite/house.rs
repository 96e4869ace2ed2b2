//! Rules of this crate that no compiler checks.

use std::collections::{BTreeMap, BTreeSet};
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
        assert!(
            name == "store.rs"
                || file.starts_with("storage/")
                || file == "secrets.rs"
                || file.contains("/store/"),
            "{file}"
        );
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

/// The folder or file directly below `src` that a file belongs to.
fn module_of(file: &str) -> &str {
    file.split(['/', '\\']).next().unwrap().trim_end_matches(".rs")
}

/// What a source names directly below `crate::`, alone or in braces.
fn named(source: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = BTreeSet::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        let (mut depth, mut is_first) = (0, true);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_first = true,
                c if is_first && c.is_alphabetic() => {
                    names.insert(word(&group[at..]));
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// Which modules each module names.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // `lib.rs` holds what all of them work on together.
    for file in with("").into_iter().filter(|file| file != "lib.rs") {
        let source = fs::read_to_string(root.join(&file)).unwrap();
        // The tests of a part may put it together with what stands above it.
        let part = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        let names = named(part);
        all.entry(module_of(&file).to_owned()).or_default().extend(names);
    }
    let modules: BTreeSet<String> = all.keys().cloned().collect();
    for (module, names) in &mut all {
        names.retain(|name| name != module && modules.contains(name));
    }
    all
}

#[test]
fn what_a_source_names_is_found_in_every_form() {
    let source = "use crate::{Business, a::{self, not}, b};\nuse crate::c;\nlet x = crate::d::e();";
    assert_eq!(named(source), ["Business", "a", "b", "c", "d"].map(String::from).into());
}

#[test]
fn no_module_knows_one_that_knows_it() {
    let mut open = dependencies();
    assert!(open.len() > 20 && open["gifts"].contains("outbox"), "the modules are found");
    // What knows nobody any more is taken away, until nothing is left, or a circle.
    loop {
        let leaves: BTreeSet<String> = open
            .iter()
            .filter(|(_, names)| names.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        if leaves.is_empty() {
            break;
        }
        open.retain(|name, _| !leaves.contains(name));
        open.values_mut().for_each(|names| names.retain(|name| !leaves.contains(name)));
    }
    assert!(open.is_empty(), "a circle is among these: {open:?}");
}

#[test]
fn what_is_below_the_subjects_knows_none_of_them() {
    let below = [
        "chat_clock",
        "clock",
        "config",
        "events",
        "figures",
        "health",
        "http",
        "listener",
        "outgoing",
        "problem",
        "queue",
        "retention",
        "routine",
        "secrets",
        "storage",
        "webhooks",
    ];
    let all = dependencies();
    for module in below {
        let above: Vec<_> =
            all[module].iter().filter(|name| !below.contains(&name.as_str())).collect();
        assert!(above.is_empty(), "{module} knows {above:?}");
    }
}

/// The command of a kind of webhook, as the crate that defines both has it.
fn command_of(kind: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chat-types/src/webhook/command.rs");
    let commands = fs::read_to_string(root).unwrap();
    let (_, rest) = commands.split_once(&format!(" {kind} = ")).unwrap();
    rest.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn every_webhook_that_a_subject_handles_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut handled = BTreeSet::new();
    // The receiver names webhooks of all kinds, handled or not.
    for file in with("Webhook::").into_iter().filter(|file| module_of(file) != "webhooks") {
        let source = fs::read_to_string(root.join(file)).unwrap();
        for rest in source.split(" Webhook::").skip(1) {
            let kind = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            handled.insert(command_of(kind));
        }
    }
    let taken: BTreeSet<String> =
        business_server::WANTED_WEBHOOKS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(handled, taken);
}
