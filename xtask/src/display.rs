//! A screen in memory for the end-to-end tests.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::{Error, Workspace};

/// A running Xvfb, ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts a server on a display number that it finds free itself.
    ///
    /// Its messages go to a file in `logs`: they matter only when it does not start.
    pub(crate) fn start(workspace: &Workspace, logs: &Path) -> Result<Self, Error> {
        let path = logs.join("xvfb.log");
        let file_error = |source| Error::File { doing: "create", path: path.clone(), source };
        fs::create_dir_all(logs).map_err(file_error)?;
        let log = File::create(&path).map_err(file_error)?;
        let mut server = workspace
            .command("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "2560x800x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|source| Error::Start { program: "Xvfb".to_owned(), source })?;
        let output = server.stdout.take();
        // From here on the guard ends the server, also when it never says its number.
        let mut display = Self { server, name: String::new() };
        let mut line = String::new();
        if let Some(output) = output {
            // It writes the number once it takes clients, and closes the pipe if it gives up.
            let _ = BufReader::new(output).read_line(&mut line);
        }
        display.name = name(&line).ok_or_else(|| {
            Error::Person(format!("Xvfb did not start: {} says why", path.display()))
        })?;
        Ok(display)
    }

    /// Lets a child and its children open their windows on this display.
    pub(crate) fn show(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.name)
            // On a desktop with Wayland the windows would open in the person's own session.
            .env_remove("WAYLAND_DISPLAY")
            .env("GDK_BACKEND", "x11");
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // If it has ended by itself there is nothing to kill, and nothing else left to do.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The display's name from the line that the server prints.
fn name(line: &str) -> Option<String> {
    let number: u32 = line.trim().parse().ok()?;
    Some(format!(":{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_number_names_the_display() {
        assert_eq!(name("99\n"), Some(":99".to_owned()));
    }

    #[test]
    fn without_a_number_there_is_no_display() {
        assert_eq!(name(""), None);
        assert_eq!(name("Fatal server error\n"), None);
    }
}
