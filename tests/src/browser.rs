//! The UI's files in a plain browser of the same engine, with no program behind them.

use axum::Router;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;

use crate::page::Page;

/// WebKitGTK's own small browser; the folder before it differs between machines.
const BROWSER: &str = "webkit2gtk-4.1/MiniBrowser";

/// A browser on the built UI.
pub struct Browser {
    page: Page,
    server: JoinHandle<()>,
    _data: TempDir,
}

impl Deref for Browser {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Browser {
    /// Serves `ui/dist` on loopback and opens it.
    pub async fn open() -> Self {
        let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/dist");
        assert!(dist.join("index.html").exists(), "the UI is not built: run `cargo xtask test`");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files = Router::new().fallback_service(ServeDir::new(dist));
        let server = tokio::spawn(async move { axum::serve(listener, files).await.unwrap() });
        let data = tempfile::tempdir().unwrap();
        let page = Page::open(&browser(), &["--automation"], data.path()).await;
        page.client.goto(&address).await.unwrap();
        Self { page, server, _data: data }
    }

    pub async fn close(self) {
        self.page.close().await;
        self.server.abort();
    }
}

fn browser() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut found = folders.map(|folder| folder.join(BROWSER)).filter(|path| path.exists());
    found.next().expect("MiniBrowser comes with the WebKitGTK library")
}
