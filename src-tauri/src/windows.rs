//! The windows: each shows the room to one account.

use chat_types::ApiError;
use chat_types::code::Code;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::embedded::Embedded;
use crate::seat::{Account, HOST, Seat, Seats};

const HOST_TITLE: &str = "Liveroom: host";
const WIDTH: f64 = 1280.0;
const HEIGHT: f64 = 800.0;
const MIN_WIDTH: f64 = 420.0;
const MIN_HEIGHT: f64 = 480.0;

/// Takes a seat for the account, which the window with its label uses from then on.
pub(crate) async fn seat(app: &AppHandle, account: Account) -> Result<(), ApiError> {
    let seat = Seat::take(&app.state::<Embedded>(), account).await?;
    app.state::<Seats>().put(account.window, seat);
    Ok(())
}

/// Opens the window of the host, or brings it to the front.
pub(crate) async fn open_host(app: &AppHandle) -> Result<(), ApiError> {
    let failed = |error: tauri::Error| ApiError::new(Code::SERVICE, error.to_string());
    let seats = app.state::<Seats>();
    // Two presses in a row are one window.
    let _one_at_a_time = seats.opening.lock().await;
    if let Some(window) = app.get_webview_window(HOST.window) {
        window.unminimize().map_err(failed)?;
        return window.set_focus().map_err(failed);
    }
    seat(app, HOST).await?;
    let builder = WebviewWindowBuilder::new(app, HOST.window, WebviewUrl::default())
        .title(HOST_TITLE)
        .inner_size(WIDTH, HEIGHT)
        .min_inner_size(MIN_WIDTH, MIN_HEIGHT);
    builder.build().map(|_| ()).map_err(|error| {
        leave(&seats, HOST.window);
        failed(error)
    })
}

/// A window that is gone takes who sat in front of it along.
pub(crate) fn follow(window: &tauri::Window, event: &WindowEvent) {
    if matches!(event, WindowEvent::Destroyed)
        && let Some(seats) = window.try_state::<Seats>()
    {
        leave(&seats, window.label());
    }
}

fn leave(seats: &Seats, window: &str) {
    if let Some(seat) = seats.free(window) {
        tauri::async_runtime::spawn(async move { seat.leave().await });
    }
}
