//! The user interface: its packages and its build, which the app embeds when it is compiled.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::process::{self, Error, Workspace};
use crate::report::Done;

/// Whether a build is wanted that would give the same files again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    Changed,
}

/// Below `ui/` but not a source of its build.
const NOT_SOURCES: &[&str] = &["node_modules", "dist", "coverage"];

/// Both stamps live in `node_modules`: version control ignores it, a fresh installation of the
/// packages clears them, and unlike in `dist` nothing there ends up inside the app.
const PACKAGES_STAMP: &str = ".liveroom-stamp";
const BUILD_STAMP: &str = ".liveroom-build-stamp";

/// Installs what the lock file names, if the last installation was for another lock file.
pub(crate) fn install_packages(workspace: &Workspace) -> Result<Done, Error> {
    let ui = workspace.ui();
    let lock = read(&ui.join("package-lock.json"))?;
    let stamp = ui.join("node_modules").join(PACKAGES_STAMP);
    if fs::read(&stamp).is_ok_and(|last| last == lock) {
        return Ok(Done::Already);
    }
    say!("ui packages: npm installs what ui/package-lock.json names");
    process::run(&mut workspace.npm(&["ci", "--no-audit", "--no-fund"]))?;
    write(&stamp, &lock)?;
    Ok(Done::Worked)
}

/// Builds `ui/dist`.
pub(crate) fn build(workspace: &Workspace, when: When) -> Result<Done, Error> {
    let ui = workspace.ui();
    // Taken before the build, so that an edit made while it runs leads to another one.
    let sources = fingerprint(&ui)?;
    let stamp = ui.join("node_modules").join(BUILD_STAMP);
    let built = ui.join("dist").join("index.html");
    let current = built.is_file() && fs::read(&stamp).is_ok_and(|last| last == sources.as_bytes());
    if current && when == When::Changed {
        return Ok(Done::Already);
    }
    say!("ui build: npm builds ui/dist");
    process::run(&mut workspace.npm(&["run", "build"]))?;
    if !built.is_file() {
        return Err(Error::Person(
            "the build of the user interface left no ui/dist/index.html: look at the script \
             `build` in ui/package.json"
                .to_owned(),
        ));
    }
    write(&stamp, sources.as_bytes())?;
    Ok(Done::Worked)
}

/// Stands for the names and contents of all sources.
///
/// Contents rather than times: switching branches touches times without changing a byte, and a
/// file that was deleted leaves no time behind. The hash may differ between releases of Rust;
/// that costs one build.
fn fingerprint(ui: &Path) -> Result<String, Error> {
    let mut files = Vec::new();
    collect(ui, NOT_SOURCES, &mut files)?;
    // Directories list their entries in no particular order.
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        let name = file.strip_prefix(ui).unwrap_or(file).to_string_lossy();
        let contents = read(file)?;
        // With its length in front no text can pass for the end of one and the start of another.
        for part in [name.as_bytes(), &contents] {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(directory: &Path, skipped: &[&str], files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let error = |source| Error::File { doing: "list", path: directory.to_path_buf(), source };
    for entry in fs::read_dir(directory).map_err(error)? {
        let entry = entry.map_err(error)?;
        if skipped.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        // The kind of the entry itself: a link to a directory could lead round in circles.
        let kind = entry.file_type().map_err(error)?;
        if kind.is_dir() {
            collect(&entry.path(), &[], files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { doing: "read", path: path.to_path_buf(), source })
}

pub(super) fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    fs::write(path, contents).map_err(|source| Error::File {
        doing: "write",
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ui_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let ui = tempfile::tempdir().expect("a temporary directory");
        for (name, contents) in files {
            let path = ui.path().join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("the directory");
            fs::write(path, contents).expect("the file");
        }
        ui
    }

    fn fingerprint_of(files: &[(&str, &str)]) -> String {
        fingerprint(ui_with(files).path()).expect("a fingerprint")
    }

    const SOURCES: &[(&str, &str)] = &[("index.html", "<div>"), ("src/main.tsx", "render()")];

    #[test]
    fn equal_sources_have_equal_fingerprints_wherever_they_are() {
        assert_eq!(fingerprint_of(SOURCES), fingerprint_of(SOURCES));
    }

    #[test]
    fn every_change_to_the_sources_shows() {
        let before = fingerprint_of(SOURCES);
        let edited = [SOURCES[0], ("src/main.tsx", "render(1)")];
        let renamed = [SOURCES[0], ("src/app.tsx", "render()")];
        let added = [SOURCES[0], SOURCES[1], ("public/icon.svg", "")];
        assert_ne!(before, fingerprint_of(&edited));
        assert_ne!(before, fingerprint_of(&renamed));
        assert_ne!(before, fingerprint_of(&added));
        assert_ne!(before, fingerprint_of(&SOURCES[..1]));
    }

    #[test]
    fn packages_and_results_are_not_sources() {
        let mut files = SOURCES.to_vec();
        files.extend([("node_modules/a/index.js", "1"), ("dist/index.html", "2")]);
        assert_eq!(fingerprint_of(SOURCES), fingerprint_of(&files));
    }

    #[test]
    fn directories_deeper_down_may_have_any_name() {
        let mut files = SOURCES.to_vec();
        files.push(("src/dist/index.ts", "2"));
        assert_ne!(fingerprint_of(SOURCES), fingerprint_of(&files));
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        assert!(fingerprint(Path::new("no/such/directory")).is_err());
    }
}
