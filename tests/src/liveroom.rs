//! The `liveroom` binary as a process.

use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{PATIENCE, binary};

/// Runs a command to its end.
pub async fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    run_with(arguments, []).await
}

/// Runs a command to its end with these environment variables.
pub async fn run_with<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    variables: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> Output {
    let mut command = Command::new(binary("LIVEROOM_BIN", "liveroom"));
    let output = command.args(arguments).envs(variables).kill_on_drop(true).output();
    timeout(PATIENCE, output).await.expect("the command ends").unwrap()
}

/// Runs a command that has to succeed and gives what it printed, without the line's end.
pub async fn print<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let output = run(arguments).await;
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "liveroom failed: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Runs a command that has to fail and gives its complaint.
pub async fn complaint<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let output = run(arguments).await;
    assert!(!output.status.success(), "the command has to be refused");
    String::from_utf8(output.stderr).unwrap()
}

/// Where a service writes its log.
pub fn log_file(path: &Path) -> File {
    File::options().read(true).write(true).create_new(true).open(path).unwrap()
}

/// A running `liveroom serve`.
pub struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub rest: String,
    pub gateway: String,
    /// Empty when the business service does not run.
    pub business: String,
    /// Where `/readyz` and `/metrics` of the business service are; empty when it does not run.
    pub business_operator: String,
}

impl Service {
    /// Starts the chat service alone on a free port and waits for the ready line.
    pub async fn start(data_dir: &Path) -> Self {
        Self::configured(data_dir, &[], None, |_| {}).await
    }

    /// Starts the chat service alone on a free port with further words on the command line and
    /// whatever else `prepare` does; the log goes to `log`.
    pub async fn configured(
        data_dir: &Path,
        words: &[&str],
        log: Option<File>,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let chat: Vec<&str> = ["--only", "chat"].iter().chain(words).copied().collect();
        Self::both(data_dir, &chat, log, prepare).await
    }

    /// Starts both services on free ports, with further words on the command line.
    pub async fn both(
        data_dir: &Path,
        words: &[&str],
        log: Option<File>,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let command = Command::new(binary("LIVEROOM_BIN", "liveroom"));
        Self::run(command, data_dir, words, log, prepare).await
    }

    /// Starts the chat service alone where no more files may be open than this.
    #[cfg(unix)]
    pub async fn limited_to_files(data_dir: &Path, files: u32, words: &[&str], log: File) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n $0 && exec \"$@\""]).arg(files.to_string());
        command.arg(binary("LIVEROOM_BIN", "liveroom"));
        let chat: Vec<&str> = ["--only", "chat"].iter().chain(words).copied().collect();
        Self::run(command, data_dir, &chat, Some(log), |_| {}).await
    }

    /// Runs a command that becomes the service with further words.
    async fn run(
        mut command: Command,
        data_dir: &Path,
        words: &[&str],
        log: Option<File>,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        command.args(["serve", "--data-dir"]).arg(data_dir).args(words);
        if !words.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        prepare(&mut command);
        let mut log = log.unwrap_or_else(|| tempfile::tempfile().unwrap());
        command.stdout(Stdio::piped()).stderr(log.try_clone().unwrap()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line)).await.expect("the ready line").unwrap();
        if line.is_empty() {
            let status = timeout(PATIENCE, child.wait()).await.expect("the end").unwrap();
            let mut said = String::new();
            log.rewind().and_then(|()| log.read_to_string(&mut said)).unwrap();
            assert!(!line.is_empty(), "the service did not start ({status}): {said}");
        }
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["event"], "ready");
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Self {
            rest: text("rest"),
            gateway: text("gateway"),
            business: text("business"),
            business_operator: text("business_operator"),
            child,
            stdout,
        }
    }

    /// Ends the process in the middle of whatever it does, as a crash would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Tells the process that something of its configuration was renewed.
    pub async fn hang_up(&self) {
        let pid = self.child.id().expect("the service still runs").to_string();
        let told = Command::new("kill").args(["-HUP", &pid]).status().await.unwrap();
        assert!(told.success());
    }

    /// Asks the process to end as a supervisor would; gives its exit status and whatever it printed
    /// on stdout after the ready line.
    pub async fn terminate(mut self) -> (std::process::ExitStatus, String) {
        let pid = self.child.id().expect("the service still runs").to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        assert!(killed.success());
        let mut rest = String::new();
        timeout(PATIENCE, self.stdout.read_to_string(&mut rest)).await.expect("the end").unwrap();
        (timeout(PATIENCE, self.child.wait()).await.expect("the end").unwrap(), rest)
    }
}
