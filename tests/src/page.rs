//! What a test reads from a page and does in it, whatever shows the page.

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::PATIENCE;

pub(crate) const POLL: std::time::Duration = std::time::Duration::from_millis(50);

/// Where a window opens on a screen without a window manager.
const WINDOW: &str = "1280x800+0+0";

/// A page in a program that WebKit's own driver has started.
pub struct Page {
    pub client: Client,
    driver: Child,
}

impl Page {
    /// Starts a program with a web view through the driver. Programs and their data live in
    /// `data`, so that nothing of the person's own is touched.
    pub async fn open(binary: &Path, arguments: &[&str], data: &Path) -> Self {
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        for (variable, folder) in
            [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")]
        {
            driver.env(variable, data.join(folder));
        }
        // The program's own log would otherwise hold this test's output open.
        driver.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A group of its own: the program is a child of the driver, and may outlive it.
        driver.process_group(0).kill_on_drop(true);
        // The page takes its language from here; the tests read English words.
        driver.env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8").env("LANGUAGE", "en");
        let driver =
            driver.spawn().expect("WebKitWebDriver is installed (`cargo xtask setup --test`)");
        let mut capabilities = Capabilities::new();
        let options = json!({"binary": binary, "args": arguments});
        capabilities.insert("webkitgtk:browserOptions".into(), options);
        let address = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        let client = loop {
            // The driver has no signal for "ready" but its answer.
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match timeout(PATIENCE, builder.capabilities(capabilities.clone()).connect(&address))
                .await
                .expect("the program opens")
            {
                Ok(client) => break client,
                Err(error) if Instant::now() > deadline => panic_with(&error),
                Err(_) => sleep(POLL).await,
            }
        };
        Self { client, driver }
    }

    /// Ends the program and its driver.
    pub async fn close(mut self) {
        // The program may be gone before it has answered; that is the end that was asked for.
        let _ = timeout(PATIENCE, self.client.clone().close()).await;
        self.end_group();
        self.driver.wait().await.unwrap();
    }

    /// Ends driver and program, whatever state they are in.
    fn end_group(&self) {
        if let Some(group) = self.driver.id() {
            let group = format!("-{group}");
            // Nobody is left to be ended when both have ended by themselves.
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
        }
    }

    /// Waits until the element with this `data-testid` is there.
    pub async fn part(&self, id: &str) -> fantoccini::elements::Element {
        let selector = format!("[data-testid='{id}']");
        let waiting = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(&selector));
        waiting.await.unwrap_or_else(|error| panic_at(id, &error))
    }

    /// Waits until the session is in this state.
    pub async fn connection(&self, state: &str) {
        let script = "return document.querySelector('[data-testid=connection]')?.dataset.state";
        self.until(script, &format!("the connection is {state}"), |value| value == state).await;
    }

    pub async fn open_settings(&self) {
        self.part("settings-button").await.click().await.unwrap();
        self.part("service-rest").await;
    }

    pub async fn close_settings(&self) {
        self.part("settings-button").await.click().await.unwrap();
        let there = "return document.querySelector('[data-testid=service-rest]') !== null";
        self.until(there, "the settings are closed", |there| *there == false).await;
    }

    pub async fn type_comment(&self, text: &str) {
        let composer = self.part("composer").await;
        composer.click().await.unwrap();
        composer.send_keys(text).await.unwrap();
        composer.send_keys("\u{e007}").await.unwrap();
    }

    /// Texts of all rows of the chat list that have this text.
    pub async fn rows_with(&self, text: &str) -> Vec<Value> {
        let script = "
            return [...document.querySelectorAll('[data-testid=chat-row]')]
              .filter(row => row.querySelector('[data-testid=chat-text]').textContent === arguments[0])
              .map(row => ({ state: row.dataset.state, own: row.dataset.own, key: row.dataset.key }))";
        let rows = self.client.execute(script, vec![text.into()]).await.unwrap();
        rows.as_array().unwrap().clone()
    }

    /// Waits until the chat list has exactly one row with this text, in this state.
    pub async fn row(&self, text: &str, state: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.rows_with(text).await;
            if let [row] = rows.as_slice()
                && row["state"] == state
            {
                return row.clone();
            }
            assert!(Instant::now() < deadline, "no row {text:?} that is {state}: {rows:?}");
            sleep(POLL).await;
        }
    }

    /// Waits until a comment with this text flies and is in the picture as a whole, and checks that
    /// something is painted where it is said to be.
    pub async fn flies(&self, text: &str) -> Value {
        let script = "
            const canvas = document.querySelector('[data-testid=danmaku-canvas]');
            const found = window.liveroomInspect.danmaku().find(item => item.text === arguments[0]);
            if (!found) return null;
            const scale = canvas.width / canvas.clientWidth;
            if (found.x < 0 || found.x + found.width > canvas.clientWidth) return null;
            const left = Math.round(found.x * scale);
            const right = Math.round((found.x + found.width) * scale);
            const top = Math.round(found.y * scale);
            const height = Math.round(found.height * scale);
            const pixels = canvas.getContext('2d').getImageData(left, top, right - left, height).data;
            let painted = 0;
            for (let i = 3; i < pixels.length; i += 4) if (pixels[i] > 40) painted += 1;
            return { ...found, painted };";
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.client.execute(script, vec![text.into()]).await.unwrap();
            if found["painted"].as_u64().is_some_and(|painted| painted > 20) {
                return found;
            }
            assert!(Instant::now() < deadline, "{text:?} does not fly; last look: {found}");
            sleep(POLL).await;
        }
    }

    /// Polls a script in the page until its value is wanted.
    pub async fn until(&self, script: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.client.execute(script, Vec::new()).await.unwrap();
            if wanted(&value) {
                return value;
            }
            assert!(Instant::now() < deadline, "waited in vain until {what}; it is {value}");
            sleep(POLL).await;
        }
    }

    /// A picture of the window as the screen shows it, kept among the artefacts.
    pub async fn screenshot(&self, name: &str) {
        self.photograph(name, WINDOW).await;
    }

    /// A picture of a part of the screen, `WIDTHxHEIGHT+X+Y`.
    pub(crate) async fn photograph(&self, name: &str, part: &str) {
        let folder = std::env::var_os("LIVEROOM_ARTIFACTS").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/acceptance"),
            PathBuf::from,
        );
        std::fs::create_dir_all(&folder).unwrap();
        // WebKit's driver hands out stale frames, so the screen itself is photographed.
        let mut import = Command::new("/usr/bin/import");
        import
            .args(["-window", "root", "-crop", part, "+repage"])
            .arg(folder.join(format!("{name}.png")));
        assert!(import.status().await.unwrap().success(), "import of ImageMagick works");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.end_group();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[allow(clippy::panic, reason = "a test ends at the first surprise")]
fn panic_with(error: &dyn std::error::Error) -> ! {
    panic!("the program cannot be opened: {error}")
}

#[allow(clippy::panic, reason = "a test ends at the first surprise")]
fn panic_at(part: &str, error: &dyn std::error::Error) -> ! {
    panic!("the page has no {part}: {error}")
}
