//! The windows: each shows the room to one account.

use chat_types::ApiError;
use chat_types::code::Code;
use desk::{Account, Desk};
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, WindowEvent};
use tokio::sync::Mutex;

/// Labels of the windows; the pages in them have the same names.
pub(crate) const MAIN: &str = "main";
const HOST: &str = "host";

const HOST_TITLE: &str = "Liveroom: host";
const WIDTH: f64 = 1280.0;
const HEIGHT: f64 = 800.0;
const MIN_WIDTH: f64 = 420.0;
const MIN_HEIGHT: f64 = 480.0;

/// Held by who opens a window: two presses in a row are one window.
#[derive(Default)]
pub(crate) struct Opening(Mutex<()>);

/// Opens the window of the host, or brings it to the front.
pub(crate) async fn open_host(app: &AppHandle) -> Result<(), ApiError> {
    let failed = |error: tauri::Error| ApiError::new(Code::SERVICE, error.to_string());
    let opening = app.state::<Opening>();
    let _one_at_a_time = opening.0.lock().await;
    if let Some(window) = app.get_webview_window(HOST) {
        window.unminimize().map_err(failed)?;
        return window.set_focus().map_err(failed);
    }
    let desk = app.state::<Desk>();
    desk.seat(HOST, Account::Host).await?;
    let builder = WebviewWindowBuilder::new(app, HOST, WebviewUrl::default())
        .title(HOST_TITLE)
        .inner_size(WIDTH, HEIGHT)
        .min_inner_size(MIN_WIDTH, MIN_HEIGHT);
    if let Err(error) = builder.build() {
        if let Some(page) = desk.take_page(HOST) {
            page.leave().await;
        }
        return Err(failed(error));
    }
    Ok(())
}

/// A window that is gone takes who sat in front of it along.
pub(crate) fn follow(window: &tauri::Window, event: &WindowEvent) {
    if matches!(event, WindowEvent::Destroyed) {
        // At once: the window may be opened again in the next moment.
        let page = window.try_state::<Desk>().and_then(|desk| desk.take_page(window.label()));
        if let Some(page) = page {
            tauri::async_runtime::spawn(async move { page.leave().await });
        }
    }
}
