//! The desktop program's real window.

use serde_json::Value;
use std::ops::Deref;
use std::path::PathBuf;
use tempfile::TempDir;

use crate::page::Page;
use crate::rest::Administrator;
use crate::{binary, liveroom};

/// Folder of the program inside the platform's folder for application data.
const APP_FOLDER: &str = "dev.liveroom.desktop";

/// A window with data folders of its own.
pub struct Window {
    page: Page,
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
        Self { page, data }
    }

    /// Closes the window, and the program with it.
    pub async fn close(self) {
        self.page.close().await;
    }

    fn service_dir(&self) -> PathBuf {
        self.data.path().join("data").join(APP_FOLDER).join("service")
    }

    /// Base address of the business service inside the program.
    pub fn business(&self) -> String {
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
