//! The desktop program's real windows: the viewer's, and the host's beside it.

use fantoccini::wd::WindowHandle;
use serde_json::Value;
use std::ops::Deref;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::frame::{close_by_its_frame, move_by_its_frame};
use crate::page::{POLL, Page};
use crate::rest::Administrator;
use crate::shop::Shopper;
use crate::{PATIENCE, binary, liveroom};

/// In the frame of the host's window.
const HOST_TITLE: &str = "Liveroom: host";
/// Width of a window when it opens.
const WIDTH: i32 = 1280;
/// Where both windows are on the screen.
const BOTH: &str = "2560x800+0+0";
/// Folder of the program inside the platform's folder for application data.
const APP_FOLDER: &str = "dev.liveroom.desktop";

/// A program with data folders of its own. What a test does, it does in one of its windows: the
/// viewer's, unless told otherwise.
pub struct Window {
    page: Page,
    viewer: WindowHandle,
    host: Option<WindowHandle>,
    data: TempDir,
}

impl Deref for Window {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Window {
    /// Opens the program with the given arguments on a fresh data folder.
    pub async fn open(arguments: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let program = binary("LIVEROOM_APP_BIN", "liveroom-app");
        let page = Page::open(&program, arguments, data.path()).await;
        let viewer = page.client.window().await.unwrap();
        Self { page, viewer, host: None, data }
    }

    /// Opens the host's window by the button of the settings, and goes on in it.
    pub async fn open_host(&mut self) {
        self.open_settings().await;
        self.part("open-host-window").await.click().await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        // The driver has no signal for a window that came but its list.
        let host = loop {
            let windows = self.client.windows().await.unwrap();
            if let Some(host) = windows.into_iter().find(|window| *window != self.viewer) {
                break host;
            }
            assert!(Instant::now() < deadline, "the host's window does not open");
            sleep(POLL).await;
        };
        self.close_settings().await;
        self.host = Some(host);
        self.as_host().await;
        // Beside the viewer's, so that a picture has both.
        move_by_its_frame(HOST_TITLE, WIDTH, 0);
        self.connection("online").await;
    }

    /// Closes the host's window, and goes on in the viewer's.
    pub async fn close_host(&mut self) {
        self.host = None;
        close_by_its_frame(HOST_TITLE);
        self.as_viewer().await;
    }

    /// What follows is done in the viewer's window.
    pub async fn as_viewer(&self) {
        self.client.switch_to_window(self.viewer.clone()).await.unwrap();
    }

    /// What follows is done in the host's window.
    pub async fn as_host(&self) {
        let host = self.host.clone().expect("the host's window is open");
        self.client.switch_to_window(host).await.unwrap();
    }

    /// A picture of the window, or of both side by side.
    pub async fn screenshot(&self, name: &str) {
        match self.host {
            Some(_) => self.page.photograph(name, BOTH).await,
            None => self.page.screenshot(name).await,
        }
    }

    /// An account of the business service inside the program.
    pub async fn shopper(&self, user: &str, role: &str) -> Shopper {
        Shopper::sign_in(&self.business(), user, role).await
    }

    /// Closes the window, and the program with it.
    pub async fn close(self) {
        self.page.close().await;
    }

    /// Stops the web process of the window, as a debugger or a stalled machine does.
    pub fn stop_page(&self) {
        signal("-STOP", &self.web_processes());
    }

    /// Lets the web process go on.
    pub fn continue_page(&self) {
        signal("-CONT", &self.web_processes());
    }

    /// The web processes of this program: they have its environment, in which its folders stand.
    fn web_processes(&self) -> Vec<String> {
        let data = self.data.path().to_str().unwrap().to_owned();
        let is_ours = |process: &PathBuf| {
            let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            name.starts_with("WebKitWebProces")
                && String::from_utf8_lossy(&environment).contains(&data)
        };
        let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        let ours = processes.filter(is_ours);
        let ids: Vec<_> =
            ours.map(|process| process.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert!(!ids.is_empty(), "the window has a web process");
        ids
    }

    fn service_dir(&self) -> PathBuf {
        self.data.path().join("data").join(APP_FOLDER).join("service")
    }

    /// Base address of the business service inside the program.
    fn business(&self) -> String {
        let running = std::fs::read_to_string(self.service_dir().join("running.json")).unwrap();
        let running: Value = serde_json::from_str(&running).unwrap();
        running["business"].as_str().unwrap().to_owned()
    }

    /// The way that the README shows for another terminal: the address from the file in the data
    /// folder, the key from `liveroom app list --with-keys`.
    pub async fn administrator(&self) -> Administrator {
        let dir = self.service_dir();
        let running = std::fs::read_to_string(dir.join("running.json")).unwrap();
        let running: Value = serde_json::from_str(&running).unwrap();
        let dir = dir.to_str().unwrap();
        let apps = liveroom::print(["app", "list", "--with-keys", "--data-dir", dir]).await;
        let app: Value = serde_json::from_str(apps.lines().next().unwrap()).unwrap();
        assert_eq!(app["sdk_app_id"], running["sdk_app_id"]);
        Administrator::of(running["rest"].as_str().unwrap(), &app).await
    }
}

fn signal(signal: &str, processes: &[String]) {
    let status = std::process::Command::new("kill").arg(signal).args(processes).status().unwrap();
    assert!(status.success());
}
